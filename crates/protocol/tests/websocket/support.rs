//! A server that runs in a test, and a client that speaks raw frames.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response, WebSocketScope,
    server::{Error, Server},
    websocket::{Handshake, WebSocket, WebSocketConfig},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// An application of WebSockets alone.
pub(crate) struct Sockets<F>(pub(crate) F);

type Answer = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

impl<F> Application for Sockets<F>
where
    F: Fn(WebSocketScope, Handshake) -> Answer + Send + Sync + 'static,
{
    async fn http(&self, _: HttpScope, _: Body) -> Result<Response, BoxError> {
        Ok(Response::new("http".into()))
    }

    fn websocket(
        &self,
        scope: WebSocketScope,
        handshake: Handshake,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        (self.0)(scope, handshake)
    }
}

/// An application from an async closure over scope and handshake.
pub(crate) fn sockets<F, Fut>(function: F) -> impl Application
where
    F: Fn(WebSocketScope, Handshake) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    Sockets(move |scope, handshake| -> Answer { Box::pin(function(scope, handshake)) })
}

/// An application that accepts everybody.
pub(crate) fn accepting<F, Fut>(function: F) -> impl Application
where
    F: Fn(WebSocket) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let function = Arc::new(function);
    sockets(move |_, handshake| {
        let function = Arc::clone(&function);
        async move {
            let socket = handshake.accept().await?;
            function(socket).await
        }
    })
}

pub(crate) fn echo() -> impl Application {
    accepting(|mut socket| async move {
        while let Some(message) = socket.recv().await? {
            socket.send(message).await?;
        }
        Ok(())
    })
}

/// A server in a task of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<Result<(), Error>>,
}

impl Running {
    pub(crate) async fn start(app: impl Application) -> Self {
        Self::start_with(app, WebSocketConfig::new()).await
    }

    pub(crate) async fn start_with(app: impl Application, config: WebSocketConfig) -> Self {
        Self::configured(app, |server| server.websocket(&config)).await
    }

    pub(crate) async fn configured(app: impl Application, configure: impl FnOnce(Server) -> Server) -> Self {
        let (stop, stopped) = oneshot::channel();
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr();
        let server = configure(server)
            .without_signals()
            .with_graceful_shutdown(async { stopped.await.unwrap_or_default() });
        Self {
            address,
            stop: Some(stop),
            task: tokio::spawn(server.serve(app)),
        }
    }

    pub(crate) async fn connect(&self) -> Raw {
        Raw {
            stream: TcpStream::connect(self.address).await.unwrap(),
            buffered: Vec::new(),
        }
    }

    /// A WebSocket that was accepted.
    pub(crate) async fn open(&self) -> Raw {
        self.open_with("").await.0
    }

    /// A WebSocket that was accepted, asked for with more headers, each with its line's end; and the answer's head.
    pub(crate) async fn open_with(&self, headers: &str) -> (Raw, String) {
        let mut raw = self.connect().await;
        raw.write(request(headers).as_bytes()).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        (raw, head)
    }

    pub(crate) fn ask_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// A proper request for a WebSocket.
pub(crate) fn request(headers: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

/// A frame as a client sends it, whatever its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&key);
    bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]));
    bytes
}

pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    frame(FIN | CLOSE, &payload)
}

/// A frame that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(first: u8, payload: &[u8]) -> Self {
        Self {
            first,
            payload: payload.to_vec(),
        }
    }

    /// The code, of a close frame.
    pub(crate) fn code(&self) -> u16 {
        assert_eq!(self.first, FIN | CLOSE, "{self:?}");
        u16::from_be_bytes(self.payload[..2].try_into().unwrap())
    }
}

/// A connection that speaks raw bytes.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    buffered: Vec<u8>,
}

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Raw {
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Byte by byte, each in a write of its own.
    pub(crate) async fn write_chopped(&mut self, bytes: &[u8]) {
        self.stream.set_nodelay(true).unwrap();
        for byte in bytes {
            self.write(&[*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    async fn fill(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffered)).await;
        matches!(read.expect("the server says something in time"), Ok(1..))
    }

    /// Reads the head of an answer.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.buffered.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = self.buffered.split_off(at + 4);
                return String::from_utf8(std::mem::replace(&mut self.buffered, rest)).unwrap();
            }
            assert!(self.fill().await, "the connection ended before the head did");
        }
    }

    /// Reads an answer with its body by its length.
    pub(crate) async fn answer(&mut self) -> (u16, String, String) {
        let head = self.head().await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        while self.buffered.len() < length {
            assert!(self.fill().await, "the connection ended inside a body");
        }
        let body = self.buffered.drain(..length).collect();
        (status, head, String::from_utf8(body).unwrap())
    }

    /// The next frame; nothing at the end of the connection.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse(&self.buffered) {
                self.buffered.drain(..length);
                return Some(frame);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// The next frames as text or bytes.
    pub(crate) async fn expect(&mut self, first: u8, payload: &[u8]) {
        let frame = self.frame().await.expect("a frame before the end");
        assert_eq!(frame.first, first, "{frame:?}");
        assert!(
            frame.payload == payload,
            "{} bytes came, not {}",
            frame.payload.len(),
            payload.len()
        );
    }

    /// The server closes with this code, then the connection ends.
    pub(crate) async fn expect_close(&mut self, code: u16) {
        let frame = self.frame().await.expect("a close before the end");
        assert_eq!(frame.code(), code, "{frame:?}");
        self.expect_end().await;
    }

    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(self.frame().await, None);
    }
}

/// A frame of a server, which has no mask.
fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    assert_eq!(second & 0x80, 0, "a server's frame is masked");
    let (length, start) = match second {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()).into(), 4),
        127 => (
            u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize,
            10,
        ),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(start..start + length)?;
    Some((Frame::new(first, payload), start + length))
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
