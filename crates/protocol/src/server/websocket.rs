//! A request that asks for a WebSocket.

use std::{
    future::{Future, poll_fn},
    io,
    sync::Arc,
    task::Poll,
};

use bytes::BytesMut;
use http::{HeaderValue, StatusCode, Uri};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use nuages_bridge as bridge;
use tokio::sync::oneshot;

use super::{
    Shared,
    connection::Core,
    panic,
    request::plain,
    shutdown::{Phase, Watcher},
};
use crate::{
    Application, BoxError, HttpScope, Response, WebSocketScope,
    fault::Chain,
    websocket::{
        self, Ends, Handshake, Offer, WebSocketConfig, WebSocketError,
        request::Refusal,
        session::{Cancelled, Outcome, Session},
    },
};

/// Whether a request asks for a WebSocket: by `Upgrade` over HTTP/1 (well or badly), by `:protocol` over HTTP/2.
pub(super) fn is_asked_for(parts: &http::request::Parts) -> bool {
    #[cfg(feature = "http2")]
    if parts.version == http::Version::HTTP_2 {
        return parts.method == http::Method::CONNECT
            && parts
                .extensions
                .get::<hyper::ext::Protocol>()
                .is_some_and(|protocol| protocol.as_str() == "websocket");
    }
    websocket::request::asks_for_one(&parts.headers)
}

/// What can be offered for a request that asks for a WebSocket, or what it is answered.
pub(super) fn check(parts: &http::request::Parts, config: &Arc<WebSocketConfig>) -> Result<Offer, Refusal> {
    let mut offer = websocket::request::check(parts, config)?;
    // A clone stays with the request, for applications that upgrade by themselves.
    let upgrade = parts.extensions.get::<OnUpgrade>().cloned();
    offer.transport = Box::pin(async move {
        let upgrade = upgrade.ok_or(io::ErrorKind::Unsupported)?;
        let upgraded = upgrade.await.map_err(io::Error::other)?;
        Ok(Box::new(TokioIo::new(upgraded)) as _)
    });
    Ok(offer)
}

/// Has the application answer the handshake; its WebSocket lives on in a task of its own.
pub(super) async fn answer<A: Application>(
    shared: &Arc<Shared<A>>,
    core: &Arc<Core>,
    scope: HttpScope,
    mut offer: Offer,
) -> Response {
    let scope = detached(WebSocketScope::from(scope));
    offer.subprotocols.clone_from(&scope.subprotocols);
    let config = Arc::clone(&offer.config);
    let path = scope.uri.path().to_owned();
    let (handshake, ends) = Handshake::over(offer);
    let (respond, response) = oneshot::channel();
    // Boxed here: the task would have room for it twice.
    let call = Box::pin(call(Arc::clone(shared), scope, handshake, path.clone()));
    let session = run(call, ends, respond, config, core.watcher(), path);
    let busy = core.busy();
    drop(tokio::spawn(async move {
        session.await;
        drop(busy);
    }));
    response
        .await
        .unwrap_or_else(|_| plain(StatusCode::SERVICE_UNAVAILABLE))
}

/// A scope that holds nothing of hyper's buffers. Applications keep it for as long as their WebSocket lives, and each value of a
/// header would keep 8 KiB with it.
fn detached(mut scope: WebSocketScope) -> WebSocketScope {
    let length = scope.headers.values().map(HeaderValue::len).sum();
    let mut values = BytesMut::with_capacity(length);
    for value in scope.headers.values() {
        values.extend_from_slice(value.as_bytes());
    }
    let mut values = values.freeze();
    for value in scope.headers.values_mut() {
        let copy = values.split_to(value.len());
        if let Ok(copy) = HeaderValue::from_maybe_shared(copy) {
            *value = copy;
        }
    }
    if let Ok(uri) = Uri::try_from(scope.uri.to_string()) {
        scope.uri = uri;
    }
    scope
}

async fn run(
    call: impl Future<Output = Outcome>,
    ends: Ends,
    respond: oneshot::Sender<Response>,
    config: Arc<WebSocketConfig>,
    mut watcher: Watcher,
    path: String,
) {
    let mut session = Session::new(call, ends, respond, &config);
    let mut told = false;
    let end = poll_fn(|cx| {
        match watcher.poll_phase(cx) {
            Phase::Running => {}
            Phase::Draining if told => {}
            Phase::Draining => {
                told = true;
                session.stop();
            }
            Phase::Cut => return Poll::Ready(Err(())),
        }
        session.poll(cx).map(Ok)
    })
    .await;
    match end {
        Ok(None) => {}
        Ok(Some(Cancelled::Silent)) => {
            tracing::error!(
                path,
                "cancelled: the application neither accepted nor denied the WebSocket in time"
            );
        }
        Ok(Some(Cancelled::Late)) => {
            tracing::warn!(
                path,
                "cancelled: the application went on for too long after its WebSocket had ended"
            );
        }
        Err(()) => tracing::warn!(path, "cut: the server ended before the WebSocket did"),
    }
}

/// Calls the application in a context and with a sync thread of its own, and logs where it fails.
async fn call<A: Application>(
    shared: Arc<Shared<A>>,
    scope: WebSocketScope,
    handshake: Handshake,
    path: String,
) -> Outcome {
    let call = async move { shared.app.websocket(scope, handshake).await };
    let call = bridge::SyncScope::new().run(bridge::async_frame(call));
    match panic::catch_unwind(bridge::Context::empty().scope(call)).await {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(error)) if is_of_the_end(&error) => {
            tracing::debug!(path, error = %Chain(error.as_ref()), "the application noticed the end of its WebSocket");
            Outcome::Done
        }
        Ok(Err(error)) => {
            tracing::error!(path, error = %Chain(error.as_ref()), "the application failed at a WebSocket");
            Outcome::Failed
        }
        Err(payload) => {
            tracing::error!(
                path,
                panic = panic::message(&payload),
                "the application panicked at a WebSocket"
            );
            Outcome::Failed
        }
    }
}

/// Whether an error says no more than that the WebSocket had ended, which is no fault.
fn is_of_the_end(error: &BoxError) -> bool {
    let first: &(dyn std::error::Error + 'static) = error.as_ref();
    std::iter::successors(Some(first), |error| (*error).source()).any(|error| {
        error
            .downcast_ref::<WebSocketError>()
            .is_some_and(WebSocketError::is_closed)
    })
}
