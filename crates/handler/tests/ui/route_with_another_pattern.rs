//! Typed routes whose patterns have other values than their types say.

use nuages_handler::Route;

const WRONG: Route<(i64,)> = Route::new("books/<slug:title>/");
const TOO_FEW: Route<(i64, String)> = Route::new("books/<int:id>/");
const TOO_MANY: Route = Route::new("books/<int:id>/");
const ABSOLUTE: Route = Route::new("/books/");

fn main() {
    let _ = (WRONG, TOO_FEW, TOO_MANY, ABSOLUTE);
}
