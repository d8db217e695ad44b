//! `std::thread::sleep` in an async view is reported in debug mode.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;
use std::time::Duration;

use breakage::{Log, in_every_shape};
use nuages_bridge::report_slow_polls;
use nuages_handler::{App, Client, IntoView as _, Next, Request, Response, Result, Urls};
use tracing::Instrument as _;

/// Longer than a busy machine keeps a thread from running, which counts as well.
const SLOW: Duration = Duration::from_millis(300);
const SLEEP: Duration = Duration::from_millis(350);

async fn sleepy() -> &'static str {
    thread::sleep(SLEEP);
    "slept"
}

/// The shop traces its requests.
async fn traced(request: Request, next: Next) -> Result<Response> {
    next.run(request)
        .into_future()
        .instrument(tracing::info_span!("purchase"))
        .await
}

async fn awake() -> &'static str {
    tokio::time::sleep(SLEEP).await;
    "waited"
}

fn sync_view() -> &'static str {
    thread::sleep(SLEEP);
    "slept where it may"
}

#[test]
fn sleep_on_the_loop() {
    report_slow_polls(Some(SLOW));
    let log = Log::start();
    let line = line!() + 5;
    let inline_line = line!() + 1;
    let inline = sync_view.into_view().inline();
    let urls = Urls::new()
        .path("inline/", inline)
        .path("sleepy/", sleepy)
        .path("awake/", awake)
        .path("sync/", sync_view);
    let client = Client::new(App::new().middleware(traced).urls(urls));
    in_every_shape(|| async {
        assert_eq!(client.get("/awake/").await.unwrap().text(), "waited");
        assert_eq!(client.get("/sync/").await.unwrap().status(), 200);
        let lines = log.take();
        assert_eq!(lines, [], "a view that waits well blocks nobody");

        assert_eq!(client.get("/sleepy/").await.unwrap().text(), "slept");
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["name"], "sleepy");
        assert_eq!(lines[0]["file"], file!());
        assert_eq!(lines[0]["line"], line.to_string(), "where it was routed");
        assert_eq!(lines[0]["span"], "purchase");
        assert!(lines[0]["took_ms"].parse::<u32>().unwrap() >= 350, "{lines:?}");

        // It promised not to.
        assert_eq!(client.get("/inline/").await.unwrap().status(), 200);
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["name"], "sync_view");
        assert_eq!(lines[0]["file"], file!());
        assert_eq!(lines[0]["line"], inline_line.to_string());
    });
}
