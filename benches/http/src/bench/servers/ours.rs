//! nuages, at each of its heights.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use nuages_handler::{App, Json, Response, Urls, neutral};
use nuages_protocol::{
    Application, Body, BoxError, HttpScope,
    server::Server,
    sync::{Chunks, SyncApplication, SyncRequest, SyncResponse},
};

use super::{HELLO, Message, Result, Runtime, announce, cores, multi_thread};

/// The application alone, without the handler.
pub(crate) fn application(runtime: Runtime) -> Result {
    serve(runtime, Typed)
}

/// The handler: a router, five neutral middlewares, async views.
pub(crate) fn async_views(runtime: Runtime) -> Result {
    let urls = Urls::new()
        .path("plaintext", async || plain())
        .path("json", async || Json(Message::HELLO));
    serve(runtime, app(urls).build()?)
}

/// The same with sync views.
pub(crate) fn sync_views(runtime: Runtime) -> Result {
    let urls = Urls::new()
        .path("plaintext", plain)
        .path("json", || Json(Message::HELLO));
    serve(runtime, app(urls).build()?)
}

/// The blocking application, as a WSGI server has it.
pub(crate) fn sync_application(runtime: Runtime) -> Result {
    serve(runtime, Blocking.into_application())
}

fn serve(runtime: Runtime, app: impl Application) -> Result {
    multi_thread(runtime)?.block_on(async {
        let server = Server::bind("127.0.0.1:0").await?;
        announce(server.local_addr());
        let workers = match runtime {
            Runtime::Multi | Runtime::OneWorker => 0,
            Runtime::PerCore => cores(),
        };
        Ok(server.workers(workers).serve(app).await?)
    })
}

fn app(urls: Urls) -> App {
    let mut app = App::new().middleware(neutral(
        |_| None,
        |_, response| response.header("server", "nuages"),
    ));
    for _ in 1..5 {
        app = app.middleware(neutral(|_| None, |_, response| response));
    }
    app.urls(urls)
}

fn plain() -> Response {
    Response::new(200)
        .header("content-type", "text/plain")
        .body(HELLO)
}

struct Typed;

impl Application for Typed {
    async fn http(
        &self,
        scope: HttpScope,
        _body: Body,
    ) -> std::result::Result<nuages_protocol::Response, BoxError> {
        Ok(match scope.uri.path() {
            "/plaintext" => response("text/plain", Bytes::from_static(HELLO.as_bytes()).into()),
            "/json" => response("application/json", Message::json()?.into()),
            _ => {
                let mut response = response("text/plain", Body::empty());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        })
    }
}

struct Blocking;

impl SyncApplication for Blocking {
    fn call(&self, request: SyncRequest) -> std::result::Result<SyncResponse, BoxError> {
        Ok(match request.path_info().as_ref() {
            "/plaintext" => response("text/plain", Chunks::from(HELLO)),
            "/json" => response("application/json", Chunks::from(Message::json()?)),
            _ => {
                let mut response = response("text/plain", Chunks::from(""));
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        })
    }
}

fn response<B>(kind: &'static str, body: B) -> http::Response<B> {
    let mut response = http::Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("nuages"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
