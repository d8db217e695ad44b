//! The events that an application receives.

use bytes::Bytes;

use super::{Map, value::Value};

/// What an application receives, whatever its scope.
///
/// It is `#[non_exhaustive]`: what an application does not know it lets pass, or fails on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReceiveEvent {
    /// `http.request`: a part of the request's body.
    HttpRequest(HttpRequest),
    /// `http.disconnect`: the client has gone, or the response has ended.
    HttpDisconnect,
    /// `websocket.connect`: the client waits for the handshake to be answered.
    WebSocketConnect,
    /// `websocket.receive`: a whole message.
    WebSocketReceive(WebSocketData),
    /// `websocket.disconnect`: it is over, whoever closed it.
    WebSocketDisconnect(WebSocketDisconnect),
    /// `lifespan.startup`: open pools, warm caches, then answer.
    LifespanStartup,
    /// `lifespan.shutdown`: close pools, then answer.
    LifespanShutdown,
    /// An event of a protocol that this crate does not know.
    Custom(CustomEvent),
}

/// A part of a request's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The bytes. Default: none.
    pub body: Bytes,
    /// Whether another part follows. Default: no.
    pub more_body: bool,
}

impl HttpRequest {
    /// The last part of a body, most often the whole.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            more_body: false,
        }
    }

    /// The same part, with others to follow.
    #[must_use]
    pub fn more(mut self) -> Self {
        self.more_body = true;
        self
    }
}

/// A message of a WebSocket: text or bytes, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocketData {
    /// Text, which is UTF-8.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
}

impl From<&str> for WebSocketData {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for WebSocketData {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for WebSocketData {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for WebSocketData {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

#[cfg(feature = "websocket")]
impl From<crate::websocket::Message> for WebSocketData {
    fn from(message: crate::websocket::Message) -> Self {
        match message {
            crate::websocket::Message::Text(text) => Self::Text(text),
            crate::websocket::Message::Binary(bytes) => Self::Bytes(bytes),
        }
    }
}

#[cfg(feature = "websocket")]
impl From<WebSocketData> for crate::websocket::Message {
    fn from(data: WebSocketData) -> Self {
        match data {
            WebSocketData::Text(text) => Self::Text(text),
            WebSocketData::Bytes(bytes) => Self::Binary(bytes),
        }
    }
}

/// The end of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebSocketDisconnect {
    /// The close code (RFC 6455, section 7.4). Default: 1005, none was sent.
    pub code: u16,
    /// Why, in the words of whoever closed it. Default: empty.
    pub reason: String,
}

impl Default for WebSocketDisconnect {
    fn default() -> Self {
        Self {
            code: 1005,
            reason: String::new(),
        }
    }
}

impl WebSocketDisconnect {
    /// An end with this code and this reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// An event of a protocol that this crate does not know: its `type` and its other keys.
///
/// # Examples
///
/// ```
/// use nuages_protocol::event::CustomEvent;
///
/// let event = CustomEvent::new("telegram.message").with("text", "bonsoir");
/// assert_eq!(event.get("text"), Some(&"bonsoir".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CustomEvent {
    /// The `type` of the event, such as `telegram.message`.
    pub kind: String,
    /// Its other keys.
    pub fields: Map,
}

impl CustomEvent {
    /// An event without keys besides its type.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            fields: Map::new(),
        }
    }

    /// The same event with one more key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key)
    }
}

impl ReceiveEvent {
    /// The `type` of the event, as ASGI names it.
    pub fn kind(&self) -> &str {
        match self {
            Self::HttpRequest(_) => "http.request",
            Self::HttpDisconnect => "http.disconnect",
            Self::WebSocketConnect => "websocket.connect",
            Self::WebSocketReceive(_) => "websocket.receive",
            Self::WebSocketDisconnect(_) => "websocket.disconnect",
            Self::LifespanStartup => "lifespan.startup",
            Self::LifespanShutdown => "lifespan.shutdown",
            Self::Custom(event) => &event.kind,
        }
    }
}

impl From<HttpRequest> for ReceiveEvent {
    fn from(event: HttpRequest) -> Self {
        Self::HttpRequest(event)
    }
}

impl From<WebSocketData> for ReceiveEvent {
    fn from(event: WebSocketData) -> Self {
        Self::WebSocketReceive(event)
    }
}

impl From<WebSocketDisconnect> for ReceiveEvent {
    fn from(event: WebSocketDisconnect) -> Self {
        Self::WebSocketDisconnect(event)
    }
}

impl From<CustomEvent> for ReceiveEvent {
    fn from(event: CustomEvent) -> Self {
        Self::Custom(event)
    }
}
