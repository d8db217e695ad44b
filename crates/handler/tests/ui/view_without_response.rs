//! A view that returns something that is no response.

use nuages_handler::{Path, Urls, get};

struct Book {
    title: String,
}

/// A number is no text.
fn count() -> usize {
    3
}

/// Neither is a struct of one's own.
async fn book(Path(id): Path<i64>) -> Book {
    Book { title: format!("book {id}") }
}

fn main() {
    let _ = Urls::new().path("count/", count);
    let _ = Urls::new().path("books/<int:id>/", book);
    let _ = Urls::new().path("both/", get(count));
}
