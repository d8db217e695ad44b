//! Responses as events make them, and what happens where an application breaks off.

use std::sync::Arc;

use nuages_protocol::event::{HttpResponseTrailers, Scope};
use tokio::sync::Notify;

use crate::{
    app, body, start,
    support::{Log, Running},
};

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_response_of_one_part_has_a_length_and_keeps_the_connection() {
    let server = Running::start(app(|scope, _, send| async move {
        let Scope::Http(http) = &scope else {
            return Err(scope.unsupported());
        };
        send.send(start(201).header("x-path", http.uri.path())).await?;
        Ok(send.send(body("bonsoir")).await?)
    }))
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET /a%20b?q HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (201, "bonsoir"));
        assert_eq!(answer.header("content-length"), Some("7"));
        assert_eq!(answer.header("x-path"), Some("/a%20b"));
    }
}

#[tokio::test]
async fn several_parts_are_sent_as_they_come() {
    let seen = Arc::new(Notify::new());
    let go_on = Arc::clone(&seen);
    let server = Running::start(app(move |_, _, send| {
        let seen = Arc::clone(&go_on);
        async move {
            send.send(start(200)).await?;
            send.send(body("bon").more()).await?;
            seen.notified().await;
            send.send(body("").more()).await?;
            send.send(body("soir").more()).await?;
            Ok(send.send(body("")).await?)
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(client.read_until("bon\r\n").await, "3\r\nbon\r\n");
    seen.notify_one();
    assert_eq!(client.read_until("0\r\n\r\n").await, "4\r\nsoir\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_start_with_an_empty_part_is_flushed() {
    let seen = Arc::new(Notify::new());
    let go_on = Arc::clone(&seen);
    let server = Running::start(app(move |_, _, send| {
        let seen = Arc::clone(&go_on);
        async move {
            send.send(start(200).header("content-length", "2")).await?;
            send.send(body("").more()).await?;
            seen.notified().await;
            Ok(send.send(body("ok")).await?)
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send(GET).await;
    assert_eq!(client.head().await.header("content-length"), Some("2"));
    seen.notify_one();
    assert_eq!(client.read_until("ok").await, "ok");
}

#[tokio::test]
async fn an_application_that_fails_or_returns_before_its_start_is_answered_with_500() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app(|scope, _, _| async move {
        let Scope::Http(http) = scope else {
            return Err(scope.unsupported());
        };
        match http.uri.path() {
            "/fails" => Err("the string broke".into()),
            "/panics" => panic!("the neck broke"),
            _ => Ok(()),
        }
    }))
    .await;
    for (path, told) in [
        ("/fails", "the string broke"),
        ("/panics", "the neck broke"),
        ("/", "without a response"),
    ] {
        let answer = server
            .exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(answer.status, 500, "{path}");
        assert_eq!(answer.header("connection"), Some("close"));
        let faults = log.faults();
        assert!(faults.last().unwrap().contains(told), "{faults:?}");
    }
    server.stop().await.unwrap();
    assert_eq!(log.faults().len(), 3);
}

#[tokio::test]
async fn an_application_that_ends_after_its_start_cuts_the_connection_and_is_no_500() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app(|scope, _, send| async move {
        let Scope::Http(http) = scope else {
            return Err(scope.unsupported());
        };
        send.send(start(200)).await?;
        if http.uri.path() == "/start" {
            return Ok(());
        }
        send.send(body("bon").more()).await?;
        match http.uri.path() {
            "/fails" => Err("the string broke".into()),
            "/panics" => panic!("the neck broke"),
            _ => Ok(()),
        }
    }))
    .await;
    let ends = [
        ("/start", "before its response was complete"),
        ("/returns", "before its response was complete"),
        ("/fails", "the string broke"),
        ("/panics", "the neck broke"),
    ];
    for (path, _) in ends {
        let mut client = server.connect().await;
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        let rest = client.rest().await;
        assert!(!rest.contains(" 500 "), "{path}: {rest}");
        assert!(!rest.contains("0\r\n\r\n"), "{path} looks complete: {rest}");
    }
    server.stop().await.unwrap();
    let faults = log.faults();
    assert_eq!(faults.len(), ends.len(), "{faults:?}");
    for (fault, (path, told)) in faults.iter().zip(ends) {
        assert!(fault.contains(told), "{path}: {fault}");
    }
}

#[tokio::test]
async fn what_an_application_does_after_its_response_changes_nothing() {
    let (log, _guard) = Log::collect();
    let ended = Arc::new(Notify::new());
    let tell = Arc::clone(&ended);
    let server = Running::start(app(move |_, _, send| {
        let ended = Arc::clone(&tell);
        async move {
            send.send(start(200)).await?;
            send.send(body("bonsoir")).await?;
            send.send(body("more of it")).await?;
            assert!(send.send(start(500)).await.unwrap_err().is_refused());
            ended.notify_one();
            Err("too late".into())
        }
    }))
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(GET).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "bonsoir"));
        ended.notified().await;
    }
    server.stop().await.unwrap();
    let faults = log.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("too late"), "{faults:?}");
}

#[tokio::test]
async fn a_response_may_come_before_the_request_was_read() {
    let server = Running::start(app(|_, _, send| async move {
        send.send(start(200)).await?;
        Ok(send.send(body("early")).await?)
    }))
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client
            .send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
            .await;
        assert_eq!(client.answer().await.body, "early");
    }
}

#[tokio::test]
async fn head_and_bodiless_statuses_send_no_body_whatever_the_application_sends() {
    let server = Running::start(app(|scope, _, send| async move {
        let Scope::Http(http) = scope else {
            return Err(scope.unsupported());
        };
        let status: u16 = http.uri.path()[1..].parse()?;
        send.send(start(status)).await?;
        send.send(body("bon").more()).await?;
        send.send(body("soir").more()).await?;
        Ok(send.send(body("")).await?)
    }))
    .await;
    let mut client = server.connect().await;
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 404)] {
        client
            .send(&format!("{method} /{status} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(client.head().await.status, status);
    }
    client.send("GET /200 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "bonsoir");
}

#[tokio::test]
async fn head_keeps_the_length_of_what_get_would_send() {
    let server = Running::start(app(|_, _, send| async move {
        send.send(start(200).header("content-length", "7")).await?;
        Ok(send.send(body("")).await?)
    }))
    .await;
    let mut client = server.connect().await;
    client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.head().await.header("content-length"), Some("7"));
}

#[tokio::test]
async fn trailers_reach_clients_that_want_them() {
    let server = Running::start(app(|_, _, send| async move {
        send.send(start(200).header("trailer", "x-sum, x-more").trailers())
            .await?;
        send.send(body("bonsoir")).await?;
        send.send(HttpResponseTrailers::new().header("x-sum", "7").more())
            .await?;
        Ok(send
            .send(HttpResponseTrailers::new().header("x-more", "8"))
            .await?)
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\n\r\n")
        .await;
    client.head().await;
    let rest = client.read_until("\r\n\r\n").await;
    assert_eq!(rest, "7\r\nbonsoir\r\n0\r\nx-sum: 7\r\nx-more: 8\r\n\r\n");
    client.send(GET).await;
    client.head().await;
    assert_eq!(client.read_until("\r\n\r\n").await, "7\r\nbonsoir\r\n0\r\n\r\n");
}
