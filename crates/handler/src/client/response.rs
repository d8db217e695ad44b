//! What the test client got.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, response::Parts};
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::template::Rendered;

/// A response with its whole body.
#[derive(Clone)]
pub struct ClientResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    text: String,
    pub(super) redirects: Vec<(String, StatusCode)>,
    rendered: Option<Rendered>,
}

impl ClientResponse {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        let text = String::from_utf8_lossy(&body).into_owned();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            text,
            redirects: Vec::new(),
            rendered: parts.extensions.get::<Rendered>().cloned(),
        }
    }

    /// The targets of the redirects that were followed, each with the status that led there.
    pub fn redirects(&self) -> &[(String, StatusCode)] {
        &self.redirects
    }

    /// What the page was rendered of, if it is a [`TemplateResponse`](crate::TemplateResponse) of a `T`.
    pub fn context<T: 'static>(&self) -> Option<&T> {
        self.rendered.as_ref()?.0.downcast_ref()
    }

    /// The status, which compares with numbers: `assert_eq!(response.status(), 200)`.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's first value, where it is plain text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers.get(name.as_ref())?.to_str().ok()
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The body as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// When it is not what `T` needs.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl fmt::Debug for ClientResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientResponse")
            .field("status", &self.status)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
