//! What is said of a single view, as methods on it.

use std::fmt;
use std::future::Future;
use std::ops::BitOr;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, header};
use nuages_handler::{
    CsrfExempt, ETag, IntoMiddleware as _, IntoView, Layer, Methods, NeutralMiddleware, Next, Request,
    Response, Result, View,
};

/// What can be said of a view where its route is written: which methods it answers, how long its answers keep, whether they have changed.
///
/// Each gives a [`View`] again, so they can be chained; the one that is said last is outermost. None of them takes a thread by
/// itself. What a view fails with goes past them, to whoever makes a page of it. Beside these a view has [`named`](View::named), [`inline`](View::inline) and [`layer`](View::layer).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_handler::{App, Client, Request, Urls};
/// use nuages_views::methods::{GET, POST};
/// use nuages_views::{CacheControl, Decorate as _, ETag};
///
/// fn price_list() -> &'static str { "12.90" }
/// async fn version(_: Request) -> Option<ETag> { Some(ETag::strong("v7")) }
///
/// let urls = Urls::new().path(
///     "prices/",
///     price_list
///         .require(GET | POST)
///         .etag(version)
///         .cache_control(CacheControl::public().max_age(Duration::from_secs(60)))
///         .vary_on(["accept-language"]),
/// );
/// let client = Client::new(App::new().urls(urls));
/// let response = client.get("/prices/").wait()?;
/// assert_eq!(response.header("cache-control"), Some("public, max-age=60"));
/// assert_eq!(response.header("vary"), Some("accept-language"));
/// assert_eq!(client.get("/prices/").header("if-none-match", "\"v7\"").wait()?.status(), 304);
/// assert_eq!(client.delete("/prices/").wait()?.status(), 405);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait Decorate<M>: IntoView<M> + Sized {
    /// Answers these methods alone, and 405 with an `Allow` header for all others. HEAD goes with GET, and OPTIONS is answered by the list.
    #[track_caller]
    fn require(self, methods: AllowedMethods) -> View {
        let view = self.into_view();
        let each = methods.iter();
        each.fold(Methods::default(), |all, method| all.on(method, view.clone()))
            .into_view()
    }

    /// How long, and by whom, the answers may be kept. An answer that says so itself is left as it is, and so is an error.
    #[track_caller]
    fn cache_control(self, rules: CacheControl) -> View {
        self.into_view().layer(rules)
    }

    /// Nobody keeps the answers, whatever they are.
    #[track_caller]
    fn never_cache(self) -> View {
        self.into_view().layer(NeverCache)
    }

    /// The answers depend on these headers of the request; caches then keep one for each value.
    #[track_caller]
    fn vary_on<H: AsRef<str>>(self, headers: impl IntoIterator<Item = H>) -> View {
        let headers = headers.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self.into_view().layer(VaryOn(headers))
    }

    /// Tells the state of the page by a tag, which `tag` finds more cheaply than the view makes the page. Where the browser has that state, the
    /// view does not run: 304, or 412 for a change that is based on another state.
    ///
    /// `tag` is a `fn` or an `async fn` of the [`Request`] that returns `Option<ETag>`, or a `Result` of it. It is a layer of its own kind: a
    /// sync one runs on the request's thread.
    #[track_caller]
    fn etag<K, F>(self, tag: F) -> View
    where
        F: Condition<ETag, K>,
    {
        self.into_view()
            .layer(tag.into_layer("etag", State::Tag))
            .with_value(HasTag)
    }

    /// The same by the time of the last change: `time` returns `Option<SystemTime>`, or a `Result` of it. Where a view has a [tag](Self::etag) too, what a browser says of
    /// tags goes before what it says of times, whichever of the two is outermost.
    #[track_caller]
    fn last_modified<K, F>(self, time: F) -> View
    where
        F: Condition<SystemTime, K>,
    {
        self.into_view()
            .layer(time.into_layer("last_modified", State::Time))
    }

    /// Unsafe requests to this view need no proof that they come from a page of this site: for what other programs call.
    #[track_caller]
    fn csrf_exempt(self) -> View {
        self.into_view().with_value(CsrfExempt)
    }

    /// Runs this sync view on the event loop, as it promises not to block: see [`View::inline`].
    #[track_caller]
    fn inline(self) -> View {
        self.into_view().inline()
    }

    /// What the plan and the logs call it: see [`View::named`].
    #[track_caller]
    fn named(self, name: &'static str) -> View {
        self.into_view().named(name)
    }
}

impl<M, V: IntoView<M>> Decorate<M> for V {}

/// HTTP methods, joined by `|`: see [`methods`](macro@crate::methods).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowedMethods(u8);

impl AllowedMethods {
    const ALL: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];

    pub(crate) const fn at(place: u8) -> Self {
        Self(1 << place)
    }

    fn iter(self) -> impl Iterator<Item = Method> {
        let places = Self::ALL.into_iter().enumerate();
        places.filter_map(move |(place, method)| (self.0 & (1 << place) != 0).then_some(method))
    }
}

impl BitOr for AllowedMethods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The value of a `Cache-Control` header.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_views::CacheControl;
///
/// let rules = CacheControl::private().max_age(Duration::from_secs(600)).must_revalidate();
/// assert_eq!(rules.to_string(), "private, max-age=600, must-revalidate");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "rules do nothing until a view has them"]
pub struct CacheControl(Vec<String>);

impl CacheControl {
    /// Every cache may keep the answer.
    pub fn public() -> Self {
        Self(vec!["public".to_owned()])
    }

    /// Only the visitor's own browser may keep it.
    pub fn private() -> Self {
        Self(vec!["private".to_owned()])
    }

    /// It may be kept, and is asked about each time.
    pub fn no_cache() -> Self {
        Self(vec!["no-cache".to_owned()])
    }

    /// It is not kept at all.
    pub fn no_store() -> Self {
        Self(vec!["no-store".to_owned()])
    }

    fn with(mut self, rule: impl Into<String>) -> Self {
        self.0.push(rule.into());
        self
    }

    /// For how long it is fresh; whole seconds.
    pub fn max_age(self, age: Duration) -> Self {
        self.with(format!("max-age={}", age.as_secs()))
    }

    /// The same for caches that many visitors share.
    pub fn shared_max_age(self, age: Duration) -> Self {
        self.with(format!("s-maxage={}", age.as_secs()))
    }

    /// For how long an old answer may be given while a new one is fetched.
    pub fn stale_while_revalidate(self, age: Duration) -> Self {
        self.with(format!("stale-while-revalidate={}", age.as_secs()))
    }

    /// Once it is no longer fresh, it is not used unasked.
    pub fn must_revalidate(self) -> Self {
        self.with("must-revalidate")
    }

    /// It never changes, so there is nothing to ask while it is fresh.
    pub fn immutable(self) -> Self {
        self.with("immutable")
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl NeutralMiddleware for CacheControl {
    fn after(&self, _: &Request, response: Response) -> Response {
        let status = response.status();
        let is_kept = status.is_success() || status.is_redirection();
        if is_kept && !response.headers().contains_key(header::CACHE_CONTROL) {
            response.header(header::CACHE_CONTROL, self.to_string())
        } else {
            response
        }
    }
}

struct NeverCache;

impl NeutralMiddleware for NeverCache {
    fn after(&self, _: &Request, response: Response) -> Response {
        response
            .header(
                header::CACHE_CONTROL,
                "max-age=0, no-cache, no-store, must-revalidate, private",
            )
            .header(header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}

struct VaryOn(Vec<String>);

impl NeutralMiddleware for VaryOn {
    fn after(&self, _: &Request, mut response: Response) -> Response {
        let values = response.headers().get_all(header::VARY).iter();
        let before: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let mut names: Vec<String> = before
            .join(",")
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        for name in &self.0 {
            if !names
                .iter()
                .any(|other| other == "*" || other.eq_ignore_ascii_case(name))
            {
                names.push(name.clone());
            }
        }
        if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
            response.headers_mut().insert(header::VARY, value);
        }
        response
    }
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncCondition<R>(R);

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncCondition<R>(R);

/// What a condition returns: `Option<T>`, or a `Result` of it.
pub trait ConditionResult<T> {
    #[doc(hidden)]
    fn into_state(self) -> Result<Option<T>>;
}

impl<T> ConditionResult<T> for Option<T> {
    fn into_state(self) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<T> ConditionResult<T> for Result<Option<T>> {
    fn into_state(self) -> Result<Option<T>> {
        self
    }
}

/// A `fn` or an `async fn` of a [`Request`] that tells the state of a page, for [`etag`](Decorate::etag) and
/// [`last_modified`](Decorate::last_modified).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell the state of a page",
    note = "it is a `fn(Request) -> Option<{T}>` or an `async fn(Request) -> Option<{T}>`; a `Result` of the `Option` will do too"
)]
pub trait Condition<T, K> {
    #[doc(hidden)]
    fn into_layer(self, name: &'static str, state: fn(Option<T>) -> State) -> Layer;
}

impl<T, F, R> Condition<T, SyncCondition<R>> for F
where
    T: 'static,
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: ConditionResult<T>,
{
    fn into_layer(self, name: &'static str, state: fn(Option<T>) -> State) -> Layer {
        let layer = move |request: Request, next: Next| -> Result<Response> {
            let state = state(self(request.clone()).into_state()?);
            if let Some(answer) = state.answer(&request) {
                return Ok(answer);
            }
            Ok(stamped(&state, next.run(request).wait()?))
        };
        layer.into_middleware().named(name)
    }
}

impl<T, F, Fut, R> Condition<T, AsyncCondition<R>> for F
where
    T: Send + 'static,
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: ConditionResult<T> + Send,
{
    fn into_layer(self, name: &'static str, state: fn(Option<T>) -> State) -> Layer {
        let layer = move |request: Request, next: Next| {
            let told = self(request.clone());
            async move {
                let state = state(told.await.into_state()?);
                if let Some(answer) = state.answer(&request) {
                    return Result::<Response>::Ok(answer);
                }
                Ok(stamped(&state, next.run(request).await?))
            }
        };
        layer.into_middleware().named(name)
    }
}

/// What is known of a page before it is made.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum State {
    Tag(Option<ETag>),
    Time(Option<SystemTime>),
}

/// Among a view's values: it has a tag.
#[derive(Clone, Copy)]
struct HasTag;

impl State {
    /// The answer, where the conditions of a request make the page itself needless.
    fn answer(&self, request: &Request) -> Option<Response> {
        match self {
            Self::Tag(tag) => request.precondition_response(tag.as_ref(), None),
            Self::Time(time) => {
                let headers = request.headers();
                let by_tag =
                    headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH);
                if by_tag && request.view_value::<HasTag>().is_some() {
                    return None;
                }
                request.precondition_response(None, *time)
            }
        }
    }
}

/// Puts the state on a response that has none of its own. An error has no state, and neither has the answer to a change.
fn stamped(state: &State, response: Response) -> Response {
    if !response.status().is_success() {
        return response;
    }
    match state {
        State::Tag(Some(tag)) if !response.headers().contains_key(header::ETAG) => response.etag(tag),
        State::Time(Some(time)) if !response.headers().contains_key(header::LAST_MODIFIED) => {
            response.last_modified(*time)
        }
        _ => response,
    }
}
