//! One request: the application is called, and something is answered whatever it does.

mod check;
mod incoming;
mod outgoing;

use std::{convert::Infallible, error::Error as StdError, fmt, pin::pin, sync::Arc};

use http::{HeaderValue, Method, StatusCode, Version, header, request::Parts, uri::PathAndQuery};
use hyper::body::Incoming;
use nuages_bridge as bridge;
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use self::incoming::IncomingBody;
pub(super) use self::outgoing::Outgoing;
use self::outgoing::Tail;
#[cfg(feature = "websocket")]
use super::websocket;
use super::{Shared, access::Entry, connection::Core, panic, proxy};
use crate::{Application, Body, BodyError, BoxError, HttpScope, Response};

/// Calls the application. Dropping this future, as hyper does when the client goes away, drops the application's.
pub(super) async fn answer<A: Application>(
    shared: &Arc<Shared<A>>,
    core: &Arc<Core>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Outgoing>, Infallible> {
    let (mut parts, body) = request.into_parts();
    core.begin_request();
    let mut in_flight = InFlight {
        method: parts.method.clone(),
        target: parts.uri.path_and_query().cloned(),
        version: parts.version,
        core,
        log: None,
        finished: false,
        handed_on: false,
    };
    if let Some(format) = shared.access {
        in_flight.log = Some(Entry::begin(format, &parts, core.info.client.as_ref()));
    }
    let suspicious = core.is_suspicious() || parts.version >= Version::HTTP_2;
    let has_body = !http_body::Body::is_end_stream(&body);
    if let Some(status) = check::refusal(&parts, &core.limits, suspicious, has_body) {
        tracing::debug!(%status, method = %in_flight.method, path = in_flight.path(), "a request was refused");
        core.left_unread();
        return Ok(in_flight.finish(shared, plain(status), None));
    }
    let place = match shared.place() {
        Ok(place) => place,
        Err(_full) => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            core.left_unread();
            return Ok(in_flight.finish(shared, response, None));
        }
    };
    check::normalize(&mut parts);
    #[cfg(feature = "websocket")]
    if websocket::is_asked_for(&parts) {
        drop(place);
        let response = match websocket::check(&parts, &shared.websocket) {
            Ok(offer) => {
                let scope = scope(shared, core, parts);
                if let Some(log) = &mut in_flight.log {
                    log.seen_from(scope.client.as_ref());
                }
                in_flight.checked(websocket::answer(shared, core, scope, offer).await)
            }
            Err(refusal) => refusal.into(),
        };
        return Ok(in_flight.finish(shared, response, None));
    }
    let scope = scope(shared, core, parts);
    if let Some(log) = &mut in_flight.log {
        log.seen_from(scope.client.as_ref());
    }
    let body = if has_body {
        Body::incoming(IncomingBody::new(body, core))
    } else {
        Body::empty()
    };
    let app = &shared.app;
    // Each request has a context and a sync thread of its own, as if it were a task of its own: the task is the
    // connection's, which lives longer and serves others. Pinned here, since moving it costs as much as parsing.
    let call = pin!(bridge::Context::empty().scope(
        bridge::SyncScope::new().run(bridge::async_frame(async move { app.http(scope, body).await }))
    ));
    let response = match panic::catch_unwind(call).await {
        Ok(Ok(response)) => in_flight.checked(response),
        Ok(Err(error)) => failed(&in_flight, &error),
        Err(payload) => {
            tracing::error!(
                method = %in_flight.method, path = in_flight.path(), panic = panic::message(&payload),
                "the application panicked"
            );
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    Ok(in_flight.finish(shared, response, place))
}

/// What the application is told of the request.
fn scope<A>(shared: &Shared<A>, core: &Core, parts: Parts) -> HttpScope {
    let mut info = core.info.clone();
    if let Some(trusted) = &shared.trusted {
        proxy::forwarded(trusted, &parts.headers, &mut info);
    }
    // All at once, since moving a scope around costs more than what it holds.
    HttpScope {
        method: parts.method,
        uri: parts.uri,
        version: parts.version,
        headers: parts.headers,
        extensions: parts.extensions,
        scheme: info.scheme,
        client: info.client,
        server: info.server,
        root_path: info.root_path,
        state: info.state,
        tls: info.tls,
    }
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
pub(super) fn plain(status: StatusCode) -> Response {
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
fn is_of_the_client(error: &(dyn StdError + 'static)) -> bool {
    BodyError::status_of(error).is_some_and(|status| status.is_client_error())
}

/// A target without its query, which may hold what doesn't belong into a log.
fn path_of(target: Option<&PathAndQuery>) -> &str {
    target.map_or("*", PathAndQuery::path)
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

/// A request that is not answered to its end. Says what became of one whose future was dropped.
struct InFlight<'a> {
    method: Method,
    target: Option<PathAndQuery>,
    version: Version,
    core: &'a Arc<Core>,
    log: Option<Entry>,
    finished: bool,
    /// Whether the response's body sees to the rest.
    handed_on: bool,
}

impl InFlight<'_> {
    fn path(&self) -> &str {
        path_of(self.target.as_ref())
    }

    /// The response, unless it is one that can't be sent.
    fn checked(&self, mut response: Response) -> Response {
        let status = response.status();
        let framing = Framing::of(response.headers());
        if framing.chunked {
            // How a body is framed is the server's.
            response.headers_mut().remove(header::TRANSFER_ENCODING);
        }
        if !framing.declared && !status.is_informational() {
            return response;
        }
        let reason = if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            "its status is informational: a final one has to follow"
        } else if self.method != Method::HEAD
            && let Some(declared) = response.headers().get(header::CONTENT_LENGTH)
            && let Some(exact) = http_body::Body::size_hint(response.body()).exact()
            && !(exact == 0 && matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT))
            && length_of(declared) != Some(exact)
        {
            "its body is not as long as its content-length says"
        } else {
            return response;
        };
        let (method, path) = (&self.method, self.path());
        tracing::error!(%method, path, reason, "a response could not be sent as the application made it");
        plain(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Hands the response over to hyper.
    fn finish<A>(
        &mut self,
        shared: &Shared<A>,
        mut response: Response,
        place: Option<OwnedSemaphorePermit>,
    ) -> http::Response<Outgoing> {
        self.finished = true;
        let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if !switched && self.version < Version::HTTP_2 && shared.limits.is_last(self.core.requests()) {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let (parts, body) = response.into_parts();
        if body.is_buffered() && self.log.is_none() {
            return http::Response::from_parts(parts, Outgoing::new(body, None));
        }
        if let Some(log) = &mut self.log {
            log.answered(parts.status);
        }
        let sends_body = self.method != Method::HEAD
            && !matches!(
                parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS
            );
        let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(length_of);
        let left = declared.or_else(|| http_body::Body::size_hint(&body).exact());
        self.handed_on = true;
        let tail = Tail {
            core: Arc::clone(self.core),
            method: self.method.clone(),
            target: self.target.clone(),
            left: left.filter(|_| sends_body),
            log: self.log.take(),
            sent: 0,
            ended: !sends_body || http_body::Body::is_end_stream(&body),
            _place: place,
            next: None,
        };
        http::Response::from_parts(parts, Outgoing::new(body, Some(Box::new(tail))))
    }
}

/// What a response says of its framing. Responses have few headers, so that a look at each costs less than a search.
struct Framing {
    declared: bool,
    chunked: bool,
}

impl Framing {
    fn of(headers: &http::HeaderMap) -> Self {
        let mut framing = Self {
            declared: false,
            chunked: false,
        };
        for name in headers.keys() {
            framing.declared |= *name == header::CONTENT_LENGTH;
            framing.chunked |= *name == header::TRANSFER_ENCODING;
        }
        framing
    }
}

fn length_of(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().parse().ok()
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.handed_on {
            self.core.end_request();
        }
        if self.finished {
            return;
        }
        let (method, path) = (&self.method, self.path());
        if self.core.is_cut() {
            tracing::warn!(%method, path, "cut: the server ended before the request was answered");
        } else {
            tracing::debug!(%method, path, "the client went away before it was answered");
        }
        if let Some(log) = self.log.take() {
            log.write(0, false);
        }
    }
}
