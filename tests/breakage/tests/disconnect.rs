//! The client goes away: an async view is dropped where it is, after the cleanup around it; a sync view is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use breakage::{Running, ask};
use nuages_bridge::{async_to_sync, cancelled};
use nuages_handler::{App, Next, Request, Response, Result, Urls};

/// What happens, in the order in which it does.
static EVENTS: LazyLock<(Sender<&str>, Mutex<Receiver<&str>>)> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    (sender, Mutex::new(receiver))
});

fn tell(event: &'static str) {
    EVENTS.0.send(event).unwrap();
}

fn next() -> &'static str {
    let receiver = EVENTS.1.lock().unwrap();
    receiver.recv_timeout(Duration::from_secs(30)).unwrap()
}

struct OnDrop(&'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        tell(self.0);
    }
}

async fn cleaning(request: Request, next: Next) -> Result<Response> {
    let _outer = OnDrop("the middleware is dropped");
    next.run(request).await
}

async fn async_view() -> &'static str {
    let _file = OnDrop("the async view is dropped");
    tell("the async view runs");
    std::future::pending().await
}

/// It looks up now and then, as a long sync view should.
fn sync_view() -> &'static str {
    tell("the sync view runs");
    while !cancelled() {
        std::thread::yield_now();
    }
    tell("the sync view was told");
    "too late"
}

/// It waits for async code, which is dropped under it.
fn waiting_view() -> Result<&'static str> {
    let result = async_to_sync(async_view());
    tell(if result.as_ref().is_err_and(|error| error.is_cancelled()) {
        "its wait was given up"
    } else {
        "its wait went on"
    });
    Ok(result?)
}

#[test]
fn disconnect() {
    let urls = Urls::new()
        .path("async/", async_view)
        .path("sync/", sync_view)
        .path("waiting/", waiting_view);
    let server = Running::start(App::new().middleware(cleaning).urls(urls));

    let mut client = server.connect();
    ask(&mut client, "/async/");
    assert_eq!(next(), "the async view runs");
    drop(client);
    assert_eq!(next(), "the async view is dropped");
    assert_eq!(next(), "the middleware is dropped");

    let mut client = server.connect();
    ask(&mut client, "/sync/");
    assert_eq!(next(), "the sync view runs");
    drop(client);
    // Its thread is its own: the loop need not wait for it.
    let mut both = [next(), next()];
    both.sort_unstable();
    assert_eq!(both, ["the middleware is dropped", "the sync view was told"]);

    let mut client = server.connect();
    ask(&mut client, "/waiting/");
    assert_eq!(next(), "the async view runs");
    drop(client);
    let mut all = [next(), next(), next()];
    all.sort_unstable();
    assert_eq!(
        all,
        [
            "its wait was given up",
            "the async view is dropped",
            "the middleware is dropped"
        ]
    );
    server.stop();
}
