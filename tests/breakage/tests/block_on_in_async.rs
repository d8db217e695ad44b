//! `async_to_sync` on the loop is refused by an error, where tokio's own `block_on` panics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use breakage::in_every_shape;
use nuages_bridge::async_to_sync;
use nuages_handler::{App, Client, Urls};

async fn mistaken() -> String {
    match async_to_sync(async { 1 }) {
        Ok(_) => "it blocked the loop".to_owned(),
        Err(error) => format!("{} {error}", error.is_synchronous_only()),
    }
}

#[test]
fn block_on_in_async() {
    let client = Client::new(App::new().urls(Urls::new().path("", mistaken)));
    let check = |text: &str| {
        assert!(
            text.starts_with("true `async_to_sync` may not block here"),
            "{text}"
        )
    };
    in_every_shape(|| async {
        let response = client.get("/").await.unwrap();
        assert_eq!(response.status(), 200);
        check(response.text());
        let bare = async_to_sync(async {}).unwrap_err();
        assert!(bare.is_synchronous_only(), "also outside of any view");
    });
    check(client.get("/").wait().unwrap().text());
}
