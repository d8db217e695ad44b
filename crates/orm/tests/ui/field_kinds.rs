//! Options that do not fit the field's type.

use nuages_orm::prelude::*;

#[model]
struct Book {
    id: i64,
    #[field(slug)]
    stock: i32,
    #[field(auto_now)]
    title: String,
    #[field(generated = |b| b.stock + 1, default = 3)]
    more: i32,
}

fn main() {}
