//! A request that is being put together, by the test client or by the factory.

use std::fmt::Display;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use nuages_protocol::{Address, HttpScope, Scheme};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::MultipartForm;
use crate::error::{Error, Result};

/// What a browser encodes of a target that somebody typed.
const TYPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) scheme: Scheme,
    /// The first mistake in putting it together.
    error: Option<Error>,
}

impl Draft {
    pub(super) fn new(method: Method, target: &str) -> Self {
        Self {
            method,
            target: utf8_percent_encode(target, TYPED).to_string(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scheme: Scheme::Http,
            error: None,
        }
    }

    pub(super) fn header<K, V>(&mut self, name: K, value: V)
    where
        K: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match (
            name.try_into().map_err(Into::into),
            value.try_into().map_err(Into::into),
        ) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            (Err(error), _) | (_, Err(error)) => self.fail(error.into()),
        }
    }

    pub(super) fn query<K: AsRef<str>, V: Display>(&mut self, values: impl IntoIterator<Item = (K, V)>) {
        for (name, value) in values {
            self.target
                .push(if self.target.contains('?') { '&' } else { '?' });
            self.target.push_str(&encoded([(name, value)]));
        }
    }

    pub(super) fn content(&mut self, kind: impl AsRef<str>, body: impl Into<Bytes>) {
        self.header(header::CONTENT_TYPE, kind.as_ref());
        self.body = body.into();
    }

    pub(super) fn form<K: AsRef<str>, V: Display>(&mut self, fields: impl IntoIterator<Item = (K, V)>) {
        self.content("application/x-www-form-urlencoded", encoded(fields));
    }

    pub(super) fn multipart(&mut self, form: MultipartForm) {
        let (kind, body) = form.into_content();
        self.content(kind, body);
    }

    pub(super) fn json(&mut self, value: &(impl Serialize + ?Sized)) {
        match serde_json::to_vec(value) {
            Ok(body) => self.content("application/json", body),
            Err(error) => self.fail(error.into()),
        }
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    pub(super) fn into_scope(self) -> Result<(HttpScope, Bytes)> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let uri: Uri = self.target.parse()?;
        let mut scope = HttpScope::new(self.method, uri);
        scope.headers = self.headers;
        scope.scheme = self.scheme;
        scope.client = Some(Address::from(std::net::SocketAddr::from(([127, 0, 0, 1], 49152))));
        if !scope.headers.contains_key(header::HOST) {
            scope
                .headers
                .insert(header::HOST, HeaderValue::from_static("testserver"));
        }
        if !self.body.is_empty() {
            scope
                .headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        Ok((scope, self.body))
    }
}

fn encoded<K: AsRef<str>, V: Display>(fields: impl IntoIterator<Item = (K, V)>) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        text.append_pair(name.as_ref(), &value.to_string());
    }
    text.finish()
}

/// The methods by which a request is put together, for a type that has a `draft`.
macro_rules! building {
    ($Request:ident) => {
        impl $Request {
            /// Adds a header.
            pub fn header<K, V>(mut self, name: K, value: V) -> Self
            where
                K: TryInto<http::HeaderName, Error: Into<http::Error>>,
                V: TryInto<http::HeaderValue, Error: Into<http::Error>>,
            {
                self.draft.header(name, value);
                self
            }

            /// Adds values to the query.
            pub fn query<K: AsRef<str>, V: std::fmt::Display>(
                mut self,
                values: impl IntoIterator<Item = (K, V)>,
            ) -> Self {
                self.draft.query(values);
                self
            }

            /// Sends an HTML form.
            pub fn form<K: AsRef<str>, V: std::fmt::Display>(
                mut self,
                fields: impl IntoIterator<Item = (K, V)>,
            ) -> Self {
                self.draft.form(fields);
                self
            }

            /// Sends an HTML form with files.
            pub fn multipart(mut self, form: $crate::client::MultipartForm) -> Self {
                self.draft.multipart(form);
                self
            }

            /// Sends a value as JSON.
            pub fn json(mut self, value: &(impl serde::Serialize + ?Sized)) -> Self {
                self.draft.json(value);
                self
            }

            /// Sends these bytes.
            pub fn body(mut self, body: impl Into<bytes::Bytes>) -> Self {
                self.draft.body = body.into();
                self
            }

            /// Sends it by https.
            pub fn secure(mut self) -> Self {
                self.draft.scheme = nuages_protocol::Scheme::Https;
                self
            }
        }
    };
}
pub(super) use building;
