//! Queries that can't be put together.

use nuages_orm::prelude::*;

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
    let _ = Book::objects().union(Author::objects());
    let _ = Book::objects().values(|b| b.title).union(Book::objects().values(|b| b.stock));
}
