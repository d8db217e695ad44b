//! What each row has many of can neither be selected nor ordered by, and is not loaded by `select_related`; an aggregate is no condition on a row.

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

fn main() {
    let _ = Author::objects().order_by(|a| a.books.title);
    let _ = Author::objects().values(|a| a.books.title);
    let _ = Author::objects().select_related(|a| a.books);
    let _ = Book::objects().filter(|b| b.id.count().gt(3));
}
