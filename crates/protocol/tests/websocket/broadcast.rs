//! One message to many.

use std::sync::{Arc, Mutex};

use nuages_protocol::websocket::{Compression, Message, WebSocketConfig, WebSocketSender};

use crate::support::{BINARY, FIN, PATIENCE, RSV1, Raw, Running, TEXT, accepting};

type Room = Arc<Mutex<Vec<WebSocketSender>>>;

async fn room(config: WebSocketConfig) -> (Running, Room) {
    let room = Room::default();
    let members = Arc::clone(&room);
    let server = Running::start_with(
        accepting(move |mut socket| {
            let members = Arc::clone(&members);
            async move {
                members.lock().unwrap().push(socket.sender());
                while socket.recv().await?.is_some() {}
                Ok(())
            }
        }),
        config,
    )
    .await;
    (server, room)
}

async fn joined(room: &Room, count: usize) {
    tokio::time::timeout(PATIENCE, async {
        while room.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_prepared_message_reaches_everybody_unchanged_and_in_order() {
    let (server, room) = room(WebSocketConfig::new()).await;
    let mut clients: Vec<Raw> = Vec::new();
    for _ in 0..50 {
        clients.push(server.open().await);
    }
    joined(&room, 50).await;
    let large = vec![7; 100_000];
    for message in [
        Message::from("bonsoir"),
        Message::from(large.clone()),
        Message::from(""),
    ] {
        let message = message.prepare();
        let members = room.lock().unwrap().clone();
        for member in &members {
            member.send_prepared(&message).await.unwrap();
        }
    }
    for client in &mut clients {
        client.expect(FIN | TEXT, b"bonsoir").await;
        client.expect(FIN | BINARY, &large).await;
        client.expect(FIN | TEXT, b"").await;
    }
}

#[tokio::test]
async fn a_prepared_message_is_compressed_for_those_who_agreed() {
    let offer = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    for compression in [
        Compression::new(),
        Compression::new().window_bits(10),
        Compression::new().context_takeover(),
    ] {
        let (server, room) = room(WebSocketConfig::new().compression(compression)).await;
        let (mut deflated, _) = server.open_with(offer).await;
        let mut plain = server.open().await;
        joined(&room, 2).await;
        let message = Message::from("la la la ".repeat(500)).prepare();
        let members = room.lock().unwrap().clone();
        for member in &members {
            member.try_send_prepared(&message).unwrap();
        }
        let frame = deflated.frame().await.unwrap();
        assert_eq!(frame.first, FIN | RSV1 | TEXT);
        assert!(frame.payload.len() < 200);
        plain.expect(FIN | TEXT, "la la la ".repeat(500).as_bytes()).await;
    }
}

#[tokio::test]
async fn who_does_not_keep_up_can_be_dropped_without_waiting() {
    let (server, room) = room(WebSocketConfig::new()).await;
    let _slow = server.open().await;
    joined(&room, 1).await;
    let member = room.lock().unwrap()[0].clone();
    let message = Message::from(vec![0; 100_000]).prepare();
    let mut sent = 0;
    let error = loop {
        match member.try_send_prepared(&message) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 1000, "a client that doesn't read takes no end of messages");
        tokio::task::yield_now().await;
    };
    assert!(error.is_full());
    member.close(1013, "too slow").await.unwrap();
}
