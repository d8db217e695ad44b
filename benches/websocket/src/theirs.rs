//! The peer: tungstenite, as its users write a chat. A task a client, with a queue that it writes from; what is in the queue at once is
//! flushed at once.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::WebSocketConfig,
    },
};

use crate::{Error, clients::PAYLOAD};

type Members = Arc<Mutex<Vec<mpsc::UnboundedSender<Message>>>>;

pub(crate) async fn serve() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let members = Members::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(client(stream, Arc::clone(&members)));
    }
}

async fn client(stream: TcpStream, members: Members) -> Result<(), Error> {
    let lock = || members.lock().unwrap_or_else(PoisonError::into_inner);
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
    let mut joins = false;
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let look = |request: &Request, response: Response| {
        joins = request.uri().path() == "/room";
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, look, Some(config)).await?;
    let (mut sink, mut stream) = socket.split();
    let (sender, mut queue) = mpsc::unbounded_channel();
    if joins {
        lock().push(sender.clone());
    }
    let mut ready = Vec::new();
    loop {
        tokio::select! {
            count = queue.recv_many(&mut ready, 64) => {
                if count == 0 {
                    return Ok(());
                }
                for message in ready.drain(..) {
                    sink.feed(message).await?;
                }
                sink.flush().await?;
            }
            message = stream.next() => {
                let Some(message) = message else { return Ok(()) };
                let count: usize = message?.to_text()?.parse()?;
                let members = lock().clone();
                for _ in 0..count {
                    let message = Message::text("x".repeat(PAYLOAD));
                    for member in &members {
                        member.send(message.clone())?;
                    }
                }
            }
        }
    }
}
