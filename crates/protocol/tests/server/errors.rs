//! Applications that fail, and clients that send nonsense.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, header::InvalidHeaderValue};
use http_body::{Frame, SizeHint};
use nuages_protocol::{Application, Body, BoxError, Response, app_fn};

use crate::support::{Log, Running};

/// Fails in each of the ways that there are, by path.
fn failing() -> impl Application {
    app_fn(|scope, body| async move {
        match scope.uri.path() {
            "/error" => Err("the shop burnt down".into()),
            "/panic" => panic!("the roof fell in"),
            "/body-error" => Ok(Response::new(Body::new(Tearing {
                panics: false,
                sent: false,
            }))),
            "/body-panic" => Ok(Response::new(Body::new(Tearing {
                panics: true,
                sent: false,
            }))),
            "/short" => Ok(Response::new(Body::new(Short))),
            "/collect" => {
                let wrapped = body.collect(10).await.map_err(io::Error::other)?;
                Ok(Response::new(wrapped.into()))
            }
            _ => Ok(Response::new("fine".into())),
        }
    })
}

/// Sends one part, then fails.
struct Tearing {
    panics: bool,
    sent: bool,
}

impl http_body::Body for Tearing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.sent {
            self.sent = true;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))));
        }
        assert!(!self.panics, "the tape caught fire");
        Poll::Ready(Some(Err("the tape tore".into())))
    }
}

/// Declares more than it has.
struct Short;

impl http_body::Body for Short {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}

#[tokio::test]
async fn an_error_is_a_500_that_tells_nothing_and_a_log_line_that_tells_all() {
    let (log, _guard) = Log::collect();
    let server = Running::start(failing()).await;
    let mut client = server.connect().await;
    client
        .send("GET /error?token=secret HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (500, "Internal Server Error")
    );
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");

    let faults = log.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    for part in ["ERROR", "method=GET", "path=\"/error\"", "the shop burnt down"] {
        assert!(faults[0].contains(part), "{part} is missing in {}", faults[0]);
    }
    assert!(!faults[0].contains("secret"));
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "fine"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_goes_on() {
    let (log, _guard) = Log::collect();
    let server = Running::start(failing()).await;
    let mut client = server.connect().await;
    client.send("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (500, "Internal Server Error")
    );
    assert_eq!(client.rest().await, "");
    assert!(log.faults()[0].contains("the roof fell in"), "{:?}", log.faults());
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "fine"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_error_after_the_start_cuts_the_connection_and_sends_no_second_answer() {
    for (path, fault) in [
        ("/body-error", "the tape tore"),
        ("/body-panic", "the tape caught fire"),
    ] {
        let (log, _guard) = Log::collect();
        let server = Running::start(failing()).await;
        let mut client = server.connect().await;
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        let all = client.rest().await;
        assert!(!all.contains(" 500 "), "{all}");
        assert!(
            !all.ends_with("0\r\n\r\n"),
            "what was cut must not look complete: {all}"
        );
        server.stop().await.unwrap();
        assert!(
            log.faults().iter().any(|line| line.contains(fault)),
            "{:?}",
            log.faults()
        );
    }
}

#[tokio::test]
async fn a_response_shorter_than_declared_cuts_the_connection() {
    let (log, _guard) = Log::collect();
    let server = Running::start(failing()).await;
    let mut client = server.connect().await;
    client
        .send("GET /short HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let all = client.rest().await;
    assert!(
        !all.contains("fine"),
        "the next answer must not fill the gap: {all}"
    );
    server.stop().await.unwrap();
    assert_eq!(log.faults().len(), 1, "{:?}", log.faults());
}

#[tokio::test]
async fn a_client_that_breaks_its_own_body_hears_of_it_and_is_no_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start(failing()).await;
    let post = "POST /collect HTTP/1.1\r\nhost: x\r\n";
    let chunked = format!("{post}transfer-encoding: chunked\r\n\r\nno size\r\n");
    assert_eq!(server.exchange(&chunked).await.status, 400);
    let large = format!("{post}content-length: 11\r\n\r\n12345678901");
    assert_eq!(server.exchange(&large).await.status, 413);
    let in_parts = format!("{post}transfer-encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n");
    assert_eq!(server.exchange(&in_parts).await.status, 413);
    let fits = format!("{post}content-length: 10\r\n\r\n1234567890");
    assert_eq!(server.exchange(&fits).await.body, "1234567890");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn nonsense_is_a_400_and_never_reaches_the_application() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app_fn(|_, _| async { panic!("it was reached") })).await;
    for nonsense in [
        "bonsoir\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nbad name: x\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n x: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx : a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx\u{e9}: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{b}b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{c}b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{1c}b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{1d}b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{1e}b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\u{85}b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 2\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 18446744073709551616\r\n\r\n",
        "GET / HTTP/1.1\r\ncontent-length: ten\r\n\r\n",
        "GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
    ] {
        let answer = server.exchange(nonsense).await;
        assert_eq!(answer.status, 400, "{nonsense:?}");
    }
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_line_break_in_a_header_never_reaches_the_wire() {
    for bad in ["a\r\nset-cookie: b=1", "a\nb", "a\rb", "a\0b", "a\u{7f}b"] {
        assert!(HeaderValue::try_from(bad).is_err(), "{bad:?}");
        assert!(HeaderValue::from_bytes(bad.as_bytes()).is_err(), "{bad:?}");
    }
    // An application that puts a decoded parameter into a header gets an error, and the client a 500.
    let server = Running::start(app_fn(|scope, _body| async move {
        let next = scope.uri.query().unwrap_or_default().replace("%0D%0A", "\r\n");
        let location = HeaderValue::try_from(next).map_err(|error: InvalidHeaderValue| error)?;
        let mut response = Response::default();
        response.headers_mut().insert("location", location);
        Ok(response)
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("GET /?a%0D%0Aset-cookie:b=1 HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let all = client.rest().await;
    assert!(all.starts_with("HTTP/1.1 500 "), "{all}");
    assert!(!all.contains("set-cookie"), "{all}");
}
