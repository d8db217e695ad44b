//! All authors, and how many of their books the shop has.

use askama::Template;
use nuages::prelude::*;

use crate::models::{Author, author};

#[derive(Template)]
#[template(path = "authors.html")]
struct Authors {
    authors: Vec<(With<Author, author::country>, i64)>,
}

/// Sync, and none the worse for it: it runs on a thread, and may block there.
pub fn author_list(request: Request) -> Result<Response> {
    let authors = Author::objects()
        .select_related(|a| a.country)
        .annotate(|a| a.books.count())
        .all()
        .wait()?;
    render(&request, Authors { authors })
}
