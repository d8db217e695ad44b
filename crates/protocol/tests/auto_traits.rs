//! The auto traits that are promised: who takes one away breaks callers.
#![cfg(feature = "server")]

use nuages_protocol::{
    Address, Application, Body, BodyError, BoxError, ConnectionInfo, HttpScope, Response, Scheme, State,
    WebSocketScope, app_fn,
    server::{Error, Server},
    websocket::Handshake,
};

fn is_send<T: Send>() {}
fn is_send_and_sync<T: Send + Sync>() {}
fn is_unpin<T: Unpin>() {}
fn is_static<T: 'static>() {}
fn value_is_send<T: Send>(_value: T) {}

#[test]
fn types() {
    is_send_and_sync::<Address>();
    is_send_and_sync::<BodyError>();
    is_send_and_sync::<BoxError>();
    is_send_and_sync::<ConnectionInfo>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<HttpScope>();
    is_send_and_sync::<Scheme>();
    is_send_and_sync::<State>();
    is_send_and_sync::<WebSocketScope>();
    is_send::<Body>();
    is_send::<Response>();
    is_send::<Handshake>();
    is_send::<Server>();
    #[cfg(feature = "websocket")]
    {
        use nuages_protocol::websocket::{
            Message, PreparedMessage, WebSocket, WebSocketClient, WebSocketError, WebSocketReceiver,
            WebSocketSender,
        };
        is_send_and_sync::<Message>();
        is_send_and_sync::<PreparedMessage>();
        is_send_and_sync::<WebSocket>();
        is_send_and_sync::<WebSocketClient>();
        is_send_and_sync::<WebSocketError>();
        is_send_and_sync::<WebSocketReceiver>();
        is_send_and_sync::<WebSocketSender>();
        is_unpin::<WebSocket>();
    }
    is_unpin::<Body>();
    is_static::<Body>();
}

#[tokio::test]
async fn futures() {
    value_is_send(Body::empty().collect(1));
    value_is_send(Server::bind("127.0.0.1:0"));
    let app = app_fn(|_, _| async { Ok(Response::default()) });
    value_is_send(app.http(HttpScope::default(), Body::empty()));
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    value_is_send(server.serve(app));
}
