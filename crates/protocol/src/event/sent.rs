//! The events that an application sends, and what each of its keys is by default.

use std::{fs::File, path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{CustomEvent, EventError, Map, WebSocketData};

/// What an application sends, whatever its scope.
///
/// Each event has a type of its own with a builder, and becomes a `SendEvent` by itself where one is sent.
/// `http.response.push` is not among them: browsers have given up server push, so no server here offers it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SendEvent {
    /// `http.response.start`: status and headers.
    HttpResponseStart(HttpResponseStart),
    /// `http.response.body`: a part of the body.
    HttpResponseBody(HttpResponseBody),
    /// `http.response.trailers`: headers after the body, for a start that announced them.
    HttpResponseTrailers(HttpResponseTrailers),
    /// `http.response.pathsend`: a whole file as the body.
    HttpResponsePathSend(HttpResponsePathSend),
    /// `http.response.zerocopysend`: a part of an open file as a part of the body.
    HttpResponseZeroCopySend(HttpResponseZeroCopySend),
    /// `http.response.early_hint`: links to preload, ahead of the response. A server may ignore it.
    HttpResponseEarlyHint(HttpResponseEarlyHint),
    /// `http.response.debug`: what a test wants to know. For test clients alone.
    HttpResponseDebug(HttpResponseDebug),
    /// `websocket.accept`: takes the handshake.
    WebSocketAccept(WebSocketAccept),
    /// `websocket.send`: a whole message.
    WebSocketSend(WebSocketData),
    /// `websocket.close`: closes it or, before it was accepted, denies it with 403.
    WebSocketClose(WebSocketClose),
    /// `websocket.http.response.start`: denies the handshake by a response of the application's own.
    WebSocketHttpResponseStart(WebSocketHttpResponseStart),
    /// `websocket.http.response.body`: a part of that response's body.
    WebSocketHttpResponseBody(WebSocketHttpResponseBody),
    /// `lifespan.startup.complete`: the application is ready.
    LifespanStartupComplete,
    /// `lifespan.startup.failed`: the application can't start, and why.
    LifespanStartupFailed(String),
    /// `lifespan.shutdown.complete`: the application has cleaned up.
    LifespanShutdownComplete,
    /// `lifespan.shutdown.failed`: the application could not clean up, and why.
    LifespanShutdownFailed(String),
    /// An event of a protocol that this crate does not know.
    Custom(CustomEvent),
}

macro_rules! events {
    ($($event:ident => $variant:ident),* $(,)?) => {
        $(impl From<$event> for SendEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        })*
    };
}

events! {
    HttpResponseStart => HttpResponseStart,
    HttpResponseBody => HttpResponseBody,
    HttpResponseTrailers => HttpResponseTrailers,
    HttpResponsePathSend => HttpResponsePathSend,
    HttpResponseZeroCopySend => HttpResponseZeroCopySend,
    HttpResponseEarlyHint => HttpResponseEarlyHint,
    HttpResponseDebug => HttpResponseDebug,
    WebSocketAccept => WebSocketAccept,
    WebSocketData => WebSocketSend,
    WebSocketClose => WebSocketClose,
    WebSocketHttpResponseStart => WebSocketHttpResponseStart,
    WebSocketHttpResponseBody => WebSocketHttpResponseBody,
    CustomEvent => Custom,
}

impl SendEvent {
    /// The `type` of the event, as ASGI names it.
    pub fn kind(&self) -> &str {
        match self {
            Self::HttpResponseStart(_) => "http.response.start",
            Self::HttpResponseBody(_) => "http.response.body",
            Self::HttpResponseTrailers(_) => "http.response.trailers",
            Self::HttpResponsePathSend(_) => "http.response.pathsend",
            Self::HttpResponseZeroCopySend(_) => "http.response.zerocopysend",
            Self::HttpResponseEarlyHint(_) => "http.response.early_hint",
            Self::HttpResponseDebug(_) => "http.response.debug",
            Self::WebSocketAccept(_) => "websocket.accept",
            Self::WebSocketSend(_) => "websocket.send",
            Self::WebSocketClose(_) => "websocket.close",
            Self::WebSocketHttpResponseStart(_) => "websocket.http.response.start",
            Self::WebSocketHttpResponseBody(_) => "websocket.http.response.body",
            Self::LifespanStartupComplete => "lifespan.startup.complete",
            Self::LifespanStartupFailed(_) => "lifespan.startup.failed",
            Self::LifespanShutdownComplete => "lifespan.shutdown.complete",
            Self::LifespanShutdownFailed(_) => "lifespan.shutdown.failed",
            Self::Custom(event) => &event.kind,
        }
    }
}

/// Headers as a builder takes them: the first that is none is told when the event is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Invalid(Option<EventError>);

impl Invalid {
    fn note(&mut self, what: &str, error: &dyn std::fmt::Display) {
        self.0
            .get_or_insert_with(|| EventError::new(format!("{what} is not valid: {error}")));
    }

    pub(crate) fn check(&self) -> Result<(), EventError> {
        self.0.clone().map_or(Ok(()), Err)
    }

    fn header<N, V>(&mut self, headers: &mut HeaderMap, name: N, value: V)
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => drop(headers.append(name, value)),
            (Err(error), _) => self.note("a header's name", &error.into()),
            (_, Err(error)) => self.note("a header's value", &error.into()),
        }
    }

    fn status<S>(&mut self, status: S) -> StatusCode
    where
        S: TryInto<StatusCode, Error: Into<http::Error>>,
    {
        status.try_into().unwrap_or_else(|error| {
            self.note("the status", &error.into());
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

macro_rules! head {
    ($event:ident) => {
        impl $event {
            /// A start with this status, which is a number or a [`StatusCode`].
            pub fn new<S>(status: S) -> Self
            where
                S: TryInto<StatusCode, Error: Into<http::Error>>,
            {
                let mut invalid = Invalid::default();
                let status = invalid.status(status);
                Self {
                    status,
                    invalid,
                    ..Self::default()
                }
            }

            /// The same start with one more header. One that is no valid header is told by
            /// [`Sender::send`](super::Sender::send).
            #[must_use]
            pub fn header<N, V>(mut self, name: N, value: V) -> Self
            where
                N: TryInto<HeaderName, Error: Into<http::Error>>,
                V: TryInto<HeaderValue, Error: Into<http::Error>>,
            {
                self.invalid.header(&mut self.headers, name, value);
                self
            }
        }
    };
}

/// Status and headers of a response.
///
/// # Examples
///
/// ```
/// use nuages_protocol::event::HttpResponseStart;
///
/// let start = HttpResponseStart::new(200).header("content-type", "text/plain");
/// assert!(!start.trailers);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HttpResponseStart {
    /// The status, 200 or above.
    pub status: StatusCode,
    /// The headers. Default: none.
    pub headers: HeaderMap,
    /// Whether trailers follow the body. Default: no.
    pub trailers: bool,
    pub(crate) invalid: Invalid,
}

head!(HttpResponseStart);

impl HttpResponseStart {
    /// Announces trailers after the body.
    #[must_use]
    pub fn trailers(mut self) -> Self {
        self.trailers = true;
        self
    }
}

/// A part of a response's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponseBody {
    /// The bytes. Default: none.
    pub body: Bytes,
    /// Whether another part follows. Default: no.
    pub more_body: bool,
}

impl HttpResponseBody {
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

/// Headers after a response's body.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HttpResponseTrailers {
    /// The headers. Default: none.
    pub headers: HeaderMap,
    /// Whether more of them follow. Default: no.
    pub more_trailers: bool,
    pub(crate) invalid: Invalid,
}

impl HttpResponseTrailers {
    /// Trailers without a header.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same trailers with one more header.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.invalid.header(&mut self.headers, name, value);
        self
    }

    /// The same trailers, with others to follow.
    #[must_use]
    pub fn more(mut self) -> Self {
        self.more_trailers = true;
        self
    }
}

/// A whole file as a response's body: the last of its events, and the only one with bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponsePathSend {
    /// The absolute path of the file.
    pub path: PathBuf,
}

impl HttpResponsePathSend {
    /// The file at this absolute path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

/// A part of an open file as a part of a response's body.
///
/// The file stays the application's, which closes it when it likes: the server has a handle of its own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpResponseZeroCopySend {
    /// The file.
    pub file: Arc<File>,
    /// Where to begin, in bytes. Default: where the file stands.
    pub offset: Option<u64>,
    /// How many bytes. Default: up to the end.
    pub count: Option<u64>,
    /// Whether another part follows. Default: no.
    pub more_body: bool,
}

impl HttpResponseZeroCopySend {
    /// A file, from where it stands to its end, as the last part of the body.
    pub fn new(file: impl Into<Arc<File>>) -> Self {
        Self {
            file: file.into(),
            offset: None,
            count: None,
            more_body: false,
        }
    }

    /// Begins there.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Sends that many bytes.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// The same part, with others to follow.
    #[must_use]
    pub fn more(mut self) -> Self {
        self.more_body = true;
        self
    }
}

/// The same open file, not an equal one.
impl PartialEq for HttpResponseZeroCopySend {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file)
            && (self.offset, self.count, self.more_body) == (other.offset, other.count, other.more_body)
    }
}

/// Links to preload while the response is made (RFC 8297).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponseEarlyHint {
    /// Values of `Link` headers.
    pub links: Vec<Bytes>,
}

impl HttpResponseEarlyHint {
    /// These links.
    pub fn new<L: Into<Bytes>>(links: impl IntoIterator<Item = L>) -> Self {
        Self {
            links: links.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a test wants to know of a response, such as the templates that made it; sent once, before the start.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HttpResponseDebug {
    /// Anything.
    pub info: Map,
}

impl HttpResponseDebug {
    /// This information.
    pub fn new(info: Map) -> Self {
        Self { info }
    }
}

/// The answer that takes a WebSocket.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WebSocketAccept {
    /// One of the scope's subprotocols. Default: none.
    pub subprotocol: Option<String>,
    /// Headers of the answer, without `sec-websocket-protocol`. Default: none.
    pub headers: HeaderMap,
    pub(crate) invalid: Invalid,
}

impl WebSocketAccept {
    /// An answer without a subprotocol and headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses a subprotocol.
    #[must_use]
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocol = Some(name.into());
        self
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.invalid.header(&mut self.headers, name, value);
        self
    }
}

/// The end of a WebSocket, by the application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebSocketClose {
    /// The close code (RFC 6455, section 7.4). Default: 1000, all is well.
    pub code: u16,
    /// Why. Default: empty.
    pub reason: String,
}

impl Default for WebSocketClose {
    fn default() -> Self {
        Self {
            code: 1000,
            reason: String::new(),
        }
    }
}

impl WebSocketClose {
    /// An end with this code and this reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// Status and headers of a response that denies a WebSocket.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WebSocketHttpResponseStart {
    /// The status, 200 or above.
    pub status: StatusCode,
    /// The headers. Default: none.
    pub headers: HeaderMap,
    pub(crate) invalid: Invalid,
}

head!(WebSocketHttpResponseStart);

/// A part of the body of a response that denies a WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebSocketHttpResponseBody {
    /// The bytes. Default: none.
    pub body: Bytes,
    /// Whether another part follows. Default: no.
    pub more_body: bool,
}

impl WebSocketHttpResponseBody {
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
