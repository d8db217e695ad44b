//! Why something could not be done with a WebSocket.

use std::io;

use bytes::Bytes;
use http::StatusCode;
use nuages_bridge::BridgeError;

use super::CloseFrame;

/// Why a WebSocket could not be accepted, opened, or sent to.
///
/// That the other side went away, or broke the protocol, is no error of [`recv`](super::WebSocket::recv): there it is the end.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WebSocketError {
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("the WebSocket is closed: {0}")]
    Closed(CloseFrame),
    #[error(
        "{waiting} bytes wait to be sent already; the other side is slow, so use `send`, which waits, or drop it"
    )]
    Full { waiting: usize },
    #[error("{0} can't be sent as a close code; use 1000 to 1003, 1007 to 1014 or 3000 to 4999")]
    CloseCode(u16),
    #[error("the reason of a close may have 123 bytes at most, this one has {0}")]
    CloseReason(usize),
    #[error(
        "the client offers {offered:?}, not the subprotocol {wanted:?}; accept one that it offers, or none"
    )]
    Subprotocol { wanted: String, offered: Vec<String> },
    #[error("the header {0} belongs to the handshake itself; a subprotocol is given by `subprotocol(..)`")]
    Header(String),
    #[error("the client went away before its WebSocket was accepted")]
    Gone,
    #[error(
        "this handshake has no connection below it; the server that made it can only be answered by `deny`"
    )]
    NoTransport,
    #[error("the server answered {} in place of a WebSocket", .0.status())]
    Denied(Box<http::Response<Bytes>>),
    #[error("the server's answer to the handshake is not valid: {0}")]
    Handshake(&'static str),
    #[error("the connection failed during the handshake")]
    Io(#[source] io::Error),
    #[error(transparent)]
    Bridge(BridgeError),
}

impl From<Kind> for WebSocketError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl From<BridgeError> for WebSocketError {
    fn from(error: BridgeError) -> Self {
        Kind::Bridge(error).into()
    }
}

impl From<io::Error> for WebSocketError {
    fn from(error: io::Error) -> Self {
        Kind::Io(error).into()
    }
}

impl WebSocketError {
    /// Whether the WebSocket had ended before, by either side. A server does not log it as a fault.
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed(_) | Kind::Gone)
    }

    /// How the WebSocket had ended, if that is the error.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        match &self.kind {
            Kind::Closed(frame) => Some(frame),
            _ => None,
        }
    }

    /// Whether `try_send` found too much waiting to be sent.
    pub fn is_full(&self) -> bool {
        matches!(self.kind, Kind::Full { .. })
    }

    /// Whether a close code or reason can't be sent.
    pub fn is_invalid_close(&self) -> bool {
        matches!(self.kind, Kind::CloseCode(_) | Kind::CloseReason(_))
    }

    /// Whether the application accepted with a subprotocol that wasn't offered, or a header that belongs to the handshake.
    pub fn is_invalid_accept(&self) -> bool {
        matches!(self.kind, Kind::Subprotocol { .. } | Kind::Header(_))
    }

    /// Whether the server answered a client's handshake with something else than a WebSocket.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind, Kind::Denied(_))
    }

    /// The status of the server's answer, if it denied a client's handshake.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.kind {
            Kind::Denied(response) => Some(response.status()),
            _ => None,
        }
    }

    /// The server's answer, if it denied a client's handshake.
    pub fn into_response(self) -> Option<http::Response<Bytes>> {
        match self.kind {
            Kind::Denied(response) => Some(*response),
            _ => None,
        }
    }
}
