//! What the visitor asks for.

mod accessors;
mod body;
mod config;
mod content_type;
mod cookies;
mod form;
mod limits;
mod query;
mod reading;
mod stream;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, Method, Uri};
use http_body::Body as _;
use nuages_protocol::{Body, HttpScope};
use percent_encoding::percent_decode_str;
use tokio::sync::OnceCell;

pub use self::body::BodyRejection;
pub(crate) use self::body::Chunks;
use self::body::{Incoming, Within};
pub(crate) use self::config::RequestConfig;
pub(crate) use self::content_type::with_parameters;
pub use self::content_type::{ContentType, ContentTypeError};
pub use self::form::FormData;
pub(crate) use self::form::check_urlencoded;
pub use self::limits::Limits;
pub use self::query::QueryDict;
pub use self::stream::BodyStream;
use crate::extract::FormRejection;
use crate::settings::Settings;
use crate::uploads::UploadHandlers;
use crate::urls::{Endpoint, Param, Target};

/// A request.
///
/// It is a cheap handle: a clone is the same request, so middleware can keep one while the view has another, and what one
/// [`insert`](Self::insert)s the other sees.
///
/// What is there already is given by plain methods. The body may still be on its way, so what reads it returns an
/// [`Op`](crate::Op): `.await` it in async code, `.wait()` for it in sync code. It is read once, and kept.
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
    route: Option<Arc<Endpoint>>,
    target: Target,
    config: Arc<RequestConfig>,
    incoming: Incoming,
    /// Made for the first that asks for any of it: most requests bring no form, and their views read no cookie.
    read: OnceLock<Box<Read>>,
    extensions: RwLock<Extensions>,
}

/// What was made of the request because somebody asked for it.
#[derive(Default)]
struct Read {
    query: OnceLock<QueryDict>,
    cookies: OnceLock<Vec<(String, String)>>,
    content_type: OnceLock<Option<ContentType>>,
    /// The headers without those that are dropped, if there are any such.
    headers: OnceLock<Option<HeaderMap>>,
    /// Set once the reading came to an end. A reader that is dropped midway leaves it unset, and the body taken.
    body: OnceCell<Result<Bytes, BodyRejection>>,
    form: OnceCell<Result<FormData, FormRejection>>,
    uploads: Mutex<Uploads>,
}

#[derive(Default)]
struct Uploads {
    handlers: Option<UploadHandlers>,
    started: bool,
}

impl Request {
    /// A request outside of any application, for tests of what takes one.
    ///
    /// It has no route, so [`param`](Self::param) gives nothing, and the default [`Limits`].
    pub fn new(scope: HttpScope, body: impl Into<Body>) -> Self {
        Self::with_target(scope, body.into(), None, Target::Nothing, Arc::default())
    }

    pub(crate) fn with_target(
        mut scope: HttpScope,
        body: Body,
        route: Option<Arc<Endpoint>>,
        target: Target,
        config: Arc<RequestConfig>,
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
                config,
                incoming: Incoming::new(body),
                read: OnceLock::new(),
                extensions,
            }),
        }
    }

    fn read_cells(&self) -> &Read {
        self.inner.read.get_or_init(Box::default)
    }

    /// The limits of the application that answers.
    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    pub(crate) fn state<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.inner.config.state.get().cloned()
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

    /// What the converter called `name` took of the path.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The name and the text of everything that converters took of the path, from left to right.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
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

    /// A value that the view which answers this request was given by [`View::with_value`](crate::View::with_value): how middleware learns that
    /// a view is exempt from what it does.
    pub fn view_value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.route()?.view.value(self.method())
    }

    /// What the application that answers was told; the defaults, outside of any.
    pub fn settings(&self) -> &Settings {
        static DEFAULTS: std::sync::LazyLock<Settings> = std::sync::LazyLock::new(Settings::default);
        self.route().map_or(&*DEFAULTS, |route| &route.shared.settings)
    }

    /// The route that answers.
    pub(crate) fn route(&self) -> Option<&Arc<Endpoint>> {
        self.inner.route.as_ref()
    }

    /// The scope and the body, for another application or for a layer of tower, which may change both. A body that was read already is there again.
    pub(crate) fn parts_for_another(&self) -> (HttpScope, Body) {
        let mut scope = self.inner.scope.clone();
        scope.extensions.clone_from(
            &self
                .inner
                .extensions
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let read = self.inner.read.get().and_then(|read| read.body.get());
        let body = match read {
            Some(Ok(bytes)) => bytes.clone().into(),
            // Whoever has it, the other application finds none.
            _ => self
                .inner
                .incoming
                .take("another application")
                .unwrap_or_default(),
        };
        (scope, body)
    }

    /// The same for an application that is mounted, which reads no more and waits no longer than this one lets it.
    pub(crate) fn parts_for_mounted(&self) -> (HttpScope, Body) {
        let (scope, body) = self.parts_for_another();
        if body.is_end_stream() {
            return (scope, body);
        }
        let limits = self.limits();
        (scope, Body::new(Within(Chunks::new(body, limits.upload, limits))))
    }

    /// This request as a layer of tower changed it: with the same route and values.
    pub(crate) fn changed(&self, scope: HttpScope, body: Body) -> Self {
        let raw = self.inner.scope.uri.path();
        let target = match &self.inner.target {
            // By their text: the places are those of the target as it was.
            Target::Route(values) => Target::Route(values.iter().map(|value| value.owned(raw)).collect()),
            Target::Slash => Target::Slash,
            Target::Nothing => Target::Nothing,
        };
        Self::with_target(
            scope,
            body,
            self.inner.route.clone(),
            target,
            Arc::clone(&self.inner.config),
        )
    }

    pub(crate) fn is_missing_its_slash(&self) -> bool {
        matches!(self.inner.target, Target::Slash)
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
