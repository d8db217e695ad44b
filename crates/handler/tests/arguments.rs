//! What a view can take, what is said of what can't be made, and what a request says of itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::task::{Context, Poll};

use nuages_handler::{
    App, Body, BodyStream, Bytes, Client, Error, Form, FormData, FormRejection, HttpScope, Json,
    JsonRejection, Limits, Method, Path, PathRejection, Query, QueryRejection, Request, Result, State, Urls,
};
use nuages_protocol::Application as _;

#[derive(Debug, serde::Deserialize)]
struct Line {
    copies: u8,
}

#[derive(Debug, serde::Deserialize)]
struct Order {
    book: i64,
    #[serde(default)]
    lines: Vec<Line>,
}

fn client(urls: Urls) -> Client {
    // As a visitor sees it: a page, where a test would rather see the error.
    Client::new(App::new().urls(urls)).raise_exceptions(false)
}

#[test]
fn json_that_does_not_fit_names_the_field_the_line_and_the_column() {
    let urls = Urls::new()
        .path("argument/", |Json(order): Json<Order>| {
            format!(
                "{} {}",
                order.book,
                order.lines.iter().map(|line| line.copies).sum::<u8>()
            )
        })
        .path("op/", |request: Request| -> Result<String> {
            Ok(request.json::<Order>().wait()?.book.to_string())
        })
        .path(
            "typed/",
            |order: Result<Json<Order>, JsonRejection>| match order {
                Ok(_) => "fine".to_owned(),
                Err(error) => format!(
                    "{:?} {:?} {:?} {}",
                    error.field(),
                    error.line(),
                    error.column(),
                    error.status()
                ),
            },
        )
        .path("any/", |order: Result<Json<Order>>| {
            order
                .err()
                .map_or(200, |error| error.status().as_u16())
                .to_string()
        })
        .path("option/", |order: Option<Json<Order>>| {
            order.is_some().to_string()
        });
    let client = client(urls);
    let send = |path: &str, body: &'static str| {
        client
            .post(path)
            .header("content-type", "application/json")
            .body(body)
            .wait()
            .unwrap()
    };
    let wrong = "{\"book\": 3,\n \"lines\": [{\"copies\": 1}, {\"copies\": \"two\"}]}";
    for path in ["/argument/", "/op/"] {
        let response = send(path, wrong);
        assert_eq!(response.status(), 400, "{path}");
        for part in ["lines[1].copies", "line 2", "column"] {
            assert!(response.text().contains(part), "{path}: {}", response.text());
        }
        assert!(send(path, "{\"book\": 3,").text().contains("line 1 column 11"));
        assert!(
            send(path, "{\"book\": 3} x").text().contains("trailing"),
            "{path}"
        );
        assert!(send(path, "{}").text().contains("missing field `book`"), "{path}");
        assert_eq!(
            send(path, "{\"book\": 3, \"lines\": [], \"name\": \"\u{1}\"}").status(),
            400,
            "{path}"
        );
    }
    assert_eq!(
        send("/typed/", wrong).text(),
        "Some(\"lines[1].copies\") Some(2) Some(42) 400 Bad Request"
    );
    assert_eq!(send("/any/", wrong).text(), "400");
    assert_eq!(send("/option/", wrong).text(), "false");
    assert_eq!(send("/option/", "{\"book\": 3}").text(), "true");
    let invalid = client
        .post("/argument/")
        .header("content-type", "application/json")
        .body(&b"{\"book\": 3, \"name\": \"\xff\"}"[..]);
    assert_eq!(invalid.wait().unwrap().status(), 400);
}

#[test]
fn a_form_or_a_query_that_does_not_fit_names_the_field() {
    let urls = Urls::new()
        .path("form/", |Form(order): Form<Order>| order.book.to_string())
        .path("query/", |Query(order): Query<Order>| order.book.to_string())
        .path("typed-form/", |form: Result<Form<Order>, FormRejection>| {
            format!("{:?}", form.unwrap_err().field())
        })
        .path("typed-query/", |query: Result<Query<Order>, QueryRejection>| {
            format!("{:?}", query.unwrap_err().field())
        });
    let client = client(urls);
    let response = client.post("/form/").form([("book", "three")]).wait().unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.text().contains("`book`"), "{}", response.text());
    assert_eq!(
        client
            .post("/typed-form/")
            .form([("book", "three")])
            .wait()
            .unwrap()
            .text(),
        "Some(\"book\")"
    );
    let response = client.get("/query/?book=three").wait().unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.text().contains("`book`"), "{}", response.text());
    assert_eq!(
        client.get("/typed-query/?book=three").wait().unwrap().text(),
        "Some(\"book\")"
    );
    assert!(
        client
            .get("/query/")
            .wait()
            .unwrap()
            .text()
            .contains("missing field `book`")
    );
}

#[test]
fn what_is_no_utf8_is_a_400() {
    let urls = Urls::new()
        .path("form/", |form: FormData| form.len().to_string())
        .path("typed/", |Form(order): Form<Order>| order.book.to_string())
        .path("query/", |Query(order): Query<Order>| order.book.to_string());
    let client = client(urls);
    for path in ["/form/", "/typed/"] {
        for body in [&b"book=3&name=%FF"[..], b"book=3&name=\xff"] {
            let request = client
                .post(path)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
            assert_eq!(request.wait().unwrap().status(), 400, "{path}");
        }
    }
    assert_eq!(
        client.get("/query/?book=3&name=%FF").wait().unwrap().status(),
        400
    );
    assert_eq!(
        client.get("/query/?book=3&name=%C3%A9").wait().unwrap().text(),
        "3"
    );
}

#[test]
fn a_query_has_as_many_fields_as_a_form() {
    let app = App::new().limits(Limits::default().fields(3));
    let client =
        Client::new(app.urls(Urls::new().path("", |Query(order): Query<Order>| order.book.to_string())));
    assert_eq!(client.get("/?book=3&a=1&b=2").wait().unwrap().text(), "3");
    assert_eq!(client.get("/?book=3&a=1&b=2&c=3").wait().unwrap().status(), 400);
}

#[test]
fn a_path_that_does_not_fit_is_a_404_and_the_programs_mistake_a_500() {
    let urls = Urls::new()
        .path("number/<str:id>/", |Path(id): Path<u8>| id.to_string())
        .path("pair/<int:a>/", |Path((a, b)): Path<(i32, i32)>| {
            (a + b).to_string()
        })
        .path("typed/<str:id>/", |id: Result<Path<u8>, PathRejection>| {
            id.unwrap_err().to_string()
        });
    let client = client(urls);
    assert_eq!(client.get("/number/255/").wait().unwrap().text(), "255");
    assert_eq!(client.get("/number/256/").wait().unwrap().status(), 404);
    assert_eq!(client.get("/pair/1/").wait().unwrap().status(), 500);
    assert!(
        client
            .get("/typed/x/")
            .wait()
            .unwrap()
            .text()
            .contains("\"x\" is no u8")
    );
}

#[test]
fn a_state_that_the_application_lacks_is_a_500_that_names_the_fix() {
    let view = |state: Result<State<u32>>| match state {
        Ok(State(value)) => value.to_string(),
        Err(error) => error.to_string(),
    };
    let text = client(Urls::new().path("", view))
        .get("/")
        .wait()
        .unwrap()
        .text()
        .to_owned();
    assert!(text.contains("`u32`") && text.contains("App::state"), "{text}");
    let client = Client::new(App::new().state(7_u32).urls(Urls::new().path("", view)));
    assert_eq!(client.get("/").wait().unwrap().text(), "7");
}

/// A body that panics when anybody reads it.
struct Unread;

impl http_body::Body for Unread {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        panic!("somebody reads it")
    }
}

#[tokio::test]
async fn a_body_is_not_read_before_somebody_asks() {
    let urls = Urls::new()
        .path(
            "sync/",
            |_: Request, Query(_): Query<std::collections::HashMap<String, String>>| "unread",
        )
        .path("async/", async |_: Request| "unread")
        .path("stream/", async |_: BodyStream| "unread")
        .path("asks/", async |request: Request| {
            request.body().await.map(|_| "read")
        });
    let handler = App::new().urls(urls).build().unwrap();
    for (path, status) in [
        ("/sync/", 200),
        ("/async/", 200),
        ("/stream/", 200),
        ("/asks/", 500),
    ] {
        let scope = HttpScope::new(Method::POST, path.parse().unwrap());
        let response = handler.http(scope, Body::new(Unread)).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_body_that_somebody_streams_is_nobody_elses() {
    let request = Request::new(HttpScope::new(Method::POST, "/".parse().unwrap()), "minor swing");
    let mut stream = request.stream().unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "minor swing");
    assert!(stream.chunk().await.unwrap().is_none());
    let error = request.body().await.unwrap_err();
    assert!(
        error.to_string().contains("taken by `Request::stream`"),
        "{error}"
    );
    assert!(request.stream().unwrap_err().is_taken());
    // Read first, both have it.
    let request = Request::new(HttpScope::new(Method::POST, "/".parse().unwrap()), "minor swing");
    assert_eq!(request.body().await.unwrap(), "minor swing");
    assert_eq!(
        request.stream().unwrap().chunk().await.unwrap().unwrap(),
        "minor swing"
    );
    assert_eq!(request.body().await.unwrap(), "minor swing");
}

fn with_headers(headers: &[(&'static str, &'static [u8])]) -> Request {
    let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
    for (name, value) in headers {
        scope
            .headers
            .append(*name, nuages_handler::HeaderValue::from_bytes(value).unwrap());
    }
    Request::new(scope, "")
}

#[test]
fn a_length_that_is_malformed_or_contradicts_is_none() {
    for (lengths, expected) in [
        (&["5"][..], Some(5)),
        (&["5", "5"], Some(5)),
        (&["5", "6"], None),
        (&["-5"], None),
        (&["+5"], None),
        (&[""], None),
        (&["5 "], Some(5)),
        (&["99999999999999999999"], None),
        (&[], None),
    ] {
        let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
        for length in lengths {
            scope
                .headers
                .append("content-length", length.trim().parse().unwrap());
        }
        assert_eq!(Request::new(scope, "").content_length(), expected, "{lengths:?}");
    }
}

#[test]
fn headers_are_joined_and_read_as_latin_1() {
    let request = with_headers(&[
        ("x-a", b"1"),
        ("x-a", b"2"),
        ("x-b", b"caf\xe9"),
        ("cookie", b"a=1;"),
        ("cookie", b"b=2 ; ;"),
        ("cookie", b"c=caf\xc3\xa9"),
    ]);
    assert_eq!(request.header_text("x-a").unwrap(), "1,2");
    assert_eq!(request.header("x-a"), Some("1"));
    assert_eq!(request.header_text("X-B").unwrap(), "café");
    assert_eq!(request.header("x-b"), None);
    assert_eq!(request.header_text("cookie").unwrap(), "a=1; b=2; c=cafÃ©");
    assert_eq!(request.cookie("c"), Some("café"));
    assert_eq!(request.header_text("x-none"), None);
}

#[test]
fn headers_without_number_are_read_in_time_that_grows_with_them() {
    let mut scope = HttpScope::new(
        Method::GET,
        format!("/?{}", "a=1&".repeat(16_000)).parse().unwrap(),
    );
    for _ in 0..20_000 {
        scope.headers.append("x-a", "1".parse().unwrap());
        scope.headers.append("x_b", "1".parse().unwrap());
    }
    scope
        .headers
        .append("cookie", "a=1; ".repeat(200_000).parse().unwrap());
    let request = Request::new(scope, "");
    let begin = std::time::Instant::now();
    assert_eq!(request.cookies().count(), 200_000);
    assert_eq!(request.header_text("x-a").unwrap().len(), 39_999);
    assert_eq!(request.query().len(), 16_000);
    assert_eq!(request.headers().get_all("x_b").iter().count(), 0);
    assert_eq!(request.headers().get_all("x-a").iter().count(), 20_000);
    // Each in its own square this would take minutes.
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[test]
fn a_path_never_leads_to_another_host() {
    for (target, path) in [
        ("/a/?b=c", "/a/?b=c"),
        ("//evil.example/", "/%2Fevil.example/"),
        ("/\\evil.example/", "/%2Fevil.example/"),
        ("http://x//evil.example/?q", "/%2Fevil.example/?q"),
    ] {
        let Ok(uri) = target.parse() else {
            continue;
        };
        assert_eq!(
            Request::new(HttpScope::new(Method::GET, uri), "").full_path(),
            path,
            "{target}"
        );
    }
}

#[test]
fn errors_of_arguments_are_found_by_their_type() {
    let request = Request::new(HttpScope::new(Method::GET, "/".parse().unwrap()), "");
    let error: Error = request.json::<u8>().wait().unwrap_err();
    assert_eq!(error.status(), 415);
    assert!(error.downcast_ref::<JsonRejection>().is_some());
}
