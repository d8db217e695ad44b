//! Another implementation at the other end: tungstenite.

use std::net::TcpStream;

use nuages_protocol::websocket::{Message, WebSocketClient, WebSocketConfig};
use tungstenite::protocol::WebSocketConfig as Theirs;

use crate::support::{Running, echo};

#[test]
fn a_client_of_another_make_talks_to_our_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = nuages_bridge::async_to_sync(async { Ok::<_, ()>(()) });
    drop(server);
    let server = runtime.spawn(Running::start(echo()));
    let server = nuages_bridge::async_to_sync(server).unwrap().unwrap();
    let stream = TcpStream::connect(server.address).unwrap();
    let (mut socket, _) = tungstenite::client("ws://localhost/", stream).unwrap();
    for length in [0, 5, 126, 70_000, 1024 * 1024] {
        let text = "x".repeat(length);
        socket.send(tungstenite::Message::text(text.clone())).unwrap();
        assert_eq!(socket.read().unwrap().into_text().unwrap().as_str(), text);
    }
    socket.close(None).unwrap();
    assert!(socket.read().unwrap().is_close());
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
}

#[tokio::test]
async fn our_client_talks_to_a_server_of_another_make() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut socket = tungstenite::accept_with_config(stream, Some(Theirs::default())).unwrap();
        while let Ok(message) = socket.read() {
            if !message.is_close() {
                socket.send(message).unwrap();
            }
        }
    });
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut socket = WebSocketClient::new("ws://localhost/chat?room=1".parse().unwrap())
        .config(
            WebSocketConfig::new()
                .max_message_size(2 * 1024 * 1024)
                .max_frame_size(2 * 1024 * 1024),
        )
        .open(stream)
        .await
        .unwrap();
    for length in [0, 5, 126, 70_000, 1024 * 1024] {
        let message = Message::from("x".repeat(length));
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(message));
    }
    socket.close(1000, "").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.closed().unwrap().code, 1000);
    server.join().unwrap();
}

#[tokio::test]
async fn our_client_and_our_server_compress_with_each_other() {
    use nuages_protocol::websocket::Compression;
    for compression in [
        Compression::new(),
        Compression::new().context_takeover().window_bits(11),
    ] {
        let config = WebSocketConfig::new().compression(compression);
        let server = Running::start_with(echo(), config.clone()).await;
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let uri = "ws://localhost/".parse().unwrap();
        let mut socket = WebSocketClient::new(uri)
            .config(config)
            .open(stream)
            .await
            .unwrap();
        for round in 0..20 {
            let message = Message::from(format!("round {round} ").repeat(1000));
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.recv().await.unwrap(), Some(message));
        }
    }
}

#[tokio::test]
async fn our_client_hears_why_it_was_denied() {
    use crate::support::sockets;
    let server = Running::start(sockets(|_, handshake| async move {
        handshake.deny(
            http::Response::builder()
                .status(401)
                .body("members only".into())?,
        );
        Ok(())
    }))
    .await;
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let error = WebSocketClient::new("ws://localhost/".parse().unwrap())
        .open(stream)
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.into_response().unwrap().into_body(), "members only");
}
