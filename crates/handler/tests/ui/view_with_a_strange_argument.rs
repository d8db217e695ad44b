//! A view that takes what can't be made from a request.

use nuages_handler::Urls;

fn book(id: i64) -> String {
    format!("book {id}")
}

fn main() {
    let _ = Urls::new().path("books/<int:id>/", book);
}
