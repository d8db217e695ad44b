//! Tower's layers and services, inside and around an application.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::io::Read as _;
use std::time::Duration;

use nuages_handler::{
    App, Body, Client, IntoView, Limits, Next, Request, Response, Result, Urls, neutral, post, request_id,
    tower_layer,
};
use nuages_protocol::sync::{Chunks, SyncApplication, SyncRequest, SyncResponse};
use nuages_protocol::{Application, BoxError, ConnectionInfo, HttpScope, State};
use support::channel;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

#[tokio::test]
async fn responses_are_compressed_for_those_who_take_it() {
    let text = "nuages ".repeat(1000);
    let sent = text.clone();
    let urls = Urls::new()
        .path("sync/", move || sent.clone())
        .path("async/", || async { "nuages ".repeat(1000) });
    let client = Client::new(App::new().layer(CompressionLayer::new()).urls(urls));
    for path in ["/sync/", "/async/"] {
        let packed = client.get(path).header("accept-encoding", "gzip").await.unwrap();
        packed
            .assert_status(200)
            .assert_header("content-encoding", "gzip");
        assert!(packed.bytes().len() < 200);
        assert_eq!(client.get(path).await.unwrap().text(), text);
    }
}

#[test]
fn another_origin_may_ask_where_a_group_says_so() {
    let api = Urls::new()
        .middleware(tower_layer(CorsLayer::permissive()))
        .path("books/", || "books");
    let client = Client::new(App::new().urls(Urls::new().include("api/", api).path("", || "home")));
    let ask = |path: &str| {
        client
            .get(path)
            .header("origin", "https://example.com")
            .wait()
            .unwrap()
    };
    ask("/api/books/").assert_header("access-control-allow-origin", "*");
    assert_eq!(ask("/").header("access-control-allow-origin"), None);
    let preflight = client
        .options("/api/books/")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "PUT")
        .wait()
        .unwrap();
    preflight
        .assert_status(200)
        .assert_header("access-control-allow-methods", "*");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_towers_ends_a_view() {
    let layer = TimeoutLayer::with_status_code(http::StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));
    let urls = Urls::new().path("", || async { std::future::pending::<&str>().await });
    let client = Client::new(App::new().layer(layer).urls(urls));
    client.get("/").await.unwrap().assert_status(504);
}

#[tokio::test]
async fn what_a_layer_changes_of_a_request_is_what_the_view_sees_and_its_body_passes_through() {
    let change = tower::util::MapRequestLayer::new(|mut request: http::Request<Body>| {
        request.headers_mut().insert("x-seen", "yes".parse().unwrap());
        request
    });
    let view = |request: Request| async move {
        let seen = request.header("x-seen").unwrap_or("no").to_owned();
        let user = request.get::<&'static str>().unwrap_or("nobody");
        let id = request.param("id").unwrap_or_default().to_owned();
        let form = request.form().await?;
        Result::<String>::Ok(format!(
            "{id} {seen} {user} {}",
            form.get("a").unwrap_or_default()
        ))
    };
    let login = neutral(
        |request| {
            request.insert("django");
            None
        },
        |_, response| response,
    );
    let app = App::new()
        .middleware(login)
        .layer(change)
        .urls(Urls::new().path("<int:id>/", post(view)));
    let response = Client::new(app).post("/7/").form([("a", "b")]).await.unwrap();
    assert_eq!(response.text(), "7 yes django b");
}

#[test]
fn an_error_passes_through_a_views_own_layer() {
    async fn around(request: Request, next: Next) -> Result<Response> {
        let error = next.run(request).await.unwrap_err();
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
        Err(error.with_status(http::StatusCode::CONFLICT))
    }
    let failing = || Result::<()>::Err("x".parse::<i64>().unwrap_err().into());
    let view = failing
        .into_view()
        .layer(tower_layer(CorsLayer::permissive()))
        .layer(around);
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    client.get("/").wait().unwrap().assert_status(409);
}

#[derive(Clone)]
struct Inner(std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);

impl Application for Inner {
    async fn http(&self, scope: HttpScope, body: Body) -> Result<nuages_protocol::Response, BoxError> {
        if scope.uri.path().ends_with("/fails") {
            return Err("inside".into());
        }
        let body = body.collect(100).await?;
        let started = scope.state.get::<&str>().copied().unwrap_or("not started");
        let text = format!("{} {} {} {started}", scope.root_path, scope.uri, body.len());
        Ok(http::Response::new(text.into()))
    }

    async fn startup(&self) -> Result<State, BoxError> {
        self.0.lock().unwrap().push("startup");
        Ok(State::new().with("started"))
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.0.lock().unwrap().push("shutdown");
        Ok(())
    }
}

#[tokio::test]
async fn an_application_below_a_prefix_sees_its_root_path_on_a_segment_boundary() {
    let life = std::sync::Arc::default();
    let urls = Urls::new()
        .path("shop/own/", || "own")
        .mount("shop/", Inner(std::sync::Arc::clone(&life)))
        .mount("<int:tenant>/shop/", Inner(std::sync::Arc::clone(&life)));
    let handler = App::new().urls(urls).build().unwrap();
    handler.startup().await.unwrap();
    let client = Client::new(&handler).raise_exceptions(false);
    for (path, text) in [
        ("/shop/books/?q=1", "/shop /shop/books/?q=1 0 started"),
        ("/shop/", "/shop /shop/ 0 started"),
        ("/shop", "/shop /shop 0 started"),
        ("/7/shop/a/b", "/7/shop /7/shop/a/b 0 started"),
        ("/shop/own/", "own"),
    ] {
        assert_eq!(client.get(path).await.unwrap().text(), text, "{path}");
    }
    assert_eq!(
        client.post("/shop/x").body("four").await.unwrap().text(),
        "/shop /shop/x 4 started"
    );
    client.get("/shopping/").await.unwrap().assert_status(404);
    client.get("/shop/fails").await.unwrap().assert_status(500);
    handler.shutdown().await.unwrap();
    assert_eq!(
        *life.lock().unwrap(),
        ["startup", "startup", "shutdown", "shutdown"]
    );
}

#[tokio::test]
async fn an_application_of_ours_may_be_inside_another() {
    let inner = App::new()
        .urls(
            Urls::new()
                .path("", || "home")
                .path("books/<int:id>/", || nuages_handler::reverse("book", [("id", 4)]))
                .name("book"),
        )
        .build()
        .unwrap();
    let app = App::new().middleware(nuages_handler::RequestId::new()).urls(
        Urls::new()
            .path("who/", |request: Request| request_id(&request).unwrap())
            .mount("shop/", inner),
    );
    let client = Client::new(app);
    assert_eq!(client.get("/shop/").await.unwrap().text(), "home");
    assert_eq!(
        client.get("/shop/books/3/").await.unwrap().text(),
        "/shop/books/4/"
    );
    client.get("/shop/nowhere/").await.unwrap().assert_status(404);
    client
        .get("/shop")
        .follow()
        .await
        .unwrap()
        .assert_redirects("/shop/")
        .assert_contains("home");
}

#[tokio::test]
async fn a_tower_service_sees_paths_without_the_prefix() {
    let service = tower::service_fn(|request: http::Request<Body>| async move {
        let info = request
            .extensions()
            .get::<ConnectionInfo>()
            .cloned()
            .unwrap_or_default();
        let text = format!("{} {}", info.root_path, request.uri());
        Ok::<_, Infallible>(http::Response::new(Body::from(text)))
    });
    let client = Client::new(App::new().urls(Urls::new().mount_service("axum/", service)));
    for (path, text) in [
        ("/axum/users/7?a=b", "/axum /users/7?a=b"),
        ("/axum/", "/axum /"),
        ("/axum", "/axum /"),
    ] {
        assert_eq!(client.get(path).await.unwrap().text(), text, "{path}");
    }
}

/// What blocks, as WSGI's applications do.
#[derive(Clone, Default)]
struct Legacy(std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);

impl SyncApplication for Legacy {
    fn call(&self, mut request: SyncRequest) -> Result<SyncResponse, BoxError> {
        assert_eq!(std::thread::current().name(), Some("nuages-parallel"));
        match &*request.path_info() {
            "/stream/" => {
                let lines = (0..3).map(|n| Ok::<_, BoxError>(format!("line {n}\n")));
                return Ok(SyncResponse::new(Chunks::try_new(lines)));
            }
            "/fails/" => return Err("inside".into()),
            "/panics/" => panic!("inside"),
            _ => {}
        }
        let mut body = Vec::new();
        request.body.read_to_end(&mut body)?;
        let started = request
            .scope
            .state
            .get::<&str>()
            .copied()
            .unwrap_or("not started");
        let text = format!(
            "{} {} {} {started}",
            request.script_name(),
            request.path_info(),
            body.len()
        );
        Ok(SyncResponse::new(Chunks::from(text)))
    }

    fn startup(&self) -> Result<State, BoxError> {
        self.0.lock().unwrap().push("startup");
        Ok(State::new().with("started"))
    }

    fn shutdown(&self) -> Result<(), BoxError> {
        self.0.lock().unwrap().push("shutdown");
        Ok(())
    }
}

#[tokio::test]
async fn a_blocking_application_below_a_prefix_is_called_on_a_thread() {
    let legacy = Legacy::default();
    let urls = Urls::new()
        .path("old/own/", || "own")
        .mount("old/", legacy.clone().into_application());
    // Behind middleware of both kinds, asked in both call styles.
    for sync_around in [false, true] {
        let app = App::new().urls(urls.clone());
        let app = if sync_around {
            app.middleware(|request: Request, next: Next| next.run(request).wait())
        } else {
            app.middleware(async |request: Request, next: Next| next.run(request).await)
        };
        let handler = app.build().unwrap();
        handler.startup().await.unwrap();
        let client = Client::new(&handler).raise_exceptions(false);
        for (path, text) in [
            ("/old/a%20b/?q=1", "/old /a b/ 4 started"),
            ("/old", "/old  4 started"),
            ("/old/stream/", "line 0\nline 1\nline 2\n"),
            ("/old/own/", "own"),
        ] {
            let request = move |client: &Client| client.post(path).body("four");
            assert_eq!(request(&client).await.unwrap().text(), text, "{path}");
            let waiting = client.clone();
            let waited = nuages_bridge::sync_to_async(move || request(&waiting).wait().unwrap()).await;
            assert_eq!(waited.unwrap().text(), text, "{path}");
        }
        for path in ["/old/fails/", "/old/panics/"] {
            client
                .get(path)
                .await
                .unwrap()
                .assert_status(500)
                .assert_not_contains("inside");
        }
        client.get("/older/").await.unwrap().assert_status(404);
        handler.shutdown().await.unwrap();
    }
    assert_eq!(
        *legacy.0.lock().unwrap(),
        ["startup", "shutdown", "startup", "shutdown"]
    );
}

#[tokio::test]
async fn what_is_mounted_reads_within_the_limits() {
    let limits = Limits::default().upload(10).body_timeout(None);
    let tower = tower::service_fn(async |request: http::Request<Body>| {
        let read = request.into_body().collect(100).await?;
        Ok::<_, nuages_protocol::BodyError>(http::Response::new(Body::from(read.len().to_string())))
    });
    let urls = Urls::new()
        .mount("sync/", Legacy::default().into_application())
        .mount("async/", Inner(std::sync::Arc::default()))
        .mount_service("tower/", tower);
    let app = App::new().urls(urls);
    let patient = app.clone().limits(limits.clone()).build().unwrap();
    let hasty = app
        .limits(limits.body_timeout(Some(Duration::from_millis(20))))
        .build()
        .unwrap();
    for path in ["/sync/x", "/async/x", "/tower/x"] {
        let ask = |handler: &nuages_handler::Handler, body: Body| {
            let scope = HttpScope::new(http::Method::POST, path.parse().unwrap());
            let handler = handler.clone();
            async move { handler.http(scope, body).await.unwrap().status().as_u16() }
        };
        assert_eq!(ask(&patient, "0123456789".into()).await, 200, "{path}");
        assert_eq!(ask(&patient, "0123456789a".into()).await, 413, "{path}");
        let (sender, body) = channel();
        let sending = async {
            for _ in 0..3 {
                let _ = sender.send(Ok("01234".into())).await;
            }
        };
        assert_eq!(tokio::join!(ask(&patient, body), sending).0, 413, "{path}");
        let (sender, body) = channel();
        sender.send(Ok("01234".into())).await.unwrap();
        assert_eq!(ask(&hasty, body).await, 408, "{path}");
    }
}
