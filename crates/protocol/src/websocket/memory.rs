//! A WebSocket to an application, without a server in between.

use std::sync::Arc;

use http::{HeaderValue, Uri};
use nuages_bridge::{self as bridge, Op};
use tokio::sync::oneshot;

use super::{
    Handshake, WebSocket, WebSocketConfig, WebSocketError,
    accept::Offer,
    client,
    connection::BoxTransport,
    error::Kind,
    session::{Outcome, Session},
};
use crate::{Application, WebSocketScope};

/// How many bytes are on their way at most, in each direction.
const PIPE: usize = 64 * 1024;

/// Opens a WebSocket to an application in memory, for tests: what is sent goes through the same frames as over a socket.
///
/// The application runs in a task of its own, under a server's rules: an error of it closes the WebSocket with 1011, and
/// its return with 1000.
///
/// # Examples
///
/// ```
/// use http::Uri;
/// use nuages_protocol::{Application, Body, BoxError, HttpScope, Response, WebSocketScope};
/// use nuages_protocol::websocket::{self, Handshake};
///
/// struct Shout;
///
/// impl Application for Shout {
///     async fn http(&self, _: HttpScope, _: Body) -> Result<Response, BoxError> {
///         Ok(Response::default())
///     }
///
///     async fn websocket(&self, _: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
///         let mut socket = handshake.accept().await?;
///         while let Some(message) = socket.recv().await? {
///             let text = message.into_text().unwrap_or_default();
///             socket.send(text.to_uppercase()).await?;
///         }
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), websocket::WebSocketError> {
/// let scope = WebSocketScope::new(Uri::from_static("/shout/"));
/// let mut socket = websocket::connect(Shout, scope).wait()?;
/// socket.send("bonsoir").wait()?;
/// assert_eq!(socket.recv().wait()?.unwrap().as_text(), Some("BONSOIR"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`is_denied`](WebSocketError::is_denied) if the application denies it, with its response. One that fails before it
/// accepts is answered with 500.
///
/// # Blocking
///
/// `.wait()` blocks until the application has answered.
#[track_caller]
pub fn connect<A: Application>(app: A, scope: WebSocketScope) -> Op<'static, WebSocket, WebSocketError> {
    Op::new("websocket::connect", connected(app, scope))
}

async fn connected<A: Application>(app: A, mut scope: WebSocketScope) -> Result<WebSocket, WebSocketError> {
    let config = Arc::new(WebSocketConfig::new());
    let (ours, theirs) = tokio::io::duplex(PIPE);
    if scope.uri.path().is_empty() {
        scope.uri = Uri::from_static("/");
    }
    let offer = Offer {
        key: Some(HeaderValue::from_static("in memory")),
        compression: None,
        subprotocols: scope.subprotocols.clone(),
        transport: Box::pin(async move { Ok(Box::new(theirs) as BoxTransport) }),
        config: Arc::clone(&config),
    };
    let (handshake, ends) = Handshake::over(offer);
    // Made in the task that runs it: the scope of sync code would otherwise be that of whoever opens the WebSocket, and a sync test that
    // waits for an answer would wait for itself.
    let call = async move {
        let call = bridge::async_frame(async move { app.websocket(scope, handshake).await });
        match bridge::Context::empty()
            .scope(bridge::SyncScope::new().run(call))
            .await
        {
            Ok(()) => Outcome::Done,
            Err(_) => Outcome::Failed,
        }
    };
    let (respond, response) = oneshot::channel();
    let session = Session::new(call, ends, respond, &config);
    drop(tokio::spawn(session.run()));
    let response = response.await.map_err(|_| Kind::Gone)?;
    if response.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        let (parts, body) = response.into_parts();
        // A body that fails is what there is of it: nothing.
        let body = body.collect(client::MAX_DENIAL).await.unwrap_or_default();
        return Err(Kind::Denied(Box::new(http::Response::from_parts(parts, body))).into());
    }
    let subprotocol = response
        .headers()
        .get(http::header::SEC_WEBSOCKET_PROTOCOL)
        .and_then(|name| name.to_str().ok())
        .map(str::to_owned);
    Ok(client::start(Box::new(ours), &config, subprotocol, None, b""))
}
