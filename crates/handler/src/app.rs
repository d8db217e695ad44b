//! An application: its middleware, its URLs, and what it is built into.

use std::fmt;
use std::sync::Arc;

use http::{Method, StatusCode};

use crate::check::{Check, Checks};
use crate::error::{Error, capture_backtraces};
use crate::handler::{Handler, Parts, Shared};
use crate::hook::RequestHook;
use crate::middleware::{DEFAULTS, IntoMiddleware, Layer, tower_layer};
use crate::panic::watch_panics;
use crate::plan::Plan;
use crate::request::{Request, RequestConfig};
use crate::response::Response;
use crate::settings::Settings;
use crate::signals::{IntoReceiver, Signals};
use crate::urls::{Router, Urls};
use crate::view::{IntoView, View};

/// An application, put together.
///
/// [`build`](Self::build) checks it and gives the [`Handler`] that answers requests.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls};
///
/// fn home() -> &'static str { "bonsoir" }
/// async fn about() -> &'static str { "a guitar and two fingers" }
///
/// let urls = Urls::new().path("", home).name("home").path("about/", about).name("about");
/// let app = App::new().urls(urls).build()?;
///
/// assert_eq!(app.plan().route("home").hops(), 1);
/// assert_eq!(app.plan().route("about").hops(), 0);
/// assert_eq!(Client::new(app).get("/about/").wait()?.text(), "a guitar and two fingers");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "an application does nothing until it is built"]
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) layers: Vec<Layer>,
    pub(crate) urls: Vec<Urls>,
    hooks: Vec<Arc<dyn RequestHook>>,
    pub(crate) requests: RequestConfig,
    signals: Signals,
    error_views: Vec<(StatusCode, View)>,
    pub(crate) checks: Vec<Check>,
}

impl App {
    /// An application that answers every request with 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the application is told from outside; without it, the defaults. [`Limits`](crate::Limits) and [`SigningKey`](crate::SigningKey) are made of it
    /// too; what is said of them afterwards counts.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.requests.limits = settings.limits.of_requests();
        if let Some(key) = settings.signing_key() {
            self.requests.key = Some(key);
        }
        self.settings = settings;
        self
    }

    /// Shows what went wrong to whoever asks: the setting [`debug`](Settings::debug). Never in production.
    pub fn debug(mut self, debug: bool) -> Self {
        self.settings.debug = debug;
        self
    }

    /// Wraps everything, the 404 page included; the first middleware is outermost.
    #[track_caller]
    pub fn middleware<M>(mut self, middleware: impl IntoMiddleware<M>) -> Self {
        self.layers.push(middleware.into_middleware());
        self
    }

    /// Adds a middleware that is made of the settings when the application is built, and may [decline](crate::MiddlewareNotUsed) then.
    pub fn middleware_from<M, T>(mut self, factory: impl Fn(&Settings) -> T + Send + Sync + 'static) -> Self
    where
        T: IntoMiddleware<M>,
    {
        self.layers.push(Layer::from_factory(factory));
        self
    }

    /// Adds the middleware that almost every site wants, made of the settings: [`RequestId`](crate::RequestId), [`AccessLog`](crate::AccessLog),
    /// [`AllowedHosts`](crate::AllowedHosts), [`SecurityHeaders`](crate::SecurityHeaders), [`Common`](crate::Common),
    /// [`ConditionalGet`](crate::ConditionalGet) and [`Csrf`](crate::Csrf), in this order, and before them [`Timeout`](crate::Timeout) and
    /// [`ConcurrencyLimit`](crate::ConcurrencyLimit), behind them [`ContentSecurityPolicy`](crate::ContentSecurityPolicy), where the settings ask for them.
    ///
    /// None of them causes a hop.
    pub fn default_middleware(mut self) -> Self {
        self.layers.extend(DEFAULTS.iter().map(|make| make()));
        self
    }

    /// Wraps everything inside in a layer of tower: of tower-http, for instance.
    ///
    /// It is async code, so it causes no hop. The request that it passes on, with its headers and its body, is the one that the layers inside and the
    /// view see.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Urls};
    /// use tower_http::cors::CorsLayer;
    ///
    /// let app = App::new().layer(CorsLayer::permissive()).urls(Urls::new().path("", || "bonsoir"));
    /// let response = Client::new(app).get("/").header("origin", "https://example.com").wait()?;
    /// assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[track_caller]
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: tower::Layer<crate::TowerNext>,
        L::Service: tower::Service<http::Request<nuages_protocol::Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as tower::Service<http::Request<nuages_protocol::Body>>>::Error:
            Into<nuages_protocol::BoxError>,
        <L::Service as tower::Service<http::Request<nuages_protocol::Body>>>::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<nuages_protocol::BoxError>,
    {
        self.layers.push(tower_layer(layer));
        self
    }

    /// Adds routes.
    pub fn urls(mut self, urls: Urls) -> Self {
        self.urls.push(urls);
        self
    }

    /// Prepares the context of each request; hooks run in the order in which they are added.
    pub fn hook(mut self, hook: impl RequestHook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Shows errors of this status by a view of the application's own: Django's `handler404` and its like.
    ///
    /// The view finds the [`Failure`](crate::Failure) among the request's values. Where it answers with 200, the response has the error's status. Where it fails, the
    /// plain page with status 500 is shown.
    #[track_caller]
    pub fn error_view<M>(mut self, status: StatusCode, view: impl IntoView<M>) -> Self {
        self.error_views.retain(|(other, _)| *other != status);
        self.error_views.push((status, view.into_view()));
        self
    }

    /// Has a `fn` or an `async fn` told of each request, before anything else of it runs.
    pub fn request_started<M>(mut self, receiver: impl IntoReceiver<Request, M>) -> Self {
        self.signals.started.push(receiver.into_receiver());
        self
    }

    /// Has a `fn` or an `async fn` told of the end of each request, exactly once: after the last byte of its response, or when its client has gone.
    ///
    /// It runs in the context of the request, and sync receivers on its thread.
    pub fn request_finished<M>(mut self, receiver: impl IntoReceiver<Request, M>) -> Self {
        self.signals.finished.push(receiver.into_receiver());
        self
    }

    /// Has a `fn` or an `async fn` told of each request that fails with status 500.
    pub fn got_request_exception<M>(mut self, receiver: impl IntoReceiver<(Request, Error), M>) -> Self {
        self.signals.exception.push(receiver.into_receiver());
        self
    }

    /// Adds a check of the application's own to those of [`check`](Self::check).
    pub fn add_check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// What is likely to be a mistake: Django's `check` command.
    pub fn check(&self) -> Checks {
        Checks::of(self, false)
    }

    /// The same, with what is to be looked at before the application goes into production: `check --deploy`.
    pub fn check_deploy(&self) -> Checks {
        Checks::of(self, true)
    }

    /// Lays out the routes and checks them.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every problem: a pattern that can't be read, two routes for the same paths, a name given twice.
    pub fn build(self) -> Result<Handler, BuildError> {
        watch_panics();
        if self.settings.debug {
            capture_backtraces();
        }
        let layers: Vec<Layer> = self
            .layers
            .into_iter()
            .filter_map(|layer| layer.built(&self.settings))
            .collect();
        // The layers of a view for errors are routes, which know what is shared, but no views for errors.
        let inner = Arc::new(Shared {
            settings: self.settings.clone(),
            ..Shared::default()
        });
        let error_views = self.error_views.into_iter();
        let shared = Arc::new(Shared {
            error_views: error_views
                .map(|(status, view)| (status, view.built(&inner)))
                .collect(),
            view_hooks: self
                .hooks
                .iter()
                .filter(|hook| hook.wraps_views())
                .cloned()
                .collect(),
            signals: self.signals,
            settings: self.settings,
            ..Shared::default()
        });
        let fallback = View::neutral("not found", no_route);
        let router = Router::build(self.urls, &layers, fallback, &shared)
            .map_err(|problems| BuildError { problems })?;
        let parts = Parts {
            shared,
            hooks: self.hooks,
            requests: self.requests,
        };
        Ok(Handler::new(router, parts))
    }

    /// The plan of every route, without keeping what was built for it. See [`Handler::plan`].
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn plan(&self) -> Result<Plan, BuildError> {
        Ok(self.clone().build()?.plan().clone())
    }
}

/// Answers what no route answers: with the same path and a slash at its end, where that is one, else 404.
fn no_route(request: &Request) -> Response {
    let settings = request.settings();
    if request.is_missing_its_slash() && settings.append_slash {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Response::new(301).header("location", with_slash(request.uri()));
        }
        if settings.debug && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
            return Error::from(LostBody(with_slash(request.uri()))).into();
        }
    }
    Error::not_found().into()
}

/// A redirect would lose what was sent, so a developer is told in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "no route takes this path without a slash at its end, and a redirect would lose the body of this request: send it to `{0}`, or turn the setting `append_slash` off"
)]
struct LostBody(String);

/// The same target with a slash after its path; it never leads to another host.
fn with_slash(uri: &http::Uri) -> String {
    // `//host` and `/\host` are another host's URLs to a browser. Only the path's beginning can be read so.
    let path = uri.path().replace('\\', "%5C");
    let (first, rest) = path.split_at_checked(1).unwrap_or(("/", ""));
    let rest = rest
        .strip_prefix('/')
        .map_or_else(|| rest.to_owned(), |rest| format!("%2F{rest}"));
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    format!("{first}{rest}/{query}")
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("settings", &self.settings)
            .field("layers", &self.layers)
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// What is wrong with an application's URLs: all of it at once.
#[derive(Debug)]
pub struct BuildError {
    problems: Vec<String>,
}

impl BuildError {
    /// Each problem, in the order of the routes.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => f.write_str(problem),
            problems => {
                write!(f, "the URLs have {} problems", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for BuildError {}

#[cfg(test)]
mod tests {
    use super::with_slash;

    #[test]
    fn a_slash_is_appended_and_no_host_made() {
        for (target, location) in [
            ("/books", "/books/"),
            ("/books?page=2&q=%20", "/books/?page=2&q=%20"),
            ("/caf%C3%A9", "/caf%C3%A9/"),
            ("//evil.com", "/%2Fevil.com/"),
            ("///evil.com", "/%2F/evil.com/"),
            ("http://evil.com//evil.org", "/%2Fevil.org/"),
        ] {
            assert_eq!(with_slash(&target.parse().unwrap()), location, "{target}");
        }
    }
}
