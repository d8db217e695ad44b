//! WebSocket views: routed as others are, behind the same middleware, with the socket as an argument.

mod client;
mod origin;
mod serve;

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use nuages_protocol::websocket::WebSocket;

use self::origin::Origins;
pub(crate) use self::serve::{Asked, serve};
use crate::error::Error;
use crate::extract::FromRequest;
use crate::request::Request;
use crate::response::Response;
use crate::view::{IntoView, View};

/// Makes a route of a view that takes a [`WebSocket`], where more is to be said than [`Urls::websocket`](crate::Urls::websocket) says by itself.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Result, Urls, WebSocket, websocket};
///
/// async fn chat(mut socket: WebSocket) -> Result<()> {
///     while let Some(message) = socket.recv().await? {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
///
/// let urls = Urls::new().path(
///     "ws/chat/",
///     websocket(chat).subprotocol("chat.v2").subprotocol("chat.v1").allow_origin("https://app.example.com"),
/// );
/// # let _ = urls;
/// ```
#[track_caller]
pub fn websocket<M>(view: impl IntoView<M>) -> WebSocketView {
    WebSocketView {
        view: view.into_view(),
        subprotocols: Vec::new(),
        origins: Origins::default(),
    }
}

/// A view that takes a [`WebSocket`], and on which terms; [`websocket`] makes it.
#[derive(Clone, Debug)]
#[must_use = "a view does nothing until it has a route"]
pub struct WebSocketView {
    view: View,
    subprotocols: Vec<Cow<'static, str>>,
    origins: Origins,
}

impl WebSocketView {
    /// Speaks a subprotocol. The first of these that a client offers too is agreed on; [`WebSocket::subprotocol`] tells the view.
    pub fn subprotocol(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Lets pages of another origin connect, such as `https://app.example.com`, besides those of the host itself.
    pub fn allow_origin(mut self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.origins.allow(origin.into());
        self
    }

    /// Lets the pages of everybody connect.
    ///
    /// A browser sends the visitor's cookies with a WebSocket, whoever's page opens it, and asks nobody: a view that
    /// knows its visitor by a cookie must not be open to all.
    pub fn any_origin(mut self) -> Self {
        self.origins.allow_all();
        self
    }

    /// Answers the handshake, as the innermost of the layers that a request goes through: 101 lets it be accepted.
    fn answer(&self, request: &Request) -> Response {
        let Some(asked) = request.get::<Asked>() else {
            return Response::new(StatusCode::UPGRADE_REQUIRED)
                .header("upgrade", "websocket")
                .header("connection", "upgrade")
                .body("this is a WebSocket");
        };
        if !self.origins.admit(request) {
            tracing::debug!(
                path = request.path(),
                origin = request.header("origin"),
                "a WebSocket of another origin was refused"
            );
            return Error::new(
                StatusCode::FORBIDDEN,
                "pages of another origin can't connect here; the route's `allow_origin(..)` lets them",
            )
            .into();
        }
        if let Err(error) = self.view.probe(request) {
            return error.into();
        }
        let subprotocol = self
            .subprotocols
            .iter()
            .find(|name| asked.offered.iter().any(|offered| *offered == ***name));
        asked.agree(
            request.clone(),
            self.view.clone(),
            subprotocol.map(|name| name.clone().into_owned()),
        );
        Response::new(StatusCode::SWITCHING_PROTOCOLS)
    }
}

/// Among a route's values: it is a WebSocket's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakesWebSocket;

/// Marks a view that takes a WebSocket.
#[derive(Debug)]
pub struct OverWebSocket;

#[diagnostic::do_not_recommend]
impl IntoView<OverWebSocket> for WebSocketView {
    fn into_view(self) -> View {
        let name = self.view.name.clone();
        View::of_neutral(name, move |request| self.answer(request)).with_value(TakesWebSocket)
    }
}

/// Whether an argument of a view can be made before the WebSocket is there; one that holds the WebSocket itself is taken for one that can.
pub(crate) fn probe<T: FromRequest>(request: &Request) -> Result<(), Error> {
    let made = T::from_request(request);
    let is_wanted = request
        .get::<Asked>()
        .is_some_and(|asked| asked.is_wanted.swap(false, Ordering::Relaxed));
    match made {
        Err(error) if !is_wanted => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where the socket is until the view takes it.
#[derive(Clone, Debug)]
struct Accepted(Arc<Mutex<Option<WebSocket>>>);

/// The WebSocket that was accepted. One argument of a view takes it.
impl FromRequest for WebSocket {
    type Rejection = Error;

    fn from_request(request: &Request) -> Result<Self, Error> {
        let accepted = request.get::<Accepted>();
        if let (None, Some(asked)) = (&accepted, request.get::<Asked>()) {
            asked.is_wanted.store(true, Ordering::Relaxed);
        }
        let socket = accepted.and_then(|slot| slot.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        socket.ok_or_else(|| {
            Error::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "a view that takes a WebSocket, once, is routed by `Urls::websocket`",
            )
        })
    }
}
