//! The pages. Which of them are sync and which async is each one's own choice.

pub mod api;
pub mod authors;
pub mod books;
pub mod cart;
pub mod home;
pub mod orders;

use nuages::prelude::*;

use crate::cart::Wishes;

/// What every page shows around its own content.
pub struct Page {
    pub in_cart: i32,
}

impl Page {
    pub fn of(request: &Request) -> Self {
        Self {
            in_cart: Wishes::of(request).copies(),
        }
    }
}

/// The stylesheet.
pub async fn style() -> Response {
    Response::new(StatusCode::OK)
        .header("content-type", "text/css; charset=utf-8")
        .header("cache-control", "public, max-age=3600")
        .body(include_str!("../static/style.css"))
}
