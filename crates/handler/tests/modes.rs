//! Sync and async views and middleware answer alike in every mix, and hop exactly where the plan says.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::thread;

use nuages_bridge::{count_hops, sync_to_async};
use nuages_handler::{
    App, Client, Error, Handler, Method, Next, Path, Request, Response, Result, Urls, get, neutral,
};

/// What ran, in order.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn push(&self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Sync,
    Async,
}
use Kind::{Async, Sync};

/// Two layers of one kind, a group's layer of the same kind, and a view of another or the same.
fn mixed(layers: Kind, view: Kind, trace: &Trace) -> Handler {
    fn layer(app: App, kind: Kind, name: &'static str, trace: &Trace) -> App {
        let trace = trace.clone();
        match kind {
            Sync => app.middleware(move |request: Request, next: Next| -> Result<Response> {
                trace.push(&format!("{name} in"));
                let response = next.run(request).wait()?.header("x-layer", name);
                trace.push(&format!("{name} out"));
                Ok(response)
            }),
            Async => app.middleware(move |request: Request, next: Next| {
                let trace = trace.clone();
                async move {
                    trace.push(&format!("{name} in"));
                    let response = next.run(request).await?.header("x-layer", name);
                    trace.push(&format!("{name} out"));
                    Ok::<_, Error>(response)
                }
            }),
        }
    }
    let app = layer(layer(App::new(), layers, "outer", trace), layers, "inner", trace);
    let trace = trace.clone();
    let urls = match view {
        Sync => Urls::new().path("books/<int:id>/", move |Path(id): Path<i64>| {
            trace.push("view");
            format!("book {id}")
        }),
        Async => Urls::new().path("books/<int:id>/", move |Path(id): Path<i64>| {
            let trace = trace.clone();
            async move {
                trace.push("view");
                format!("book {id}")
            }
        }),
    };
    app.urls(urls.name("book")).build().unwrap()
}

const MIXES: [(Kind, Kind); 4] = [(Sync, Sync), (Sync, Async), (Async, Sync), (Async, Async)];
const ORDER: [&str; 5] = ["outer in", "inner in", "view", "inner out", "outer out"];

#[tokio::test]
async fn every_mix_gives_the_same_trace_and_the_same_answer_to_async_code() {
    every_mix_awaited().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mix_gives_the_same_trace_and_the_same_answer_on_many_threads() {
    every_mix_awaited().await;
    tokio::spawn(every_mix_awaited()).await.unwrap();
}

async fn every_mix_awaited() {
    for (layers, view) in MIXES {
        let trace = Trace::default();
        let response = Client::new(mixed(layers, view, &trace))
            .get("/books/3/")
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{layers:?} {view:?}");
        assert_eq!(response.text(), "book 3");
        assert_eq!(response.header("x-layer"), Some("outer"));
        assert_eq!(trace.take(), ORDER, "{layers:?} {view:?}");
    }
}

#[test]
fn every_mix_gives_the_same_trace_and_the_same_answer_to_sync_code() {
    for (layers, view) in MIXES {
        let trace = Trace::default();
        let response = Client::new(mixed(layers, view, &trace))
            .get("/books/3/")
            .wait()
            .unwrap();
        assert_eq!(response.text(), "book 3", "{layers:?} {view:?}");
        assert_eq!(response.header("x-layer"), Some("outer"));
        assert_eq!(trace.take(), ORDER, "{layers:?} {view:?}");
    }
}

fn sync_layer(request: Request, next: Next) -> Result<Response> {
    next.run(request).wait()
}

async fn async_layer(request: Request, next: Next) -> Result<Response> {
    next.run(request).await
}

fn sync_view() -> &'static str {
    "sync"
}

async fn async_view() -> &'static str {
    "async"
}

fn harmless() -> impl nuages_handler::NeutralMiddleware {
    neutral(|_| None, |_, response| response)
}

/// All routes whose hops are counted: what a request passes through, and how many hops that is.
fn routes() -> Urls {
    let both = |prefix: &str| {
        Urls::new()
            .path("sync/", sync_view)
            .name(format!("{prefix} sync"))
            .path("async/", async_view)
            .name(format!("{prefix} async"))
    };
    Urls::new()
        .include("none/", both("none"))
        .include(
            "neutral/",
            both("neutral").middleware(harmless()).middleware(harmless()),
        )
        .include(
            "sync/",
            both("sync").middleware(sync_layer).middleware(sync_layer),
        )
        .include(
            "async/",
            both("async").middleware(async_layer).middleware(async_layer),
        )
        .include(
            "mixed/",
            both("mixed")
                .middleware(async_layer)
                .middleware(harmless())
                .middleware(sync_layer)
                .middleware(harmless())
                .middleware(async_layer)
                .middleware(sync_layer),
        )
}

const HOPS: [(&str, &str, u64); 10] = [
    ("none", "async", 0),
    ("none", "sync", 1),
    ("neutral", "async", 0),
    ("neutral", "sync", 1),
    ("sync", "sync", 1),
    ("sync", "async", 1),
    ("async", "async", 0),
    ("async", "sync", 1),
    ("mixed", "sync", 1),
    ("mixed", "async", 1),
];

#[tokio::test]
async fn real_hops_are_those_of_the_plan() {
    let app = App::new().urls(routes()).build().unwrap();
    let client = Client::new(&app);
    for (layers, view, expected) in HOPS {
        let (response, hops) = count_hops(client.get(format!("/{layers}/{view}/")).into_future()).await;
        assert_eq!(response.unwrap().text(), view);
        assert_eq!(hops.to_thread, expected, "{layers} {view}");
        let planned = app.plan().route(&format!("{layers} {view}")).hops();
        assert_eq!(planned as u64, expected, "the plan of {layers} {view}");
    }
}

#[test]
fn the_plan_can_be_read() {
    async fn create() -> &'static str {
        "made"
    }
    let urls = Urls::new()
        .path("", sync_view)
        .name("home")
        .path("books/<int:id>/", get(async_view).post(sync_view).put(create))
        .name("book");
    let plan = App::new().middleware(async_layer).urls(urls).plan().unwrap();
    assert_eq!(
        plan.to_string(),
        "any   /                 home  1 hop   async_layer (async) => sync_view (sync)\n\
         GET   /books/<int:id>/  book  0 hops  async_layer (async) -> async_view (async)\n\
         POST  /books/<int:id>/  book  1 hop   async_layer (async) => sync_view (sync)\n\
         PUT   /books/<int:id>/  book  0 hops  async_layer (async) -> create (async)\n"
    );
    let book = plan.route("book");
    assert_eq!(book.hops_of(&Method::GET), 0);
    assert_eq!(book.hops_of(&Method::POST), 1);
    assert_eq!(book.hops(), 1);
    assert!(plan.get("nothing").is_none());
}

#[test]
fn closures_are_called_by_where_they_stand() {
    let urls = Urls::new()
        .path("", || "a")
        .name("a")
        .path("b/", get(async || "b"))
        .name("b");
    let plan = App::new().urls(urls).plan().unwrap();
    for name in ["a", "b"] {
        let (_, view) = plan.route(name).views().next().unwrap();
        let place = view.name().strip_prefix("closure at ").unwrap();
        assert!(place.starts_with(concat!(file!(), ":")), "{place}");
    }
}

/// Waits for an operation, which async code must not.
async fn impatient(request: Request) -> &'static str {
    match request.body().wait() {
        Err(error) if error.is_synchronous_only() => "refused",
        Err(_) => "another error",
        Ok(_) => "blocked the event loop",
    }
}

#[tokio::test]
async fn waiting_in_an_async_view_is_refused_also_under_sync_middleware() {
    let plain = Client::new(App::new().urls(Urls::new().path("", impatient)));
    let under_sync = Client::new(
        App::new()
            .middleware(sync_layer)
            .urls(Urls::new().path("", impatient)),
    );
    assert_eq!(plain.get("/").await.unwrap().text(), "refused");
    assert_eq!(under_sync.get("/").await.unwrap().text(), "refused");
}

#[test]
fn waiting_in_an_async_view_is_refused_in_a_sync_test_too() {
    let plain = Client::new(App::new().urls(Urls::new().path("", impatient)));
    let under_sync = Client::new(
        App::new()
            .middleware(sync_layer)
            .urls(Urls::new().path("", impatient)),
    );
    assert_eq!(plain.get("/").wait().unwrap().text(), "refused");
    assert_eq!(under_sync.get("/").wait().unwrap().text(), "refused");
}

#[tokio::test]
async fn waiting_for_next_in_async_middleware_is_refused() {
    async fn impatient_layer(request: Request, next: Next) -> Result<Response> {
        next.run(request).wait()
    }
    let client = Client::new(
        App::new()
            .middleware(impatient_layer)
            .urls(Urls::new().path("", async_view)),
    );
    let error = client.get("/").await.unwrap_err();
    assert!(error.is_synchronous_only(), "{error}");
}

#[tokio::test]
async fn all_sync_code_of_a_request_is_on_one_thread_that_is_not_the_loop() {
    let seen: Arc<Mutex<Vec<thread::ThreadId>>> = Arc::default();
    let note = {
        let seen = seen.clone();
        move || seen.lock().unwrap().push(thread::current().id())
    };
    let in_layer = note.clone();
    let layer = move |request: Request, next: Next| -> Result<Response> {
        in_layer();
        let response = next.run(request).wait();
        in_layer();
        response
    };
    let view = move || {
        let note = note.clone();
        async move { sync_to_async(note).await.map(|()| "done") }
    };
    let client = Client::new(
        App::new()
            .middleware(layer)
            .middleware(async_layer)
            .urls(Urls::new().path("", view)),
    );
    assert_eq!(client.get("/").await.unwrap().text(), "done");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|id| *id == seen[0]), "{seen:?}");
    assert_ne!(seen[0], thread::current().id());
}

#[test]
fn in_a_sync_test_sync_code_runs_on_the_tests_own_thread() {
    let here = thread::current().id();
    let where_am_i = move || {
        if thread::current().id() == here {
            "here"
        } else {
            "elsewhere"
        }
    };
    let urls = || Urls::new().path("", where_am_i);
    for app in [
        App::new().urls(urls()),
        App::new().middleware(async_layer).urls(urls()),
        App::new()
            .middleware(sync_layer)
            .middleware(async_layer)
            .urls(urls()),
    ] {
        assert_eq!(Client::new(app).get("/").wait().unwrap().text(), "here");
    }
}

#[test]
fn a_layer_that_declines_is_left_out_and_the_others_stay() {
    struct Toolbar;
    impl nuages_handler::NeutralMiddleware for Toolbar {}
    let toolbar = |settings: &nuages_handler::Settings| {
        settings
            .debug
            .then_some(Toolbar)
            .ok_or(nuages_handler::MiddlewareNotUsed::because("debug mode is off"))
    };
    for debug in [true, false] {
        let app = App::new()
            .debug(debug)
            .middleware(nuages_handler::RequestId::new())
            .middleware_from(toolbar)
            .middleware(harmless())
            .urls(Urls::new().path("", sync_view).name("home"));
        // The same application, built twice: a factory changes nothing of it.
        for _ in 0..2 {
            let handler = app.clone().build().unwrap();
            assert_eq!(handler.plan().layers().count(), if debug { 3 } else { 2 });
            assert_eq!(handler.plan().route("home").hops(), 1);
        }
    }
}
