//! A window function without its window.

use nuages_orm::prelude::*;
use nuages_orm::rank;

#[model]
struct Author {
    id: i64,
    name: String,
}

#[model]
struct Book {
    id: i64,
    title: String,
    stock: i32,
}

fn main() {
    let _ = Book::objects().values(|_| rank());
}
