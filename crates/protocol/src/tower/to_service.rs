//! An application as a service.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};
use nuages_bridge as bridge;
use tower_service::Service;

use super::BelowRoot;
use crate::{Application, Body, BoxError, HttpScope, Response, fault, path};

/// An [`Application`] as a tower service, to be mounted in axum or wrapped into layers.
///
/// An error of the application becomes an answer here, as it does in a server: 500 and a line in the log, or the
/// status of what the client did wrong. So the service never fails, which is what axum asks for.
///
/// Whoever mounts it has to start the application and shut it down: [`Application::startup`], [`Application::shutdown`].
/// WebSockets need a server of ours.
///
/// # Examples
///
/// ```
/// use axum::Router;
/// use nuages_protocol::{Response, app_fn, tower::ToService};
///
/// let app = app_fn(|scope, _body| async move { Ok(Response::new(scope.uri.path().to_owned().into())) });
/// let router: Router = Router::new().nest_service("/old", ToService::new(app).mounted_at("/old"));
/// # let _ = router;
/// ```
pub struct ToService<A> {
    app: Arc<A>,
    root_path: Arc<str>,
}

impl<A: Application> ToService<A> {
    /// This application, as a service.
    pub fn new(app: A) -> Self {
        Self {
            app: Arc::new(app),
            root_path: Arc::from(""),
        }
    }

    /// Tells the application below which path it is mounted, by whatever cuts that path off: axum's `nest_service`.
    ///
    /// The application sees it in its scope's `root_path`, and its URIs whole.
    #[must_use]
    pub fn mounted_at(mut self, prefix: &str) -> Self {
        self.root_path = path::prefix(prefix).into();
        self
    }
}

impl<A> Clone for ToService<A> {
    fn clone(&self) -> Self {
        Self {
            app: Arc::clone(&self.app),
            root_path: Arc::clone(&self.root_path),
        }
    }
}

impl<A> fmt::Debug for ToService<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToService")
            .field("app", &std::any::type_name::<A>())
            .field("root_path", &self.root_path)
            .finish()
    }
}

impl<A, B> Service<http::Request<B>> for ToService<A>
where
    A: Application,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ServiceFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> ServiceFuture {
        let (parts, body) = request.into_parts();
        let mut scope = HttpScope::from(parts);
        let cut_off = scope.extensions.remove::<BelowRoot>().is_some();
        let prefix = if cut_off {
            scope.root_path.to_string()
        } else {
            self.root_path.to_string()
        };
        if !prefix.is_empty()
            && let Some(uri) = with_path(&scope.uri, format!("{prefix}{}", scope.uri.path()))
        {
            scope.uri = uri;
            scope.root_path = prefix.into();
        }
        let app = Arc::clone(&self.app);
        let answer = async move { app.http(scope, Body::new(body)).await };
        let answer = bridge::SyncScope::new().run(bridge::async_frame(answer));
        ServiceFuture {
            answer: Box::pin(bridge::Context::current().scope(answer)),
        }
    }
}

/// The same URI with another path.
pub(super) fn with_path(uri: &Uri, mut path: String) -> Option<Uri> {
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// The future of a [`ToService`].
#[must_use = "futures do nothing unless polled"]
pub struct ServiceFuture {
    answer: Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>,
}

impl Future for ServiceFuture {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer
            .as_mut()
            .poll(cx)
            .map(|answer| Ok(answer.unwrap_or_else(|error| fault::answer(&error))))
    }
}

impl fmt::Debug for ServiceFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceFuture").finish_non_exhaustive()
    }
}
