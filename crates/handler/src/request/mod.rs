//! What the visitor asks for.

mod body;
mod cookies;
mod form;
mod query;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use nuages_protocol::{Address, Body, HttpScope, Scheme};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use self::body::Incoming;
pub use self::form::FormData;
pub use self::query::QueryDict;
use crate::error::{Error, Op, Result};
use crate::urls::{Param, Route, Target};

/// The size of a body that is read into memory, unless [`App::body_limit`](crate::App::body_limit) says otherwise: 2.5 MiB, as in Django.
pub(crate) const BODY_LIMIT: usize = 5 * 512 * 1024;

/// A request.
///
/// It is a cheap handle: a clone is the same request, so middleware can keep one while the view has another, and what one
/// [`insert`](Self::insert)s the other sees.
///
/// What is there already is given by plain methods. The body may still be on its way, so what reads it returns an
/// [`Op`]: `.await` it in async code, `.wait()` for it in sync code. It is read once, and kept.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Request, Result};
///
/// fn search(request: Request) -> String {
///     format!("you look for {}", request.query().get("q").unwrap_or("nothing"))
/// }
///
/// async fn sign(request: Request) -> Result<String> {
///     let form = request.form().await?;
///     Ok(format!("thank you, {}", form.get("name").unwrap_or("stranger")))
/// }
///
/// fn sign_sync(request: Request) -> Result<String> {
///     let form = request.form().wait()?;
///     Ok(format!("thank you, {}", form.get("name").unwrap_or("stranger")))
/// }
/// ```
#[derive(Clone)]
pub struct Request {
    inner: Arc<Inner>,
}

struct Inner {
    scope: HttpScope,
    /// The decoded path, where that differs from the one in the URI.
    path: Option<Box<str>>,
    route: Option<Arc<Route>>,
    target: Target,
    query: OnceLock<QueryDict>,
    cookies: OnceLock<Vec<(String, String)>>,
    incoming: Incoming,
    form: OnceLock<FormData>,
    extensions: RwLock<Extensions>,
}

impl Request {
    /// A request outside of any application, for tests of what takes one.
    ///
    /// It has no route, so [`param`](Self::param) gives nothing.
    pub fn new(scope: HttpScope, body: impl Into<Body>) -> Self {
        Self::with_target(scope, body.into(), None, Target::Nothing, BODY_LIMIT)
    }

    pub(crate) fn with_target(
        mut scope: HttpScope,
        body: Body,
        route: Option<Arc<Route>>,
        target: Target,
        body_limit: usize,
    ) -> Self {
        let raw = scope.uri.path();
        let path = raw
            .contains('%')
            .then(|| percent_decode_str(raw).decode_utf8_lossy().into_owned().into());
        let extensions = RwLock::new(std::mem::take(&mut scope.extensions));
        Self {
            inner: Arc::new(Inner {
                scope,
                path,
                route,
                target,
                query: OnceLock::new(),
                cookies: OnceLock::new(),
                incoming: Incoming::new(body, body_limit),
                form: OnceLock::new(),
                extensions,
            }),
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.inner.scope.method
    }

    /// The path, percent-decoded, without the query.
    pub fn path(&self) -> &str {
        self.inner.path.as_deref().unwrap_or(self.inner.scope.uri.path())
    }

    /// The target as it was sent: still percent-encoded, with its query.
    pub fn uri(&self) -> &Uri {
        &self.inner.scope.uri
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.scope.headers
    }

    /// A header's first value, where it is plain text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.headers().get(name.as_ref())?.to_str().ok()
    }

    /// What stands behind the question mark of the URL.
    pub fn query(&self) -> &QueryDict {
        self.inner
            .query
            .get_or_init(|| QueryDict::parse(self.inner.scope.uri.query().unwrap_or_default().as_bytes()))
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self
            .inner
            .cookies
            .get_or_init(|| cookies::parse(self.headers().get_all(header::COOKIE)));
        cookies
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// What the converter called `name` took of the path.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The name and the text of everything that converters took of the path, from left to right.
    pub(crate) fn params(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let names = self.inner.route.as_ref().and_then(|route| route.pattern.as_ref());
        let names = names.map_or(&[][..], |pattern| &pattern.params);
        let values: &[Param] = match &self.inner.target {
            Target::Route(values) => values,
            Target::Slash | Target::Nothing => &[],
        };
        let raw = self.inner.scope.uri.path();
        names
            .iter()
            .zip(values)
            .map(move |((name, _), value)| (name.as_str(), value.text(raw)))
    }

    /// The name of the route that answers, if it has one.
    pub fn route_name(&self) -> Option<&str> {
        self.inner.route.as_ref()?.name.as_deref()
    }

    /// The pattern of the route that answers: a good label for metrics, where the path itself would be one label a book.
    pub fn route_pattern(&self) -> Option<&str> {
        self.inner
            .route
            .as_ref()?
            .pattern
            .as_ref()
            .map(|pattern| pattern.text())
    }

    pub(crate) fn is_missing_its_slash(&self) -> bool {
        matches!(self.inner.target, Target::Slash)
    }

    /// The client's address, if the server knows it.
    pub fn client(&self) -> Option<&Address> {
        self.inner.scope.client.as_ref()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        self.inner.scope.scheme
    }

    /// The host that the client wanted to reach, as it says; with its port, unless that is the usual one.
    pub fn host(&self) -> Option<&str> {
        let authority = self.inner.scope.uri.authority().map(http::uri::Authority::as_str);
        authority.or_else(|| self.header(header::HOST.as_str()))
    }

    /// The path below which the application is mounted; empty at the root.
    pub fn root_path(&self) -> &str {
        &self.inner.scope.root_path
    }

    /// A value that [`insert`](Self::insert) kept: middleware leaves the user here, and the view finds it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_handler::{App, Client, Request, Urls, neutral};
    /// #[derive(Clone)]
    /// struct User(&'static str);
    ///
    /// fn home(request: Request) -> &'static str {
    ///     request.get::<User>().map_or("who are you?", |user| user.0)
    /// }
    ///
    /// let login = neutral(|request| { request.insert(User("django")); None }, |_, response| response);
    /// let app = App::new().middleware(login).urls(Urls::new().path("", home));
    /// assert_eq!(Client::new(app).get("/").wait()?.text(), "django");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.inner
            .extensions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get()
            .cloned()
    }

    /// Keeps a value by its type for whoever has this request; gives back the one before.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.inner
            .extensions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(value)
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// 413 if it is larger than [`App::body_limit`](crate::App::body_limit), 400 if the client broke off.
    ///
    /// # Cancel safety
    ///
    /// What was read by a dropped future is lost, and the body with it: the next one gets an error.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn body(&self) -> Op<'_, Bytes> {
        Op::new("Request::body", async {
            self.inner.incoming.read().await.cloned()
        })
    }

    /// The body as an HTML form.
    ///
    /// # Errors
    ///
    /// As [`body`](Self::body); 415 where the body is something else than a form, 400 with more than 1000 fields.
    ///
    /// # Cancel safety
    ///
    /// As [`body`](Self::body).
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn form(&self) -> Op<'_, FormData> {
        Op::new("Request::form", async {
            self.inner.incoming.read().await?;
            self.buffered_form()
        })
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// As [`body`](Self::body); 415 where the body does not say that it is JSON, 400 where it is not what `T` needs.
    ///
    /// # Cancel safety
    ///
    /// As [`body`](Self::body).
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn json<T: DeserializeOwned + Send>(&self) -> Op<'_, T> {
        Op::new("Request::json", async {
            self.inner.incoming.read().await?;
            self.buffered_json()
        })
    }

    /// Reads the body if that has not happened: a view with extractors needs it whole.
    pub(crate) async fn buffer(&self) -> Result<()> {
        self.inner.incoming.read().await.map(|_| ())
    }

    /// The body, once it was read.
    pub(crate) fn buffered_body(&self) -> Result<&Bytes> {
        self.inner.incoming.bytes()
    }

    pub(crate) fn buffered_form(&self) -> Result<FormData> {
        if let Some(form) = self.inner.form.get() {
            return Ok(form.clone());
        }
        let body = self.buffered_form_text()?;
        let form = FormData::parse(body)?;
        Ok(self.inner.form.get_or_init(|| form).clone())
    }

    /// The body, once it is known that it is a form; an empty one is a form without fields.
    pub(crate) fn buffered_form_text(&self) -> Result<&Bytes> {
        let body = self.buffered_body()?;
        if body.is_empty() || self.has_content_type(|kind| kind == "application/x-www-form-urlencoded") {
            return Ok(body);
        }
        Err(Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "A form is expected: application/x-www-form-urlencoded.",
        ))
    }

    pub(crate) fn buffered_json<T: DeserializeOwned>(&self) -> Result<T> {
        let body = self.buffered_body()?;
        if !self.has_content_type(|kind| kind == "application/json" || kind.ends_with("+json")) {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "JSON is expected: application/json.",
            ));
        }
        serde_json::from_slice(body)
            .map_err(|error| Error::bad_request(format!("The JSON is not as expected: {error}.")))
    }

    fn has_content_type(&self, is: impl Fn(&str) -> bool) -> bool {
        let value = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        is(&value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase())
    }
}

/// The method and the path; headers and bodies hold what does not belong into logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

#[expect(
    dead_code,
    reason = "only named so that a change of these promises does not go unseen"
)]
fn promises() {
    fn is<T: Send + Sync + Unpin + 'static>() {}
    is::<Request>();
    is::<HeaderName>();
}
