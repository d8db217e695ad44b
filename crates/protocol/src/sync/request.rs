//! A request, for code that blocks.

use std::{borrow::Cow, collections::BTreeMap};

use http::{HeaderMap, HeaderValue, Version, header};
use percent_encoding::percent_decode_str;

use super::SyncBody;
use crate::{Body, HttpScope, path};

/// One request: its scope, and its body to be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct SyncRequest {
    /// What is known of the request before its body.
    pub scope: HttpScope,
    /// Its body.
    pub body: SyncBody,
}

impl SyncRequest {
    /// A request. For tests, and for layers that call an application themselves.
    pub fn new(scope: HttpScope, body: impl Into<Body>) -> Self {
        Self {
            scope,
            body: SyncBody::new(body.into()),
        }
    }

    /// The path below which the application is mounted (WSGI's `SCRIPT_NAME`); empty at the root.
    pub fn script_name(&self) -> &str {
        self.scope.root_path.trim_end_matches('/')
    }

    /// The application's own part of the path (WSGI's `PATH_INFO`), decoded: what follows the [`script_name`](Self::script_name), if that
    /// ends between two segments. Bytes that are no UTF-8 are replaced.
    pub fn path_info(&self) -> Cow<'_, str> {
        percent_decode_str(self.raw_path_info()).decode_utf8_lossy()
    }

    fn raw_path_info(&self) -> &str {
        let path = self.scope.uri.path();
        path::below(path, &self.scope.root_path).unwrap_or(path)
    }

    /// What follows the question mark, as it was sent; empty where there is none.
    pub fn query_string(&self) -> &str {
        self.scope.uri.query().unwrap_or_default()
    }

    /// A header; one that came several times is joined, as RFC 9110 (section 5.3) allows: by `,`, a cookie by `; `.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(&self.scope.headers, name)
    }

    /// The request as CGI and WSGI know it (RFC 3875, PEP 3333): `REQUEST_METHOD`, `PATH_INFO`, `HTTP_ACCEPT` and so on.
    ///
    /// For code that was written for them. As PEP 3333 asks, a text holds one character for each byte: what isn't
    /// ASCII looks like Latin-1.
    pub fn environ(&self) -> BTreeMap<String, String> {
        let scope = &self.scope;
        let protocol = match scope.version {
            Version::HTTP_09 | Version::HTTP_10 => "HTTP/1.0",
            Version::HTTP_2 => "HTTP/2",
            Version::HTTP_3 => "HTTP/3",
            _ => "HTTP/1.1",
        };
        let mut environ = BTreeMap::new();
        let mut set = |key: &str, value: String| {
            environ.insert(key.to_owned(), value);
        };
        set("REQUEST_METHOD", scope.method.as_str().to_owned());
        set("SCRIPT_NAME", latin1(percent_decode_str(self.script_name())));
        set("PATH_INFO", latin1(percent_decode_str(self.raw_path_info())));
        set("QUERY_STRING", self.query_string().to_owned());
        set("SERVER_PROTOCOL", protocol.to_owned());
        set("wsgi.url_scheme", scope.scheme.as_str().to_owned());
        if let Some(server) = &scope.server {
            let name = server
                .ip()
                .map_or_else(|| server.to_string(), |ip| ip.to_string());
            set("SERVER_NAME", name);
            set(
                "SERVER_PORT",
                server.port().map(|port| port.to_string()).unwrap_or_default(),
            );
        }
        if let Some(client) = &scope.client {
            let host = client
                .ip()
                .map_or_else(|| client.to_string(), |ip| ip.to_string());
            set("REMOTE_ADDR", host);
            if let Some(port) = client.port() {
                set("REMOTE_PORT", port.to_string());
            }
        }
        for name in scope.headers.keys() {
            // An underscore would be taken for a hyphen: whoever trusts a proxy's header must not find a client's.
            if name.as_str().contains('_') {
                continue;
            }
            let key = match name {
                &header::CONTENT_TYPE => "CONTENT_TYPE".to_owned(),
                &header::CONTENT_LENGTH => "CONTENT_LENGTH".to_owned(),
                name => format!("HTTP_{}", name.as_str().to_ascii_uppercase().replace('-', "_")),
            };
            if let Some(value) = joined_bytes(&scope.headers, name.as_str()) {
                environ.insert(key, latin1(value.iter().copied()));
            }
        }
        environ
    }
}

fn latin1(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().map(char::from).collect()
}

fn joined<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_none() {
        return Some(String::from_utf8_lossy(first.as_bytes()));
    }
    let bytes = joined_bytes(headers, name)?;
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

fn joined_bytes<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut values = headers.get_all(name).iter();
    let mut whole = Cow::Borrowed(values.next().map(HeaderValue::as_bytes)?);
    let between: &[u8] = if name.eq_ignore_ascii_case("cookie") {
        b"; "
    } else {
        b","
    };
    for value in values {
        let whole = whole.to_mut();
        whole.extend_from_slice(between);
        whole.extend_from_slice(value.as_bytes());
    }
    Some(whole)
}
