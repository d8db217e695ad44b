//! What a view may return.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use nuages_protocol::Body;
use serde::Serialize;

use super::Response;
use crate::error::Error;
use crate::extract::Json;

/// What a view may return.
///
/// Text is sent as plain text, never as HTML: what a visitor typed can't become markup by accident. For HTML there are
/// [`Html`] and templates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "this does not implement `IntoResponse`",
    note = "a view returns text (`&'static str`, `String`), `Html`, `Json`, a `Response`, `(StatusCode, ..)` of one of these, or a `Result` of them whose error is `nuages_handler::Error` or any `std::error::Error`"
)]
pub trait IntoResponse {
    /// The response.
    fn into_response(self) -> Response;
}

// Constants, so that their bytes are checked when they are compiled and not for each response.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for http::Response<Body> {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Response::content(TEXT, self.into())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::content(TEXT, self.into())
    }
}

impl IntoResponse for std::borrow::Cow<'static, str> {
    fn into_response(self) -> Response {
        match self {
            Self::Borrowed(text) => text.into_response(),
            Self::Owned(text) => text.into_response(),
        }
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        Response::content(BYTES, self.into())
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Bytes::from(self).into_response()
    }
}

/// 200 without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::default()
    }
}

/// The status alone, without a body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

impl<R: IntoResponse> IntoResponse for (StatusCode, R) {
    fn into_response(self) -> Response {
        self.1.into_response().status_code(self.0)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl<R: IntoResponse, E: Into<Error>> IntoResponse for Result<R, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into().into_response(),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => Response::content(JSON, text.into()),
            Err(error) => Error::from(error).into_response(),
        }
    }
}

/// Text that is HTML.
///
/// Whoever writes it vouches for it: nothing is escaped any more.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Html, IntoResponse};
///
/// let response = Html("<h1>bonsoir</h1>").into_response();
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html<T>(
    /// The text.
    pub T,
);

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        Response::content(HTML, self.0.into())
    }
}
