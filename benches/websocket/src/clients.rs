//! Clients that ask for broadcasts and count what they get.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

/// The length of what is broadcast, and of its frame.
pub(crate) const PAYLOAD: usize = 64;
const FRAME: usize = PAYLOAD + 2;

/// All clients of one server. The first of them asks.
pub(crate) struct Clients {
    asking: TcpStream,
    count: usize,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    bytes: AtomicUsize,
    expected: AtomicUsize,
    all: Notify,
}

impl Clients {
    pub(crate) async fn connect(address: SocketAddr, count: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let asking = open(address, "/ask").await?;
        for _ in 0..count {
            let stream = open(address, "/room").await?;
            tokio::spawn(count_bytes(stream, Arc::clone(&shared)));
        }
        Ok(Self {
            asking,
            count,
            shared,
        })
    }

    /// Has so many messages broadcast, and waits until everybody has all of them.
    pub(crate) async fn broadcast(&mut self, messages: usize) -> io::Result<()> {
        let all = self.shared.all.notified();
        self.shared.bytes.store(0, Ordering::SeqCst);
        let expected = messages * self.count * FRAME;
        self.shared.expected.store(expected, Ordering::SeqCst);
        let text = messages.to_string();
        let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.asking.write_all(&frame).await?;
        all.await;
        Ok(())
    }
}

async fn open(address: SocketAddr, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
    }
    Ok(stream)
}

async fn count_bytes(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let before = shared.bytes.fetch_add(read, Ordering::SeqCst);
        if before + read == shared.expected.load(Ordering::SeqCst) {
            shared.all.notify_waiters();
        }
    }
}
