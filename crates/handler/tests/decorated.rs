//! What is put around one view: layers of its own, a name, a promise not to block, values for outer layers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_bridge::Op;
use nuages_handler::{
    App, Client, CsrfExempt, Error, IntoView, Next, Request, Response, Result, Urls, get, neutral,
};

async fn outer(request: Request, next: Next) -> Result<Response> {
    Ok(next.run(request).await?.append_header("x-way", "outer"))
}

fn inner(request: Request, next: Next) -> Result<Response> {
    Ok(next.run(request).wait()?.append_header("x-way", "inner"))
}

fn sync_view() -> &'static str {
    "sync"
}

async fn async_view() -> &'static str {
    "async"
}

#[test]
fn layers_of_one_view_wrap_it_alone_and_stand_in_the_plan() {
    let urls = Urls::new()
        .path("a/", sync_view.into_view().layer(inner).layer(outer))
        .name("a")
        .path("b/", get(async_view.into_view().layer(outer)).post(sync_view))
        .name("b");
    let handler = App::new().urls(urls).build().unwrap();
    assert_eq!(
        handler.plan().to_string(),
        "any   /a/  a  1 hop   outer (async) => inner (sync) -> sync_view (sync)\n\
         GET   /b/  b  0 hops  outer (async) -> async_view (async)\n\
         POST  /b/  b  1 hop   => sync_view (sync)\n"
    );
    let client = Client::new(handler);
    let way = |response: &nuages_handler::ClientResponse| -> Vec<String> {
        let values = response.headers().get_all("x-way").iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    let response = client.get("/a/").wait().unwrap();
    assert_eq!(
        (response.text(), way(&response)),
        ("sync", vec!["inner".to_owned(), "outer".to_owned()])
    );
    assert_eq!(way(&client.get("/b/").wait().unwrap()), ["outer"]);
    assert!(way(&client.post("/b/").wait().unwrap()).is_empty());
    assert_eq!(
        client.delete("/b/").wait().unwrap().header("allow"),
        Some("GET, HEAD, POST, OPTIONS")
    );
}

#[test]
fn an_inline_view_takes_no_thread_and_may_not_wait() {
    fn waits() -> Result<&'static str> {
        Op::<_, Error>::new("a query", async { Ok("waited") }).wait()
    }
    let urls = Urls::new()
        .path("inline/", sync_view.into_view().inline())
        .name("inline")
        .path("methods/", get(sync_view).post(async_view).into_view().inline())
        .name("methods")
        .path("layered/", sync_view.into_view().layer(outer).inline())
        .name("layered")
        .path("waits/", waits.into_view().inline());
    let client = Client::new(App::new().urls(urls));
    for name in ["inline", "methods", "layered"] {
        assert_eq!(client.handler().plan().route(name).hops(), 0, "{name}");
    }
    assert_eq!(client.get("/layered/").wait().unwrap().text(), "sync");
    assert!(client.get("/waits/").wait().unwrap_err().is_synchronous_only());
}

#[test]
fn a_name_and_a_value_are_found_from_outside() {
    let check = neutral(
        |request: &Request| {
            let exempt = request.view_value::<CsrfExempt>().is_some();
            (!exempt && request.method() == "POST").then(|| Response::new(403))
        },
        |_, response| response,
    );
    let exempt = sync_view
        .into_view()
        .layer(outer)
        .with_value(CsrfExempt)
        .named("webhook");
    let urls = Urls::new()
        .path("all/", exempt)
        .name("all")
        .path(
            "some/",
            get(sync_view).post(async_view.into_view().with_value(CsrfExempt)),
        )
        .path("none/", sync_view);
    let client = Client::new(App::new().middleware(check).urls(urls));
    for (path, status) in [("/all/", 200), ("/some/", 200), ("/none/", 403)] {
        assert_eq!(client.post(path).wait().unwrap().status(), status, "{path}");
    }
    let plan = client.handler().plan().to_string();
    assert!(
        plan.contains("-> webhook (sync)") || plan.contains("=> webhook (sync)"),
        "{plan}"
    );
}
