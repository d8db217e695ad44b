//! NULL is asked for by `=`.

use nuages_orm::prelude::*;

#[model]
struct Book {
    id: i64,
    subtitle: Option<String>,
}

fn main() {
    let _ = Book::objects().filter(|b| b.subtitle.eq(None::<String>));
}
