//! What a request brings: body, forms, JSON, cookies, and values for whoever has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::StreamBody;
use nuages_handler::{
    App, Body, Bytes, Client, Cookie, Error, Form, FormData, HttpScope, Json, Method, Next, Query, Request,
    Response, Result, SameSite, Urls, post,
};
use nuages_protocol::Application as _;

fn client(urls: Urls) -> Client {
    Client::new(App::new().urls(urls))
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Order {
    book: i64,
    copies: u8,
    #[serde(default)]
    tags: Vec<String>,
}

fn sync_form(Form(order): Form<Order>) -> String {
    format!("{} of {} {:?}", order.copies, order.book, order.tags)
}

async fn async_form(request: Request) -> Result<String> {
    let form = request.form().await?;
    Ok(format!(
        "{:?} {:?}",
        form.get("book"),
        form.get_list("tags").collect::<Vec<_>>()
    ))
}

fn sync_op(request: Request) -> Result<String> {
    let form = request.form().wait()?;
    Ok(format!(
        "{:?} {:?}",
        form.get("book"),
        form.get_list("tags").collect::<Vec<_>>()
    ))
}

#[test]
fn forms_are_read_in_both_styles() {
    let client = client(
        Urls::new()
            .path("a/", sync_form)
            .path("b/", async_form)
            .path("c/", sync_op),
    );
    let fields = [
        ("book", "3"),
        ("copies", "2"),
        ("tags", "jazz & swing"),
        ("tags", "été"),
    ];
    assert_eq!(
        client.post("/a/").form(fields).wait().unwrap().text(),
        "2 of 3 [\"jazz & swing\", \"été\"]"
    );
    let expected = "Some(\"3\") [\"jazz & swing\", \"été\"]";
    assert_eq!(client.post("/b/").form(fields).wait().unwrap().text(), expected);
    assert_eq!(client.post("/c/").form(fields).wait().unwrap().text(), expected);
}

#[tokio::test]
async fn forms_are_read_in_both_styles_for_async_callers() {
    let client = client(
        Urls::new()
            .path("a/", sync_form)
            .path("b/", async_form)
            .path("c/", sync_op),
    );
    for path in ["/b/", "/c/"] {
        assert_eq!(
            client.post(path).form([("book", 3)]).await.unwrap().text(),
            "Some(\"3\") []"
        );
    }
    assert_eq!(
        client
            .post("/a/")
            .form([("book", 3), ("copies", 1)])
            .await
            .unwrap()
            .text(),
        "1 of 3 []"
    );
}

#[test]
fn a_form_that_does_not_fit_is_a_400() {
    let client = client(Urls::new().path("", sync_form));
    assert_eq!(
        client
            .post("/")
            .form([("book", "three"), ("copies", "2")])
            .wait()
            .unwrap()
            .status(),
        400
    );
    assert_eq!(
        client.post("/").form([("book", "3")]).wait().unwrap().status(),
        400
    );
    assert_eq!(
        client
            .post("/")
            .header("content-type", "text/plain")
            .body("x")
            .wait()
            .unwrap()
            .status(),
        415
    );
}

#[test]
fn a_form_has_at_most_a_thousand_fields() {
    let client = client(Urls::new().path("", |form: FormData| form.len().to_string()));
    let fields = |n: usize| (0..n).map(|i| ("field", i));
    assert_eq!(client.post("/").form(fields(1000)).wait().unwrap().text(), "1000");
    assert_eq!(client.post("/").form(fields(1001)).wait().unwrap().status(), 400);
}

#[test]
fn json_is_read_and_written() {
    let client = client(
        Urls::new()
            .path("a/", |Json(order): Json<Order>| Json(order))
            .path("b/", async |request: Request| -> Result<String> {
                Ok(request.json::<Order>().await?.book.to_string())
            }),
    );
    let order = Order {
        book: 3,
        copies: 2,
        tags: vec!["jazz".to_owned()],
    };
    let response = client.post("/a/").json(&order).wait().unwrap();
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.text(), r#"{"book":3,"copies":2,"tags":["jazz"]}"#);
    assert_eq!(response.json::<Order>().unwrap().book, 3);
    assert_eq!(client.post("/b/").json(&order).wait().unwrap().text(), "3");
}

#[test]
fn json_that_does_not_fit_is_a_400_and_what_is_no_json_a_415() {
    let client = client(Urls::new().path("", |Json(order): Json<Order>| order.book.to_string()));
    let send = |kind: &'static str, body: &'static str| {
        client
            .post("/")
            .header("content-type", kind)
            .body(body)
            .wait()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(
        send("application/json; charset=utf-8", r#"{"book":3,"copies":2}"#),
        200
    );
    assert_eq!(send("application/vnd.shop+json", r#"{"book":3,"copies":2}"#), 200);
    assert_eq!(send("application/json", r#"{"book":3"#), 400);
    assert_eq!(send("application/json", r#"{"book":"x","copies":2}"#), 400);
    assert_eq!(send("application/json", ""), 400);
    assert_eq!(send("text/plain", r#"{"book":3,"copies":2}"#), 415);
}

#[test]
fn a_body_past_the_limit_is_a_413() {
    let urls = Urls::new()
        .path("extractor/", |body: Bytes| body.len().to_string())
        .path("op/", |request: Request| -> Result<String> {
            Ok(request.body().wait()?.len().to_string())
        })
        .path("unread/", || "not read");
    let client = Client::new(App::new().body_limit(10).urls(urls));
    for path in ["/extractor/", "/op/"] {
        assert_eq!(client.post(path).body("0123456789").wait().unwrap().text(), "10");
        assert_eq!(
            client.post(path).body("0123456789+").wait().unwrap().status(),
            413,
            "{path}"
        );
    }
    assert_eq!(
        client.post("/unread/").body("0123456789+").wait().unwrap().text(),
        "not read"
    );
}

#[test]
fn the_default_limit_is_two_and_a_half_mebibytes() {
    let client = client(Urls::new().path("", |body: Bytes| body.len().to_string()));
    let limit = 2_621_440;
    assert_eq!(
        client.post("/").body(vec![0; limit]).wait().unwrap().text(),
        limit.to_string()
    );
    assert_eq!(
        client.post("/").body(vec![0; limit + 1]).wait().unwrap().status(),
        413
    );
}

#[test]
fn a_body_is_there_for_each_who_asks() {
    let layer = |request: Request, next: Next| -> Result<Response> {
        let body = request.body().wait()?;
        assert_eq!(body, "book=3&copies=1");
        next.run(request).wait()
    };
    let view = |request: Request, form: FormData, Form(order): Form<Order>| -> Result<String> {
        let again = request.body().wait()?;
        Ok(format!("{} {} {}", again.len(), form.len(), order.book))
    };
    let client = Client::new(App::new().middleware(layer).urls(Urls::new().path("", view)));
    assert_eq!(
        client
            .post("/")
            .form([("book", 3), ("copies", 1)])
            .wait()
            .unwrap()
            .text(),
        "15 2 3"
    );
}

#[tokio::test]
async fn a_body_that_came_in_parts_is_read_once_by_many_at_a_time() {
    let parts = [Ok::<_, std::io::Error>("min"), Ok("or "), Ok("swing")];
    let parts =
        parts.map(|part| part.map(|text| http_body::Frame::data(Bytes::from_static(text.as_bytes()))));
    let stream = StreamBody::new(in_parts(parts));
    let request = Request::new(
        HttpScope::new(Method::POST, "/".parse().unwrap()),
        Body::new(stream),
    );
    let (a, b) = tokio::join!(request.body(), request.body());
    assert_eq!(a.unwrap(), "minor swing");
    assert_eq!(b.unwrap(), "minor swing");
}

/// The parts one by one, with a pause before each.
fn in_parts<T: Unpin>(parts: impl IntoIterator<Item = T>) -> impl futures_core::Stream<Item = T> {
    struct Parts<I>(I, bool);
    impl<I: Iterator + Unpin> futures_core::Stream for Parts<I> {
        type Item = I::Item;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<I::Item>> {
            self.1 = !self.1;
            if self.1 {
                cx.waker().wake_by_ref();
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(self.0.next())
        }
    }
    let parts: Vec<T> = parts.into_iter().collect();
    Parts(parts.into_iter(), false)
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_each_time() {
    let parts = [Ok("min"), Err(std::io::Error::other("cut"))];
    let parts =
        parts.map(|part| part.map(|text| http_body::Frame::data(Bytes::from_static(text.as_bytes()))));
    let stream = StreamBody::new(in_parts(parts));
    let request = Request::new(
        HttpScope::new(Method::POST, "/".parse().unwrap()),
        Body::new(stream),
    );
    for _ in 0..2 {
        let error = request.body().await.unwrap_err();
        assert_eq!(error.status(), 500);
        assert!(error.chain().any(|cause| cause.to_string() == "cut"), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_is_read_before_a_sync_view_takes_a_thread() {
    // Under the handler's own context, so that nothing of this test's is shared.
    let app = App::new()
        .urls(Urls::new().path("", |body: Bytes| body.len().to_string()))
        .build()
        .unwrap();
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let parts = StreamBody::new(Late(Some(receiver)));
    let before = nuages_bridge::hops();
    let scope = HttpScope::new(Method::POST, "/".parse().unwrap());
    let mut answer = Box::pin(app.http(scope, Body::new(parts)));
    assert!(
        poll_once(&mut answer).await.is_none(),
        "the body is not there yet"
    );
    assert_eq!(
        nuages_bridge::hops().to_thread,
        before.to_thread,
        "no thread waits for the client"
    );
    sender.send(()).unwrap();
    let response = answer.await.unwrap();
    assert_eq!(response.into_body().collect(10).await.unwrap(), "4");
}

/// Polls once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

/// One frame, once it is told so.
struct Late(Option<tokio::sync::oneshot::Receiver<()>>);

impl futures_core::Stream for Late {
    type Item = Result<http_body::Frame<Bytes>, std::io::Error>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let Some(receiver) = &mut self.0 else {
            return std::task::Poll::Ready(None);
        };
        std::task::ready!(std::pin::Pin::new(receiver).poll(cx)).expect("the sender is kept");
        self.0 = None;
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(b"late")))))
    }
}

#[test]
fn cookies_come_and_go() {
    let urls = Urls::new()
        .path("set/", || {
            Response::new(200)
                .cookie(("name", "a b;c=\"é\""))
                .cookie(Cookie::new("other", "1"))
        })
        .path("get/", |request: Request| {
            format!("{:?} {:?}", request.cookie("name"), request.cookie("other"))
        })
        .path("delete/", || Response::new(200).delete_cookie("name"));
    let client = client(urls);
    assert_eq!(client.get("/get/").wait().unwrap().text(), "None None");
    let response = client.get("/set/").wait().unwrap();
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(
        client.get("/get/").wait().unwrap().text(),
        r#"Some("a b;c=\"é\"") Some("1")"#
    );
    client.get("/delete/").wait().unwrap();
    assert_eq!(client.get("/get/").wait().unwrap().text(), "None Some(\"1\")");
    assert_eq!(client.cookie("name"), None);
}

#[test]
fn a_cookie_says_all_that_was_asked_for() {
    let cookie = Cookie::new("a", "b")
        .path("/shop")
        .domain("example.org")
        .max_age(Duration::from_secs(60))
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict);
    let response = Response::default().cookie(cookie);
    let text = response.headers()["set-cookie"].to_str().unwrap();
    for part in [
        "a=b",
        "Path=/shop",
        "Domain=example.org",
        "Max-Age=60",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
    ] {
        assert!(text.split("; ").any(|p| p == part), "{part} is not in {text}");
    }
}

#[test]
fn optional_and_fallible_arguments() {
    #[derive(serde::Deserialize)]
    struct Page {
        page: u32,
    }
    let urls = Urls::new()
        .path("option/", |page: Option<Query<Page>>| {
            format!("{:?}", page.map(|Query(page)| page.page))
        })
        .path("result/", |page: Result<Query<Page>, Error>| match page {
            Ok(Query(page)) => page.page.to_string(),
            Err(error) => error.status().to_string(),
        });
    let client = client(urls);
    assert_eq!(client.get("/option/?page=2").wait().unwrap().text(), "Some(2)");
    assert_eq!(client.get("/option/?page=x").wait().unwrap().text(), "None");
    assert_eq!(client.get("/result/?page=2").wait().unwrap().text(), "2");
    assert_eq!(client.get("/result/").wait().unwrap().text(), "400 Bad Request");
}

#[test]
fn six_arguments_and_a_body() {
    async fn all(
        request: Request,
        method: Method,
        Query(query): Query<std::collections::HashMap<String, String>>,
        form: FormData,
        body: Bytes,
        none: Option<Json<Order>>,
    ) -> String {
        format!(
            "{} {method} {} {} {} {}",
            request.path(),
            query["q"],
            form.len(),
            body.len(),
            none.is_none()
        )
    }
    let client = client(Urls::new().path("", post(all)));
    assert_eq!(
        client.post("/?q=x").form([("a", 1)]).wait().unwrap().text(),
        "/ POST x 1 3 true"
    );
}

#[test]
fn values_are_shared_by_all_handles_of_a_request() {
    #[derive(Clone)]
    struct User(&'static str);
    #[derive(Clone)]
    struct Count(Arc<AtomicUsize>);
    let layer = |request: Request, next: Next| -> Result<Response> {
        request.insert(User("django"));
        let count = Count(Arc::default());
        request.insert(count.clone());
        let response = next.run(request.clone()).wait()?;
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        Ok(response.header("x-left", request.get::<&'static str>().unwrap()))
    };
    let view = async |request: Request| -> String {
        request.get::<Count>().unwrap().0.fetch_add(1, Ordering::Relaxed);
        request.insert("by the view");
        format!("{} {:?}", request.get::<User>().unwrap().0, request.get::<u64>())
    };
    let client = Client::new(App::new().middleware(layer).urls(Urls::new().path("", view)));
    let response = client.get("/").wait().unwrap();
    assert_eq!(response.text(), "django None");
    assert_eq!(response.header("x-left"), Some("by the view"));
}

#[test]
fn what_stands_around_a_request_is_told() {
    let view = |request: Request| {
        format!(
            "{:?} {:?} {} {:?}",
            request.host(),
            request.client().and_then(|address| address.ip()),
            request.scheme(),
            request.header("x-own")
        )
    };
    let client = client(Urls::new().path("", view));
    let response = client.get("/").header("X-Own", "yes").wait().unwrap();
    assert_eq!(
        response.text(),
        "Some(\"testserver\") Some(127.0.0.1) http Some(\"yes\")"
    );
}
