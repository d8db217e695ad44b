//! A WebSocket from its handshake through the middleware to its view, and to its end.

use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, Method, StatusCode, header};
use nuages_protocol::websocket::{Handshake, WebSocketError, close_code};
use nuages_protocol::{Body, BoxError, HttpScope, WebSocketScope};

use super::{Accepted, TakesWebSocket};
use crate::error::{Error, settle};
use crate::panic::caught_future;
use crate::request::Request;
use crate::response::Response;
use crate::urls::Endpoint;
use crate::view::View;

/// Among a request's values: it asks for a WebSocket. Middleware sees a GET request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(super) offered: Arc<[String]>,
    agreed: Arc<Mutex<Option<Agreed>>>,
    /// An argument of the view asked for the WebSocket, which is not there yet.
    pub(super) is_wanted: Arc<AtomicBool>,
}

/// What the route agreed to.
#[derive(Debug)]
struct Agreed {
    /// As it came through the middleware.
    request: Request,
    view: View,
    subprotocol: Option<String>,
}

impl Asked {
    /// The request that asks, as middleware and routes know requests.
    pub(crate) fn by(scope: WebSocketScope) -> (Self, HttpScope) {
        let asked = Self {
            offered: scope.subprotocols.as_slice().into(),
            agreed: Arc::default(),
            is_wanted: Arc::default(),
        };
        let mut scope = HttpScope::from(scope);
        scope.method = Method::GET;
        (asked, scope)
    }

    pub(super) fn agree(&self, request: Request, view: View, subprotocol: Option<String>) {
        let agreed = Agreed {
            request,
            view,
            subprotocol,
        };
        *self.agreed.lock().unwrap_or_else(PoisonError::into_inner) = Some(agreed);
    }

    fn take(&self) -> Option<Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Has `answer`, which is the way through the middleware, decide about the handshake; then runs the view.
pub(crate) async fn serve(
    route: Arc<Endpoint>,
    asked: Asked,
    request: Request,
    answer: impl Future<Output = Result<http::Response<Body>, BoxError>>,
    mut handshake: Handshake,
) -> Result<(), BoxError> {
    if route.pattern.is_some() && request.view_value::<TakesWebSocket>().is_none() {
        // A view of pages must not run for what is no request for one.
        let response = settle(&route, &request, Response::from_problem(Error::not_found())).await;
        handshake.deny(response.into_http());
        return Ok(());
    }
    let response = answer.await?;
    let agreed = match asked.take() {
        Some(agreed) if response.status() == StatusCode::SWITCHING_PROTOCOLS => agreed,
        _ => {
            handshake.deny(response);
            return Ok(());
        }
    };
    if let Some(name) = agreed.subprotocol {
        handshake = handshake.subprotocol(name);
    }
    for (name, value) in response.headers() {
        if !belongs_to_the_handshake(name) {
            handshake = handshake.header(name.clone(), value.clone());
        }
    }
    let socket = handshake.accept().await?;
    let sender = socket.sender();
    let request = agreed.request;
    request.insert(Accepted(Arc::new(Mutex::new(Some(socket)))));
    let view = agreed.view.built(&route.shared);
    let mut response = caught_future(view.call(request.clone())).await;
    let Some(error) = response.take_problem() else {
        return Ok(());
    };
    if is_of_the_end(&error) {
        return Ok(());
    }
    let status = settle(&route, &request, Response::from_problem(error))
        .await
        .status();
    if status.is_server_error() {
        sender.close(close_code::INTERNAL_ERROR, "").await?;
    } else {
        sender.close(close_code::POLICY, status.as_str()).await?;
    }
    Ok(())
}

/// Whether an error says no more than that the WebSocket had ended, which is nobody's fault.
fn is_of_the_end(error: &Error) -> bool {
    error
        .downcast_ref::<WebSocketError>()
        .is_some_and(WebSocketError::is_closed)
}

fn belongs_to_the_handshake(name: &HeaderName) -> bool {
    name.as_str().starts_with("sec-websocket-")
        || [
            header::CONNECTION,
            header::UPGRADE,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::TRANSFER_ENCODING,
        ]
        .contains(name)
}
