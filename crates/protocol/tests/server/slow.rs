//! Clients that are slow on purpose, and connections that do nothing.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body::Frame;
use nuages_protocol::{Application, Body, BoxError, Response, app_fn, server::ServerConfig};
use tokio::{io::AsyncReadExt as _, net::UnixStream, sync::mpsc, time::timeout};

use crate::support::{Client, Log, Running};

fn fine() -> impl Application {
    app_fn(|_, _| async { Ok(Response::new("fine".into())) })
}

/// Never ends, is always ready, and tells when it is dropped.
struct Endless(mpsc::UnboundedSender<&'static str>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        std::task::Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 8192])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

fn endless() -> (impl Application, mpsc::UnboundedReceiver<&'static str>) {
    let (events, happened) = mpsc::unbounded_channel();
    let app = app_fn(move |_, _| {
        let body = Body::new(Endless(events.clone()));
        async move { Ok(Response::new(body)) }
    });
    (app, happened)
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let (log, _guard) = Log::collect();
    let (app, mut happened) = endless();
    let server = Running::start_with(app, |server| server.write_timeout(Duration::from_millis(50))).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(happened.recv().await, Some("dropped"));
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_reads_a_little_now_and_then_is_dropped_too() {
    let (app, mut happened) = endless();
    let server = Running::start_with(app, |server| {
        server
            .write_timeout(Duration::from_millis(100))
            .min_write_rate(u32::MAX)
    })
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut buffer = [0; 4096];
    loop {
        tokio::select! {
            event = happened.recv() => break assert_eq!(event, Some("dropped")),
            read = client.stream.read(&mut buffer) => {
                read.unwrap();
                // The server fills the socket again before the next one.
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn a_head_byte_by_byte_has_one_time_for_all() {
    let server = Running::start_with(fine(), |server| {
        server.header_read_timeout(Duration::from_millis(100))
    })
    .await;
    let mut client = server.connect().await;
    // The first request is answered, and the second never completes.
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    let drip = async {
        loop {
            pace.tick().await;
            tokio::io::AsyncWriteExt::write_all(&mut client.stream, b"x").await?;
        }
    };
    let ended: Result<std::io::Result<std::convert::Infallible>, _> =
        timeout(Duration::from_secs(20), drip).await;
    assert!(ended.expect("the connection ends").is_err());
}

#[tokio::test]
async fn a_request_that_takes_long_is_not_idle() {
    let (events, mut happened) = mpsc::unbounded_channel();
    let release = Arc::new(tokio::sync::Notify::new());
    let server = Running::start_with(
        app_fn({
            let release = Arc::clone(&release);
            move |_, _| {
                let (release, events) = (Arc::clone(&release), events.clone());
                async move {
                    events.send("called")?;
                    release.notified().await;
                    Ok(Response::new("done".into()))
                }
            }
        }),
        |server| {
            server
                .keep_alive_timeout(Duration::from_millis(10))
                .header_read_timeout(Duration::from_millis(10))
                .write_timeout(Duration::from_millis(10))
        },
    )
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(happened.recv().await, Some("called"));
    // All limits pass by, on another connection.
    assert_eq!(server.connect().await.rest().await, "");
    release.notify_one();
    assert_eq!(client.answer().await.body, "done");
    assert_eq!(client.rest().await, "");
}

/// The clock of the test goes on by itself whenever nothing is left to do, and over a unix socket nothing is ever under way.
#[tokio::test(start_paused = true)]
async fn a_connection_that_has_rested_serves_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    // It rests after a quarter of this time.
    let kept = Duration::from_secs(20);
    let config = ServerConfig::default()
        .bind(vec![path.clone().into()])
        .keep_alive_timeout(kept);
    let _server = Running::start_config(fine(), config).await;
    let mut client = Client::of(UnixStream::connect(&path).await.unwrap());
    for quiet in [0, 7, 7] {
        tokio::time::sleep(Duration::from_secs(quiet)).await;
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(client.answer().await.body, "fine", "after {quiet} s");
    }
    // Half a head over the rest of the connection.
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT").await;
    assert_eq!(client.answer().await.body, "fine");
    tokio::time::sleep(Duration::from_secs(7)).await;
    client.send("TP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "fine");
    let before = tokio::time::Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(before.elapsed() >= kept * 9 / 10, "{:?}", before.elapsed());
}
