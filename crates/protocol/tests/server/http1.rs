//! HTTP/1.1 and 1.0 as they should be, with an application that behaves.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;
use nuages_protocol::{Application, Body, BoxError, Response, app_fn};
use tokio::sync::mpsc;

use crate::support::Running;

/// Answers with what it got: `METHOD target body`.
fn echo() -> impl Application {
    app_fn(|scope, body| async move {
        let body = body.collect(1024 * 1024).await?;
        let text = format!(
            "{} {} {}",
            scope.method,
            scope.uri,
            String::from_utf8_lossy(&body)
        );
        Ok(Response::new(text.into()))
    })
}

/// A body of parts whose length nobody knows in advance.
struct Parts(VecDeque<&'static str>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(
            self.0
                .pop_front()
                .map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes())))),
        )
    }
}

fn parts() -> impl Application {
    app_fn(|_scope, _body| async {
        Ok(Response::new(Body::new(Parts(
            ["bon", "soir", ", Django"].into(),
        ))))
    })
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = Running::start(echo()).await;
    let mut client = server.connect().await;
    for path in ["/one", "/two?q=a%20b", "/three"] {
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status, &answer.body), (200, &format!("GET {path} ")));
        assert!(answer.header("date").is_some());
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn connection_close_is_honoured() {
    let server = Running::start(echo()).await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    // The first one can only finish once the test has written the last: order is the server's doing.
    let (release, gate) = tokio::sync::oneshot::channel::<()>();
    let gate = std::sync::Mutex::new(Some(gate));
    let server = Running::start(app_fn(move |scope, _body| {
        let gate = gate.lock().unwrap().take();
        async move {
            if let Some(gate) = gate {
                gate.await?;
            }
            Ok(Response::new(scope.uri.path().to_owned().into()))
        }
    }))
    .await;
    let mut client = server.connect().await;
    let requests: String = (0..20)
        .map(|n| format!("GET /{n} HTTP/1.1\r\nhost: x\r\n\r\n"))
        .collect();
    client.send(&requests).await;
    release.send(()).unwrap();
    for n in 0..20 {
        assert_eq!(client.answer().await.body, format!("/{n}"));
    }
}

#[tokio::test]
async fn a_pipelined_body_is_not_taken_for_the_next_request() {
    let server = Running::start(echo()).await;
    let mut client = server.connect().await;
    client
        .send(
            "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nGET /\
             POST /b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbon\r\n4\r\nsoir\r\n0\r\n\r\n\
             GET /c HTTP/1.1\r\nhost: x\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.body, "POST /a GET /");
    assert_eq!(client.answer().await.body, "POST /b bonsoir");
    assert_eq!(client.answer().await.body, "GET /c ");
}

#[tokio::test]
async fn head_has_the_length_but_no_body() {
    let server = Running::start(echo()).await;
    let mut client = server.connect().await;
    client
        .send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\nGET /next HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("7")));
    // If a body had been sent, this would not be the next answer.
    assert_eq!(client.answer().await.body, "GET /next ");
}

#[tokio::test]
async fn a_known_length_is_declared() {
    let server = Running::start(echo()).await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.header("content-length"), Some("6"));
    assert_eq!(answer.header("transfer-encoding"), None);
}

#[tokio::test]
async fn an_empty_response_has_length_zero() {
    let server = Running::start(app_fn(|_, _| async { Ok(Response::default()) })).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.header("content-length"), Some("0"));
}

#[tokio::test]
async fn an_unknown_length_is_sent_in_chunks() {
    let server = Running::start(parts()).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let answer = client.answer().await;
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.body, "bonsoir, Django");
    }
}

#[tokio::test]
async fn http_1_0_gets_no_chunks_and_is_closed() {
    let server = Running::start(parts()).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    let head = client.head().await;
    assert_eq!(head.header("transfer-encoding"), None);
    assert_eq!(client.rest().await, "bonsoir, Django");
}

#[tokio::test]
async fn a_stream_is_sent_as_it_comes() {
    let (sender, receiver) = mpsc::channel::<&'static str>(1);
    let receiver = std::sync::Mutex::new(Some(receiver));

    struct Fed(mpsc::Receiver<&'static str>);
    impl http_body::Body for Fed {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.0
                .poll_recv(cx)
                .map(|part| part.map(|part| Ok(Frame::data(Bytes::from(part)))))
        }
    }

    let server = Running::start(app_fn(move |_, _| {
        let receiver = receiver.lock().unwrap().take();
        async move {
            Ok(Response::new(
                receiver
                    .map(|receiver| Body::new(Fed(receiver)))
                    .unwrap_or_default(),
            ))
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.head().await;
    // Each part has arrived before the next one exists.
    for part in ["bonsoir", "Django"] {
        sender.send(part).await.unwrap();
        client.read_until(&format!("{part}\r\n")).await;
    }
    drop(sender);
    client.read_until("0\r\n\r\n").await;
}

#[tokio::test]
async fn continue_is_sent_only_when_the_body_is_read() {
    let server = Running::start(app_fn(|scope, body| async move {
        if scope.uri.path() == "/read" {
            body.collect(100).await?;
        }
        Ok(Response::new("done".into()))
    }))
    .await;
    let head = |path| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 7\r\n\r\n")
    };

    let mut client = server.connect().await;
    client.send(&head("/read")).await;
    assert_eq!(client.head().await.status, 100);
    client.send("bonsoir").await;
    assert_eq!(client.answer().await.status, 200);

    let mut client = server.connect().await;
    client.send(&head("/ignore")).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn the_scope_tells_both_ends_and_every_header() {
    let (sender, mut scopes) = mpsc::unbounded_channel();
    let server = Running::start(app_fn(move |scope, _body| {
        let sent = sender.send(scope);
        async move {
            sent?;
            Ok(Response::default())
        }
    }))
    .await;
    let mut client = server.connect().await;
    let here = client.stream.local_addr().unwrap();
    client
        .send("DELETE /b%C3%BCcher/?q=1&q=2 HTTP/1.1\r\nHost: shop.example\r\nCookie: a=1\r\nX-A: 1\r\nCookie: b=2\r\n\r\n")
        .await;
    client.answer().await;

    let scope = scopes.recv().await.unwrap();
    assert_eq!(scope.method, "DELETE");
    assert_eq!(scope.uri, "/b%C3%BCcher/?q=1&q=2");
    assert_eq!(scope.version, http::Version::HTTP_11);
    assert_eq!(scope.headers["host"], "shop.example");
    let cookies: Vec<_> = scope.headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(scope.scheme.as_str(), "http");
    assert_eq!(scope.client, Some(here.into()));
    assert_eq!(scope.server, Some(server.address.into()));
    assert_eq!(scope.root_path, "");
}
