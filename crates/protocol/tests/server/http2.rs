//! HTTP/2 with prior knowledge, on the port of HTTP/1.1.

use std::{future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;
use h2::{
    RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, Request, Version};
use http_body::Frame;
use http_body_util::BodyExt as _;
use nuages_protocol::{Application, Body, BoxError, Response, app_fn};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use crate::support::{Log, Running};

/// A connection of a client, and the task that drives it, which gives how it ended.
struct Client {
    requests: SendRequest<Bytes>,
    ended: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(server: &Running) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        Self {
            requests,
            ended: tokio::spawn(connection),
        }
    }

    async fn send(&mut self, request: Request<()>, ends: bool) -> (ResponseFuture, SendStream<Bytes>) {
        self.requests = self.requests.clone().ready().await.unwrap();
        self.requests.send_request(request, ends).unwrap()
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let (response, _) = self.send(get(path), true).await;
        let response = response.await.unwrap();
        let status = response.status().as_u16();
        (status, text(response.into_body()).await.0)
    }
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("http://shop.example{path}"))
        .body(())
        .unwrap()
}

/// Everything that comes, and the trailers.
async fn text(mut body: RecvStream) -> (String, HeaderMap) {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        all.extend(data);
    }
    let trailers = body.trailers().await.unwrap().unwrap_or_default();
    (String::from_utf8(all).unwrap(), trailers)
}

fn path() -> impl Application {
    app_fn(|scope, _| async move { Ok(Response::new(scope.uri.to_string().into())) })
}

#[tokio::test]
async fn both_versions_are_spoken_on_one_port() {
    let server = Running::start(path()).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/two?q=1").await, (200, "/two?q=1".into()));
    let answer = server.exchange("GET /one HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.body, "/one");
    // A request that begins as HTTP/2 does, but isn't.
    let answer = server.exchange("PRI / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.body, "/");
    assert_eq!(client.get("/again").await.0, 200);
    server.stop().await.unwrap();
    assert!(client.ended.await.unwrap().is_ok());
}

#[tokio::test]
async fn it_can_be_left_out() {
    let server = Running::start_with(path(), |server| server.http2(false)).await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!client.rest().await.contains(" 200 "));
}

#[tokio::test]
async fn the_scope_is_as_on_http_1() {
    let (sender, mut scopes) = mpsc::unbounded_channel();
    let server = Running::start(app_fn(move |scope, _| {
        let sent = sender.send(scope);
        async move {
            sent?;
            Ok(Response::default())
        }
    }))
    .await;
    let mut client = Client::connect(&server).await;
    let mut request = get("/b%C3%BCcher/?q=1");
    let headers = request.headers_mut();
    headers.append("x-a", "1".parse().unwrap());
    headers.append("cookie", "a=1".parse().unwrap());
    headers.append("x-a", "2".parse().unwrap());
    headers.append("cookie", "b=2; c=3".parse().unwrap());
    client.send(request, true).await.0.await.unwrap();

    let scope = scopes.recv().await.unwrap();
    assert_eq!(scope.version, Version::HTTP_2);
    assert_eq!(scope.uri, "/b%C3%BCcher/?q=1");
    let headers: Vec<_> = scope
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(
        headers,
        ["host: shop.example", "x-a: 1", "x-a: 2", "cookie: a=1; b=2; c=3"]
    );
    assert!(scope.client.is_some() && scope.server == Some(server.address.into()));
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let release = Arc::new(Notify::new());
    let server = Running::start(app_fn({
        let release = Arc::clone(&release);
        move |scope, _| {
            let release = Arc::clone(&release);
            async move {
                if scope.uri.path() == "/slow" {
                    release.notified().await;
                }
                Ok(Response::new(scope.uri.to_string().into()))
            }
        }
    }))
    .await;
    let mut client = Client::connect(&server).await;
    let (slow, _) = client.send(get("/slow"), true).await;
    for n in 0..10 {
        assert_eq!(client.get(&format!("/{n}")).await.1, format!("/{n}"));
    }
    release.notify_one();
    assert_eq!(text(slow.await.unwrap().into_body()).await.0, "/slow");
}

#[tokio::test]
async fn bodies_and_trailers_stream_both_ways() {
    let server = Running::start(app_fn(|_, body| async move { Ok(Response::new(body)) })).await;
    let mut client = Client::connect(&server).await;
    let (response, mut upload) = client.send(get("/"), false).await;
    let echoed = tokio::spawn(async move { text(response.await.unwrap().into_body()).await });
    let part = "x".repeat(100_000);
    for _ in 0..20 {
        upload.reserve_capacity(part.len());
        let mut rest = Bytes::from(part.clone());
        while !rest.is_empty() {
            let room = std::future::poll_fn(|cx| upload.poll_capacity(cx))
                .await
                .unwrap()
                .unwrap();
            upload
                .send_data(rest.split_to(room.min(rest.len())), false)
                .unwrap();
        }
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "7".parse().unwrap());
    upload.send_trailers(trailers.clone()).unwrap();
    let (body, got) = echoed.await.unwrap();
    assert_eq!(body.len(), 2_000_000);
    assert_eq!(got, trailers);
}

#[tokio::test]
async fn what_the_application_does_wrong_stays_in_its_stream() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app_fn(|scope, _| async move {
        match scope.uri.path() {
            "/error" => Err("the shop burnt down".into()),
            "/panic" => panic!("the roof fell in"),
            "/body-panic" => {
                let frames = std::iter::once_with(|| -> Result<Frame<Bytes>, std::io::Error> {
                    panic!("the tape caught fire")
                });
                let body = http_body_util::StreamBody::new(Items(frames));
                Ok(Response::new(Body::new(body)))
            }
            _ => Ok(Response::new("fine".into())),
        }
    }))
    .await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/error").await.0, 500);
    assert_eq!(client.get("/panic").await.0, 500);
    let (response, _) = client.send(get("/body-panic"), true).await;
    let error = match response.await {
        Ok(response) => response.into_body().data().await.unwrap().unwrap_err(),
        Err(error) => error,
    };
    assert!(error.is_reset(), "{error}");
    assert_eq!(client.get("/").await.1, "fine");
    server.stop().await.unwrap();
    let faults = log.faults();
    for words in ["the shop burnt down", "the roof fell in", "the tape caught fire"] {
        assert!(
            faults.iter().any(|line| line.contains(words)),
            "{words}: {faults:?}"
        );
    }
}

/// A stream of what an iterator gives.
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

/// Tells when it is dropped.
struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

fn never() -> (impl Application, mpsc::UnboundedReceiver<&'static str>) {
    let (events, happened) = mpsc::unbounded_channel();
    let app = app_fn(move |_, _| {
        let events = events.clone();
        async move {
            let _dropped = Dropped(events.clone());
            events.send("called")?;
            pending().await
        }
    });
    (app, happened)
}

#[tokio::test]
async fn a_reset_drops_the_future_of_the_application() {
    let (app, mut happened) = never();
    let server = Running::start(app).await;
    let mut client = Client::connect(&server).await;
    let (response, mut stream) = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    stream.send_reset(h2::Reason::CANCEL);
    drop(response);
    assert_eq!(happened.recv().await, Some("dropped"));
    // And so does the end of the connection.
    let (_response, _stream) = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    client.ended.abort();
    assert_eq!(happened.recv().await, Some("dropped"));
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let (log, _guard) = Log::collect();
    let server = Running::start(path()).await;
    let mut client = Client::connect(&server).await;
    for _ in 0..1000 {
        let Ok(ready) = client.requests.clone().ready().await else {
            break;
        };
        client.requests = ready;
        match client.requests.send_request(get("/"), true) {
            Ok((_, mut stream)) => stream.send_reset(h2::Reason::CANCEL),
            Err(_closed) => break,
        }
        tokio::task::yield_now().await;
    }
    let error = client.ended.await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM), "{error}");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn streams_and_headers_are_limited() {
    let (app, mut happened) = never();
    let server = Running::start_with(app, |server| server.http2_max_streams(2).max_header_size(4096)).await;
    let mut client = Client::connect(&server).await;
    let first = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    let second = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    // The client knows the limit by now, and waits.
    let third = tokio::time::timeout(Duration::from_millis(50), client.send(get("/"), true)).await;
    assert!(third.is_err() || happened.try_recv().is_err());
    drop((first, second, third));

    let mut client = Client::connect(&server).await;
    let mut request = get("/");
    request
        .headers_mut()
        .insert("x", "a".repeat(8192).parse().unwrap());
    let (response, _) = client.send(request, true).await;
    let refused = match response.await {
        Ok(response) => response.status() == 431,
        Err(_reset) => true,
    };
    assert!(refused);
}

#[tokio::test]
async fn a_request_in_flight_is_finished_when_the_server_stops() {
    let (called, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut server = Running::start(app_fn({
        let (called, release) = (Arc::clone(&called), Arc::clone(&release));
        move |_, _| {
            let (called, release) = (Arc::clone(&called), Arc::clone(&release));
            async move {
                called.notify_one();
                release.notified().await;
                Ok(Response::new("slow".into()))
            }
        }
    }))
    .await;
    let mut client = Client::connect(&server).await;
    let (response, _) = client.send(get("/"), true).await;
    called.notified().await;
    server.ask_to_stop();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    assert_eq!(text(response.await.unwrap().into_body()).await.0, "slow");
    server.task.await.unwrap().unwrap();
    assert!(client.ended.await.unwrap().is_ok());
}

#[tokio::test]
async fn what_outlasts_the_grace_time_is_dropped() {
    let (app, mut happened) = never();
    let server = Running::start_with(app, |server| server.grace(Duration::from_millis(10))).await;
    let mut client = Client::connect(&server).await;
    let (_response, _stream) = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    server.stop().await.unwrap();
    assert_eq!(happened.recv().await, Some("dropped"));
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_order() {
    let server = Running::start_with(path(), |server| {
        server.keep_alive_timeout(Duration::from_millis(40))
    })
    .await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.0, 200);
    assert!(client.ended.await.unwrap().is_ok());
    // One that never asks for anything ends too.
    let silent = Running::start_with(path(), |server| {
        server.header_read_timeout(Duration::from_millis(40))
    })
    .await;
    let client = Client::connect(&silent).await;
    let _ = client.ended.await.unwrap();
}

#[tokio::test]
async fn a_control_character_that_hyper_lets_through_is_refused() {
    let app = app_fn(|_, _| async { panic!("it was reached") });
    let server = Running::start(app).await;
    let mut client = Client::connect(&server).await;
    let mut request = get("/");
    let value = http::HeaderValue::from_bytes(b"a\x85b").unwrap();
    request.headers_mut().insert("x", value);
    assert_eq!(client.send(request, true).await.0.await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_body_has_the_limits_of_the_server() {
    let app = app_fn(|_, mut body| async move {
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(Response::default())
    });
    let server = Running::start_with(app, |server| {
        server
            .max_body_size(10)
            .body_read_timeout(Duration::from_millis(20))
    })
    .await;
    let mut client = Client::connect(&server).await;
    let (response, mut upload) = client.send(get("/"), false).await;
    upload
        .send_data(Bytes::from_static(b"12345678901"), true)
        .unwrap();
    assert_eq!(response.await.unwrap().status(), 413);
    let (response, _upload) = client.send(get("/"), false).await;
    assert_eq!(response.await.unwrap().status(), 408);
}

#[tokio::test]
async fn a_stream_that_its_client_does_not_read_is_reset_and_its_neighbours_go_on() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = app_fn(move |scope, _| {
        let dropped = Dropped(tell.clone());
        async move {
            if scope.uri.path() == "/small" {
                return Ok(Response::new("small".into()));
            }
            let parts = (0..100).map(move |_| {
                let _kept = &dropped;
                Ok::<_, BoxError>(Bytes::from_static(&[b'x'; 16 * 1024]))
            });
            Ok(Response::new(Body::from_stream(Items(parts))))
        }
    });
    let server = Running::start_with(app, |server| {
        server
            .write_timeout(Duration::from_millis(100))
            .min_write_rate(u32::MAX)
    })
    .await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (requests, connection) = h2::client::Builder::new()
        .initial_window_size(1024)
        .handshake(stream)
        .await
        .unwrap();
    let mut client = Client {
        requests,
        ended: tokio::spawn(connection),
    };
    let (response, _) = client.send(get("/large"), true).await;
    let mut body = response.await.unwrap().into_body();
    // What its window lets through is not given back, so that it never opens again.
    let end = loop {
        match body.data().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("the body came to its end"),
        }
    };
    assert_eq!(end.reason(), Some(h2::Reason::CANCEL), "{end}");
    assert_eq!(told.recv().await, Some("dropped"));
    assert_eq!(client.get("/small").await, (200, "small".to_owned()));
}

#[tokio::test]
async fn an_application_that_is_slow_does_not_have_its_stream_reset() {
    let (go_on, gone_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (waits, tells) = (Arc::clone(&go_on), Arc::clone(&gone_on));
    let app = app_fn(move |_, _| {
        let (waits, tells) = (Arc::clone(&waits), Arc::clone(&tells));
        async move {
            let parts = futures_util::stream::once(async { Ok::<_, BoxError>("bon") }).chain(
                futures_util::stream::once(async move {
                    tells.notify_one();
                    waits.notified().await;
                    Ok("soir")
                }),
            );
            Ok(Response::new(Body::from_stream(parts)))
        }
    });
    let server = Running::start_with(app, |server| {
        server
            .write_timeout(Duration::from_millis(20))
            .min_write_rate(u32::MAX)
            .header_read_timeout(Duration::from_millis(50))
    })
    .await;
    let mut client = Client::connect(&server).await;
    let (response, _) = client.send(get("/"), true).await;
    let body = response.await.unwrap().into_body();
    gone_on.notified().await;
    // The times pass by, on connections on which nothing happens.
    for _ in 0..3 {
        assert_eq!(server.connect().await.rest().await, "");
    }
    go_on.notify_one();
    assert_eq!(text(body).await.0, "bonsoir");
}

#[tokio::test]
async fn the_windows_are_those_of_the_settings() {
    let (app, _happened) = never();
    let server = Running::start_with(app, |server| {
        server
            .http2_stream_window(70_000)
            .http2_connection_window(100_000)
    })
    .await;
    let mut client = Client::connect(&server).await;
    let mut windows = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..2 {
        let (response, mut stream) = client.send(get("/"), false).await;
        stream.reserve_capacity(200_000);
        let wanted = [70_000, 30_000][windows.len()];
        // The settings, and what they add to a window, come in frames of their own.
        while stream.capacity() < wanted {
            std::future::poll_fn(|cx| stream.poll_capacity(cx))
                .await
                .unwrap()
                .unwrap();
        }
        windows.push(stream.capacity());
        kept.push((response, stream));
    }
    assert_eq!(windows, [70_000, 30_000]);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_pinged_and_given_up_without_an_answer() {
    let server = Running::start_with(path(), |server| {
        server
            .http2_ping_interval(Duration::from_millis(50))
            .http2_ping_timeout(Duration::from_millis(50))
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let begin = [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &[0, 0, 0, 4, 0, 0, 0, 0, 0],
    ]
    .concat();
    stream.write_all(&begin).await.unwrap();
    let mut pings = 0;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        pings += u32::from(head[3] == 6 && head[4] == 0);
    }
    assert!(pings > 0, "the connection ended without a ping");
}

#[tokio::test]
async fn after_the_last_request_that_it_may_have_a_connection_is_closed_in_order() {
    let server = Running::start_with(path(), |server| server.max_requests_per_connection(2)).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/one").await.0, 200);
    assert_eq!(client.get("/two").await.0, 200);
    drop(client.requests);
    client.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_beyond_those_that_may_be_worked_on_is_a_503_also_where_connections_are_no_more() {
    let (app, mut happened) = never();
    let server =
        Running::start_with(app, |server| server.max_concurrent_requests(1).max_connections(1)).await;
    let mut client = Client::connect(&server).await;
    let _first = client.send(get("/"), true).await;
    assert_eq!(happened.recv().await, Some("called"));
    let (response, _) = client.send(get("/"), true).await;
    let response = response.await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
}
