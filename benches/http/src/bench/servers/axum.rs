//! axum, as its users write it, with `TCP_NODELAY`.

use axum::{Json, Router, response::IntoResponse, routing::get, serve::ListenerExt as _};
use http::header;
use tokio::net::TcpListener;

use super::{HELLO, Message, Runtime};

pub(crate) fn serve(runtime: Runtime) -> super::Result {
    super::on(runtime, async |listener: TcpListener| {
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new()
            .route("/plaintext", get(plaintext))
            .route("/json", get(json));
        axum::serve(listener, router).await
    })
}

async fn plaintext() -> impl IntoResponse {
    (
        [(header::SERVER, "nuages"), (header::CONTENT_TYPE, "text/plain")],
        HELLO,
    )
}

async fn json() -> impl IntoResponse {
    ([(header::SERVER, "nuages")], Json(Message::HELLO))
}
