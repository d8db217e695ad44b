//! Signals: each once, in the context of its request, whichever way that ends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use nuages_bridge::{Local, count_hops};
use nuages_handler::{App, Body, Bytes, Client, HttpScope, Method, Request, Response, Urls};
use nuages_protocol::Application as _;
use tokio::sync::mpsc;

/// A body that a test writes part by part.
struct Channel(mpsc::UnboundedReceiver<&'static str>);

impl http_body::Body for Channel {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let next = self.0.poll_recv(cx);
        next.map(|part| part.map(|text| Ok(http_body::Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}

static WHO: Local<&'static str> = Local::new("who");

fn counting(urls: Urls) -> (App, mpsc::UnboundedReceiver<Option<&'static str>>) {
    let (finished, seen) = mpsc::unbounded_channel();
    let app = App::new()
        .urls(urls)
        .request_finished(move |_: Request| finished.send(WHO.get()).unwrap());
    (app, seen)
}

fn scope() -> HttpScope {
    HttpScope::new(Method::GET, "/".parse().unwrap())
}

#[tokio::test]
async fn the_end_of_a_streaming_response_is_that_of_its_body() {
    let (parts, body) = mpsc::unbounded_channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let view = move || {
        WHO.set("the view");
        Response::new(200).body(Body::new(Channel(body.lock().unwrap().take().unwrap())))
    };
    let (app, mut finished) = counting(Urls::new().path("", view));
    let client = Client::new(app);
    let mut stream = client.get("/").stream().await.unwrap();
    parts.send("one").unwrap();
    assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "one");
    assert!(finished.try_recv().is_err());
    drop(parts);
    assert!(stream.next_chunk().await.unwrap().is_none());
    drop(stream);
    assert_eq!(finished.recv().await, Some(Some("the view")));
    assert!(finished.try_recv().is_err(), "once");
}

#[tokio::test]
async fn a_visitor_who_goes_away_ends_a_request_once_before_and_during_its_response() {
    let (app, mut finished) =
        counting(Urls::new().path("", || async { std::future::pending::<&str>().await }));
    let handler = app.build().unwrap();
    let mut request = Box::pin(handler.http(scope(), Body::empty()));
    assert!(futures_poll(request.as_mut()).is_pending());
    assert!(finished.try_recv().is_err());
    drop(request);
    finished.recv().await.unwrap();

    let endless = || {
        let (parts, body) = mpsc::unbounded_channel();
        parts.send("one").unwrap();
        std::mem::drop(tokio::spawn(async move {
            parts.closed().await;
        }));
        Response::new(200).body(Body::new(Channel(body)))
    };
    let (app, mut finished) = counting(Urls::new().path("", move || async move { endless() }));
    let handler = app.build().unwrap();
    let response = handler.http(scope(), Body::empty()).await.unwrap();
    assert!(finished.try_recv().is_err());
    drop(response);
    finished.recv().await.unwrap();
    tokio::task::yield_now().await;
    assert!(finished.try_recv().is_err(), "once");
}

fn futures_poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test]
async fn sync_receivers_take_one_hop_together_on_the_thread_of_the_request_and_a_panic_stops_no_other() {
    let threads: Arc<Mutex<Vec<thread::ThreadId>>> = Arc::default();
    let note = || {
        let threads = threads.clone();
        move |_: Request| threads.lock().unwrap().push(thread::current().id())
    };
    let in_view = threads.clone();
    let told = Arc::new(AtomicUsize::new(0));
    let count = told.clone();
    let app = App::new()
        .request_started(note())
        .request_started(|_: Request| -> () { panic!("a receiver") })
        .request_started(note())
        .request_started(move |_: Request| {
            let count = count.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
        .request_finished(note())
        .urls(Urls::new().path("", move || in_view.lock().unwrap().push(thread::current().id())));
    let client = Client::new(app);
    let (response, hops) = count_hops(async { client.get("/").await }).await;
    response.unwrap().assert_status(200);
    assert_eq!(hops.to_thread, 3, "for the start, the view and the end");
    assert_eq!(told.load(Ordering::SeqCst), 1);
    let threads = threads.lock().unwrap();
    assert_eq!(threads.len(), 4);
    assert!(
        threads
            .iter()
            .all(|id| *id == threads[0] && *id != thread::current().id()),
        "{threads:?}"
    );
}

#[tokio::test]
async fn only_what_fails_with_500_is_an_exception_to_those_who_listen() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = seen.clone();
    let app = App::new()
        .got_request_exception(move |request: Request, error: nuages_handler::Error| {
            note.lock().unwrap().push(format!("{} {error}", request.path()));
        })
        .urls(
            Urls::new()
                .path("fails/", || async {
                    Err::<(), _>("x".parse::<i64>().unwrap_err())
                })
                .path("panics/", || -> () { panic!("dropped") })
                .path("forbidden/", || async {
                    Err::<(), _>(nuages_handler::Error::forbidden())
                }),
        );
    let client = Client::new(app).raise_exceptions(false);
    for path in ["/fails/", "/panics/", "/forbidden/", "/nowhere/"] {
        client.get(path).await.unwrap();
    }
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "/fails/ invalid digit found in string",
            "/panics/ panicked: dropped"
        ]
    );
}
