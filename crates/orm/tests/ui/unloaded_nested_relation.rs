//! An author was loaded, her country was not; and the country of an author that was not loaded.

use nuages_orm::prelude::*;

#[model]
struct Country {
    id: i64,
    name: String,
}

#[model]
struct Author {
    id: i64,
    name: String,
    #[relation(on_delete = Protect)]
    country: ForeignKey<Country>,
}

#[model]
struct Book {
    id: i64,
    #[relation(on_delete = Protect)]
    author: ForeignKey<Author>,
    #[relation(on_delete = SetNull)]
    editor: Option<ForeignKey<Author>>,
}

fn main() -> nuages_orm::Result<()> {
    let book = Book::objects().select_related(|b| b.author).get(|b| b.id.eq(3)).wait()?;
    println!("{} {}", book.author.name, book.author.country.name);
    if let Some(editor) = &book.editor {
        println!("{}", editor.country.name);
    }
    Ok(())
}
