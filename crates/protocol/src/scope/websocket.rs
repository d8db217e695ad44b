//! A WebSocket that a client asks for: ASGI's scope of type `websocket`.

use std::{borrow::Cow, sync::Arc};

use http::{Extensions, HeaderMap, Method, Uri, Version, header};

use super::{ConnectionInfo, HttpScope, Scheme};
use crate::{Address, State, TlsInfo};

/// What is known of a WebSocket before its handshake is answered.
///
/// An application gets it beside the [`Handshake`](crate::websocket::Handshake).
///
/// # Examples
///
/// ```
/// use http::Uri;
/// use nuages_protocol::{Scheme, WebSocketScope};
///
/// let scope = WebSocketScope::new(Uri::from_static("/chat/jazz/"));
/// assert_eq!(scope.uri.path(), "/chat/jazz/");
/// assert_eq!(scope.scheme, Scheme::Ws);
/// assert!(scope.subprotocols.is_empty());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebSocketScope {
    /// The request's target as it was sent: still percent-encoded, with its query.
    pub uri: Uri,
    /// The version of HTTP that carried the handshake: 1.1, or 2 (RFC 8441).
    pub version: Version,
    /// The headers of the handshake, in the order in which they came.
    pub headers: HeaderMap,
    /// Whatever a server or an outer layer has to say that has no field here, by type.
    pub extensions: Extensions,
    /// `ws` or `wss`.
    pub scheme: Scheme,
    /// The client's end of the connection, if known.
    pub client: Option<Address>,
    /// The server's end of the connection, if known.
    pub server: Option<Address>,
    /// The path below which the application is mounted, without a slash at its end; empty at the root.
    ///
    /// The path in [`uri`](Self::uri) still includes it, as ASGI has it.
    pub root_path: Cow<'static, str>,
    /// The subprotocols that the client offers, its favourite first.
    pub subprotocols: Vec<String>,
    /// What the application's [`startup`](crate::Application::startup) gave: a shallow copy of this WebSocket's own.
    pub state: State,
    /// What was agreed on when the connection was encrypted; `None` on a plain one, and behind a proxy that decrypts.
    pub tls: Option<Arc<TlsInfo>>,
}

impl WebSocketScope {
    /// A scope with nothing but a target: HTTP/1.1, no headers, no addresses, no subprotocols.
    pub fn new(uri: Uri) -> Self {
        HttpScope::new(Method::GET, uri).into()
    }

    /// Where the request came in, as one value.
    pub fn connection_info(&self) -> ConnectionInfo {
        ConnectionInfo {
            scheme: self.scheme,
            client: self.client.clone(),
            server: self.server.clone(),
            root_path: self.root_path.clone(),
            state: self.state.clone(),
            tls: self.tls.clone(),
        }
    }
}

/// The WebSocket that a request asks for. Whether it asks for one is not looked at.
impl From<HttpScope> for WebSocketScope {
    fn from(scope: HttpScope) -> Self {
        Self {
            subprotocols: offered(&scope.headers),
            uri: scope.uri,
            version: scope.version,
            headers: scope.headers,
            extensions: scope.extensions,
            scheme: scope.scheme.of_websocket(),
            client: scope.client,
            server: scope.server,
            root_path: scope.root_path,
            state: scope.state,
            tls: scope.tls,
        }
    }
}

/// The request that asked for the WebSocket: `GET`, or over HTTP/2 `CONNECT`.
impl From<WebSocketScope> for HttpScope {
    fn from(scope: WebSocketScope) -> Self {
        let method = if scope.version == Version::HTTP_2 {
            Method::CONNECT
        } else {
            Method::GET
        };
        Self {
            version: scope.version,
            headers: scope.headers,
            extensions: scope.extensions,
            scheme: scope.scheme.of_http(),
            client: scope.client,
            server: scope.server,
            root_path: scope.root_path,
            state: scope.state,
            tls: scope.tls,
            ..Self::new(method, scope.uri)
        }
    }
}

/// What `Sec-WebSocket-Protocol` lists, over however many headers (RFC 6455, section 11.3.4).
fn offered(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subprotocols_are_listed_in_the_clients_order_over_all_headers() {
        let mut scope = HttpScope::new(Method::GET, Uri::from_static("/chat/"));
        scope.scheme = Scheme::Https;
        for value in ["chat.v2, chat.v1", "", "  raw  ,"] {
            scope
                .headers
                .append(header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
        }
        let scope = WebSocketScope::from(scope);
        assert_eq!(scope.subprotocols, ["chat.v2", "chat.v1", "raw"]);
        assert_eq!(scope.scheme, Scheme::Wss);
    }

    #[test]
    fn a_request_survives_being_a_websocket() {
        for (version, method) in [
            (Version::HTTP_11, Method::GET),
            (Version::HTTP_2, Method::CONNECT),
        ] {
            let mut scope = HttpScope::new(method.clone(), Uri::from_static("/chat/?room=1"));
            scope.version = version;
            scope.headers.append("cookie", "a=1".parse().unwrap());
            scope.extensions.insert(7_u8);
            scope.state.insert("nuages".to_owned());
            scope.root_path = Cow::Borrowed("/chat");
            let back = HttpScope::from(WebSocketScope::from(scope.clone()));
            assert_eq!(back.method, method);
            assert_eq!(back.uri, scope.uri);
            assert_eq!(back.version, version);
            assert_eq!(back.headers, scope.headers);
            assert_eq!(back.scheme, Scheme::Http);
            assert_eq!(back.extensions.get::<u8>(), Some(&7));
            assert_eq!(back.root_path, "/chat");
            assert_eq!(back.state.get::<String>().map(String::as_str), Some("nuages"));
        }
    }
}
