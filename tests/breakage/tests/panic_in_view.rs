//! A view that panics is a page with status 500 and a number that is also in the log; its thread and its connection serve on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use breakage::{Log, Running, answer, ask};
use nuages_bridge::{async_to_sync, sync_to_async};
use nuages_handler::{App, Result, Urls};

fn sync_view() -> &'static str {
    panic!("swordfish in sync code")
}

async fn async_view() -> &'static str {
    panic!("swordfish in async code")
}

/// The panic has to cross two hops.
async fn far_below() -> Result<&'static str> {
    let below = || async_to_sync(async { panic!("swordfish far below") });
    Ok(sync_to_async(below).await??)
}

fn fine() -> &'static str {
    "fine"
}

#[test]
fn panic_in_view() {
    let log = Log::start();
    let urls = Urls::new()
        .path("sync/", sync_view)
        .path("async/", async_view)
        .path("far/", far_below)
        .path("fine/", fine);
    let server = Running::start(App::new().urls(urls));
    // One connection for all.
    let mut connection = server.connect();
    for (path, message) in [
        ("/sync/", "swordfish in sync code"),
        ("/async/", "swordfish in async code"),
        ("/far/", "swordfish far below"),
    ] {
        ask(&mut connection, path);
        let (head, page) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(!page.contains("swordfish"), "{page}");
        let mut lines = log.take();
        // With RUST_BACKTRACE on, a panic that crossed a hop has a second line: where it was waited for.
        lines.retain(|line| line.contains_key("path"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0]["panic"].contains(message), "{lines:?}");
        assert_eq!(lines[0]["path"], path);
        assert!(page.contains(&lines[0]["id"]), "{lines:?}: {page}");

        ask(&mut connection, "/fine/");
        let (head, page) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(page, "fine");
    }
    server.stop();
}
