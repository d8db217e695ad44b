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

/// Waits in every request until it is released, and tells of each call.
fn waiting() -> (
    impl Application,
    tokio::sync::mpsc::UnboundedReceiver<()>,
    std::sync::Arc<tokio::sync::Semaphore>,
) {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let release = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let waits = std::sync::Arc::clone(&release);
    let app = app_fn(move |_, _| {
        let (tell, waits) = (tell.clone(), std::sync::Arc::clone(&waits));
        async move {
            tell.send(())?;
            waits.acquire().await?.forget();
            Ok(Response::new("done".into()))
        }
    });
    (app, told, release)
}

#[tokio::test]
async fn a_request_beyond_those_that_may_be_worked_on_is_a_503_with_retry_after() {
    let (log, _guard) = Log::collect();
    let (app, mut called, release) = waiting();
    let server = Running::start_with(app, |server| server.max_concurrent_requests(2)).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    for client in [&mut first, &mut second] {
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        called.recv().await.unwrap();
    }
    let refused = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.header("connection"), Some("close"));
    // A place is free again once an answer has been made.
    release.add_permits(3);
    assert_eq!(first.answer().await.body, "done");
    assert_eq!(second.answer().await.body, "done");
    let next = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(next.body, "done");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_connection_is_closed_in_order_after_the_last_request_that_it_may_have() {
    let server = Running::start_with(fine(), |server| server.max_requests_per_connection(2)).await;
    let mut client = server.connect().await;
    let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    client.send(get).await;
    assert_eq!(client.answer().await.header("connection"), None);
    client.send(get).await;
    let last = client.answer().await;
    assert_eq!(
        (last.body.as_str(), last.header("connection")),
        ("fine", Some("close"))
    );
    assert_eq!(client.rest().await, "");
}
