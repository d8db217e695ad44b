//! The URL of a typed route with a value of the wrong type, with one too many, and with none.

use nuages_handler::Route;

const BOOK: Route<(i64,)> = Route::new("books/<int:id>/");

fn main() {
    let _ = BOOK.url("three");
    let _ = BOOK.url(3, 4);
    let _ = BOOK.url();
}
