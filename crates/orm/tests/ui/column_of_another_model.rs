//! Columns of another model than the queried one.

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
    let name = Author::fields().name;
    let _ = Book::objects().filter(|_| name.eq("Django Reinhardt"));
    let _ = Book::objects().filter(|b| b.title.eq(name));
    let _ = Book::objects().filter(|b| b.name.eq("Django Reinhardt"));
    let _ = Author::objects().filter(|a| a.title.eq("Nuages"));
    let _ = Book::objects().order_by(|_| name);
    let _ = Book::objects().update(|_| name.set("Django Reinhardt"));
}
