//! Text is looked for in a column that holds a number.

use nuages_orm::prelude::*;

#[model]
struct Book {
    id: i64,
    stock: i32,
}

fn main() {
    let _ = Book::objects().filter(|b| b.stock.icontains("3"));
}
