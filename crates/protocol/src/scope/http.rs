//! A request: ASGI's scope of type `http`.

use std::{borrow::Cow, sync::Arc};

use http::{Extensions, HeaderMap, Method, Uri, Version, request};

use super::{ConnectionInfo, Scheme};
use crate::{Address, State, TlsInfo};

/// One HTTP request without its body.
///
/// An application gets it beside the [`Body`](crate::Body). The fields are public, since the scope belongs to
/// whom it was given; the struct is `#[non_exhaustive]`, since later versions tell more.
///
/// # Examples
///
/// ```
/// use http::{Method, Uri};
/// use nuages_protocol::{HttpScope, Scheme};
///
/// let scope = HttpScope::new(Method::GET, Uri::from_static("/books/?page=2"));
/// assert_eq!(scope.uri.path(), "/books/");
/// assert_eq!(scope.scheme, Scheme::Http);
/// assert!(scope.client.is_none());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HttpScope {
    /// The method: `GET`, `POST` and so on.
    pub method: Method,
    /// The request's target as it was sent: still percent-encoded, with its query.
    pub uri: Uri,
    /// The version that the client speaks.
    pub version: Version,
    /// The headers, repeated ones included, in the order in which they came.
    pub headers: HeaderMap,
    /// Whatever a server or an outer layer has to say that has no field here, by type.
    pub extensions: Extensions,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// The client's end of the connection, if known.
    pub client: Option<Address>,
    /// The server's end of the connection, if known.
    pub server: Option<Address>,
    /// The path below which the application is mounted, without a slash at its end; empty at the root.
    ///
    /// The path in [`uri`](Self::uri) still includes it, as ASGI has it.
    pub root_path: Cow<'static, str>,
    /// What the application's [`startup`](crate::Application::startup) gave: a shallow copy of this request's own.
    pub state: State,
    /// What was agreed on when the connection was encrypted; `None` on a plain one, and behind a proxy that decrypts.
    pub tls: Option<Arc<TlsInfo>>,
}

impl HttpScope {
    /// A scope with nothing but a method and a target: HTTP/1.1, no headers, no addresses.
    ///
    /// Servers and tests start from it and fill in the fields that they know.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            ..Self::default()
        }
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

    /// The same scope, come in where `info` says.
    #[must_use]
    pub fn with_connection_info(mut self, info: ConnectionInfo) -> Self {
        self.scheme = info.scheme;
        self.client = info.client;
        self.server = info.server;
        self.root_path = info.root_path;
        self.state = info.state;
        self.tls = info.tls;
        self
    }
}

/// Takes a [`ConnectionInfo`] out of the extensions, if one is there.
impl From<request::Parts> for HttpScope {
    fn from(mut parts: request::Parts) -> Self {
        let info = parts.extensions.remove::<ConnectionInfo>().unwrap_or_default();
        Self {
            version: parts.version,
            headers: parts.headers,
            extensions: parts.extensions,
            ..Self::new(parts.method, parts.uri)
        }
        .with_connection_info(info)
    }
}

/// Leaves a [`ConnectionInfo`] among the extensions.
impl From<HttpScope> for request::Parts {
    fn from(scope: HttpScope) -> Self {
        let info = scope.connection_info();
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = scope.method;
        parts.uri = scope.uri;
        parts.version = scope.version;
        parts.headers = scope.headers;
        parts.extensions = scope.extensions;
        parts.extensions.insert(info);
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_scope_survives_the_way_through_parts() {
        let mut scope = HttpScope::new(Method::PUT, Uri::from_static("/shop/books/?q=a%20b"));
        scope.version = Version::HTTP_10;
        scope.headers.append("cookie", "a=1".parse().unwrap());
        scope.headers.append("cookie", "b=2".parse().unwrap());
        scope.extensions.insert(7_u8);
        scope.scheme = Scheme::Https;
        scope.client = Some(SocketAddr::from(([192, 0, 2, 1], 4711)).into());
        scope.server = Some(SocketAddr::from(([192, 0, 2, 2], 443)).into());
        scope.root_path = Cow::Borrowed("/shop");

        let back = HttpScope::from(request::Parts::from(scope.clone()));

        assert_eq!(back.method, scope.method);
        assert_eq!(back.uri, scope.uri);
        assert_eq!(back.version, scope.version);
        assert_eq!(back.headers, scope.headers);
        assert_eq!(back.extensions.get::<u8>(), Some(&7));
        assert!(back.extensions.get::<ConnectionInfo>().is_none());
        assert_eq!(back.connection_info(), scope.connection_info());
    }

    #[test]
    fn parts_of_another_origin_have_the_defaults() {
        let (parts, ()) = http::Request::new(()).into_parts();
        assert_eq!(
            HttpScope::from(parts).connection_info(),
            ConnectionInfo::default()
        );
    }
}
