//! The bodies of requests, as an application receives them, and back-pressure both ways.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use nuages_protocol::event::{ReceiveEvent, Scope};
use tokio::sync::mpsc;

use crate::{app, body, start, support::Running};

#[tokio::test]
async fn the_body_of_a_request_comes_in_parts_and_then_the_client_goes() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Running::start(app(move |_, mut receive, send| {
        let tell = tell.clone();
        async move {
            let mut whole = Vec::new();
            loop {
                let ReceiveEvent::HttpRequest(part) = receive.next().await else {
                    panic!("the client has not gone")
                };
                whole.extend_from_slice(&part.body);
                if !part.more_body {
                    break;
                }
            }
            send.send(start(200)).await?;
            send.send(nuages_protocol::event::HttpResponseBody::new(whole))
                .await?;
            // After the response there is nothing more to come.
            tell.send(receive.next().await)?;
            tell.send(receive.next().await)?;
            Ok(())
        }
    }))
    .await;
    let mut client = server.connect().await;
    for (request, echoed) in [
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", ""),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nbonsoir",
            "bonsoir",
        ),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbon\r\n4\r\nsoir\r\n0\r\n\r\n",
            "bonsoir",
        ),
    ] {
        client.send(request).await;
        assert_eq!(client.answer().await.body, echoed);
        assert_eq!(told.recv().await, Some(ReceiveEvent::HttpDisconnect));
        assert_eq!(told.recv().await, Some(ReceiveEvent::HttpDisconnect));
    }
}

#[tokio::test]
async fn continue_is_sent_only_when_the_body_is_asked_for() {
    let server = Running::start(app(|scope, mut receive, send| async move {
        let Scope::Http(http) = scope else {
            return Err(scope.unsupported());
        };
        if http.uri.path() == "/read" {
            receive.next().await;
        }
        send.send(start(200)).await?;
        Ok(send.send(body("done")).await?)
    }))
    .await;
    let head = "HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    let mut client = server.connect().await;
    client.send(&format!("POST /read {head}")).await;
    assert_eq!(
        client.read_until("\r\n\r\n").await,
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    client.send("abc").await;
    assert_eq!(client.answer().await.body, "done");
    let mut client = server.connect().await;
    client.send(&format!("POST /unread {head}")).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_malformed_body_ends_the_request_and_is_the_clients_fault() {
    let (log, _guard) = crate::support::Log::collect();
    let server = Running::start(app(|_, mut receive, _| async move {
        while receive.next().await != ReceiveEvent::HttpDisconnect {}
        Err("the client has gone".into())
    }))
    .await;
    let answer = server
        .exchange("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
        .await;
    assert_eq!(answer.status, 400);
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_application_back() {
    const PART: usize = 64 * 1024;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let server = Running::start(app(move |_, _, send| {
        let sent = Arc::clone(&counter);
        async move {
            send.send(start(200)).await?;
            for _ in 0..4096 {
                let part = nuages_protocol::event::HttpResponseBody::new(vec![b'x'; PART]).more();
                send.send(part).await?;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            Ok(send.send(body("")).await?)
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.head().await;
    // The buffers of both sockets fill, and then it goes no further: two looks at the count that agree.
    let mut before = usize::MAX;
    loop {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            break;
        }
        before = now;
    }
    assert!(
        before < 1024,
        "{before} parts of 64 KiB were taken from the application"
    );
}
