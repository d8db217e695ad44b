//! What goes over a WebSocket.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::codec::{self, OpCode};
use super::deflate;

/// One message, whole: how it was cut into frames on its way doesn't show.
///
/// # Examples
///
/// ```
/// use nuages_protocol::websocket::Message;
///
/// assert_eq!(Message::from("bonsoir"), Message::Text("bonsoir".to_owned()));
/// assert_eq!(Message::from(vec![1, 2]).len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, which is always valid UTF-8.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The text, if it is text.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The content as bytes, whichever kind it is.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is nothing in it. An empty message is a message all the same.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Encodes it once, to be sent to many; see [`PreparedMessage`].
    pub fn prepare(self) -> PreparedMessage {
        PreparedMessage::new(self)
    }

    pub(super) fn into_parts(self) -> (OpCode, Bytes) {
        match self {
            Self::Text(text) => (OpCode::Text, text.into_bytes().into()),
            Self::Binary(bytes) => (OpCode::Binary, bytes),
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&'static [u8]> for Message {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Binary(Bytes::from_static(bytes))
    }
}

/// A message in the form in which it goes over the wire, for many WebSockets: a clone of it shares its bytes.
///
/// It is encoded once, and compressed once, at the first client that agreed on compression without takeover, which is what
/// our server agrees on by default.
///
/// # Examples
///
/// ```
/// use nuages_protocol::websocket::{Message, WebSocketError, WebSocketSender};
///
/// async fn broadcast(text: &str, room: &[WebSocketSender]) {
///     let message = Message::from(text).prepare();
///     for client in room {
///         if client.try_send_prepared(&message).is_err() {
///             // Gone, or too slow to keep up.
///         }
///     }
/// }
/// # let _ = broadcast("", &[]);
/// ```
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    inner: Arc<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    opcode: OpCode,
    payload: Bytes,
    /// Header and payload in one piece, as a server sends them.
    plain: Bytes,
    /// The same compressed, or nothing where that made it no smaller.
    deflated: OnceLock<Option<Bytes>>,
}

impl PreparedMessage {
    fn new(message: Message) -> Self {
        let (opcode, payload) = message.into_parts();
        let plain = codec::whole_frame(opcode, false, &payload);
        let payload = plain.slice(plain.len() - payload.len()..);
        Self {
            inner: Arc::new(Prepared {
                opcode,
                payload,
                plain,
                deflated: OnceLock::new(),
            }),
        }
    }

    pub(super) fn opcode(&self) -> OpCode {
        self.inner.opcode
    }

    pub(super) fn payload(&self) -> &Bytes {
        &self.inner.payload
    }

    pub(super) fn plain(&self) -> &Bytes {
        &self.inner.plain
    }

    /// The frame compressed by itself, for windows of 32 KiB; made at the first call.
    pub(super) fn deflated(&self, level: u32) -> &Bytes {
        let inner = &*self.inner;
        inner
            .deflated
            .get_or_init(|| {
                let small = deflate::deflate_alone(&inner.payload, level, deflate::MAX_WINDOW_BITS)?;
                (small.len() < inner.payload.len()).then(|| codec::whole_frame(inner.opcode, true, &small))
            })
            .as_ref()
            .unwrap_or(&inner.plain)
    }
}

impl From<Message> for PreparedMessage {
    fn from(message: Message) -> Self {
        Self::new(message)
    }
}
