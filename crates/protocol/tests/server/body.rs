//! Bodies of requests: their limits, early answers, trailers, and clients that go away before anybody reads.

use std::{future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use nuages_protocol::{Application, Body, Response, app_fn};
use tokio::sync::{Notify, mpsc};

use crate::support::{Log, Running};

/// Reads the body and answers with its length; doesn't read it at `/ignore`.
fn measure() -> impl Application {
    app_fn(|scope, body| async move {
        if scope.uri.path() == "/ignore" {
            return Ok(Response::new("ignored".into()));
        }
        let body = body.collect(usize::MAX).await?;
        Ok(Response::new(body.len().to_string().into()))
    })
}

#[tokio::test]
async fn a_body_that_declares_too_much_never_reaches_the_application() {
    let (log, _guard) = Log::collect();
    let app = app_fn(|_, _| async { panic!("it was reached") });
    let server = Running::start_with(app, |server| server.max_body_size(10)).await;
    let mut client = server.connect().await;
    // All of it is sent before the answer is read: it must not be lost in a reset.
    client
        .send(&format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{}",
            "x".repeat(1_000_000)
        ))
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    assert_eq!(client.rest().await, "");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_an_error_where_it_is_read() {
    let (log, _guard) = Log::collect();
    let server = Running::start_with(measure(), |server| server.max_body_size(10)).await;
    let chunked = |parts: &[&str]| {
        let body: String = parts
            .iter()
            .map(|part| format!("{:x}\r\n{part}\r\n", part.len()))
            .collect();
        format!("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}0\r\n\r\n")
    };
    assert_eq!(server.exchange(&chunked(&["12345", "67890"])).await.body, "10");
    assert_eq!(
        server.exchange(&chunked(&["12345", "67890", "1"])).await.status,
        413
    );
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_may_come_before_the_body_and_the_connection_is_kept_if_it_was_all_there() {
    let server = Running::start(measure()).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client
            .send("POST /ignore HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nbonsoir")
            .await;
        assert_eq!(client.answer().await.body, "ignored");
    }
    // A body that is still to come is not waited for.
    client
        .send("POST /ignore HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nbon")
        .await;
    assert_eq!(client.answer().await.body, "ignored");
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_answer_arrives_although_the_client_goes_on_sending() {
    let server = Running::start(app_fn(|_, _| async { Ok(Response::new("no, thanks".into())) })).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n")
        .await;
    // Far more than the buffers of both sides hold; the server reads on for a while after its answer.
    for _ in 0..64 {
        client.send(&"x".repeat(64 * 1024)).await;
    }
    assert_eq!(client.answer().await.body, "no, thanks");
}

#[tokio::test]
async fn a_client_that_goes_away_before_its_body_is_read_drops_the_future() {
    struct Dropped(mpsc::UnboundedSender<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }

    for body in ["", "half", "complete!!", &"x".repeat(4096)] {
        let (events, mut happened) = mpsc::unbounded_channel();
        let server = Running::start(app_fn(move |_scope, body| {
            let events = events.clone();
            async move {
                let _dropped = Dropped(events.clone());
                events.send("called")?;
                let () = pending().await;
                drop(body);
                Ok(Response::default())
            }
        }))
        .await;
        let mut client = server.connect().await;
        client
            .send(&format!(
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\n{body}"
            ))
            .await;
        assert_eq!(happened.recv().await, Some("called"));
        drop(client);
        assert_eq!(
            happened.recv().await,
            Some("dropped"),
            "after {} bytes",
            body.len()
        );
    }
}

#[tokio::test]
async fn a_body_waits_until_it_is_read() {
    let (read, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = Running::start(app_fn({
        let (read, gate) = (Arc::clone(&read), Arc::clone(&gate));
        move |_scope, body| {
            let (read, gate) = (Arc::clone(&read), Arc::clone(&gate));
            async move {
                read.notify_one();
                gate.notified().await;
                let length = body.collect(usize::MAX).await?.len();
                Ok(Response::new(length.to_string().into()))
            }
        }
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n")
        .await;
    read.notified().await;
    for _ in 0..3 {
        client.send(&"x".repeat(50_000)).await;
    }
    gate.notify_one();
    client.send(&"x".repeat(150_000)).await;
    assert_eq!(client.answer().await.body, "300000");
}

#[tokio::test]
async fn trailers_go_both_ways() {
    let server = Running::start(app_fn(|_scope, mut body| async move {
        let mut trailers = HeaderMap::new();
        while let Some(frame) = body.frame().await {
            if let Ok(sent) = frame?.into_trailers() {
                trailers = sent;
            }
        }
        let checksum = trailers
            .get("x-sum")
            .cloned()
            .unwrap_or(HeaderValue::from_static("none"));
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", checksum);
        let frames = [
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(b"bonsoir"))),
            Ok(Frame::trailers(trailers)),
        ];
        let body = StreamBody::new(tokio_stream(frames));
        let mut response = Response::new(Body::new(body));
        response
            .headers_mut()
            .insert("trailer", HeaderValue::from_static("x-sum"));
        Ok(response)
    }))
    .await;
    let request = |te: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\n{te}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n"
        )
    };
    let mut client = server.connect().await;
    client.send(&request("te: trailers\r\n")).await;
    let all = client.read_until("x-sum: 7\r\n\r\n").await;
    assert!(all.contains("7\r\nbonsoir\r\n0\r\n"), "{all}");
    // A client that doesn't ask for them gets none.
    let mut client = server.connect().await;
    client.send(&request("connection: close\r\n")).await;
    let all = client.rest().await;
    assert!(all.ends_with("bonsoir\r\n0\r\n\r\n"), "{all}");
}

/// A stream of what is there already.
fn tokio_stream<T: Unpin>(items: impl IntoIterator<Item = T>) -> impl futures_core::Stream<Item = T> {
    struct Items<I>(I);
    impl<I: Iterator + Unpin> futures_core::Stream for Items<I> {
        type Item = I::Item;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<I::Item>> {
            std::task::Poll::Ready(self.0.next())
        }
    }
    let items: Vec<T> = items.into_iter().collect();
    Items(items.into_iter())
}

#[tokio::test]
async fn a_slow_body_is_a_408_and_no_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start_with(measure(), |server| {
        server
            .body_read_timeout(Duration::from_millis(20))
            .min_body_rate(1_000_000)
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nbon")
        .await;
    assert_eq!(client.answer().await.status, 408);
    assert_eq!(client.rest().await, "");
    // One that comes at once has all the time it needs.
    let fast = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nbonsoir";
    assert_eq!(server.exchange(fast).await.body, "7");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}
