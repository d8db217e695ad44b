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
    inner: http::Response<Body>,
    /// Set instead of a page until the response reaches a boundary where the request is known.
    problem: Option<Box<Problem>>,
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
        let mut inner = http::Response::new(Body::empty());
        *inner.status_mut() = status;
        Self { inner, problem: None }
    }

    /// 200 with a body of the given type.
    pub(crate) fn content(content_type: &'static str, body: Body) -> Self {
        let mut inner = http::Response::new(body);
        inner
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { inner, problem: None }
    }

    pub(crate) fn from_problem(problem: Problem) -> Self {
        let mut response = Self::new(problem.status());
        response.problem = Some(Box::new(problem));
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
                self.inner.headers_mut().insert(name, value);
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
                self.inner.headers_mut().append(name, value);
            }
            (Err(error), _) => self.fail(error.into()),
            (_, Err(error)) => self.fail(error.into()),
        }
        self
    }

    fn fail(&mut self, error: http::Error) {
        self.problem
            .get_or_insert_with(|| Box::new(Problem::Error(Error::from(error))));
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.inner.body_mut() = body.into();
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
        *self.inner.status_mut() = status;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.problem
            .as_ref()
            .map_or(self.inner.status(), |problem| problem.status())
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.inner.headers_mut()
    }

    /// Values by type, for what outer layers want to know of a response.
    pub fn extensions(&self) -> &http::Extensions {
        self.inner.extensions()
    }

    /// Values by type, to be changed.
    pub fn extensions_mut(&mut self) -> &mut http::Extensions {
        self.inner.extensions_mut()
    }

    /// Changes the body into another: a compressor does this.
    pub fn map_body(self, f: impl FnOnce(Body) -> Body) -> Self {
        Self {
            inner: self.inner.map(f),
            problem: self.problem,
        }
    }

    pub(crate) fn take_problem(&mut self) -> Option<Problem> {
        self.problem.take().map(|problem| *problem)
    }

    pub(crate) fn set_page(&mut self, status: StatusCode, page: String) {
        *self.inner.status_mut() = status;
        *self.inner.body_mut() = page.into();
        let headers = self.inner.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
    }

    /// The response as a server takes it. What a problem was put into is answered by its bare status: the handler settles all before.
    pub fn into_http(self) -> http::Response<Body> {
        let status = self.status();
        let mut inner = self.inner;
        *inner.status_mut() = status;
        inner
    }
}

/// 200 and empty.
impl Default for Response {
    fn default() -> Self {
        Self::new(StatusCode::OK)
    }
}

impl From<http::Response<Body>> for Response {
    fn from(inner: http::Response<Body>) -> Self {
        Self { inner, problem: None }
    }
}

impl From<Error> for Response {
    fn from(error: Error) -> Self {
        Self::from_problem(Problem::Error(error))
    }
}
