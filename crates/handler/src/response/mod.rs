//! What goes back to the visitor.

mod cookie;
mod into;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nuages_protocol::Body;

pub use self::cookie::{Cookie, SameSite};
pub use self::into::{Html, IntoResponse};
use crate::error::{Error, Problem};

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
    problem: Option<Problem>,
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

    pub(crate) fn from_problem(problem: Problem) -> Self {
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
            (Err(error), _) => self.fail(error.into()),
            (_, Err(error)) => self.fail(error.into()),
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
            (Err(error), _) => self.fail(error.into()),
            (_, Err(error)) => self.fail(error.into()),
        }
        self
    }

    fn fail(&mut self, error: http::Error) {
        self.inner
            .problem
            .get_or_insert_with(|| Problem::Error(Error::from(error)));
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.inner.http.body_mut() = body.into();
        self
    }

    /// Sets a cookie in the visitor's browser: a [`Cookie`], or a name and a value.
    pub fn cookie(self, cookie: impl Into<Cookie>) -> Self {
        let value = cookie.into().to_header();
        self.append_header(header::SET_COOKIE, value)
    }

    /// Removes a cookie that was set with the default path, `/`.
    pub fn delete_cookie(self, name: &str) -> Self {
        let value = Cookie::new(name, "").expired().to_header();
        self.append_header(header::SET_COOKIE, value)
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
            .map_or(self.inner.http.status(), Problem::status)
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

    pub(crate) fn take_problem(&mut self) -> Option<Problem> {
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
        Self::from_problem(Problem::Error(error))
    }
}
