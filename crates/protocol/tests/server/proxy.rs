//! What a trusted proxy says, at the socket.

use nuages_protocol::{
    Application, Response, app_fn,
    server::{ForwardedHeaders, TrustedPeers},
};

use crate::support::{Log, Running};

/// Answers with the client and the scheme.
fn whoami() -> impl Application {
    app_fn(|scope, _| async move {
        let client = scope
            .client
            .map_or("unknown".to_owned(), |client| client.to_string());
        Ok(Response::new(format!("{client} {}", scope.scheme).into()))
    })
}

const FORWARDED: &str =
    "GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 6.6.6.6, 192.0.2.7\r\nx-forwarded-proto: https\r\n\r\n";

fn trusted(peers: &[&str]) -> TrustedPeers {
    TrustedPeers::new(peers.iter().copied()).unwrap()
}

#[tokio::test]
async fn forwarded_headers_count_only_from_a_trusted_peer() {
    let server = Running::start(whoami()).await;
    assert!(server.exchange(FORWARDED).await.body.starts_with("127.0.0.1:"));

    let server = Running::start_with(whoami(), |server| {
        server.trusted_proxies(trusted(&["127.0.0.0/8"]))
    })
    .await;
    assert_eq!(server.exchange(FORWARDED).await.body, "192.0.2.7:0 https");

    let server = Running::start_with(whoami(), |server| server.trusted_proxies(trusted(&["10.0.0.1"]))).await;
    assert!(server.exchange(FORWARDED).await.body.starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn the_kind_of_header_that_the_proxy_does_not_set_is_not_read() {
    let server = Running::start_with(whoami(), |server| {
        server
            .trusted_proxies(trusted(&["*"]))
            .forwarded_headers(ForwardedHeaders::Forwarded)
    })
    .await;
    assert!(server.exchange(FORWARDED).await.body.starts_with("127.0.0.1:"));
    let request = "GET / HTTP/1.1\r\nhost: x\r\nforwarded: for=192.0.2.7;proto=https\r\n\r\n";
    assert_eq!(server.exchange(request).await.body, "192.0.2.7:0 https");
}

#[tokio::test]
async fn a_proxy_header_says_who_the_client_is() {
    let server = Running::start_with(whoami(), |server| server.proxy_protocol(true)).await;
    let get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = server
        .exchange(&format!("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n{get}"))
        .await;
    assert_eq!(answer.body, "192.0.2.7:4711 http");

    let mut client = server.connect().await;
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([192, 0, 2, 8, 192, 0, 2, 1, 0x12, 0x67, 0, 80]);
    tokio::io::AsyncWriteExt::write_all(&mut client.stream, &header)
        .await
        .unwrap();
    for _ in 0..2 {
        client.send(get).await;
        assert_eq!(client.answer().await.body, "192.0.2.8:4711 http");
    }
}

#[tokio::test]
async fn a_connection_without_its_proxy_header_is_closed() {
    let (log, _guard) = Log::collect();
    let app = || app_fn(|_, _| async { panic!("it was reached") });
    let server = Running::start_with(app(), |server| server.proxy_protocol(true)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    server.stop().await.unwrap();

    // With one, but from a peer that isn't trusted.
    let server = Running::start_with(app(), |server| {
        server
            .proxy_protocol(true)
            .trusted_proxies(trusted(&["10.0.0.1"]))
    })
    .await;
    let mut client = server.connect().await;
    client
        .send("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert_eq!(client.rest().await, "");
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}
