//! A field of a type that no database column holds.

use nuages_orm::prelude::*;

#[model]
struct Book {
    id: i64,
    pages: u128,
}

fn main() {}
