//! What is answered where a view does not: 404, 405, HEAD, OPTIONS, errors and panics.

use std::sync::{Arc, Mutex};
use std::thread;

use nuages_handler::{
    App, Client, Error, Method, Next, Path, Request, Response, Result, StatusCode, Urls, get, neutral,
};

/// Sees pages, where a test would rather see errors.
fn visitor(app: App) -> Client {
    Client::new(app).raise_exceptions(false)
}

fn list() -> &'static str {
    "all books"
}

async fn create() -> (StatusCode, &'static str) {
    (StatusCode::CREATED, "made")
}

#[derive(Debug, thiserror::Error)]
#[error("password of the database is swordfish")]
struct Secret;

fn failing() -> Result<&'static str> {
    Err(Secret)?
}

async fn failing_async() -> Result<&'static str, Secret> {
    Err(Secret)
}

fn panicking() -> &'static str {
    panic!("swordfish in a sync view")
}

async fn panicking_async() -> &'static str {
    panic!("swordfish in an async view")
}

fn app() -> App {
    App::new().urls(
        Urls::new()
            .path("books/", get(list).post(create))
            .path("any/", |method: Method| method.to_string())
            .path("failing/", failing)
            .path("failing-async/", failing_async)
            .path("panicking/", panicking)
            .path("panicking-async/", panicking_async)
            .path("secret/", || {
                Result::<()>::Err(Error::new(StatusCode::BAD_GATEWAY, "swordfish"))
            })
            .path("forbidden/", || async { Result::<()>::Err(Error::forbidden()) })
            .path("bad/", || {
                Result::<()>::Err(Error::bad_request("no <b>such</b> page"))
            }),
    )
}

#[test]
fn an_unknown_path_is_a_404() {
    let response = visitor(app()).get("/nothing/").wait().unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().contains("Not Found"), "{}", response.text());
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
}

#[test]
fn another_method_is_a_405_with_allow() {
    let client = visitor(app());
    let response = client.delete("/books/").wait().unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    assert_eq!(client.post("/books/").wait().unwrap().status(), 201);
}

#[test]
fn head_is_get_without_its_body() {
    let response = visitor(app()).head("/books/").wait().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text(), "");
    assert_eq!(response.header("content-length"), Some("9"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn options_tells_the_methods() {
    let response = visitor(app()).options("/books/").wait().unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(response.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    assert_eq!(response.text(), "");
}

#[test]
fn a_view_for_options_or_head_goes_first() {
    let urls = Urls::new().path(
        "",
        get(list)
            .head(|| Response::new(200).header("x-own", "yes"))
            .options(|| "mine"),
    );
    let client = visitor(App::new().urls(urls));
    assert_eq!(client.head("/").wait().unwrap().header("x-own"), Some("yes"));
    assert_eq!(client.options("/").wait().unwrap().text(), "mine");
    assert_eq!(
        client.put("/").wait().unwrap().header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
}

#[test]
fn a_plain_view_answers_every_method() {
    let client = visitor(app());
    for method in [
        Method::GET,
        Method::POST,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
    ] {
        let response = client.request(method.clone(), "/any/").wait().unwrap();
        assert_eq!(response.text(), method.as_str());
    }
}

#[test]
fn an_error_is_a_500_that_tells_nothing_of_it() {
    let client = visitor(app());
    for (path, status) in [("/failing/", 500), ("/failing-async/", 500), ("/secret/", 502)] {
        let response = client.get(path).wait().unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert!(id_in(response.text()).is_some(), "{}", response.text());
        assert!(!response.text().contains("swordfish"), "{}", response.text());
    }
}

#[test]
fn errors_for_the_visitor_have_their_status_and_their_text() {
    let client = visitor(app());
    assert_eq!(client.get("/forbidden/").wait().unwrap().status(), 403);
    let response = client.get("/bad/").wait().unwrap();
    assert_eq!(response.status(), 400);
    assert!(
        response.text().contains("no &lt;b&gt;such&lt;/b&gt; page"),
        "{}",
        response.text()
    );
}

/// The number that a visitor can report.
fn id_in(text: &str) -> Option<uuid::Uuid> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'))
        .find_map(|word| word.parse().ok())
}

#[tokio::test]
async fn a_panic_is_a_500_with_an_id_and_the_thread_survives() {
    let client = visitor(app());
    for path in ["/panicking/", "/panicking-async/"] {
        let response = client.get(path).await.unwrap();
        assert_eq!(response.status(), 500, "{path}");
        assert!(id_in(response.text()).is_some(), "{}", response.text());
        assert!(!response.text().contains("swordfish"), "{}", response.text());
    }
    // The threads and the loop go on serving.
    assert_eq!(client.get("/books/").await.unwrap().text(), "all books");
    assert_eq!(client.post("/books/").await.unwrap().text(), "made");
}

#[test]
fn a_panic_in_a_sync_test_is_a_500_too() {
    let client = visitor(app());
    assert_eq!(client.get("/panicking/").wait().unwrap().status(), 500);
    assert_eq!(client.get("/panicking-async/").wait().unwrap().status(), 500);
    assert_eq!(client.get("/books/").wait().unwrap().text(), "all books");
}

#[tokio::test]
async fn the_thread_of_a_request_survives_the_panic_of_its_view() {
    let ids: Arc<Mutex<Vec<thread::ThreadId>>> = Arc::default();
    let note = ids.clone();
    let layer = move |request: Request, next: Next| -> Result<Response> {
        note.lock().unwrap().push(thread::current().id());
        let response = next.run(request).wait();
        note.lock().unwrap().push(thread::current().id());
        response
    };
    let client = visitor(app().middleware(layer));
    assert_eq!(client.get("/panicking/").await.unwrap().status(), 500);
    let ids = ids.lock().unwrap();
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn middleware_of_each_kind_sees_a_response_whatever_the_view_did() {
    let seen: Arc<Mutex<Vec<(&str, u16)>>> = Arc::default();
    let (in_sync, in_async, in_neutral) = (seen.clone(), seen.clone(), seen.clone());
    let sync_layer = move |request: Request, next: Next| -> Result<Response> {
        let response = next.run(request).wait()?;
        in_sync.lock().unwrap().push(("sync", response.status().as_u16()));
        Ok(response)
    };
    let async_layer = move |request: Request, next: Next| {
        let seen = in_async.clone();
        async move {
            let response = next.run(request).await?;
            seen.lock().unwrap().push(("async", response.status().as_u16()));
            Ok::<_, Error>(response)
        }
    };
    let neutral_layer = neutral(
        |_| None,
        move |_, response| {
            in_neutral
                .lock()
                .unwrap()
                .push(("neutral", response.status().as_u16()));
            response.header("x-seen", "yes")
        },
    );
    let client = visitor(
        app()
            .middleware(sync_layer)
            .middleware(async_layer)
            .middleware(neutral_layer),
    );
    for (path, status) in [
        ("/failing/", 500),
        ("/failing-async/", 500),
        ("/panicking/", 500),
        ("/panicking-async/", 500),
        ("/forbidden/", 403),
        ("/nothing/", 404),
    ] {
        let response = client.get(path).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.header("x-seen"), Some("yes"), "{path}");
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(
            seen,
            [("neutral", status), ("async", status), ("sync", status)],
            "{path}"
        );
    }
}

#[test]
fn a_failing_middleware_is_answered_and_seen_by_those_around_it() {
    fn failing_layer(_request: Request, _next: Next) -> Result<Response> {
        Err(Error::forbidden())
    }
    let client = visitor(
        app()
            .middleware(neutral(
                |_| None,
                |_, response| response.header("x-around", "yes"),
            ))
            .middleware(failing_layer),
    );
    let response = client.get("/books/").wait().unwrap();
    assert_eq!(
        (response.status().as_u16(), response.header("x-around")),
        (403, Some("yes"))
    );
}

#[test]
fn neutral_middleware_answers_early_and_its_own_panics_are_caught() {
    let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = seen.clone();
    let early = neutral(
        |request| (request.path() == "/early/").then(|| Response::new(503)),
        move |_, response| {
            note.lock().unwrap().push("after");
            response
        },
    );
    let broken = neutral(
        |request| {
            if request.path() == "/broken/" {
                panic!("before")
            } else {
                None
            }
        },
        |request, response| {
            if request.path() == "/books/" {
                panic!("after")
            } else {
                response
            }
        },
    );
    let client = visitor(app().middleware(early).middleware(broken));
    assert_eq!(client.get("/early/").wait().unwrap().status(), 503);
    assert_eq!(client.get("/broken/").wait().unwrap().status(), 500);
    assert_eq!(client.get("/books/").wait().unwrap().status(), 500);
    assert_eq!(*seen.lock().unwrap(), ["after"; 3]);
}

#[test]
fn a_header_that_cannot_be_sent_is_a_500_and_splits_nothing() {
    let split = |Path(name): Path<String>| Response::new(200).header("x-name", name);
    let client = visitor(App::new().urls(Urls::new().path("<str:name>/", split)));
    assert_eq!(
        client.get("/django/").wait().unwrap().header("x-name"),
        Some("django")
    );
    let response = client.get("/a%0D%0Aset-cookie:%20b=1/").wait().unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.header("set-cookie"), None);
}

#[test]
fn text_is_never_html_by_accident() {
    let echo = |Path(name): Path<String>| name;
    let client = visitor(App::new().urls(Urls::new().path("<str:name>/", echo)));
    let response = client.get("/<script>/").wait().unwrap();
    assert_eq!(response.text(), "<script>");
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
}
