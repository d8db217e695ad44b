//! What a server knows about a request or a WebSocket before anything was read: ASGI's `scope`, typed.

mod http;
mod websocket;

use std::{borrow::Cow, fmt, sync::Arc};

pub use self::{http::HttpScope, websocket::WebSocketScope};
use crate::{Address, State, TlsInfo};

/// How the client reached the server.
///
/// Behind a proxy this is the scheme between the client and the proxy, if the server was told to trust it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTP over TLS.
    Https,
    /// A WebSocket.
    Ws,
    /// A WebSocket over TLS.
    Wss,
}

impl Scheme {
    /// The scheme as a URL has it: `"http"`, `"https"`, `"ws"` or `"wss"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Whether what is sent can't be read on its way.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }

    /// The scheme of a WebSocket that came the same way.
    #[must_use]
    pub const fn of_websocket(self) -> Self {
        if self.is_secure() { Self::Wss } else { Self::Ws }
    }

    /// The scheme of a request that came the same way.
    #[must_use]
    pub const fn of_http(self) -> Self {
        if self.is_secure() { Self::Https } else { Self::Http }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Those parts of a scope that `http::request::Parts` has no place for.
///
/// A scope that becomes an `http` request carries them among the request's extensions, and finds them there
/// on its way back, so that a tower layer in between costs nothing of what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// `http` or `https`; of a WebSocket `ws` or `wss`.
    pub scheme: Scheme,
    /// The client's end of the connection, if known.
    pub client: Option<Address>,
    /// The server's end of the connection, if known.
    pub server: Option<Address>,
    /// The path below which the application is mounted.
    pub root_path: Cow<'static, str>,
    /// What the application's [`startup`](crate::Application::startup) gave.
    pub state: State,
    /// What was agreed on when the connection was encrypted.
    pub tls: Option<Arc<TlsInfo>>,
}
