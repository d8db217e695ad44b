//! The test client: redirects, errors, assertions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use nuages_handler::{App, Client, Method, Request, Response, Result, Urls};

fn client() -> Client {
    let go = |status: u16, to: &'static str| move || Response::new(status).header("location", to);
    let urls = Urls::new()
        .path("end/", |request: Request| async move {
            let body = request.body().await?;
            Result::<String>::Ok(format!(
                "{} {} {}",
                request.method(),
                request.uri(),
                String::from_utf8_lossy(&body)
            ))
        })
        .path("found/", go(302, "/end/?a=1#top"))
        .path("kept/", go(307, "/permanent/"))
        .path("permanent/", go(308, "/end/"))
        .path("relative/", go(303, "../end/"))
        .path("one/", go(302, "/other/"))
        .path("other/", go(302, "/one/"))
        .path("away/", go(302, "https://example.com/"))
        .path("fails/", || async { "x".parse::<i64>().map(|_| "fine") })
        .path("panics/", || -> &'static str { panic!("dropped") })
        .path("json/", || nuages_handler::Json(vec![1, 2, 3]));
    Client::new(App::new().urls(urls))
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    let client = client();
    let found = client.post("/found/").body("x").follow().wait().unwrap();
    found
        .assert_contains("GET /end/?a=1 ")
        .assert_redirects("/end/?a=1");
    let kept = client.post("/kept/").body("x").follow().wait().unwrap();
    kept.assert_contains("POST /end/ x");
    assert_eq!(kept.redirects().len(), 2);
    assert_eq!(
        kept.redirects()[0],
        ("/permanent/".to_owned(), http::StatusCode::TEMPORARY_REDIRECT)
    );
    let head = client.request(Method::HEAD, "/found/").follow().wait().unwrap();
    head.assert_status(200);
    let circle = client.get("/one/").follow().wait().unwrap_err().to_string();
    assert_eq!(
        circle,
        "the redirects go in a circle: /other/ -> /one/ -> /other/"
    );
    client.get("/away/").follow().wait().unwrap().assert_status(302);
}

#[tokio::test]
async fn what_a_view_fails_with_is_raised_unless_a_test_wants_the_page() {
    let client = client();
    let error = client.get("/fails/").await.unwrap_err();
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    let panic = client.get("/panics/").await.unwrap_err();
    assert!(panic.is_panic());
    let lenient = client.raise_exceptions(false);
    lenient.get("/fails/").await.unwrap().assert_status(500);
    lenient.get("/panics/").await.unwrap().assert_status(500);
}

fn message(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn assertions_tell_what_was_there_instead() {
    let client = client();
    let end = client.get("/end/").wait().unwrap();
    let json = client.get("/json/").wait().unwrap();
    json.assert_json(&[1, 2, 3]);
    for (said, part) in [
        (
            message(|| _ = end.assert_status(404)),
            "expected status 404 Not Found, got 200 OK",
        ),
        (
            message(|| _ = end.assert_contains("GET /end/ !")),
            "most alike: GET /end/",
        ),
        (
            message(|| _ = end.assert_not_contains("GET")),
            "in line 1: GET /end/",
        ),
        (
            message(|| _ = end.assert_contains_times("GET", 2)),
            "contains 1 times, not 2 times",
        ),
        (
            message(|| _ = end.assert_redirects("/x/")),
            "expected a redirect to /x/, got status 200 OK",
        ),
        (
            message(|| _ = end.assert_header("x", "y")),
            "expected the header `x: y`, got none",
        ),
        (message(|| _ = json.assert_json(&[1, 4, 3])), "-   4,\n+   2,"),
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}
