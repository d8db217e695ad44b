//! Answers beyond a page: streams, events, files and their ranges, conditions, redirects, and what happens at the end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use http_body_util::BodyExt as _;
use nuages_bridge::Local;
use nuages_handler::{
    App, Body, Bytes, Client, Cookie, ETag, Error, Event, FileResponse, HttpScope, IntoResponse, Method, Op,
    Redirect, Request, Response, Result, Sse, Urls,
};
use nuages_protocol::Application as _;

use support::both;

/// A stream of what an iterator gives, with a pause before each.
struct Paused<I>(I, bool);

impl<I: Iterator + Unpin> Stream for Paused<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.next())
    }
}

fn stream<I: IntoIterator<IntoIter: Unpin>>(items: I) -> Paused<I::IntoIter> {
    Paused(items.into_iter(), false)
}

fn numbers() -> impl Iterator<Item = String> + Send + Unpin {
    (1..=5).map(|n| format!("{n}\n"))
}

/// A client whose views stream in each of the four mixes.
fn streaming() -> Urls {
    Urls::new()
        .path("iter-in-sync/", || Response::iter(numbers()))
        .path("iter-in-async/", async || Response::iter(numbers()))
        .path("stream-in-sync/", || Response::stream(stream(numbers())))
        .path("stream-in-async/", async || Response::stream(stream(numbers())))
}

const STREAMS: [&str; 4] = [
    "/iter-in-sync/",
    "/iter-in-async/",
    "/stream-in-sync/",
    "/stream-in-async/",
];

#[tokio::test]
async fn iterators_and_streams_are_sent_from_views_of_both_kinds() {
    let client = Client::new(App::new().urls(streaming()));
    for path in STREAMS {
        let client = client.clone();
        for response in both(move || client.get(path)).await {
            assert_eq!(response.text(), "1\n2\n3\n4\n5\n", "{path}");
            assert_eq!(response.header("content-length"), None, "{path}");
        }
    }
}

fn scope(path: &str) -> HttpScope {
    HttpScope::new(Method::GET, path.parse().unwrap())
}

async fn body_of(app: App, path: &str) -> Body {
    app.build()
        .unwrap()
        .http(scope(path), Body::empty())
        .await
        .unwrap()
        .into_body()
}

async fn next(body: &mut Body) -> Option<Bytes> {
    Some(body.frame().await?.unwrap().into_data().unwrap())
}

/// Endless, counted, and heard when it is dropped.
struct Endless {
    given: Arc<AtomicUsize>,
    dropped: Arc<AtomicBool>,
}

impl Iterator for Endless {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.given.fetch_add(1, Ordering::SeqCst);
        Some(vec![b'x'; 40_000])
    }
}

impl Stream for Endless {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        Poll::Ready(Iterator::next(&mut *self))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

async fn until(what: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !what() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not happen");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn neither_kind_runs_ahead_of_the_client_and_both_end_with_it() {
    let (given, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let endless = {
        let (given, dropped) = (given.clone(), dropped.clone());
        move || Endless {
            given: given.clone(),
            dropped: dropped.clone(),
        }
    };
    let (a, b, c, d) = (endless.clone(), endless.clone(), endless.clone(), endless);
    let app = App::new().urls(
        Urls::new()
            .path("iter-in-sync/", move || Response::iter(a()))
            .path("iter-in-async/", move || {
                let b = b();
                async { Response::iter(b) }
            })
            .path("stream-in-sync/", move || Response::stream(c()))
            .path("stream-in-async/", move || {
                let d = d();
                async { Response::stream(d) }
            }),
    );
    for path in STREAMS {
        given.store(0, Ordering::SeqCst);
        dropped.store(false, Ordering::SeqCst);
        let mut body = body_of(app.clone(), path).await;
        assert_eq!(
            given.load(Ordering::SeqCst),
            0,
            "{path}: nothing is made before it is asked for"
        );
        let mut bytes = 0;
        for _ in 0..5 {
            bytes += next(&mut body).await.unwrap().len();
        }
        let made = given.load(Ordering::SeqCst) * 40_000;
        assert!(
            made <= bytes + 80_000,
            "{path}: {made} bytes were made for {bytes}"
        );
        drop(body);
        until(|| dropped.load(Ordering::SeqCst)).await;
    }
}

static WHO: Local<String> = Local::new("who");

#[tokio::test]
async fn a_body_is_made_in_the_context_of_its_view() {
    struct Who(bool);
    impl Stream for Who {
        type Item = String;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<String>> {
            let first = std::mem::replace(&mut self.0, false);
            Poll::Ready(first.then(|| WHO.get().unwrap_or_default()))
        }
    }
    let view_iter = || {
        WHO.set("the view".to_owned());
        Response::iter(std::iter::once(()).map(|()| WHO.get().unwrap_or_default()))
    };
    let view_stream = async || {
        WHO.set("the view".to_owned());
        Response::stream(Who(true))
    };
    let app = App::new().urls(Urls::new().path("iter/", view_iter).path("stream/", view_stream));
    for path in ["/iter/", "/stream/"] {
        let body = body_of(app.clone(), path).await;
        assert_eq!(body.collect(100).await.unwrap(), "the view", "{path}");
    }
}

#[tokio::test]
async fn an_iterator_may_block_and_a_stream_may_not() {
    let blocks = || match Op::<()>::ready("a query", Ok(())).wait() {
        Ok(()) => "waited".to_owned(),
        Err(error) => format!("refused: {}", error.is_synchronous_only()),
    };
    let app = App::new().urls(
        Urls::new()
            .path("iter/", move || {
                Response::iter(std::iter::once(()).map(move |()| blocks()))
            })
            .path("stream/", move || async move {
                Response::stream(stream(vec![()].into_iter().map(move |()| blocks())))
            }),
    );
    for (path, text) in [("/iter/", "waited"), ("/stream/", "refused: true")] {
        let body = body_of(app.clone(), path).await;
        assert_eq!(body.collect(100).await.unwrap(), text, "{path}");
    }
}

#[tokio::test]
async fn an_error_or_a_panic_midway_breaks_the_response_off() {
    fn items(panics: bool) -> impl Iterator<Item = Result<String>> + Send + Unpin {
        (0..3).map(move |n| match n {
            0 => Ok("begin".to_owned()),
            1 if panics => panic!("midway"),
            _ => Err(Error::bad_request("midway")),
        })
    }
    let app = App::new().urls(
        Urls::new()
            .path("iter-error/", || Response::iter(items(false)))
            .path("iter-panic/", || Response::iter(items(true)))
            .path("stream-error/", async || Response::stream(stream(items(false))))
            .path("stream-panic/", async || Response::stream(stream(items(true)))),
    );
    for path in ["/iter-error/", "/iter-panic/", "/stream-error/", "/stream-panic/"] {
        let error = body_of(app.clone(), path).await.collect(1000).await.unwrap_err();
        assert!(!error.is_disconnected(), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_slow_iterator_is_heard_as_it_goes() {
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    let receiver = Mutex::new(Some(receiver));
    let view = move || Response::iter(receiver.lock().unwrap().take().unwrap());
    let mut body = body_of(App::new().urls(Urls::new().path("", view)), "/").await;
    for n in 0..3 {
        sender.send(format!("event {n}")).unwrap();
        // The next one does not come before this one was heard, and the patience of the puller is over while it waits.
        let waits = next(&mut body);
        tokio::pin!(waits);
        let first = tokio::select! {
            data = &mut waits => data,
            () = tokio::time::sleep(Duration::from_millis(30)) => {
                sender.send("!".to_owned()).unwrap();
                waits.await
            }
        };
        assert!(first.unwrap().starts_with(format!("event {n}").as_bytes()));
    }
    drop(sender);
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn what_was_to_be_done_at_the_end_is_done_once() {
    let closed = Arc::new(AtomicUsize::new(0));
    let close = {
        let closed = closed.clone();
        move || {
            let closed = closed.clone();
            move || {
                closed.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let (a, b, c) = (close.clone(), close.clone(), close);
    let urls = Urls::new()
        .path("text/", move || Response::new(200).body("abc").on_close(a()))
        .path("iter/", move || Response::iter(numbers()).on_close(b()))
        .path("replaced/", move || {
            Response::iter(numbers()).on_close(c()).body("other")
        });
    let app = App::new().urls(urls);
    let mut expected = 0;
    for path in ["/text/", "/iter/", "/replaced/"] {
        // Read to its end, dropped unread, and asked for by HEAD.
        let client = Client::new(app.clone());
        assert_eq!(client.get(path).await.unwrap().status(), 200);
        drop(body_of(app.clone(), path).await);
        assert_eq!(client.head(path).await.unwrap().text(), "");
        expected += 3;
        until(|| closed.load(Ordering::SeqCst) == expected).await;
    }
    let mut body = body_of(app, "/iter/").await;
    next(&mut body).await.unwrap();
    drop(body);
    until(|| closed.load(Ordering::SeqCst) == expected + 1).await;
}

#[tokio::test]
async fn events_are_sent_from_views_of_both_kinds() {
    let events = |from: usize| (from..3).map(|n| Event::new(format!("number {n}")).id(n).event("number"));
    let urls = Urls::new()
        .path("sync/", move |request: Request| {
            let seen = request.last_event_id().and_then(|id| id.parse::<usize>().ok());
            Sse::iter(events(seen.map_or(0, |seen| seen + 1)))
        })
        .path("async/", move |request: Request| async move {
            let seen = request.last_event_id().and_then(|id| id.parse::<usize>().ok());
            Sse::new(stream(events(seen.map_or(0, |seen| seen + 1))))
        });
    let client = Client::new(App::new().urls(urls));
    for path in ["/sync/", "/async/"] {
        let again = client.clone();
        for response in both(move || again.get(path).header("last-event-id", "1")).await {
            assert_eq!(
                response.text(),
                "id: 2\nevent: number\ndata: number 2\n\n",
                "{path}"
            );
            assert_eq!(response.header("cache-control"), Some("no-cache"));
            assert_eq!(response.header("x-accel-buffering"), Some("no"));
        }
        assert!(client.get(path).await.unwrap().text().starts_with("id: 0\n"));
    }
}

#[test]
fn an_event_is_one_event_whatever_is_in_it() {
    for (event, text) in [
        (
            Event::new("a\nb\r\nc\rd"),
            "data: a\ndata: b\ndata: c\ndata: d\n\n",
        ),
        (Event::new(""), "data: \n\n"),
        (
            Event::new("x").id("1\n2\0").event("a\r\ndata: evil"),
            "id: 12\nevent: adata: evil\ndata: x\n\n",
        ),
        (
            Event::new("x").retry(Duration::from_secs(3)),
            "retry: 3000\ndata: x\n\n",
        ),
        (Event::comment("one\ntwo"), ": one\n: two\n\n"),
        (Event::json(&[1, 2]).unwrap(), "data: [1,2]\n\n"),
    ] {
        assert_eq!(event.to_string(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments() {
    struct Silent;
    impl Stream for Silent {
        type Item = Event;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Event>> {
            Poll::Pending
        }
    }
    let mut body = Sse::new(Silent)
        .keep_alive(Duration::from_secs(5))
        .into_response()
        .into_http()
        .into_body();
    let begin = tokio::time::Instant::now();
    for n in 1..4 {
        assert_eq!(next(&mut body).await.unwrap(), ": keep-alive\n\n");
        assert_eq!(begin.elapsed().as_secs(), n * 5);
    }
    let mut body = Sse::new(stream([Event::new("x")]))
        .into_response()
        .into_http()
        .into_body();
    assert_eq!(next(&mut body).await.unwrap(), "data: x\n\n");
    assert_eq!(next(&mut body).await, None);
}

/// An application that serves a file of 300,000 bytes from views of both kinds, and from memory.
fn files() -> (tempfile::TempDir, Bytes, App) {
    let directory = tempfile::tempdir().unwrap();
    let content: Bytes = (0..300_000_u32)
        .map(|i| (i % 251) as u8)
        .collect::<Vec<u8>>()
        .into();
    let path = directory.path().join("été.bin");
    std::fs::write(&path, &content).unwrap();
    let (a, b, memory) = (path.clone(), path, content.clone());
    let gone = directory.path().to_owned();
    let urls = Urls::new()
        .path("sync/", move |request: Request| {
            FileResponse::new(&a).respond(&request).wait()
        })
        .path("async/", move |request: Request| {
            let path = b.clone();
            async move { FileResponse::new(path).respond(&request).await }
        })
        .path("memory/", move |request: Request| {
            let response = FileResponse::bytes(memory.clone());
            async move { response.respond(&request).await }
        })
        .path("gone/", move |request: Request| {
            FileResponse::new(gone.join("no")).respond(&request).wait()
        })
        .path("directory/", |request: Request| {
            FileResponse::new("src").respond(&request).wait()
        })
        .path("nul/", |request: Request| {
            FileResponse::new("a\0b").respond(&request).wait()
        });
    (directory, content, App::new().urls(urls))
}

const FILES: [&str; 3] = ["/sync/", "/async/", "/memory/"];

#[tokio::test]
async fn a_file_is_sent_whole_with_what_is_known_of_it() {
    let (_directory, content, app) = files();
    let client = Client::new(app);
    for path in FILES {
        let get = client.clone();
        for response in both(move || get.get(path)).await {
            assert_eq!(response.status(), 200);
            assert_eq!(*response.bytes(), content, "{path}");
            assert_eq!(response.header("accept-ranges"), Some("bytes"));
            assert!(response.header("etag").is_some());
            assert_eq!(response.header("last-modified").is_some(), path != "/memory/");
            assert_eq!(response.header("content-type"), Some("application/octet-stream"));
        }
        let head = client.head(path).await.unwrap();
        assert_eq!(
            (head.text(), head.header("content-length")),
            ("", Some("300000")),
            "{path}"
        );
    }
    for path in ["/gone/", "/directory/", "/nul/"] {
        assert_eq!(client.get(path).await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn ranges_of_a_file_are_sent() {
    let (_directory, content, app) = files();
    let client = Client::new(app);
    for path in FILES {
        for (range, expected) in [
            ("bytes=0-99", 0..100),
            ("bytes=299000-", 299_000..300_000),
            ("bytes=-5", 299_995..300_000),
            ("bytes=1000-299998", 1000..299_999),
        ] {
            let response = client.get(path).header("range", range).await.unwrap();
            assert_eq!(response.status(), 206, "{path} {range}");
            assert_eq!(*response.bytes(), content[expected.clone()], "{path} {range}");
            let told = format!("bytes {}-{}/300000", expected.start, expected.end - 1);
            assert_eq!(response.header("content-range"), Some(told.as_str()));
        }
        let response = client.get(path).header("range", "bytes=300000-").await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.header("content-range")),
            (416, Some("bytes */300000"))
        );
        for range in ["bytes=5-4", "lines=1-2", "bytes=0-200000,100000-299999"] {
            let response = client.get(path).header("range", range).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), response.bytes().len()),
                (200, 300_000),
                "{range}"
            );
        }
        // Ranges are of GET alone.
        assert_eq!(
            client
                .head(path)
                .header("range", "bytes=0-1")
                .await
                .unwrap()
                .status(),
            200
        );
    }
}

#[tokio::test]
async fn several_ranges_are_sent_as_parts() {
    let (_directory, content, app) = files();
    let client = Client::new(app);
    for path in FILES {
        let response = client
            .get(path)
            .header("range", "bytes=0-1, 299998-")
            .await
            .unwrap();
        assert_eq!(response.status(), 206);
        let kind = response.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let mut expected = Vec::new();
        for (before, range, part) in [
            ("", "0-1", &content[..2]),
            ("\r\n", "299998-299999", &content[299_998..]),
        ] {
            let head = format!(
                "{before}--{boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes {range}/300000\r\n\r\n"
            );
            expected.extend_from_slice(head.as_bytes());
            expected.extend_from_slice(part);
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert_eq!(*response.bytes(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_client_that_has_the_file_is_told_so() {
    let (_directory, content, app) = files();
    let client = Client::new(app);
    for path in FILES {
        let first = client.get(path).await.unwrap();
        let etag = first.header("etag").unwrap().to_owned();
        let same = client.get(path).header("if-none-match", &etag).await.unwrap();
        assert_eq!((same.status().as_u16(), same.bytes().len()), (304, 0), "{path}");
        assert_eq!(
            (same.header("etag"), same.header("content-type")),
            (Some(etag.as_str()), None)
        );
        assert_eq!(
            client
                .get(path)
                .header("if-match", "\"other\"")
                .await
                .unwrap()
                .status(),
            412
        );
        assert_eq!(
            client
                .get(path)
                .header("if-none-match", "\"other\"")
                .await
                .unwrap()
                .status(),
            200
        );
        let part = client
            .get(path)
            .header("range", "bytes=0-9")
            .header("if-range", &etag)
            .await
            .unwrap();
        assert_eq!((part.status().as_u16(), &part.bytes()[..]), (206, &content[..10]));
        let whole = client
            .get(path)
            .header("range", "bytes=0-9")
            .header("if-range", "\"other\"")
            .await
            .unwrap();
        assert_eq!((whole.status().as_u16(), whole.bytes().len()), (200, 300_000));
        if let Some(modified) = first.header("last-modified") {
            let same = client
                .get(path)
                .header("if-modified-since", modified)
                .await
                .unwrap();
            assert_eq!(same.status(), 304, "{path}");
            // The tag goes first.
            let request = client
                .get(path)
                .header("if-modified-since", modified)
                .header("if-none-match", "\"other\"");
            assert_eq!(request.await.unwrap().status(), 200);
        }
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_breaks_off() {
    let (directory, _, app) = files();
    let mut body = body_of(app, "/async/").await;
    assert_eq!(next(&mut body).await.unwrap().len(), 256 * 1024);
    std::fs::File::options()
        .write(true)
        .open(directory.path().join("été.bin"))
        .unwrap()
        .set_len(10)
        .unwrap();
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn an_attachment_has_its_name() {
    let view = async |request: Request| {
        FileResponse::new("Cargo.toml")
            .attachment("café \"menu\".toml")
            .content_type("text/x-toml")
            .respond(&request)
            .await
    };
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let response = client.get("/").await.unwrap();
    assert_eq!(
        response.header("content-disposition"),
        Some("attachment; filename=\"caf_ \\\"menu\\\".toml\"; filename*=UTF-8''caf%C3%A9%20%22menu%22.toml")
    );
    assert_eq!(response.header("content-type"), Some("text/x-toml"));
}

#[tokio::test]
async fn a_page_is_not_sent_again_to_who_has_it() {
    let page = |request: Request| {
        Response::new(200)
            .etag(&ETag::weak("v1"))
            .header("content-type", "text/plain")
            .header("vary", "cookie")
            .body("page")
            .conditional(&request)
    };
    let client = Client::new(App::new().urls(Urls::new().path("", page)));
    let same = client.get("/").header("if-none-match", "W/\"v1\"").await.unwrap();
    assert_eq!(
        (same.status().as_u16(), same.text(), same.header("vary")),
        (304, "", Some("cookie"))
    );
    assert_eq!(client.get("/").await.unwrap().text(), "page");
    assert_eq!(
        client
            .post("/")
            .header("if-none-match", "W/\"v1\"")
            .await
            .unwrap()
            .text(),
        "page"
    );
}

#[tokio::test]
async fn redirects_stay_on_this_site() {
    let urls = Urls::new().path("login/", |request: Request| {
        Redirect::safe(&request, request.query().get("next"), "/home/")
    });
    let client = Client::new(App::new().urls(urls));
    for (next, location) in [
        ("/books/", "/books/"),
        ("http%3A%2F%2Ftestserver%2F", "http://testserver/"),
        ("//evil.example/", "/home/"),
        ("https%3A%2F%2Fevil.example/", "/home/"),
        ("/%5Cevil.example", "/home/"),
        ("/%09/evil.example", "/home/"),
        ("javascript:alert(1)", "/home/"),
        ("", "/home/"),
    ] {
        let response = client.get(format!("/login/?next={next}")).await.unwrap();
        assert_eq!(response.header("location"), Some(location), "{next}");
    }
    assert_eq!(
        client.get("/login/").await.unwrap().header("location"),
        Some("/home/")
    );
}

#[tokio::test]
async fn a_cookie_that_browsers_refuse_is_a_500_and_not_a_silence() {
    let urls = Urls::new()
        .path("bad/", || {
            Response::default().cookie(Cookie::new("__Host-id", "1"))
        })
        .path("delete/", || Response::default().delete_cookie("__Host-id"));
    let client = Client::new(App::new().urls(urls)).raise_exceptions(false);
    let response = client.get("/bad/").await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.header("set-cookie")),
        (500, None)
    );
    let response = client.get("/delete/").await.unwrap();
    let cookie = response.header("set-cookie").unwrap();
    assert!(
        cookie.contains("Secure") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
}
