//! A view that borrows its request.

use nuages_handler::{Request, Urls};

fn home(request: &Request) -> String {
    request.path().to_owned()
}

fn main() {
    let _ = Urls::new().path("", home);
}
