//! The handler as others see it: an `Application`, a tower service, and contexts that do not mix.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use std::sync::Arc;

use nuages_bridge::Local;
use nuages_handler::{App, Body, Client, HttpScope, Method, RequestHook, Urls};
use nuages_protocol::Application as _;
use tower::ServiceExt as _;

static WHO: Local<String> = Local::new("who");

fn who() -> String {
    WHO.get().unwrap_or_else(|| "nobody".to_owned())
}

async fn who_async() -> String {
    who()
}

fn app() -> App {
    App::new().urls(Urls::new().path("sync/", who).path("async/", who_async))
}

async fn text(response: http::Response<Body>) -> String {
    String::from_utf8(response.into_body().collect(1000).await.unwrap().to_vec()).unwrap()
}

fn scope(path: &str) -> HttpScope {
    HttpScope::new(Method::GET, path.parse().unwrap())
}

#[tokio::test]
async fn a_request_from_a_server_sees_nothing_of_what_is_around_it() {
    let handler = app().build().unwrap();
    WHO.scope("the server".to_owned(), async {
        for path in ["/sync/", "/async/"] {
            let response = handler.http(scope(path), Body::empty()).await.unwrap();
            assert_eq!(text(response).await, "nobody", "{path}");
        }
        assert_eq!(who(), "the server");
    })
    .await;
}

#[tokio::test]
async fn a_request_of_the_test_client_runs_in_the_tests_context_and_changes_nothing_in_it() {
    let urls = Urls::new()
        .path("sync/", who)
        .path("async/", who_async)
        .path("set/", || {
            WHO.set("the view".to_owned());
            who()
        });
    let client = Client::new(App::new().urls(urls));
    WHO.scope("the test".to_owned(), async {
        assert_eq!(client.get("/sync/").await.unwrap().text(), "the test");
        assert_eq!(client.get("/async/").await.unwrap().text(), "the test");
        assert_eq!(client.get("/set/").await.unwrap().text(), "the view");
        assert_eq!(who(), "the test");
    })
    .await;
}

struct Hook;

impl RequestHook for Hook {
    fn context(&self) {
        assert!(WHO.get().is_none(), "each request begins anew");
        WHO.set("the hook".to_owned());
    }
}

#[tokio::test]
async fn hooks_prepare_each_request() {
    let handler = app().hook(Hook).build().unwrap();
    for path in ["/sync/", "/async/", "/sync/"] {
        let response = handler.http(scope(path), Body::empty()).await.unwrap();
        assert_eq!(text(response).await, "the hook", "{path}");
    }
}

#[tokio::test]
async fn a_panicking_hook_is_a_500() {
    struct Broken;
    impl RequestHook for Broken {
        fn context(&self) {
            panic!("no database")
        }
    }
    let handler = app().hook(Broken).build().unwrap();
    let response = handler.http(scope("/sync/"), Body::empty()).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn the_handler_is_a_tower_service() {
    let handler = app().build().unwrap();
    let request = http::Request::get("/async/").body(Body::empty()).unwrap();
    let response = handler.clone().oneshot(request).await.unwrap();
    assert_eq!(text(response).await, "nobody");
    let request = http::Request::get("/nothing/")
        .body(http_body_util::Full::from("text"))
        .unwrap();
    assert_eq!(handler.oneshot(request).await.unwrap().status(), 404);
}

#[test]
fn handles_may_cross_threads() {
    fn is<T: Send + Sync + 'static>() {}
    is::<nuages_handler::Request>();
    is::<nuages_handler::Handler>();
    is::<nuages_handler::Error>();
    is::<nuages_handler::Next>();
    is::<Arc<nuages_handler::View>>();
    fn sent<T: Send>() {}
    sent::<nuages_handler::Response>();
    sent::<nuages_handler::Op<'static, ()>>();
}
