//! axum inside, axum outside, and tower-http around.
#![cfg(all(feature = "server", feature = "tower"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    routing::{get, post},
};
use http::HeaderValue;
use nuages_protocol::{
    Application as _, Body, ConnectionInfo, HttpScope, Response, app_fn, mount,
    sync::{Chunks, SyncApplication as _, SyncResponse, sync_fn},
    testing,
    tower::{FromService, ToService},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::{set_header::SetResponseHeaderLayer, timeout::TimeoutLayer, trace::TraceLayer};

#[path = "server/support.rs"]
#[allow(dead_code, reason = "the other tests of the server use the rest")]
mod support;

use support::{Log, Running};

fn router() -> Router {
    Router::new()
        .route("/hello", get(|| async { "bonsoir from axum" }))
        .route("/echo", post(|body: String| async move { body }))
        .route(
            "/where",
            get(|request: Request| async move {
                let uri = request.uri();
                let info = request.extensions().get::<ConnectionInfo>().unwrap();
                format!("{uri} below {:?} from {}", info.root_path, info.client.is_some())
            }),
        )
}

#[tokio::test]
async fn an_axum_router_is_served() {
    let server = Running::start(FromService::new(router())).await;
    let mut client = server.connect().await;
    client.send("GET /hello HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "bonsoir from axum");
    client
        .send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
        .await;
    assert_eq!(client.answer().await.body, "abc");
    client.send("GET /none HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 404);
    client.send("GET /where?q HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "/where?q below \"\" from true");
}

#[tokio::test]
async fn an_axum_router_is_mounted_below_a_path() {
    let pages = app_fn(|scope, _| async move { Ok(Response::new(format!("page {}", scope.uri).into())) });
    let server = Running::start(mount("/axum", FromService::new(router()), pages)).await;
    for (path, body) in [
        ("/axum/hello", "bonsoir from axum"),
        ("/axum/where?q=1", "/where?q=1 below \"/axum\" from true"),
        ("/axumatic", "page /axumatic"),
        ("/", "page /"),
    ] {
        let answer = server
            .exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(answer.body, body, "{path}");
    }
}

#[tokio::test]
async fn applications_of_each_contract_are_mounted_in_axum() {
    let typed = app_fn(|scope, body| async move {
        let sent = body.collect(1024).await?;
        let text = format!("{} at {:?} got {}", scope.uri.path(), scope.root_path, sent.len());
        Ok(Response::new(text.into()))
    });
    let blocking = sync_fn(|request| {
        let text = format!("{} + {}", request.script_name(), request.path_info());
        Ok(SyncResponse::new(Chunks::new([text])))
    })
    .into_application();
    let router = Router::new()
        .route("/", get(|| async { "axum" }))
        .nest_service("/typed", ToService::new(typed).mounted_at("/typed"))
        .nest_service("/old", ToService::new(blocking).mounted_at("/old/"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    for (request, answer) in [
        ("GET / HTTP/1.1", "axum"),
        (
            "POST /typed/a%20b?q HTTP/1.1\r\ncontent-length: 0",
            "/typed/a%20b at \"/typed\" got 0",
        ),
        ("GET /old/books/ HTTP/1.1", "/old + /books/"),
    ] {
        let got = exchange(address, request).await;
        assert!(
            got.starts_with("HTTP/1.1 200") && got.contains(answer),
            "{request}: {got}"
        );
    }
    serving.abort();
}

async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn errors_in_axum_are_answered_as_a_server_answers_them() {
    let (log, _guard) = Log::collect();
    let app = app_fn(|scope, body| async move {
        match scope.uri.path() {
            "/large" => Ok(Response::new(body.collect(3).await?.into())),
            _ => Err("the string broke".into()),
        }
    });
    let service = ToService::new(app);
    let request = |path: &str| {
        http::Request::post(path)
            .body(axum::body::Body::from("too long"))
            .unwrap()
    };
    assert_eq!(
        service.clone().oneshot(request("/large")).await.unwrap().status(),
        413
    );
    assert_eq!(log.faults(), Vec::<String>::new());
    assert_eq!(service.oneshot(request("/")).await.unwrap().status(), 500);
    assert!(log.faults()[0].contains("the string broke"), "{:?}", log.faults());
}

#[tokio::test(start_paused = true)]
async fn tower_http_layers_go_around_an_application_and_around_a_router() {
    let layers = || {
        ServiceBuilder::new()
            .layer(TraceLayer::new_for_http())
            .layer(SetResponseHeaderLayer::overriding(
                http::header::SERVER,
                HeaderValue::from_static("nuages"),
            ))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                Duration::from_secs(5),
            ))
    };
    let app = app_fn(|scope: HttpScope, _| async move {
        if scope.uri.path() == "/slow" {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let client = scope.connection_info().scheme;
        Ok(Response::new(format!("{client} {:?}", scope.root_path).into()))
    });
    let inside = FromService::new(layers().service(ToService::new(app)));
    let outside = FromService::new(router().layer(layers()));
    let mut request = http::Request::get("/shop/").body("").unwrap();
    let mut scope = HttpScope::from(request.into_parts().0);
    scope.scheme = nuages_protocol::Scheme::Https;
    scope.root_path = "/shop".into();
    let response = inside.http(scope, Body::empty()).await.unwrap();
    assert_eq!(response.headers()["server"], "nuages");
    assert_eq!(
        response.into_body().collect(100).await.unwrap(),
        "https \"/shop\""
    );
    request = http::Request::get("/slow").body("").unwrap();
    assert_eq!(testing::http(&inside, request).await.unwrap().status(), 504);
    let request = http::Request::get("/hello").body("").unwrap();
    let response = testing::http(&outside, request).await.unwrap();
    assert_eq!(response.headers()["server"], "nuages");
}

#[tokio::test]
async fn an_uri_keeps_its_path_through_services_and_mounts() {
    let app = app_fn(|scope: HttpScope, _| async move {
        Ok(Response::new(
            format!("{} {:?}", scope.uri, scope.root_path).into(),
        ))
    });
    // Application → service → application, mounted twice.
    let inner = FromService::new(ToService::new(app));
    let none = || app_fn(|_, _| async { Ok(Response::default()) });
    let site = mount("/a", mount("/b", inner, none()), none());
    for (path, seen) in [
        ("/a/b/c?d", "/a/b/c?d \"/a/b\""),
        ("/a/b", "/a/b/ \"/a/b\""),
        ("/a/b//x", "/a/b//x \"/a/b\""),
    ] {
        let request = http::Request::get(path).body("").unwrap();
        let response = testing::http(&site, request).await.unwrap();
        assert_eq!(response.into_body().collect(100).await.unwrap(), seen, "{path}");
    }
}

#[tokio::test]
async fn axum_takes_a_websocket_by_itself_behind_our_server() {
    use axum::extract::ws::{Message, WebSocketUpgrade};

    let router = Router::new().route(
        "/ws",
        get(|upgrade: WebSocketUpgrade| async move {
            upgrade.protocols(["chat"]).on_upgrade(|mut socket| async move {
                while let Some(Ok(message)) = socket.recv().await {
                    let Message::Text(text) = message else { continue };
                    let answer = Message::Text(format!("{text} from axum").into());
                    socket.send(answer).await.unwrap_or_default();
                }
            })
        }),
    );
    // Beside pages of ours, so that the upgrade passes through a mount, too.
    let pages = app_fn(|_, _| async { Ok(Response::new("page".into())) });
    let server = Running::start(mount("/axum", FromService::new(router), pages)).await;
    let mut client = server.connect().await;
    client
        .send(
            "GET /axum/ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: chat\r\n\r\n",
        )
        .await;
    let head = client.head().await;
    assert_eq!(head.status, 101);
    assert_eq!(
        head.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(head.header("sec-websocket-protocol"), Some("chat"));
    for _ in 0..2 {
        // A masked text of two bytes, and an answer that is not.
        let question = [&[0x81, 0x82, 0, 0, 0, 0], &b"hi"[..]].concat();
        client.stream.write_all(&question).await.unwrap();
        let mut answer = [0; 2 + "hi from axum".len()];
        client.stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..2], [0x81, 12]);
        assert_eq!(answer[2..], *b"hi from axum");
    }
}
