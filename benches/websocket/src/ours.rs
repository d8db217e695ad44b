//! Our server: the message is encoded once and its bytes go to all.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response, WebSocketScope,
    server::Server,
    websocket::{Handshake, Message, WebSocketSender},
};

use crate::{Error, clients::PAYLOAD};

#[derive(Default)]
struct Room {
    members: Arc<Mutex<Vec<WebSocketSender>>>,
}

impl Application for Room {
    async fn http(&self, _: HttpScope, _: Body) -> Result<Response, BoxError> {
        Ok(Response::default())
    }

    async fn websocket(&self, scope: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
        let mut socket = handshake.accept().await?;
        let lock = || self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if scope.uri.path() == "/room" {
            lock().push(socket.sender());
        }
        while let Some(message) = socket.recv().await? {
            let count: usize = message.as_text().unwrap_or_default().parse()?;
            let members = lock().clone();
            for _ in 0..count {
                let message = Message::from("x".repeat(PAYLOAD)).prepare();
                for member in &members {
                    member.send_prepared(&message).await?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) async fn serve() -> Result<(), Error> {
    // The clients only count bytes and answer no pings, which tungstenite doesn't send by itself either.
    let server = Server::bind("127.0.0.1:0")
        .await?
        .websocket_ping_interval(Duration::ZERO);
    println!("{}", server.local_addr());
    Ok(server.serve(Room::default()).await?)
}
