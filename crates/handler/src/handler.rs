//! The built application: it answers requests, whoever brings them.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{self, Poll};

use bytes::Bytes;
use http::StatusCode;
use nuages_bridge::Context;
use nuages_protocol::{Application, Body, BoxError, HttpScope, State};

use crate::app::{App, BuildError};
use crate::client::TestRequest;
use crate::error::{Error, log_status, settle, without_body};
use crate::hook::RequestHook;
use crate::middleware::run;
use crate::mount::Mounted;
use crate::panic::caught;
use crate::plan::Plan;
use crate::request::{Request, RequestConfig};
use crate::response::Response;
use crate::settings::Settings;
use crate::signals::{Finish, Signals, send};
use crate::urls::{CURRENT, Current, Endpoint, ReverseError, ReverseParams, Router};
use crate::view::{BoxFuture, View};

/// An application that was built: a cheap handle, shared by all connections.
///
/// It is a [`nuages_protocol::Application`], which our server serves, and a [`tower::Service`], for tower layers outside of it and
/// for other frameworks that mount it.
#[derive(Clone)]
pub struct Handler {
    inner: Arc<Inner>,
}

/// What every route of an application knows.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) signals: Signals,
    /// The views that show errors, by status.
    pub(crate) error_views: Vec<(StatusCode, View)>,
    /// Those hooks that stand around views.
    pub(crate) view_hooks: Vec<Arc<dyn RequestHook>>,
    pub(crate) patterns: OnceLock<Vec<(String, String)>>,
}

impl Shared {
    /// The pattern and the name of each route, for the page that says that none of them fits.
    pub(crate) fn patterns(&self) -> &[(String, String)] {
        self.patterns.get().map_or(&[], Vec::as_slice)
    }
}

struct Inner {
    router: Arc<Router>,
    shared: Arc<Shared>,
    hooks: Vec<Arc<dyn RequestHook>>,
    requests: Arc<RequestConfig>,
    plan: Plan,
    /// The context in which a request begins, by the namespace of its route: made once, so that a request pays for a clone alone.
    contexts: Vec<Context>,
}

/// What an application is built of, beside its routes.
pub(crate) struct Parts {
    pub(crate) shared: Arc<Shared>,
    pub(crate) hooks: Vec<Arc<dyn RequestHook>>,
    pub(crate) requests: RequestConfig,
}

impl Handler {
    pub(crate) fn new(router: Router, parts: Parts) -> Self {
        let plan = Plan::new(&router);
        let patterns = plan.routes().iter().map(|route| {
            let name = route.name().unwrap_or_default();
            (route.pattern().to_owned(), name.to_owned())
        });
        // Set once, since an application is built once of its parts.
        let _ = parts.shared.patterns.set(patterns.collect());
        let router = Arc::new(router);
        let contexts = router.namespaces().map(|namespace| {
            let current = Current {
                router: Arc::clone(&router),
                root_path: "".into(),
                namespace,
            };
            Context::empty().run(|| {
                CURRENT.set(current);
                Context::current()
            })
        });
        let contexts = contexts.collect();
        if tracing::enabled!(target: "nuages::plan", tracing::Level::DEBUG) {
            for line in plan.to_string().lines() {
                tracing::debug!(target: "nuages::plan", "{line}");
            }
        }
        Self {
            inner: Arc::new(Inner {
                router,
                shared: parts.shared,
                hooks: parts.hooks,
                requests: Arc::new(parts.requests),
                plan,
                contexts,
            }),
        }
    }

    /// What it was told.
    pub fn settings(&self) -> &Settings {
        &self.inner.shared.settings
    }

    /// Each route with the layers that a request to it passes through, their modes, and the hops between them.
    pub fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// The URL of the route called `name`; see [`reverse`](crate::reverse()), which finds the application itself.
    ///
    /// # Errors
    ///
    /// As [`reverse`](crate::reverse()).
    pub fn reverse(&self, name: &str, params: impl ReverseParams) -> Result<String, ReverseError> {
        let suffix = params.suffix();
        let url = self.inner.router.reverse(name, "", &[], &params.into_pairs())?;
        Ok(url + &suffix)
    }

    /// Runs code to which this application is the current one, as it is to code of a request: [`reverse`](crate::reverse()) and
    /// [`Route::url`](crate::Route::url) find their routes in it. For commands, and for tests.
    pub fn with_urls<T>(&self, f: impl FnOnce() -> T) -> T {
        let current = Current {
            router: Arc::clone(&self.inner.router),
            root_path: "".into(),
            namespace: self.inner.router.namespace(0),
        };
        CURRENT.sync_scope(current, f)
    }

    /// Answers one request in a context of its own, with sync code on one thread of its own.
    ///
    /// `E` is whatever error the caller's contract has: there is none here.
    fn answer<E: 'static>(
        &self,
        scope: HttpScope,
        body: Body,
    ) -> impl Future<Output = Result<http::Response<Body>, E>> + Send + use<E> {
        // Before the future is made: what it would carry through its wrappers otherwise is half a kilobyte.
        let (route, request) = self.inner.receive(scope, body);
        let context = self.inner.contexts[route.namespace].clone();
        let respond = respond(Arc::clone(&self.inner), route, request);
        context.scope_with_thread(respond)
    }

    /// Answers one request in the context of the caller. The test client wants that: in a sync test, sync views run on
    /// the test's own thread and in its transaction.
    pub(crate) async fn answer_here(
        &self,
        scope: HttpScope,
        body: Body,
    ) -> Result<http::Response<Body>, Error> {
        let inner = Arc::clone(&self.inner);
        let respond = async {
            let (route, request) = inner.receive(scope, body);
            CURRENT.set(Current {
                router: Arc::clone(&inner.router),
                root_path: request.root_path().to_owned().into(),
                namespace: inner.router.namespace(route.namespace),
            });
            respond(inner, route, request).await
        };
        Context::current().scope_with_thread(respond).await
    }

    pub(crate) fn mounted(&self) -> impl Iterator<Item = &Arc<dyn Mounted>> {
        self.inner.router.mounts.iter()
    }
}

impl Inner {
    /// Makes the request and finds its route: no I/O, and no user code.
    fn receive(&self, scope: HttpScope, body: Body) -> (Arc<Endpoint>, Request) {
        let path = scope.uri.path();
        let (route, target) = self.router.resolve(path, mounted_at(path, &scope.root_path));
        let requests = Arc::clone(&self.requests);
        let request = Request::with_target(scope, body, Some(Arc::clone(&route)), target, requests);
        (route, request)
    }
}

async fn respond<E>(
    inner: Arc<Inner>,
    route: Arc<Endpoint>,
    request: Request,
) -> Result<http::Response<Body>, E> {
    if !request.root_path().is_empty() {
        CURRENT.set(Current {
            router: Arc::clone(&inner.router),
            root_path: request.root_path().to_owned().into(),
            namespace: inner.router.namespace(route.namespace),
        });
    }
    let prepared = if inner.hooks.is_empty() {
        Ok(())
    } else {
        caught(|| {
            inner
                .hooks
                .iter()
                .for_each(|hook| hook.context_of(route.view.name()))
        })
    };
    let finish = Finish::of(&inner.shared, &request);
    if !inner.shared.signals.started.is_empty() {
        let started = send("request_started", &inner.shared.signals.started, request.clone());
        Box::pin(started).await;
    }
    let response = match prepared {
        Ok(()) => run(&route, 0, request.clone()).await,
        Err(panic) => Box::pin(settle(&route, &request, Response::from_problem(panic.into()))).await,
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        log_status(&request, &response);
    }
    let mut response = response.into_http();
    without_body(request.method(), &mut response);
    if let Some(finish) = finish {
        response = finished(finish, &request, response).await;
    }
    Ok(response)
}

/// Tells the end of the request when its body has ended.
#[cold]
async fn finished(finish: Finish, request: &Request, response: http::Response<Body>) -> http::Response<Body> {
    use http_body::Body as _;

    // The test client reads such a body at once, and a test that has its response wants that to be over.
    if request.get::<TestRequest>().is_some() && response.body().size_hint().exact().is_some() {
        finish.now().await;
        return response;
    }
    response.map(|body| finish.after(body))
}

/// Where the application's own part of a path begins: after `root_path`, if that ends between two segments.
fn mounted_at(path: &str, root_path: &str) -> usize {
    let root = root_path.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => root.len(),
        _ => 0,
    }
}

impl Application for Handler {
    fn http(
        &self,
        scope: HttpScope,
        body: Body,
    ) -> impl Future<Output = Result<nuages_protocol::Response, BoxError>> + Send {
        self.answer(scope, body)
    }

    #[cfg(feature = "websocket")]
    fn websocket(
        &self,
        scope: nuages_protocol::WebSocketScope,
        handshake: nuages_protocol::websocket::Handshake,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let (asked, scope) = crate::websocket::Asked::by(scope);
        let (route, request) = self.inner.receive(scope, Body::empty());
        request.insert(asked.clone());
        let context = self.inner.contexts[route.namespace].clone();
        let answer = respond(Arc::clone(&self.inner), Arc::clone(&route), request.clone());
        let serve = crate::websocket::serve(route, asked, request, answer, handshake);
        context.scope_with_thread(serve)
    }

    /// Starts what is mounted inside.
    async fn startup(&self) -> Result<State, BoxError> {
        for mounted in self.mounted() {
            mounted.startup().await?;
        }
        Ok(State::new())
    }

    /// Ends what is mounted inside, all of it also where one fails.
    async fn shutdown(&self) -> Result<(), BoxError> {
        let mut result = Ok(());
        for mounted in self.mounted() {
            let ended = mounted.shutdown().await;
            result = result.and(ended);
        }
        result
    }
}

impl<B> tower::Service<http::Request<B>> for Handler
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        Box::pin(self.answer(parts.into(), Body::new(body)))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("plan", &self.inner.plan)
            .finish_non_exhaustive()
    }
}

/// What the test client takes: an [`App`] or a [`Handler`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no application",
    note = "give an `App` or what `App::build` returns"
)]
pub trait IntoHandler {
    /// The handler.
    ///
    /// # Errors
    ///
    /// As [`App::build`].
    fn into_handler(self) -> Result<Handler, BuildError>;
}

impl IntoHandler for App {
    fn into_handler(self) -> Result<Handler, BuildError> {
        self.build()
    }
}

impl IntoHandler for Handler {
    fn into_handler(self) -> Result<Handler, BuildError> {
        Ok(self)
    }
}

impl IntoHandler for &Handler {
    fn into_handler(self) -> Result<Handler, BuildError> {
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::mounted_at;

    #[test]
    fn a_mount_ends_between_segments() {
        assert_eq!(mounted_at("/shop/books/", "/shop"), 5);
        assert_eq!(mounted_at("/shop/books/", "/shop/"), 5);
        assert_eq!(mounted_at("/shop", "/shop"), 5);
        assert_eq!(mounted_at("/shopping/", "/shop"), 0);
        assert_eq!(mounted_at("/books/", ""), 0);
    }
}
