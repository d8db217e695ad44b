//! An async closure that owns what its future borrows.

use nuages_handler::{Request, Urls};

fn main() {
    let greeting = String::from("bonsoir");
    let _ = Urls::new().path("", async move |request: Request| format!("{greeting}, {}", request.path()));
}
