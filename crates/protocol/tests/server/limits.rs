//! Limits: each is reached, and each can be changed.

use std::{sync::Mutex, time::Duration};

use nuages_protocol::{Application, Response, app_fn, server::Server};
use tokio::sync::oneshot;

use crate::support::{Log, Running};

fn fine() -> impl Application {
    app_fn(|_, _| async { Ok(Response::new("fine".into())) })
}

fn with_header_of(bytes: usize) -> String {
    format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(bytes))
}

fn with_headers(count: usize) -> String {
    let headers: String = (0..count).map(|n| format!("x-{n}: a\r\n")).collect();
    format!("GET / HTTP/1.0\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_head_that_is_too_large_is_a_431() {
    let (log, _guard) = Log::collect();
    let server = Running::start(fine()).await;
    assert_eq!(server.exchange(&with_header_of(60 * 1024)).await.status, 200);
    assert_eq!(server.exchange(&with_header_of(65 * 1024)).await.status, 431);
    server.stop().await.unwrap();

    let server = Running::start_with(fine(), |server| server.max_header_size(1000)).await;
    assert_eq!(server.exchange(&with_header_of(900)).await.status, 200);
    assert_eq!(server.exchange(&with_header_of(1000)).await.status, 431);
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn too_many_headers_are_a_431() {
    let server = Running::start(fine()).await;
    assert_eq!(server.exchange(&with_headers(100)).await.status, 200);
    assert_eq!(server.exchange(&with_headers(101)).await.status, 431);
    server.stop().await.unwrap();

    let server = Running::start_with(fine(), |server| server.max_headers(3)).await;
    assert_eq!(server.exchange(&with_headers(3)).await.status, 200);
    assert_eq!(server.exchange(&with_headers(4)).await.status, 431);
}

#[tokio::test]
async fn a_buffer_smaller_than_the_head_is_a_431_too() {
    let server = Running::start_with(fine(), |server| server.max_buffer_size(0)).await;
    assert_eq!(server.exchange(&with_header_of(7 * 1024)).await.status, 200);
    assert_eq!(server.exchange(&with_header_of(32 * 1024)).await.status, 431);
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let (log, _guard) = Log::collect();
    let timeout = Duration::from_millis(20);
    let server = Running::start_with(fine(), |server| {
        server.header_read_timeout(timeout).keep_alive_timeout(timeout)
    })
    .await;
    let mut slow = server.connect().await;
    slow.send("GET / HTTP/1.1\r\nho").await;
    assert_eq!(slow.rest().await, "");

    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    assert_eq!(idle.rest().await, "");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_client_beyond_the_limit_of_connections_waits_for_a_place() {
    let (called, call) = oneshot::channel();
    let (release, gate) = oneshot::channel::<()>();
    let first = Mutex::new(Some((called, gate)));
    let server = Running::start_with(
        app_fn(move |_scope, _body| {
            let first = first.lock().unwrap().take();
            async move {
                let Some((called, gate)) = first else {
                    return Ok(Response::new("second".into()));
                };
                called.send(()).map_err(|()| "the test is gone")?;
                gate.await?;
                Ok(Response::new("first".into()))
            }
        }),
        |server| server.max_connections(1),
    )
    .await;

    let mut one = server.connect().await;
    one.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    call.await.unwrap();
    // The system accepts it into its queue; the server doesn't, so the one place is still the first's.
    let mut two = server.connect().await;
    two.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let early = tokio::time::timeout(Duration::from_millis(50), two.answer()).await;
    assert!(
        early.is_err(),
        "the second connection was served while the first had the only place"
    );

    release.send(()).unwrap();
    assert_eq!(one.answer().await.body, "first");
    assert_eq!(two.answer().await.body, "second");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_an_error_of_serve() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_connections(0);
    let error = server.serve(fine()).await.unwrap_err();
    assert!(error.is_config());
    assert!(error.to_string().contains("`max_connections`"), "{error}");
}
