//! The question whether a WebSocket is wanted.

use std::fmt;

use http::StatusCode;
use tokio::sync::oneshot;

use crate::{Body, BoxError, HttpScope, Response, WebSocketScope};

/// A client's wish for a WebSocket, which the application accepts or denies.
///
/// One that is dropped unanswered is denied with 403, as ASGI's close before accept is.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Response, websocket::Handshake};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (handshake, answer) = Handshake::new();
/// let mut response = Response::new("members only".into());
/// *response.status_mut() = http::StatusCode::UNAUTHORIZED;
/// handshake.deny(response);
/// assert_eq!(answer.response().await.status(), 401);
/// # }
/// ```
#[must_use = "a handshake that is dropped is denied"]
pub struct Handshake {
    pub(super) answer: oneshot::Sender<Response>,
    #[cfg(feature = "websocket")]
    pub(super) accept: super::accept::Accept,
}

impl Handshake {
    /// A handshake, and the server's end of it. For servers and tests.
    pub fn new() -> (Self, Answer) {
        let (sender, receiver) = oneshot::channel();
        let handshake = Self {
            answer: sender,
            #[cfg(feature = "websocket")]
            accept: super::accept::Accept::default(),
        };
        (handshake, Answer { answer: receiver })
    }

    /// Denies the WebSocket by a response of the application's own (ASGI's `websocket.http.response`).
    ///
    /// Its status has to be 300 or above, since a lower one would be none to a client, or over HTTP/2 even mean that it was
    /// accepted: the client gets 500 then.
    pub fn deny(self, mut response: Response) {
        if response.status().as_u16() < 300 {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        self.respond(response);
    }

    /// Has the request answered as what it is on the wire: a request that asks for an upgrade.
    ///
    /// For adapters to code that does its own WebSockets, such as an axum router with its `WebSocketUpgrade`. Whatever
    /// `http` answers goes to the client as it is, a 101 included, and what the server left for an upgrade is
    /// among the request's extensions.
    ///
    /// # Errors
    ///
    /// What `http` fails with. The server answers as if it had come from [`Application::http`](crate::Application::http).
    pub async fn through_http<F, Fut>(self, scope: WebSocketScope, http: F) -> Result<(), BoxError>
    where
        F: FnOnce(HttpScope, Body) -> Fut,
        Fut: Future<Output = Result<Response, BoxError>>,
    {
        let response = http(scope.into(), Body::empty()).await?;
        self.respond(response);
        Ok(())
    }

    pub(super) fn respond(self, response: Response) {
        // A server that went away has nobody left to tell.
        drop(self.answer.send(response));
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").finish_non_exhaustive()
    }
}

/// The server's end of a [`Handshake`].
#[derive(Debug)]
pub struct Answer {
    pub(super) answer: oneshot::Receiver<Response>,
}

impl Answer {
    /// What goes back to the client; 403 where the application dropped the handshake.
    pub async fn response(self) -> Response {
        self.answer.await.unwrap_or_else(|_| forbidden())
    }
}

/// What a handshake that nobody answered is answered with.
pub(super) fn forbidden() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
