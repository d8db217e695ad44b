//! The other side of a foreign key that does not exist, or leads elsewhere.

use nuages_orm::prelude::*;

#[model]
struct Author {
    id: i64,
    #[relation(reverse = Book::writer)]
    unknown: Many<Book>,
    #[relation(reverse = Book::sequel_of)]
    elsewhere: Many<Book>,
    #[relation(reverse = Book::title)]
    column: Many<Book>,
}

#[model]
struct Book {
    id: i64,
    title: String,
    #[relation(on_delete = Protect)]
    author: ForeignKey<Author>,
    #[relation(on_delete = Protect)]
    sequel_of: ForeignKey<Book>,
}

fn main() {}
