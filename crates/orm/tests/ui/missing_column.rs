//! `create()` without all columns that have to be given.

use nuages_orm::prelude::*;

#[model]
struct Author {
    id: i64,
    name: String,
    #[relation(reverse = Book::author)]
    books: Many<Book>,
}

#[model]
struct Book {
    id: i64,
    title: String,
    stock: i32,
    #[relation(on_delete = Protect)]
    author: ForeignKey<Author>,
}

async fn in_async_code(author: &Author) -> nuages_orm::Result<Book> {
    Book::create().title("Nuages").author(author).await
}

fn in_sync_code() -> nuages_orm::Result<Book> {
    Book::create().title("Nuages").stock(3).wait()
}

fn main() {}
