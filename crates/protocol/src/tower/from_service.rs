//! A service as an application.

use std::{fmt, future::poll_fn};

use bytes::Bytes;
use http::{Uri, request::Parts};
use tower_service::Service;

use super::BelowRoot;
use crate::{Application, Body, BoxError, HttpScope, Response, WebSocketScope, path, websocket::Handshake};

/// A tower service, such as an axum `Router`, as an [`Application`].
///
/// Each request gets a clone of the service. What an application's scope has and a request has not is among the request's
/// extensions, as [`ConnectionInfo`](crate::ConnectionInfo). Where the application is mounted below a path, the service sees the rest of it
/// alone, as services do. A WebSocket is answered by the service as the request that it is, upgrade included.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use nuages_protocol::tower::FromService;
///
/// let router: Router = Router::new().route("/", get(|| async { "bonsoir" }));
/// let app = FromService::new(router);
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct FromService<S> {
    service: S,
}

impl<S> FromService<S> {
    /// This service, as an application.
    pub fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S> fmt::Debug for FromService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromService")
            .field("service", &std::any::type_name::<S>())
            .finish()
    }
}

impl<S, B> Application for FromService<S>
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn http(&self, mut scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        let below = (!scope.root_path.is_empty())
            .then(|| below_root(&scope.uri, &scope.root_path))
            .flatten();
        if let Some(below) = below {
            scope.uri = below;
            scope.extensions.insert(BelowRoot);
        }
        let mut service = self.service.clone();
        poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
        let request = http::Request::from_parts(Parts::from(scope), body);
        let response = service.call(request).await.map_err(Into::into)?;
        Ok(response.map(Body::new))
    }

    async fn websocket(&self, scope: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
        handshake
            .through_http(scope, |scope, body| self.http(scope, body))
            .await
    }
}

/// The same URI without the path below which it is mounted.
fn below_root(uri: &Uri, root_path: &str) -> Option<Uri> {
    let rest = path::below(uri.path(), root_path)?;
    let path = if rest.is_empty() { "/" } else { rest };
    super::to_service::with_path(uri, path.to_owned())
}
