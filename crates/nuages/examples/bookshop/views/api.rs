//! The same books for programs.

use nuages::prelude::*;
use serde::Serialize;

use super::books::Filter;
use crate::models::{Book, book};

#[derive(Serialize)]
struct Books {
    page: u64,
    pages: u64,
    count: u64,
    results: Vec<With<Book, book::author>>,
}

pub async fn book_list(request: Request) -> Result<Response> {
    let filter = Filter::of(&request).validate().unwrap_or_default();
    let books = filter.page(&request).await?;
    json(&Books {
        page: books.number(),
        pages: books.pages(),
        count: books.total(),
        results: books.items,
    })
}

pub async fn book_detail(Path(id): Path<i64>) -> Result<Response> {
    let books = Book::objects().select_related(|b| b.author.country);
    json(&get_object_or_404(books, |b| b.id.eq(id)).await?)
}
