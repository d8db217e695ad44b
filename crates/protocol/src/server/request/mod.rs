//! One request: the application is called, and something is answered whatever it does.

mod check;
mod incoming;
mod outgoing;

use std::{
    convert::Infallible,
    error::Error as StdError,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Method, StatusCode, Version, header, request::Parts, uri::PathAndQuery};
use hyper::body::Incoming;
use nuages_bridge as bridge;
use pin_project_lite::pin_project;
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use self::incoming::IncomingBody;
pub(super) use self::outgoing::Outgoing;
use self::{check::Seen, outgoing::Tail};
#[cfg(feature = "websocket")]
use super::websocket;
use super::{Shared, access::Entry, connection::Core, panic, proxy};
use crate::{
    Application, Body, BodyError, BoxError, HttpScope, Response,
    fault::{self, Chain},
};

/// Calls the application. Dropping this future, as hyper does when the client goes away, drops the application's.
///
/// What can be done at once is done before there is a future, since hyper moves the future to its place: what it carries is moved along.
pub(super) fn answer<'a, A: Application>(
    shared: &'a Arc<Shared<A>>,
    core: &'a Arc<Core>,
    request: http::Request<Incoming>,
) -> impl Future<Output = Result<http::Response<Outgoing>, Infallible>> + Send + use<'a, A> {
    let (mut parts, body) = request.into_parts();
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
        in_flight.log = Some(Box::new(Entry::begin(format, &parts, core.info.client.as_ref())));
    }
    let suspicious = core.is_suspicious() || parts.version >= Version::HTTP_2;
    let has_body = !http_body::Body::is_end_stream(&body);
    let seen = Seen::of(&parts.headers);
    #[cfg(feature = "websocket")]
    let upgrades = seen.upgrade || parts.version >= Version::HTTP_2;
    if let Some(status) = check::refusal(&parts, &seen, &core.limits, suspicious, has_body) {
        tracing::debug!(%status, method = %in_flight.method, path = in_flight.path(), "a request was refused");
        core.left_unread();
        return Answer::early(in_flight.finish(shared, plain(status), None));
    }
    let place = match shared.place(parts.version) {
        Ok(place) => place,
        Err(_full) => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            core.left_unread();
            return Answer::early(in_flight.finish(shared, response, None));
        }
    };
    check::normalize(&mut parts);
    #[cfg(feature = "websocket")]
    if upgrades && websocket::is_asked_for(&parts) {
        drop(place);
        let offer = match websocket::check(&parts, &shared.websocket) {
            Ok(offer) => offer,
            Err(refusal) => return Answer::early(in_flight.finish(shared, refusal.into(), None)),
        };
        let scope = scope(shared, core, parts);
        if let Some(log) = &mut in_flight.log {
            log.seen_from(scope.client.as_ref());
        }
        return Answer::Boxed {
            future: Box::pin(async move {
                let mut response = websocket::answer(shared, core, scope, offer).await;
                in_flight.check(&mut response);
                in_flight.finish(shared, response, None)
            }),
        };
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
    // Each request has a context and a sync thread of its own, as if it were a task of its own: the task is the
    // connection's, which lives longer and serves others.
    let call = Call::Asked {
        make: move || shared.app.http(scope, body),
    };
    Answer::Call {
        call: bridge::Context::empty().scope_with_thread(bridge::async_frame(call)),
        in_flight,
        shared,
        place,
    }
}

pin_project! {
    /// The answer to a request.
    #[project = Project]
    enum Answer<'a, A, M, F> {
        /// Known without the application.
        Early { response: Option<http::Response<Outgoing>> },
        /// The application's, which is dropped first.
        Call {
            #[pin]
            call: bridge::ContextScope<bridge::AsyncFrame<Call<M, F>>>,
            in_flight: InFlight<'a>,
            shared: &'a Shared<A>,
            place: Option<OwnedSemaphorePermit>,
        },
        /// Whatever is rare enough not to have its room in the future of every request.
        Boxed { future: Pin<Box<dyn Future<Output = http::Response<Outgoing>> + Send + 'a>> },
    }
}

pin_project! {
    /// The application's future, made when it is first polled: what an application does to make it belongs to the request, too.
    #[project = CallProject]
    #[project_replace = CallReplaced]
    enum Call<M, F> {
        Asked { make: M },
        Made { #[pin] future: F },
        Gone,
    }
}

impl<M, F> Future for Call<M, F>
where
    M: FnOnce() -> F,
    F: Future,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let CallProject::Made { future } = self.as_mut().project() {
            return future.poll(cx);
        }
        if let CallReplaced::Asked { make } = self.as_mut().project_replace(Self::Gone) {
            let future = make();
            self.set(Self::Made { future });
        }
        match self.project() {
            CallProject::Made { future } => future.poll(cx),
            CallProject::Asked { .. } | CallProject::Gone => {
                panic!("a future that panicked was polled again")
            }
        }
    }
}

impl<A, M, F> Answer<'_, A, M, F> {
    fn early(response: http::Response<Outgoing>) -> Self {
        Self::Early {
            response: Some(response),
        }
    }
}

impl<A, M, F> Future for Answer<'_, A, M, F>
where
    M: FnOnce() -> F,
    F: Future<Output = Result<Response, BoxError>>,
{
    type Output = Result<http::Response<Outgoing>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (call, in_flight, shared, place) = match self.project() {
            Project::Call {
                call,
                in_flight,
                shared,
                place,
            } => (call, in_flight, *shared, place),
            Project::Early { response } => {
                return Poll::Ready(Ok(response.take().expect("a future isn't polled after its end")));
            }
            Project::Boxed { future } => return future.as_mut().poll(cx).map(Ok),
        };
        // Written to from inside, since what a catch returns is moved twice.
        let mut polled = Poll::Pending;
        let caught = catch_unwind(AssertUnwindSafe(|| polled = call.poll(cx)));
        let response = match polled {
            Poll::Ready(Ok(mut response)) => {
                in_flight.check(&mut response);
                response
            }
            Poll::Ready(Err(error)) => failed(in_flight, &error),
            Poll::Pending => match caught {
                Ok(()) => return Poll::Pending,
                Err(payload) => {
                    tracing::error!(
                        method = %in_flight.method, path = in_flight.path(), panic = panic::message(&payload),
                        "the application panicked"
                    );
                    plain(StatusCode::INTERNAL_SERVER_ERROR)
                }
            },
        };
        Poll::Ready(Ok(in_flight.finish(shared, response, place.take())))
    }
}

/// What the application is told of the request.
fn scope<A>(shared: &Shared<A>, core: &Core, parts: Parts) -> HttpScope {
    let info = &core.info;
    let mut scope = HttpScope {
        method: parts.method,
        uri: parts.uri,
        version: parts.version,
        headers: parts.headers,
        extensions: parts.extensions,
        scheme: info.scheme,
        client: info.client.clone(),
        server: info.server.clone(),
        root_path: info.root_path.clone(),
        state: info.state.clone(),
        tls: info.tls.clone(),
    };
    if let Some(trusted) = &shared.trusted {
        let mut told = info.clone();
        proxy::forwarded(trusted, &scope.headers, &mut told);
        (scope.scheme, scope.client) = (told.scheme, told.client);
    }
    scope
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
    let mut response = fault::plain(status);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
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

/// A request that is not answered to its end. Says what became of one whose future was dropped.
struct InFlight<'a> {
    method: Method,
    target: Option<PathAndQuery>,
    version: Version,
    core: &'a Arc<Core>,
    log: Option<Box<Entry>>,
    finished: bool,
    /// Whether the response's body sees to the rest.
    handed_on: bool,
}

impl InFlight<'_> {
    fn path(&self) -> &str {
        path_of(self.target.as_ref())
    }

    /// Puts an error in the place of a response that can't be sent.
    fn check(&self, response: &mut Response) {
        let status = response.status();
        let framing = Framing::of(response.headers());
        if framing.chunked {
            // How a body is framed is the server's.
            response.headers_mut().remove(header::TRANSFER_ENCODING);
        }
        if !framing.declared && !status.is_informational() {
            return;
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
            return;
        };
        let (method, path) = (&self.method, self.path());
        tracing::error!(%method, path, reason, "a response could not be sent as the application made it");
        *response = plain(StatusCode::INTERNAL_SERVER_ERROR);
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
