//! One request: the application is called, and something is answered whatever it does.

use std::{
    convert::Infallible,
    error::Error as StdError,
    fmt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{HeaderValue, Method, StatusCode, header, uri::PathAndQuery};
use hyper::body::Incoming;
use nuages_bridge as bridge;

use super::panic;
use crate::{Application, Body, BodyError, BoxError, ConnectionInfo, HttpScope, Response};

/// What all requests of a connection share.
#[derive(Debug)]
pub(super) struct Shared<A> {
    pub(super) app: Arc<A>,
    pub(super) info: ConnectionInfo,
    /// Whether the server itself ends the connection, rather than the client.
    pub(super) cut: AtomicBool,
}

/// Calls the application. Dropping this future, as hyper does when the client goes away, drops the application's.
pub(super) async fn answer<A: Application>(
    shared: Arc<Shared<A>>,
    request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let mut in_flight = InFlight {
        method: parts.method.clone(),
        target: parts.uri.path_and_query().cloned(),
        cut: &shared.cut,
        finished: false,
    };
    let info = shared.info.clone();
    let scope = HttpScope {
        method: parts.method,
        uri: parts.uri,
        version: parts.version,
        headers: parts.headers,
        extensions: parts.extensions,
        scheme: info.scheme,
        client: info.client,
        server: info.server,
        root_path: info.root_path,
    };
    let app = &*shared.app;
    // Each request has a context and a sync thread of its own, as if it were a task of its own: the task is the
    // connection's, which lives longer and serves others. Pinned here, since moving it costs as much as parsing.
    let call = pin!(
        bridge::Context::empty().scope(bridge::SyncScope::new().run(bridge::async_frame(async move {
            app.http(scope, Body::incoming(body)).await
        })))
    );
    let result = panic::catch_unwind(call).await;
    in_flight.finished = true;
    Ok(match result {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => failed(&in_flight, &error),
        Err(payload) => {
            tracing::error!(
                method = %in_flight.method, path = in_flight.path(), panic = panic::message(&payload),
                "the application panicked"
            );
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    })
}

/// Answers an error of the application: the client's own mistakes are its to hear of, and no news for the log.
fn failed(request: &InFlight<'_>, error: &BoxError) -> Response {
    let (method, path) = (&request.method, request.path());
    match BodyError::status_of(error.as_ref()) {
        Some(status) if status.is_client_error() => {
            tracing::debug!(%method, path, error = %Chain(error.as_ref()), "the request's body could not be read");
            plain(status)
        }
        _ => {
            tracing::error!(%method, path, error = %Chain(error.as_ref()), "the application failed");
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A bare answer after which the connection ends: what the application left unread or half done goes with it.
fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether an error comes from what the client did to the body of its request.
pub(super) fn is_of_the_client(error: &(dyn StdError + 'static)) -> bool {
    BodyError::status_of(error).is_some_and(|status| status.is_client_error())
}

/// An error with all its sources, in one line.
pub(super) struct Chain<'a>(pub(super) &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        std::iter::successors(self.0.source(), |error| (**error).source())
            .try_for_each(|source| write!(f, ": {source}"))
    }
}

/// Says what became of a request whose future was dropped.
struct InFlight<'a> {
    method: Method,
    target: Option<PathAndQuery>,
    cut: &'a AtomicBool,
    finished: bool,
}

impl InFlight<'_> {
    /// Without the query, which may hold what doesn't belong into a log.
    fn path(&self) -> &str {
        self.target.as_ref().map_or("*", PathAndQuery::path)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let (method, path) = (&self.method, self.path());
        if self.cut.load(Ordering::Relaxed) {
            tracing::warn!(%method, path, "cut: the server ended before the request was answered");
        } else {
            tracing::debug!(%method, path, "the client went away before it was answered");
        }
    }
}
