//! Scopes as dictionaries.

use std::{borrow::Cow, path::Path};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header, uri::PathAndQuery};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

use super::{
    fields::{self, Fields, Written, as_bytes, as_list, as_map, as_number, as_string},
    tls,
};
use crate::{
    Address, HttpScope, Scheme, TlsInfo, WebSocketScope,
    event::{
        CustomScope, EventError, LifespanScope, Map, Offered, Scope, Value, extension,
        scope::{SPEC_VERSION, SpecVersion, VERSION},
    },
};

impl Scope {
    /// The scope as the dictionary that ASGI describes.
    ///
    /// The state stays here, since it holds values that live in this process alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{Method, Uri};
    /// use nuages_protocol::{HttpScope, event::{Scope, Value}};
    ///
    /// let scope = HttpScope::new(Method::GET, Uri::from_static("/caf%C3%A9/?page=2"));
    /// let Value::Map(map) = Scope::from(scope).to_value() else { unreachable!() };
    /// assert_eq!(map["type"], "http".into());
    /// assert_eq!(map["path"], "/café/".into());
    /// assert_eq!(map["query_string"], b"page=2".to_vec().into());
    /// ```
    pub fn to_value(&self) -> Value {
        let asgi = Map::from([
            ("version".to_owned(), VERSION.into()),
            ("spec_version".to_owned(), self.spec_version().into()),
        ]);
        let written = Written::new(self.kind());
        match self {
            Self::Http(scope) => target(
                written.with("asgi", asgi),
                &Target {
                    uri: &scope.uri,
                    version: scope.version,
                    headers: &scope.headers,
                    extensions: &scope.extensions,
                    scheme: scope.scheme,
                    client: scope.client.as_ref(),
                    server: scope.server.as_ref(),
                    root_path: &scope.root_path,
                    tls: scope.tls.as_deref(),
                },
            )
            .with("method", scope.method.as_str()),
            Self::WebSocket(scope) => target(
                written.with("asgi", asgi),
                &Target {
                    uri: &scope.uri,
                    version: scope.version,
                    headers: &scope.headers,
                    extensions: &scope.extensions,
                    scheme: scope.scheme,
                    client: scope.client.as_ref(),
                    server: scope.server.as_ref(),
                    root_path: &scope.root_path,
                    tls: scope.tls.as_deref(),
                },
            )
            .with("subprotocols", subprotocols(&scope.subprotocols)),
            Self::Lifespan(_) => written.with("asgi", asgi),
            Self::Custom(scope) => written.with_all(&scope.fields),
        }
        .into()
    }

    /// The scope that a dictionary describes, with ASGI's defaults for what it leaves out. Keys that ASGI doesn't
    /// know are passed over; a type that it doesn't know is a [`Custom`](Self::Custom) scope.
    ///
    /// # Errors
    ///
    /// What is missing or has the wrong type, and a target, method or header that is not valid.
    pub fn from_value(value: Value) -> Result<Self, EventError> {
        let mut fields = Fields::read(value)?;
        Ok(match fields.kind() {
            "http" => {
                let method = fields.required("method", |method| {
                    Method::from_bytes(as_string(method)?.to_ascii_uppercase().as_bytes())
                        .map_err(|_| "a method of HTTP")
                })?;
                Self::Http(read_target(&mut fields, method, Scheme::Http)?)
            }
            "websocket" => {
                let offered = fields.optional("subprotocols", |list| {
                    as_list(list)?
                        .into_iter()
                        .map(as_string)
                        .collect::<Result<_, _>>()
                })?;
                let scope = read_target(&mut fields, Method::GET, Scheme::Ws)?;
                let mut scope = WebSocketScope::from(scope);
                scope.subprotocols = offered.unwrap_or_default();
                Self::WebSocket(scope)
            }
            "lifespan" => Self::Lifespan(LifespanScope::new()),
            _ => {
                let (kind, fields) = fields.into_parts();
                Self::Custom(CustomScope { kind, fields })
            }
        })
    }
}

/// What a request and a WebSocket have in common.
struct Target<'a> {
    uri: &'a Uri,
    version: Version,
    headers: &'a HeaderMap,
    extensions: &'a http::Extensions,
    scheme: Scheme,
    client: Option<&'a Address>,
    server: Option<&'a Address>,
    root_path: &'a str,
    tls: Option<&'a TlsInfo>,
}

fn target(written: Written, target: &Target<'_>) -> Written {
    let uri = target.uri;
    let version = match target.version {
        Version::HTTP_09 | Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    };
    let query = uri.query().unwrap_or_default();
    let extensions = target.extensions.get::<Offered>().cloned().unwrap_or_default();
    let mut extensions = extensions
        .iter()
        .map(|(name, info)| (name.to_owned(), Value::Map(info.clone())))
        .collect::<Map>();
    if let Some(info) = target.tls {
        extensions.insert(extension::TLS.to_owned(), tls::write(info));
    }
    written
        .with("http_version", version)
        .with("scheme", target.scheme.as_str())
        .with("path", &*percent_decode_str(uri.path()).decode_utf8_lossy())
        .with("raw_path", Bytes::copy_from_slice(uri.path().as_bytes()))
        .with("query_string", Bytes::copy_from_slice(query.as_bytes()))
        .with("root_path", target.root_path)
        .with("headers", headers(uri, target.headers))
        .with("client", target.client.map(address))
        .with("server", target.server.map(address))
        .with("extensions", extensions)
}

/// HTTP/2 says by `:authority` what HTTP/1.1 says by `Host`; ASGI knows the latter, and as the first header.
fn headers(uri: &Uri, headers: &HeaderMap) -> Value {
    let host = uri
        .authority()
        .filter(|_| !headers.contains_key(header::HOST))
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let mut list = match fields::headers(headers) {
        Value::List(list) => list,
        _ => Vec::new(),
    };
    if let Some(host) = host {
        list.insert(0, fields::header(&header::HOST, &host));
    }
    list.into()
}

fn address(address: &Address) -> Value {
    let (host, port) = match (address.socket_addr(), address.path()) {
        (Some(address), _) => (address.ip().to_string(), Value::from(address.port())),
        (None, Some(path)) => (path.to_string_lossy().into_owned(), Value::Null),
        (None, None) => return Value::Null,
    };
    vec![host.into(), port].into()
}

fn subprotocols(names: &[String]) -> Value {
    names
        .iter()
        .map(|name| Value::from(name.as_str()))
        .collect::<Vec<_>>()
        .into()
}

fn read_target(fields: &mut Fields, method: Method, scheme: Scheme) -> Result<HttpScope, EventError> {
    let uri = uri(fields)?;
    let mut scope = HttpScope::new(method, uri);
    scope.version = fields
        .optional("http_version", version)?
        .unwrap_or(Version::HTTP_11);
    scope.scheme = fields.optional("scheme", as_scheme)?.unwrap_or(scheme);
    scope.headers = fields.headers("headers")?;
    scope.root_path = Cow::Owned(fields.string("root_path")?);
    scope.client = fields.optional("client", as_address)?.flatten();
    scope.server = fields.optional("server", as_address)?.flatten();
    if let Some(extensions) = fields.optional("extensions", as_map)? {
        let mut offered = Offered::new();
        for (name, info) in extensions {
            if name == extension::TLS {
                scope.tls = Some(tls::read(as_map(info).unwrap_or_default())?.into());
                continue;
            }
            offered = offered.with_info(name, as_map(info).unwrap_or_default());
        }
        scope.extensions.insert(offered);
    }
    let mut asgi = Fields::inside("asgi", fields.optional("asgi", as_map)?.unwrap_or_default());
    // A server that doesn't say speaks the oldest version.
    let spec = asgi
        .optional("spec_version", as_string)?
        .unwrap_or_else(|| "2.0".to_owned());
    if spec != SPEC_VERSION {
        scope.extensions.insert(SpecVersion(spec.into()));
    }
    Ok(scope)
}

/// What a URI can't hold as it is.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
const UNSAFE_IN_TEXT: &AsciiSet = &UNSAFE.add(b'%');
const UNSAFE_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

fn uri(fields: &mut Fields) -> Result<Uri, EventError> {
    let path = fields.required("path", as_string)?;
    let raw = fields.optional("raw_path", as_bytes)?;
    let query = fields.bytes("query_string")?;
    let mut target = match &raw {
        Some(raw) => percent_encode(raw, UNSAFE).to_string(),
        None => percent_encode(path.as_bytes(), UNSAFE_IN_TEXT).to_string(),
    };
    if !query.is_empty() {
        target.push('?');
        target.extend(percent_encode(&query, UNSAFE_IN_QUERY));
    }
    // By way of a path, so that `//host` stays a path.
    PathAndQuery::try_from(target)
        .map(Uri::from)
        .map_err(|error| EventError::new(format!("`path` of `{}` is no path: {error}", fields.kind())))
}

fn version(value: Value) -> Result<Version, &'static str> {
    match as_string(value)?.as_str() {
        "1.0" => Ok(Version::HTTP_10),
        "1.1" => Ok(Version::HTTP_11),
        "2" | "2.0" => Ok(Version::HTTP_2),
        "3" | "3.0" => Ok(Version::HTTP_3),
        _ => Err("a version of HTTP"),
    }
}

fn as_scheme(value: Value) -> Result<Scheme, &'static str> {
    match as_string(value)?.as_str() {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        "ws" => Ok(Scheme::Ws),
        "wss" => Ok(Scheme::Wss),
        _ => Err("a scheme: `http`, `https`, `ws` or `wss`"),
    }
}

/// An address, if it is one of the network or a unix socket: test clients say `testclient`.
fn as_address(value: Value) -> Result<Option<Address>, &'static str> {
    let mut pair = as_list(value)?.into_iter();
    let host = as_string(pair.next().unwrap_or_default()).map_err(|_| "a host and a port")?;
    let port = match pair.next() {
        None | Some(Value::Null) => return Ok(Some(Address::Unix(Some(Path::new(&host).into())))),
        Some(port) => as_number::<u16>(port).map_err(|_| "a host and a port")?,
    };
    Ok(host
        .parse()
        .ok()
        .map(|ip: std::net::IpAddr| std::net::SocketAddr::from((ip, port)).into()))
}
