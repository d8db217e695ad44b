//! A request of the test client.

use std::fmt::Display;
use std::future::IntoFuture;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use nuages_bridge::{OpFuture, async_frame};
use nuages_protocol::{Address, Body, HttpScope};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::{Client, ClientResponse};
use crate::error::{Error, Op, Result};

/// What a browser encodes of a target that somebody typed.
const TYPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A request that is being put together: `.await` it in an async test, [`wait`](Self::wait) for it in a sync one.
#[derive(Debug)]
#[must_use = "a request is sent when it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct ClientRequest {
    client: Client,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
    /// The first mistake in putting it together.
    error: Option<Error>,
}

impl ClientRequest {
    pub(super) fn new(client: Client, method: Method, target: &str) -> Self {
        let target = utf8_percent_encode(target, TYPED).to_string();
        Self {
            client,
            method,
            target,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            error: None,
        }
    }

    /// Sets a header.
    pub fn header<K, V>(mut self, name: K, value: V) -> Self
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
            (Err(error), _) | (_, Err(error)) => self.error = self.error.or_else(|| Some(error.into())),
        }
        self
    }

    /// Adds values to the query.
    pub fn query<K: AsRef<str>, V: Display>(mut self, values: impl IntoIterator<Item = (K, V)>) -> Self {
        for (name, value) in values {
            self.target
                .push(if self.target.contains('?') { '&' } else { '?' });
            self.target.push_str(&encoded([(name, value)]));
        }
        self
    }

    /// Sends an HTML form.
    pub fn form<K: AsRef<str>, V: Display>(self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let body = encoded(fields);
        self.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sends a value as JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.header(header::CONTENT_TYPE, "application/json").body(body),
            Err(error) => {
                self.error = self.error.or_else(|| Some(error.into()));
                self
            }
        }
    }

    /// Sends these bytes.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The request as an operation, which `.await` and [`wait`](Self::wait) run.
    #[track_caller]
    pub fn send(self) -> Op<'static, ClientResponse> {
        // A leaf, so that sync views run in place on the thread of a sync test. Users' async code is polled in frames of its own.
        Op::leaf("Client request", async move {
            let (client, scope, body) = self.into_parts()?;
            let response = client.handler.answer_here(scope, body).await?;
            let (parts, body) = response.into_parts();
            client.keep_cookies(&parts.headers);
            let body = async_frame(body.collect(usize::MAX)).await?;
            Ok(ClientResponse::new(parts, body))
        })
    }

    /// Sends the request and waits for the response, for sync tests.
    ///
    /// # Errors
    ///
    /// When the request can't be sent, as with a header that holds a line break; on an event loop; or when the response's
    /// body breaks off. A response of status 500 is no error.
    ///
    /// # Blocking
    ///
    /// Waits for the response.
    #[track_caller]
    pub fn wait(self) -> Result<ClientResponse> {
        self.send().wait()
    }

    fn into_parts(self) -> Result<(Client, HttpScope, Body)> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let uri: Uri = self.target.parse()?;
        let mut scope = HttpScope::new(self.method, uri);
        scope.headers = self.headers;
        scope.client = Some(Address::from(std::net::SocketAddr::from(([127, 0, 0, 1], 49152))));
        if !scope.headers.contains_key(header::HOST) {
            scope
                .headers
                .insert(header::HOST, HeaderValue::from_static("testserver"));
        }
        if let Some(cookies) = self.client.cookie_header() {
            scope.headers.append(header::COOKIE, cookies);
        }
        if !self.body.is_empty() {
            scope
                .headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        Ok((self.client, scope, self.body.into()))
    }
}

fn encoded<K: AsRef<str>, V: Display>(fields: impl IntoIterator<Item = (K, V)>) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        text.append_pair(name.as_ref(), &value.to_string());
    }
    text.finish()
}

impl IntoFuture for ClientRequest {
    type Output = Result<ClientResponse>;
    type IntoFuture = OpFuture<'static, ClientResponse, Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.send().into_future()
    }
}
