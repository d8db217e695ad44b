//! `book.author.name` of a book whose author was not loaded.

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

fn greet(name: &str) {
    println!("bonsoir, {name}");
}

fn main() -> nuages_orm::Result<()> {
    let book = Book::objects().get(|b| b.id.eq(3)).wait()?;
    println!("{}", book.author.name);
    println!("{:?}", book.author.name);
    let name = book.author.name.to_string();
    let length = book.author.name.len();
    let name: String = book.author.name;
    greet(&book.author.name);
    if book.author.name == "Django Reinhardt" {
        println!("{name} {length}");
    }
    serde_json::to_string(&book.author.name);
    Ok(())
}
