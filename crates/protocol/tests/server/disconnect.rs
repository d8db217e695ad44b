//! Clients that go away: the application's future is dropped, and nobody is blamed.

use std::{
    error::Error,
    fmt,
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;
use nuages_protocol::{Body, BodyError, BoxError, Response, app_fn};
use tokio::sync::mpsc;

use crate::support::{Log, Running};

/// Tells when it is dropped.
struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[tokio::test]
async fn a_disconnect_drops_the_future_of_the_application() {
    let (log, _guard) = Log::collect();
    let (events, mut happened) = mpsc::unbounded_channel();
    let server = Running::start(app_fn(move |_scope, _body| {
        let events = events.clone();
        async move {
            let _dropped = Dropped(events.clone());
            events.send("called")?;
            pending().await
        }
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("GET /slow?token=secret HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert_eq!(happened.recv().await, Some("called"));
    drop(client);
    assert_eq!(happened.recv().await, Some("dropped"));
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
    assert!(
        log.lines()
            .iter()
            .any(|line| line.contains("went away") && line.contains("path=\"/slow\""))
    );
}

/// An application's own error, as `thiserror` makes it with `#[error(transparent)]`.
#[derive(Debug)]
struct Transparent(BodyError);

impl fmt::Display for Transparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Transparent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[tokio::test]
async fn a_disconnect_inside_the_body_is_an_error_there_and_no_fault() {
    let (log, _guard) = Log::collect();
    let (events, mut happened) = mpsc::unbounded_channel();
    let server = Running::start(app_fn(move |scope, body| {
        let events = events.clone();
        async move {
            let error = body.collect(100).await.unwrap_err();
            events.send((
                error.is_disconnected(),
                error.is_malformed(),
                error.is_too_large(),
            ))?;
            // As `?` does it in an application, wrapped once more.
            let wrapped = scope.method == http::Method::POST;
            if wrapped {
                Err(std::io::Error::other(error).into())
            } else {
                Err(Transparent(error).into())
            }
        }
    }))
    .await;
    for request in [
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf",
        "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\na\r\nhalf",
    ] {
        let mut client = server.connect().await;
        client.send(request).await;
        drop(client);
        assert_eq!(happened.recv().await, Some((true, false, false)));
    }
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

/// A body that never ends and is always ready, and counts what it gave.
struct Endless {
    given: Arc<AtomicUsize>,
    _dropped: Dropped,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let chunk = Bytes::from_static(&[b'x'; 1024]);
        let given = self.given.fetch_add(chunk.len(), Ordering::Relaxed);
        assert!(
            given < 256 * 1024 * 1024,
            "far more was asked for than the client has read"
        );
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_response_back_and_its_end_drops_it() {
    // With a request in the buffer, too: `pipeline_flush` of hyper would never send anything then.
    for next in ["", "GET /next HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let (log, _guard) = Log::collect();
        let (events, mut happened) = mpsc::unbounded_channel();
        let given = Arc::new(AtomicUsize::new(0));
        let server = Running::start(app_fn({
            let given = Arc::clone(&given);
            move |_scope, _body| {
                let body = Endless {
                    given: Arc::clone(&given),
                    _dropped: Dropped(events.clone()),
                };
                async move { Ok(Response::new(Body::new(body))) }
            }
        }))
        .await;
        let mut client = server.connect().await;
        client
            .send(&format!("GET / HTTP/1.1\r\nhost: x\r\n\r\n{next}"))
            .await;
        assert_eq!(client.head().await.status, 200);
        assert!(happened.try_recv().is_err());
        drop(client);
        assert_eq!(happened.recv().await, Some("dropped"));
        server.stop().await.unwrap();
        assert_eq!(log.faults(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn clients_that_say_nothing_are_no_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start(Arc::new(app_fn(|_, _| async { Ok(Response::default()) }))).await;
    drop(server.connect().await);
    let mut client = server.connect().await;
    client.send("GET / HT").await;
    drop(client);
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.status,
        200
    );
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}
