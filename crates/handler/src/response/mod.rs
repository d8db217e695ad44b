//! What goes back to the visitor.

mod close;
mod conditional;
mod cookie;
mod disposition;
mod file;
mod into;
mod range;
mod redirect;
mod sse;
mod stream;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nuages_protocol::Body;

pub use self::conditional::{ETag, ETagError, Precondition};
pub use self::cookie::{Cookie, SameSite};
pub use self::disposition::content_disposition;
pub use self::file::FileResponse;
pub use self::into::{Html, IntoResponse};
pub use self::redirect::{Redirect, url_has_allowed_host_and_scheme};
pub use self::sse::{Event, Sse};
pub use self::stream::IntoChunk;
use crate::error::Error;

/// A response, built by chaining.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Cookie, Response};
///
/// let response = Response::new(201)
///     .header("location", "/books/3/")
///     .cookie(Cookie::new("seen", "yes").http_only(true))
///     .body("made");
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["location"], "/books/3/");
/// ```
#[derive(Debug)]
#[must_use = "a response does nothing until a view returns it"]
pub struct Response {
    /// Boxed: a response is moved through every layer, and a `Result` of one should be small.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: http::Response<Body>,
    /// Set instead of a page until the response reaches a boundary where the request is known.
    problem: Option<Error>,
}

impl Response {
    /// An empty response.
    ///
    /// # Panics
    ///
    /// If `status` is a number that is no HTTP status (100 to 999).
    #[track_caller]
    pub fn new<S>(status: S) -> Self
    where
        S: TryInto<StatusCode>,
    {
        let Ok(status) = status.try_into() else {
            panic!("an HTTP status is a number from 100 to 999")
        };
        let mut response = Self::from(http::Response::new(Body::empty()));
        *response.inner.http.status_mut() = status;
        response
    }

    /// 200 with a body of the given type.
    pub(crate) fn content(content_type: HeaderValue, body: Body) -> Self {
        let mut response = Self::from(http::Response::new(body));
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response
    }

    pub(crate) fn from_problem(problem: Error) -> Self {
        let mut response = Self::new(problem.status());
        response.inner.problem = Some(problem);
        response
    }

    /// Sets a header; one that was there under this name is replaced.
    ///
    /// A name or value that can't be sent, such as one with a line break, makes the response a 500: nothing that a
    /// visitor typed can split a response in two.
    pub fn header<K, V>(mut self, name: K, value: V) -> Self
    where
        K: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.inner.http.headers_mut().insert(name, value);
            }
            (Err(error), _) => self.fail(error.into() as http::Error),
            (_, Err(error)) => self.fail(error.into() as http::Error),
        }
        self
    }

    /// Adds a header beside those that are there under this name. What can't be sent makes a 500, as for [`header`](Self::header).
    pub fn append_header<K, V>(mut self, name: K, value: V) -> Self
    where
        K: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.inner.http.headers_mut().append(name, value);
            }
            (Err(error), _) => self.fail(error.into() as http::Error),
            (_, Err(error)) => self.fail(error.into() as http::Error),
        }
        self
    }

    fn fail(&mut self, error: impl Into<Error>) {
        self.inner.problem.get_or_insert_with(|| error.into());
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.inner.http.body_mut() = body.into();
        self
    }

    /// Sets a cookie in the visitor's browser: a [`Cookie`], or a name and a value.
    ///
    /// A cookie that browsers would refuse makes the response a 500 that says why: see [`Cookie`].
    pub fn cookie(self, cookie: impl Into<Cookie>) -> Self {
        self.set_cookie(&cookie.into())
    }

    fn set_cookie(mut self, cookie: &Cookie) -> Self {
        match cookie.to_header() {
            Ok(value) => {
                self.inner.http.headers_mut().append(header::SET_COOKIE, value);
            }
            Err(error) => self.fail(error),
        }
        self
    }

    /// Removes a cookie that was set with the default path, `/`. One with another path or domain is removed by a [`Cookie`] with the same ones
    /// and a [`max_age`](Cookie::max_age) of zero.
    pub fn delete_cookie(self, name: &str) -> Self {
        // Browsers take such a name from a secure cookie alone, also to remove it.
        let begins = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
        };
        let secure = begins("__Secure-") || begins("__Host-");
        self.set_cookie(&Cookie::new(name, "").secure(secure).expired())
    }

    /// Changes the status.
    pub fn status_code(mut self, status: StatusCode) -> Self {
        *self.inner.http.status_mut() = status;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.inner
            .problem
            .as_ref()
            .map_or(self.inner.http.status(), Error::status)
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.http.headers()
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.inner.http.headers_mut()
    }

    /// Values by type, for what outer layers want to know of a response.
    pub fn extensions(&self) -> &http::Extensions {
        self.inner.http.extensions()
    }

    /// Values by type, to be changed.
    pub fn extensions_mut(&mut self) -> &mut http::Extensions {
        self.inner.http.extensions_mut()
    }

    /// Changes the body into another: a compressor does this.
    pub fn map_body(mut self, f: impl FnOnce(Body) -> Body) -> Self {
        let body = self.inner.http.body_mut();
        *body = f(std::mem::take(body));
        self
    }

    /// The body, if all of it is there already.
    pub(crate) fn body_bytes(&self) -> Option<&bytes::Bytes> {
        self.inner.http.body().as_bytes()
    }

    pub(crate) fn has_problem(&self) -> bool {
        self.inner.problem.is_some()
    }

    pub(crate) fn take_problem(&mut self) -> Option<Error> {
        self.inner.problem.take()
    }

    pub(crate) fn set_page(&mut self, status: StatusCode, page: String) {
        *self.inner.http.status_mut() = status;
        *self.inner.http.body_mut() = page.into();
        let headers = self.inner.http.headers_mut();
        headers.insert(header::CONTENT_TYPE, into::HTML);
    }

    /// The response as a server takes it. What a problem was put into is answered by its bare status: the handler settles all before.
    pub fn into_http(self) -> http::Response<Body> {
        let status = self.status();
        let mut http = self.inner.http;
        *http.status_mut() = status;
        http
    }
}

/// 200 and empty.
impl Default for Response {
    fn default() -> Self {
        Self::new(StatusCode::OK)
    }
}

impl From<http::Response<Body>> for Response {
    fn from(http: http::Response<Body>) -> Self {
        Self {
            inner: Box::new(Inner { http, problem: None }),
        }
    }
}

impl From<Error> for Response {
    fn from(error: Error) -> Self {
        Self::from_problem(error)
    }
}
