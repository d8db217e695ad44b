//! Values that do not fit their columns.

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
    let _ = Book::objects().filter(|b| b.title.eq(3));
    let _ = Book::objects().filter(|b| b.stock.gt("three"));
    let _ = Book::objects().filter(|b| b.title.eq("Nuages") && b.stock.gt(3));
    let _ = Book::create().title("Nuages").stock(3).author("Django Reinhardt");
    let _ = Book::create().title(3);
}
