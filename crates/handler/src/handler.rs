//! The built application: it answers requests, whoever brings them.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{self, Poll};

use bytes::Bytes;
use nuages_bridge::{Context, SyncScope};
use nuages_protocol::{Application, Body, BoxError, HttpScope};

use crate::app::{App, BuildError};
use crate::error::{Error, settle, without_body};
use crate::hook::RequestHook;
use crate::middleware::run;
use crate::panic::caught;
use crate::plan::Plan;
use crate::request::Request;
use crate::response::Response;
use crate::urls::{CURRENT, Current, ReverseError, ReverseParams, Route, Router};
use crate::view::BoxFuture;

/// An application that was built: a cheap handle, shared by all connections.
///
/// It is a [`nuages_protocol::Application`], which our server serves, and a [`tower::Service`], for tower layers outside of it and
/// for other frameworks that mount it.
#[derive(Clone)]
pub struct Handler {
    inner: Arc<Inner>,
}

struct Inner {
    router: Arc<Router>,
    hooks: Vec<Arc<dyn RequestHook>>,
    body_limit: usize,
    plan: Plan,
    /// The context in which each request begins, made once so that a request pays for a clone alone.
    context: Context,
}

impl Handler {
    pub(crate) fn new(router: Router, hooks: Vec<Arc<dyn RequestHook>>, body_limit: usize) -> Self {
        let plan = Plan::new(&router);
        let router = Arc::new(router);
        let current = Current {
            router: Arc::clone(&router),
            root_path: "".into(),
        };
        let context = Context::empty().run(|| {
            CURRENT.set(current);
            Context::current()
        });
        Self {
            inner: Arc::new(Inner {
                router,
                hooks,
                body_limit,
                plan,
                context,
            }),
        }
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
        self.inner.router.reverse(name, "", &params.into_pairs())
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
        let respond = respond(Arc::clone(&self.inner), self.inner.receive(scope, body));
        self.inner.context.clone().scope(SyncScope::new().run(respond))
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
            CURRENT.set(Current {
                router: Arc::clone(&inner.router),
                root_path: scope.root_path.clone(),
            });
            let request = inner.receive(scope, body);
            respond(inner, request).await
        };
        Context::current().scope(SyncScope::new().run(respond)).await
    }
}

impl Inner {
    /// Makes the request and finds its route: no I/O, and no user code.
    fn receive(&self, scope: HttpScope, body: Body) -> (Arc<Route>, Request) {
        let path = scope.uri.path();
        let (route, target) = self.router.resolve(path, mounted_at(path, &scope.root_path));
        let request = Request::with_target(scope, body, Some(Arc::clone(&route)), target, self.body_limit);
        (route, request)
    }
}

async fn respond<E>(
    inner: Arc<Inner>,
    (route, request): (Arc<Route>, Request),
) -> Result<http::Response<Body>, E> {
    if !request.root_path().is_empty() {
        let root_path = request.root_path().to_owned().into();
        CURRENT.set(Current {
            router: Arc::clone(&inner.router),
            root_path,
        });
    }
    let response = match caught(|| inner.hooks.iter().for_each(|hook| hook.context())) {
        Ok(()) => run(&route, 0, request.clone()).await,
        Err(panicked) => settle(&request, Response::from_problem(panicked)),
    };
    let mut response = response.into_http();
    without_body(request.method(), &mut response);
    Ok(response)
}

/// Where the application's own part of a path begins: after `root_path`, if that ends between two segments.
fn mounted_at(path: &str, root_path: &str) -> usize {
    let root = root_path.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some(rest) if rest.starts_with('/') => root.len(),
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
}

impl<B> tower::Service<http::Request<B>> for Handler
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

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
        assert_eq!(mounted_at("/shopping/", "/shop"), 0);
        assert_eq!(mounted_at("/books/", ""), 0);
    }
}
