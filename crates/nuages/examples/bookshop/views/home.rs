//! The first page.

use askama::Template;
use nuages::prelude::*;

use crate::models::{Author, Book, Country, book};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    countries: u64,
    books: u64,
    authors: u64,
    latest: Vec<With<Book, book::author>>,
}

/// Async: its four queries run side by side, each on a connection of its own.
pub async fn home(request: Request) -> Result<Response> {
    let latest = Book::objects()
        .select_related(|b| b.author)
        .order_by(|b| (b.year.desc(), b.title.asc()))
        .slice(0..6);
    let (countries, books, authors, latest) = tokio::try_join!(
        Country::objects().count().into_future(),
        Book::objects().count().into_future(),
        Author::objects().count().into_future(),
        latest.all().into_future(),
    )?;
    render(
        &request,
        Home {
            countries,
            books,
            authors,
            latest,
        },
    )
}
