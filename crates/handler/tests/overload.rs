//! A program that ends takes no new sync code: a 503, however deep the error that says so is wrapped.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nuages_bridge::{BridgeError, shutdown, sync_to_async};
use nuages_handler::{App, Client, Urls};

#[derive(Debug, thiserror::Error)]
#[error("the query failed")]
struct Query(#[source] BridgeError);

#[tokio::test]
async fn want_of_a_thread_is_a_503_also_when_another_error_wraps_it() {
    let wrapped = || async { sync_to_async(|| "done").await.map_err(Query) };
    let hidden = || async {
        sync_to_async(|| "done")
            .await
            .map_err(|error| std::io::Error::other(Query(error)))
    };
    let urls = Urls::new()
        .path("sync/", || "done")
        .path("wrapped/", wrapped)
        .path("hidden/", hidden);
    let client = Client::new(App::new().urls(urls));
    let _ = shutdown(Duration::from_secs(1)).await;
    for path in ["/sync/", "/wrapped/", "/hidden/"] {
        let response = client.get(path).await.unwrap();
        response.assert_status(503).assert_header("retry-after", "1");
    }
}
