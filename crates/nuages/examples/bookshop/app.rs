//! The application, put together.

use nuages::prelude::*;

use crate::middleware::{log, private};
use crate::views::{api, authors, books, cart, home, orders, style};

/// The shop over a database.
pub fn app(database: Database) -> App {
    App::new().hook(database).middleware(log).urls(urls())
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
        .path("static/style.css", get(style)).name("style")
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
