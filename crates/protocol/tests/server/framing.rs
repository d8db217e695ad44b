//! What is ambiguous or wrong in the framing of messages, from either side.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::Frame;
use nuages_protocol::{Body, BoxError, Response, app_fn};

use crate::support::{Log, Running};

#[tokio::test]
async fn a_length_beside_chunks_is_ignored_and_ends_the_connection() {
    let server = Running::start(app_fn(|scope, body| async move {
        assert!(!scope.headers.contains_key(header::CONTENT_LENGTH));
        let body = body.collect(100).await?;
        Ok(Response::new(Body::from(body)))
    }))
    .await;
    for head in [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
    ] {
        let mut client = server.connect().await;
        // To whoever believes the length, the rest is a second request.
        client
            .send(&format!(
                "POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n7\r\nbonsoir\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
            ))
            .await;
        let all = client.rest().await;
        assert!(all.contains("connection: close"), "{all}");
        assert!(all.ends_with("bonsoir"), "{all}");
    }
}

#[tokio::test]
async fn equal_lengths_are_one() {
    let server = Running::start(app_fn(|_, body| async move {
        Ok(Response::new(Body::from(body.collect(100).await?)))
    }))
    .await;
    let twice = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nbon";
    assert_eq!(server.exchange(twice).await.body, "bon");
}

#[tokio::test]
async fn what_follows_a_broken_request_is_not_looked_at() {
    let server = Running::start(app_fn(|_, _| async { panic!("it was reached") })).await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost : x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let all = client.rest().await;
    assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
    assert_eq!(all.matches("HTTP/1.1").count(), 1, "{all}");
}

#[tokio::test]
async fn the_target_in_absolute_form_says_the_host() {
    let server = Running::start(app_fn(|scope, _| async move {
        let host = scope.headers[header::HOST].to_str()?;
        Ok(Response::new(
            format!("{} {host} {}", scope.uri, scope.headers.len()).into(),
        ))
    }))
    .await;
    let request = "GET http://shop.example/books/?q=1 HTTP/1.1\r\nx: y\r\nhost: other.example\r\n\r\n";
    assert_eq!(server.exchange(request).await.body, "/books/?q=1 shop.example 2");
}

#[tokio::test]
async fn connect_is_not_implemented() {
    let server = Running::start(app_fn(|_, _| async { panic!("it was reached") })).await;
    let answer = server
        .exchange("CONNECT other.example:443 HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert_eq!(answer.status, 501);
}

/// Parts without a length of their own.
struct Parts(Vec<&'static str>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = (!self.0.is_empty()).then(|| self.0.remove(0));
        std::task::Poll::Ready(next.map(|part| Ok(Frame::data(part.into()))))
    }
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_declared_is_a_fault_and_cuts_the_connection() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app_fn(|scope, _| async move {
        let parts = match scope.uri.path() {
            "/long" => vec!["bonsoir", ", Django"],
            "/short" => vec!["bon"],
            "/whole" => return declared(Body::from("bonsoir, Django")),
            _ => vec!["bon", "soir"],
        };
        declared(Body::new(Parts(parts)))
    }))
    .await;

    fn declared(body: Body) -> Result<Response, BoxError> {
        let mut response = Response::new(body);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from_static("7"));
        Ok(response)
    }

    let get = |path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(server.exchange(&get("/right")).await.body, "bonsoir");
    assert_eq!(log.faults(), Vec::<String>::new());
    for path in ["/long", "/short"] {
        let mut client = server.connect().await;
        client.send(&(get(path) + &get("/right"))).await;
        let all = client.rest().await;
        assert!(
            all.matches("HTTP/1.1").count() <= 1,
            "the next answer must not follow: {all}"
        );
        assert!(!all.contains("Django"), "{all}");
    }
    // Where it is known before anything was sent, it is a 500.
    assert_eq!(server.exchange(&get("/whole")).await.status, 500);
    server.stop().await.unwrap();
    let faults = log.faults();
    assert_eq!(faults.len(), 3, "{faults:?}");
    for (fault, words) in
        faults
            .iter()
            .zip(["longer than its declared length by 8", "shorter", "not as long"])
    {
        assert!(fault.contains(words), "{fault}");
    }
}

#[tokio::test]
async fn how_a_response_is_framed_is_the_servers() {
    let server = Running::start(app_fn(|_, _| async {
        let mut response = Response::new("bonsoir".into());
        response
            .headers_mut()
            .insert(header::TRANSFER_ENCODING, HeaderValue::from_static("gzip"));
        Ok(response)
    }))
    .await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(
        (
            answer.header("transfer-encoding"),
            answer.header("content-length")
        ),
        (None, Some("7"))
    );
}

#[tokio::test]
async fn a_status_that_is_not_final_is_a_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app_fn(|_, _| async {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::EARLY_HINTS;
        Ok(response)
    }))
    .await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.status,
        500
    );
    server.stop().await.unwrap();
    assert_eq!(log.faults().len(), 1);
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let server = Running::start(app_fn(|scope, _| async move {
        let mut response = Response::new("a body that must not be sent".into());
        *response.status_mut() = scope.uri.path()[1..].parse()?;
        Ok(response)
    }))
    .await;
    let mut client = server.connect().await;
    for status in [204, 304] {
        client
            .send(&format!("GET /{status} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(client.head().await.status, status);
    }
    client.send("GET /200 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
}
