//! The same books for programs.

use nuages::prelude::*;
use serde::Serialize;

use super::books::List;
use crate::models::{Book, book};

#[derive(Serialize)]
struct Page {
    page: u64,
    pages: u64,
    count: u64,
    results: Vec<With<Book, book::author>>,
}

pub async fn book_list(request: Request) -> Result<Response> {
    let mut list = List::of(&request);
    list.found(list.matching().count().await?);
    let results = list
        .ordered()
        .select_related(|b| b.author)
        .slice(list.rows())
        .all()
        .await?;
    json(&Page {
        page: list.page,
        pages: list.pages,
        count: list.total,
        results,
    })
}

pub async fn book_detail(Path(id): Path<i64>) -> Result<Response> {
    let books = Book::objects().select_related(|b| b.author.country);
    json(&get_object_or_404(books, |b| b.id.eq(id)).await?)
}
