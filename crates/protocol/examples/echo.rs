//! A small application over the protocol alone: `cargo run --example echo -- 127.0.0.1:8000`.
//!
//! `GET /` says hello, `POST /echo` streams the body back as it comes, `/ws` is a WebSocket that echoes text and binary (with the
//! feature `websocket`). HTTP/1.1 and HTTP/2 (with the feature `http2`, and
//! prior knowledge) are spoken on the one port; the settings are read from the environment, `NUAGES_SERVER_..`.

use http::{HeaderValue, Method, StatusCode, header};
use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response,
    server::{Server, ServerConfig},
};

struct Echo;

impl Application for Echo {
    async fn http(&self, scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        let mut response = match (&scope.method, scope.uri.path()) {
            (&Method::GET | &Method::HEAD, "/") => Response::new("hello".into()),
            (&Method::POST, "/echo") => Response::new(body),
            (_, "/" | "/echo") => status(StatusCode::METHOD_NOT_ALLOWED),
            _ => status(StatusCode::NOT_FOUND),
        };
        let headers = response.headers_mut();
        if let Some(kind) = scope.headers.get(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, kind.clone());
        } else {
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            headers.insert(header::CONTENT_TYPE, text);
        }
        Ok(response)
    }

    #[cfg(feature = "websocket")]
    async fn websocket(
        &self,
        scope: nuages_protocol::WebSocketScope,
        handshake: nuages_protocol::websocket::Handshake,
    ) -> Result<(), BoxError> {
        if scope.uri.path() != "/ws" {
            handshake.deny(status(StatusCode::NOT_FOUND));
            return Ok(());
        }
        let mut socket = handshake.accept().await?;
        while let Some(message) = socket.recv().await? {
            socket.send(message).await?;
        }
        Ok(())
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut config = ServerConfig::from_environment()?;
    if let Some(address) = std::env::args().nth(1) {
        config = config.bind(vec![address.into()]);
    }
    let server = Server::from_config(config).await?;
    for address in server.local_addrs() {
        println!("listening on {address}");
    }
    server.serve(Echo).await?;
    Ok(())
}
