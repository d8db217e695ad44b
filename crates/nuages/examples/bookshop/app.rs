//! The application, put together.

use nuages::handler::Csrf;
use nuages::prelude::*;

use crate::middleware::{cart_count, log, private};
use crate::views::{api, authors, books, cart, home, orders};

/// The shop over a database, with its style sheet.
pub fn app(database: Database, files: StaticFiles) -> App {
    let app = App::new()
        .hook(database)
        .middleware(log)
        .middleware(Csrf::new())
        .middleware(cart_count())
        .urls(urls());
    files.attach(app)
}

#[rustfmt::skip] // A route a line.
fn urls() -> Urls {
    Urls::new()
        .path("", get(home::home)).name("home")
        .path("books/", get(books::book_list)).name("book-list")
        .path("books/<int:id>/", get(books::book_detail)).name("book-detail")
        .path("cart/", get(cart::show)).name("cart")
        .path("cart/add/", post(cart::add)).name("cart-add")
        .path("cart/remove/", post(cart::remove)).name("cart-remove")
        .path("checkout/", get(cart::checkout_form).post(cart::checkout)).name("checkout")
        .path("authors/", get(authors::author_list)).name("author-list")
        .include("orders/", Urls::new().middleware(private).path("", get(orders::order_list)).name("order-list"))
        .include("api/", api_urls())
}

#[rustfmt::skip] // A route a line.
fn api_urls() -> Urls {
    Urls::new()
        .path("books/", get(api::book_list)).name("api-book-list")
        .path("books/<int:id>/", get(api::book_detail)).name("api-book-detail")
}
