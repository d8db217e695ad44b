//! Accepting a handshake.

use std::{fmt, future::Future, io, pin::Pin, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nuages_bridge::Op;
use sha1::{Digest as _, Sha1};
use tokio::sync::oneshot;

use super::{
    Answer, Handshake, WebSocket, WebSocketConfig, WebSocketError,
    codec::Role,
    connection::{self, BoxTransport, Driver},
    deflate::Agreed,
    error::Kind,
};
use crate::{Body, Response};

/// What a server has to offer for a handshake: the connection below it.
pub(crate) struct Offer {
    /// What proves to a client of HTTP/1.1 that it was understood; nothing for HTTP/2.
    pub(crate) key: Option<HeaderValue>,
    pub(crate) compression: Option<(Agreed, HeaderValue)>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) transport: BoxFuture<io::Result<BoxTransport>>,
    pub(crate) config: Arc<WebSocketConfig>,
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The server's ends of a handshake that may be accepted.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(super) answer: Answer,
    pub(super) driver: oneshot::Receiver<Driver>,
}

/// What a handshake knows about being accepted.
#[derive(Default)]
pub(super) struct Accept {
    below: Option<(Offer, oneshot::Sender<Driver>)>,
    subprotocol: Option<String>,
    headers: HeaderMap,
    problem: Option<Kind>,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("subprotocols", &self.subprotocols)
            .finish_non_exhaustive()
    }
}

/// What belongs to the handshake itself and so to the server.
fn is_reserved(name: &HeaderName) -> bool {
    [
        header::SEC_WEBSOCKET_PROTOCOL,
        header::SEC_WEBSOCKET_ACCEPT,
        header::SEC_WEBSOCKET_EXTENSIONS,
        header::SEC_WEBSOCKET_VERSION,
        header::CONNECTION,
        header::UPGRADE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ]
    .contains(name)
}

/// What a server answers to a client's key (RFC 6455, section 4.2.2).
pub(super) fn answer_to_key(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64_STANDARD.encode(hash.finalize())
}

/// Accepting, with the feature `websocket`.
impl Handshake {
    /// A handshake with a connection below it, and the server's ends of it.
    pub(crate) fn over(offer: Offer) -> (Self, Ends) {
        let (mut handshake, answer) = Self::new();
        let (sender, driver) = oneshot::channel();
        handshake.accept.below = Some((offer, sender));
        (handshake, Ends { answer, driver })
    }

    /// The subprotocols that the client offers, its favourite first.
    pub fn subprotocols(&self) -> &[String] {
        match &self.accept.below {
            Some((offer, _)) => &offer.subprotocols,
            None => &[],
        }
    }

    /// Agrees on one of the subprotocols that the client offers.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if !self.subprotocols().contains(&name) {
            self.accept.problem.get_or_insert(Kind::Subprotocol {
                offered: self.subprotocols().to_vec(),
                wanted: name.clone(),
            });
        }
        self.accept.subprotocol = Some(name);
        self
    }

    /// Adds a header to the answer that accepts, such as a cookie.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if is_reserved(&name) {
            self.accept
                .problem
                .get_or_insert(Kind::Header(name.as_str().to_owned()));
        }
        self.accept.headers.append(name, value);
        self
    }

    /// Accepts: the client has its WebSocket, and so has the application.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{HeaderValue, header::SET_COOKIE};
    /// use nuages_protocol::{BoxError, websocket::Handshake};
    ///
    /// async fn chat(handshake: Handshake) -> Result<(), BoxError> {
    ///     let known = handshake.subprotocols().iter().find(|name| name.starts_with("chat.")).cloned();
    ///     let Some(subprotocol) = known else {
    ///         return Ok(()); // dropped, so denied with 403
    ///     };
    ///     let socket = handshake
    ///         .subprotocol(subprotocol)
    ///         .header(SET_COOKIE, HeaderValue::from_static("seen=1"))
    ///         .accept()
    ///         .await?;
    ///     socket.send("bonsoir").await?;
    ///     Ok(())
    /// }
    /// # let _ = chat;
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_invalid_accept`](WebSocketError::is_invalid_accept) if the client doesn't offer the
    /// [`subprotocol`](Self::subprotocol), or a [`header`](Self::header) belongs to the handshake itself.
    /// [`is_closed`](WebSocketError::is_closed) if the client went away meanwhile, which is nobody's fault.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the WebSocket is denied, or closed if it was accepted already.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until the answer is with the client's system.
    #[track_caller]
    pub fn accept(self) -> Op<'static, WebSocket, WebSocketError> {
        Op::leaf("Handshake::accept", self.accepted())
    }

    async fn accepted(mut self) -> Result<WebSocket, WebSocketError> {
        let accept = std::mem::take(&mut self.accept);
        if let Some(problem) = accept.problem {
            return Err(problem.into());
        }
        let Some((offer, driver)) = accept.below else {
            return Err(Kind::NoTransport.into());
        };
        let (agreed, extensions) = offer.compression.unzip();
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = accept.headers;
        if let Some(name) = &accept.subprotocol {
            let value = HeaderValue::from_str(name)
                .map_err(|_| Kind::Header(header::SEC_WEBSOCKET_PROTOCOL.as_str().to_owned()))?;
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
        if let Some(value) = extensions {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_EXTENSIONS, value);
        }
        if let Some(key) = offer.key {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
        }
        self.answer.send(response).map_err(|_| Kind::Gone)?;
        let io = offer.transport.await.map_err(|_| Kind::Gone)?;
        let (shared, driven) = connection::open(io, Role::Server, &offer.config, agreed, b"");
        let socket = WebSocket::new(&shared, accept.subprotocol);
        driver.send(driven).map_err(|_| Kind::Gone)?;
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_key_of_the_rfc_is_answered_as_there() {
        // RFC 6455, section 1.3.
        assert_eq!(
            super::answer_to_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
