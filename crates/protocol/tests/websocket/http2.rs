//! WebSockets over HTTP/2 (RFC 8441), asked for by a client of the crate h2.

use bytes::{Bytes, BytesMut};
use h2::{RecvStream, SendStream, client::SendRequest, ext::Protocol};
use http::{Method, Request, Version};
use tokio::net::TcpStream;

use crate::support::{BINARY, FIN, RSV1, Running, TEXT, close, echo, frame, sockets};

async fn connect(server: &Running) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    let mut client = client.ready().await.unwrap();
    // The server's settings come first, and say that it knows how.
    while !client.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
        client = client.ready().await.unwrap();
    }
    client
}

fn request() -> http::request::Builder {
    Request::builder()
        .method(Method::CONNECT)
        .uri("http://localhost/chat?room=1")
        .version(Version::HTTP_2)
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
}

/// A WebSocket in a stream of HTTP/2.
struct Stream {
    send: SendStream<Bytes>,
    recv: RecvStream,
    buffered: BytesMut,
}

impl Stream {
    async fn open(
        client: &mut SendRequest<Bytes>,
        request: http::request::Builder,
    ) -> (http::response::Parts, Self) {
        let (response, send) = client.send_request(request.body(()).unwrap(), false).unwrap();
        let (parts, recv) = response.await.unwrap().into_parts();
        (
            parts,
            Self {
                send,
                recv,
                buffered: BytesMut::new(),
            },
        )
    }

    async fn write(&mut self, bytes: &[u8]) {
        let mut rest = Bytes::copy_from_slice(bytes);
        while !rest.is_empty() {
            self.send.reserve_capacity(rest.len());
            let room = std::future::poll_fn(|cx| self.send.poll_capacity(cx))
                .await
                .unwrap()
                .unwrap();
            let part = rest.split_to(room.min(rest.len()));
            self.send.send_data(part, false).unwrap();
        }
    }

    /// The next bytes; false at the end.
    async fn fill(&mut self) -> bool {
        match self.recv.data().await {
            Some(Ok(data)) => {
                self.recv.flow_control().release_capacity(data.len()).unwrap();
                self.buffered.extend_from_slice(&data);
                // The end may come as a frame of its own, which is empty.
                !data.is_empty() || !self.recv.is_end_stream()
            }
            Some(Err(_)) | None => false,
        }
    }

    async fn expect(&mut self, first: u8, payload: &[u8]) {
        let expected = frame(first, payload).len() - 4;
        while self.buffered.len() < expected {
            assert!(self.fill().await, "the stream ended before the frame did");
        }
        let got = self.buffered.split_to(expected);
        assert_eq!(got[0], first);
        assert!(got.ends_with(payload));
    }
}

#[tokio::test]
async fn messages_are_echoed_over_a_stream() {
    let server = Running::start(echo()).await;
    let mut client = connect(&server).await;
    let (parts, mut stream) = Stream::open(&mut client, request()).await;
    assert_eq!(parts.status, 200);
    assert!(!parts.headers.contains_key("sec-websocket-accept"));
    assert!(!parts.headers.contains_key("upgrade"));
    for payload in [&b"bonsoir"[..], b"", &[7; 300_000]] {
        stream.write(&frame(FIN | BINARY, payload)).await;
        stream.expect(FIN | BINARY, payload).await;
    }
    stream.write(&close(1000, "")).await;
    stream.expect(FIN | 0x8, &1000_u16.to_be_bytes()).await;
    assert!(!stream.fill().await);
}

#[tokio::test]
async fn many_share_one_connection_with_requests() {
    let server = Running::start(echo()).await;
    let mut client = connect(&server).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(Stream::open(&mut client, request()).await.1);
    }
    for (n, stream) in streams.iter_mut().enumerate() {
        stream.write(&frame(FIN | TEXT, n.to_string().as_bytes())).await;
    }
    let plain = Request::get("http://localhost/").body(()).unwrap();
    let (response, _) = client.send_request(plain, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    for (n, stream) in streams.iter_mut().enumerate() {
        stream.expect(FIN | TEXT, n.to_string().as_bytes()).await;
    }
}

#[tokio::test]
async fn the_scope_subprotocol_and_compression_are_as_over_http1() {
    let server = Running::start(sockets(|scope, handshake| async move {
        assert_eq!(scope.version, Version::HTTP_2);
        assert_eq!(scope.uri, "/chat?room=1");
        assert_eq!(scope.headers["host"], "localhost");
        assert_eq!(scope.subprotocols, ["a", "b"]);
        let socket = handshake.subprotocol("b").accept().await?;
        socket.send("la ".repeat(1000)).await?;
        Ok(())
    }))
    .await;
    let mut client = connect(&server).await;
    let request = request().header("sec-websocket-protocol", "a, b").header(
        "sec-websocket-extensions",
        "permessage-deflate; client_max_window_bits",
    );
    let (parts, mut stream) = Stream::open(&mut client, request).await;
    assert_eq!(parts.headers["sec-websocket-protocol"], "b");
    assert!(
        parts.headers["sec-websocket-extensions"]
            .as_bytes()
            .starts_with(b"permessage-deflate")
    );
    while stream.buffered.is_empty() {
        assert!(stream.fill().await);
    }
    assert_eq!(stream.buffered[0], FIN | RSV1 | TEXT);
}

#[tokio::test]
async fn denials_and_wrong_versions_are_answers() {
    let server = Running::start(sockets(|_, handshake| async move {
        handshake.deny(
            http::Response::builder()
                .status(401)
                .body("members only".into())?,
        );
        Ok(())
    }))
    .await;
    let mut client = connect(&server).await;
    let (parts, mut stream) = Stream::open(&mut client, request()).await;
    assert_eq!(parts.status, 401);
    while stream.fill().await {}
    assert_eq!(stream.buffered, "members only");
    let old = Request::builder()
        .method(Method::CONNECT)
        .uri("http://localhost/")
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "8");
    let (parts, _) = Stream::open(&mut client, old).await;
    assert_eq!(parts.status, 426);
    assert_eq!(parts.headers["sec-websocket-version"], "13");
}

#[tokio::test]
async fn the_servers_end_closes_with_1012() {
    let mut server = Running::start(echo()).await;
    let mut client = connect(&server).await;
    let (_, mut stream) = Stream::open(&mut client, request()).await;
    server.ask_to_stop();
    stream
        .expect(
            FIN | 0x8,
            &[&1012_u16.to_be_bytes()[..], b"the server restarts"].concat(),
        )
        .await;
    stream.write(&close(1012, "")).await;
    stream.send.send_data(Bytes::new(), true).unwrap();
    assert!(!stream.fill().await);
    drop((stream, client));
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_websocket_keeps_its_connection() {
    let server = Running::configured(echo(), |server| {
        server
            .keep_alive_timeout(std::time::Duration::from_millis(50))
            .header_read_timeout(std::time::Duration::from_millis(50))
    })
    .await;
    let mut client = connect(&server).await;
    let (_, mut stream) = Stream::open(&mut client, request()).await;
    // The times pass by, on connections on which nothing happens.
    for _ in 0..3 {
        server.connect().await.expect_end().await;
    }
    stream.write(&frame(FIN | TEXT, b"still there")).await;
    stream.expect(FIN | TEXT, b"still there").await;
}
