//! The other end: a client, for tests and for programs that talk to each other.

use std::{fmt::Write as _, io};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use nuages_bridge::Op;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{
    WebSocket, WebSocketConfig, WebSocketError,
    accept::answer_to_key,
    codec::Role,
    connection::{self, BoxTransport},
    deflate::{self, Agreed},
    error::Kind,
};

/// How large a server's answer may be.
const MAX_HEAD: usize = 16 * 1024;
/// How much of the body of a denial is kept.
pub(super) const MAX_DENIAL: usize = 64 * 1024;

/// Opens WebSockets, over whatever stream it is given: a `TcpStream`, TLS, a pipe.
///
/// It is made for tests, and for services that talk to each other: it knows no redirects, no proxies and no names; the
/// stream is connected by whoever has it.
///
/// # Examples
///
/// ```no_run
/// // no_run: it needs a server.
/// use nuages_protocol::websocket::WebSocketClient;
/// use tokio::net::TcpStream;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stream = TcpStream::connect("127.0.0.1:8000").await?;
/// let mut socket = WebSocketClient::new("ws://localhost:8000/chat/jazz/".parse()?)
///     .subprotocol("chat.v2")
///     .open(stream)
///     .await?;
/// socket.send("bonsoir").await?;
/// println!("{:?}", socket.recv().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a client does nothing until it opens a WebSocket"]
pub struct WebSocketClient {
    uri: Uri,
    subprotocols: Vec<String>,
    headers: HeaderMap,
    config: WebSocketConfig,
}

impl WebSocketClient {
    /// A client for one URL, of which the host and the path with its query count.
    pub fn new(uri: Uri) -> Self {
        Self {
            uri,
            subprotocols: Vec::new(),
            headers: HeaderMap::new(),
            config: WebSocketConfig::new(),
        }
    }

    /// Offers a subprotocol, after the ones that were offered before.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Adds a header to the handshake: an `Origin`, a cookie.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Other limits than the defaults, or another compression.
    pub fn config(mut self, config: WebSocketConfig) -> Self {
        self.config = config;
        self
    }

    /// Asks the server behind `stream` for a WebSocket.
    ///
    /// # Errors
    ///
    /// [`is_denied`](WebSocketError::is_denied) if the server answers something else, which
    /// [`into_response`](WebSocketError::into_response) gives; otherwise what the connection failed with.
    ///
    /// # Cancel safety
    ///
    /// The stream is dropped with the future.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until the server has answered.
    #[track_caller]
    pub fn open(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Op<'static, WebSocket, WebSocketError> {
        Op::new("WebSocketClient::open", self.opened(Box::new(stream)))
    }

    async fn opened(self, mut io: BoxTransport) -> Result<WebSocket, WebSocketError> {
        let mut nonce = [0; 16];
        random(&mut nonce);
        let key = BASE64_STANDARD.encode(nonce);
        io.write_all(&self.request(&key)).await?;
        io.flush().await?;
        let (status, headers, rest) = read_head(&mut io).await?;
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(denied(io, status, headers, rest).await);
        }
        let token = |name, token: &str| {
            headers
                .get(name)
                .is_some_and(|value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(token.as_bytes()))
        };
        if !token(header::UPGRADE, "websocket") || !token(header::CONNECTION, "upgrade") {
            return Err(Kind::Handshake("it does not upgrade").into());
        }
        if !token_is(
            &headers,
            &header::SEC_WEBSOCKET_ACCEPT,
            &answer_to_key(key.as_bytes()),
        ) {
            return Err(Kind::Handshake("its key is not the answer to ours").into());
        }
        let (subprotocol, agreed) = self.agreed(&headers)?;
        Ok(start(io, &self.config, subprotocol, agreed, &rest))
    }

    /// What a server agreed on, if it was offered.
    fn agreed(&self, headers: &HeaderMap) -> Result<(Option<String>, Option<Agreed>), WebSocketError> {
        let subprotocol = match headers.get(header::SEC_WEBSOCKET_PROTOCOL) {
            None => None,
            Some(value) => {
                let name = self.subprotocols.iter().find(|name| *value == name.as_str());
                Some(
                    name.ok_or(Kind::Handshake("it accepts a subprotocol that was not offered"))?
                        .clone(),
                )
            }
        };
        let agreed = deflate::accepted(headers, &self.config.compression).map_err(Kind::Handshake)?;
        Ok((subprotocol, agreed))
    }

    fn request(&self, key: &str) -> Vec<u8> {
        let target = self.uri.path_and_query().map_or("/", |target| target.as_str());
        let host = self.uri.authority().map_or("localhost", |host| host.as_str());
        let mut text = format!(
            "GET {target} HTTP/1.1\r\nhost: {host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n"
        );
        if !self.subprotocols.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(
                text,
                "sec-websocket-protocol: {}\r\n",
                self.subprotocols.join(", ")
            );
        }
        if let Some(offer) = deflate::offer(&self.config.compression) {
            let _ = write!(text, "sec-websocket-extensions: {offer}\r\n");
        }
        let mut request = text.into_bytes();
        for (name, value) in &self.headers {
            request.extend_from_slice(name.as_str().as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

/// The client's socket over a connection whose handshake is over.
pub(super) fn start(
    io: BoxTransport,
    config: &WebSocketConfig,
    subprotocol: Option<String>,
    agreed: Option<Agreed>,
    read: &[u8],
) -> WebSocket {
    let (shared, driver) = connection::open(io, Role::Client, config, agreed, read);
    let socket = WebSocket::new(&shared, subprotocol);
    // The connection has to be kept alive whatever its user does; the task ends with it.
    drop(tokio::spawn(driver.run()));
    socket
}

fn token_is(headers: &HeaderMap, name: &HeaderName, expected: &str) -> bool {
    headers.get(name).is_some_and(|value| value == expected)
}

async fn read_head(io: &mut BoxTransport) -> Result<(StatusCode, HeaderMap, Vec<u8>), WebSocketError> {
    let invalid = || WebSocketError::from(Kind::Handshake("its head can't be read"));
    let mut head = Vec::new();
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        if let httparse::Status::Complete(length) = response.parse(&head).map_err(|_| invalid())? {
            let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
            let mut headers = HeaderMap::new();
            for field in response.headers {
                let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| invalid())?;
                headers.append(name, HeaderValue::from_bytes(field.value).map_err(|_| invalid())?);
            }
            return Ok((status.ok_or_else(invalid)?, headers, head.split_off(length)));
        }
        if head.len() > MAX_HEAD {
            return Err(invalid());
        }
        if io.read_buf(&mut head).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

/// The answer in place of a WebSocket, with as much of its body as is sent.
async fn denied(
    io: BoxTransport,
    status: StatusCode,
    headers: HeaderMap,
    mut body: Vec<u8>,
) -> WebSocketError {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(if headers.contains_key(header::TRANSFER_ENCODING) {
            MAX_DENIAL
        } else {
            0
        });
    let missing = length.min(MAX_DENIAL).saturating_sub(body.len());
    // A body that breaks off is what there is of it.
    let _ = io.take(missing as u64).read_to_end(&mut body).await;
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Kind::Denied(Box::new(response)).into()
}

/// The keys with which a client masks, which nobody may foresee (RFC 6455, section 10.3).
#[derive(Debug)]
pub(super) struct Masks {
    pool: [u8; 256],
    used: usize,
}

impl Default for Masks {
    fn default() -> Self {
        Self {
            pool: [0; 256],
            used: 256,
        }
    }
}

impl Masks {
    pub(super) fn next(&mut self) -> [u8; 4] {
        if self.used == self.pool.len() {
            random(&mut self.pool);
            self.used = 0;
        }
        let key = std::array::from_fn(|index| self.pool[self.used + index]);
        self.used += 4;
        key
    }
}

#[expect(clippy::expect_used, reason = "a system without randomness can't be served")]
fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random bytes");
}
