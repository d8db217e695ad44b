//! One trace in every mix: each scenario runs with sync and with async layers, around sync and around async views, asked by the test client in both
//! call styles and by a browser over a socket. What ran, in which order, and what is answered must not depend on any of that.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::sync::{Arc, Mutex};

use nuages_handler::{
    App, AsyncMiddleware, BoxFuture, Client, DeferredTemplate, Error, Failure, Handler, IntoView, Json,
    JsonRejection, Method, Middleware, Next, Path, Query, Request, RequestHook, Response, Result, StatusCode,
    TemplateResponse, Urls, View, ViewCall, get, neutral,
};
use nuages_protocol::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What ran, in order.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn push(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
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

const MIXES: [(Kind, Kind); 4] = [(Sync, Sync), (Sync, Async), (Async, Sync), (Async, Async)];

/// A middleware with every hook; what it does beside telling is said by name: `answers` in a hook's name, `fails` in another's.
#[derive(Clone)]
struct Traced {
    name: &'static str,
    trace: Trace,
    does: &'static [&'static str],
}

impl Traced {
    fn does(&self, what: &str) -> bool {
        self.does.contains(&what)
    }

    fn before(&self) -> Result<Option<Response>> {
        self.trace.push(format!("{} in", self.name));
        if self.does("fail on the way in") {
            return Err(Error::forbidden());
        }
        Ok(self
            .does("answer on the way in")
            .then(|| Response::new(202).body(self.name)))
    }

    fn after(&self, response: Response) -> Response {
        self.trace
            .push(format!("{} out {}", self.name, response.status().as_u16()));
        if self.does("panic on the way out") {
            panic!("{} panics", self.name);
        }
        response.append_header("x-way", self.name)
    }

    fn view(&self) -> Result<Option<Response>> {
        self.trace.push(format!("{} view", self.name));
        if self.does("fail before the view") {
            return Err(Error::new(StatusCode::CONFLICT, "before the view"));
        }
        Ok(self.does("answer before the view").then(|| Response::new(203)))
    }

    fn exception(&self, error: &Error) -> Option<Response> {
        self.trace
            .push(format!("{} exception {}", self.name, error.status().as_u16()));
        self.does("answer exceptions").then(|| Response::new(418))
    }

    fn template(&self, template: &mut DeferredTemplate) {
        self.trace.push(format!("{} template", self.name));
        if let Some(page) = template.context_mut::<String>() {
            page.push_str(self.name);
        }
    }
}

impl Middleware for Traced {
    fn call(&self, request: Request, next: Next) -> Result<Response> {
        match self.before()? {
            Some(response) => Ok(response),
            None => Ok(self.after(next.run(request).wait()?)),
        }
    }

    fn process_view(&self, _: &Request, _: &View) -> Result<Option<Response>> {
        self.view()
    }

    fn process_exception(&self, _: &Request, error: &Error) -> Option<Response> {
        self.exception(error)
    }

    fn process_template_response(&self, _: &Request, _: &mut Response, template: &mut DeferredTemplate) {
        self.template(template);
    }
}

#[derive(Clone)]
struct TracedAsync(Traced);

impl AsyncMiddleware for TracedAsync {
    async fn call(&self, request: Request, next: Next) -> Result<Response> {
        match self.0.before()? {
            Some(response) => Ok(response),
            None => Ok(self.0.after(next.run(request).await?)),
        }
    }

    async fn process_view(&self, _: &Request, _: &View) -> Result<Option<Response>> {
        tokio::task::yield_now().await;
        self.0.view()
    }

    async fn process_exception(&self, _: &Request, error: &Error) -> Option<Response> {
        tokio::task::yield_now().await;
        self.0.exception(error)
    }

    async fn process_template_response(
        &self,
        _: &Request,
        _: &mut Response,
        template: &mut DeferredTemplate,
    ) {
        tokio::task::yield_now().await;
        self.0.template(template);
    }
}

/// What a scenario is built with.
struct Mix {
    layers: Kind,
    view: Kind,
    trace: Trace,
}

impl Mix {
    fn layer(&self, app: App, name: &'static str, does: &'static [&'static str]) -> App {
        let traced = Traced {
            name,
            trace: self.trace.clone(),
            does,
        };
        match self.layers {
            Sync => app.middleware(traced),
            Async => app.middleware(TracedAsync(traced)),
        }
    }

    /// A view that tells that it runs.
    fn view(
        &self,
        answer: impl Fn() -> Result<Response> + Clone + Send + std::marker::Sync + 'static,
    ) -> View {
        let trace = self.trace.clone();
        match self.view {
            Sync => (move || {
                trace.push("view");
                answer()
            })
            .into_view(),
            Async => (move || {
                let (trace, answer) = (trace.clone(), answer.clone());
                async move {
                    tokio::task::yield_now().await;
                    trace.push("view");
                    answer()
                }
            })
            .into_view(),
        }
    }

    /// A view whose arguments are made of the path, the query and the body.
    fn arguments(&self) -> View {
        type Found = (Path<u8>, Query<Page>, Result<Json<u8>, JsonRejection>);
        let trace = self.trace.clone();
        let told = move |(Path(shelf), Query(query), body): Found| {
            let body = body.map_or_else(|error| error.status().as_u16(), |Json(body)| body.into());
            trace.push(format!("view {shelf} {} {body}", query.page));
            fine()
        };
        match self.view {
            Sync => (move |shelf: Path<u8>, query: Query<Page>, body: Result<Json<u8>, JsonRejection>| {
                told((shelf, query, body))
            })
            .into_view(),
            Async => (move |shelf: Path<u8>, query: Query<Page>, body: Result<Json<u8>, JsonRejection>| {
                let told = told.clone();
                async move {
                    tokio::task::yield_now().await;
                    told((shelf, query, body))
                }
            })
            .into_view(),
        }
    }

    /// A view that can't be called without a body of JSON.
    fn body(&self) -> View {
        match self.view {
            Sync => (|Json(_): Json<u8>| fine()).into_view(),
            Async => (async |Json(_): Json<u8>| fine()).into_view(),
        }
    }

    /// Two layers around the views that take arguments.
    fn shelves(&self) -> App {
        let app = self.layer(App::new(), "outer", &[]);
        let app = self.layer(app, "inner", &["answer exceptions"]);
        app.urls(
            Urls::new()
                .path("shelves/<int:shelf>/", self.arguments())
                .path("body/", self.body()),
        )
    }

    /// Two layers around one view at `/`.
    fn shop(
        &self,
        does: [&'static [&'static str]; 2],
        answer: impl Fn() -> Result<Response> + Clone + Send + std::marker::Sync + 'static,
    ) -> App {
        let app = self.layer(App::new(), "outer", does[0]);
        let app = self.layer(app, "inner", does[1]);
        app.urls(Urls::new().path("", self.view(answer)))
    }
}

#[derive(serde::Deserialize)]
struct Page {
    page: u8,
}

fn fine() -> Result<Response> {
    Ok(Response::new(200).body("fine"))
}

fn failing() -> Result<Response> {
    Err("many".parse::<i64>().unwrap_err())?
}

fn panicking() -> Result<Response> {
    panic!("in the view")
}

fn not_found() -> Result<Response> {
    Err(Error::not_found())
}

fn template() -> Result<Response> {
    use nuages_handler::IntoResponse as _;
    let page = TemplateResponse::new(String::from("page "), |_, page: &String| Ok(page.clone()));
    Ok(page.into_response())
}

fn broken_template() -> Result<Response> {
    use nuages_handler::IntoResponse as _;
    let page = TemplateResponse::new((), |_, (): &()| {
        Err(Error::new(StatusCode::BAD_GATEWAY, "no page"))
    });
    Ok(page.into_response())
}

type Build = fn(&Mix) -> App;

struct Scenario {
    name: &'static str,
    app: Build,
    method: Method,
    path: &'static str,
    status: u16,
    trace: &'static [&'static str],
}

const fn get_root(name: &'static str, app: Build, status: u16, trace: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        app,
        method: Method::GET,
        path: "/",
        status,
        trace,
    }
}

/// Stands for the ORM: opens something around the view, and closes it by what came of it.
struct Transaction(Trace);

impl RequestHook for Transaction {
    fn wraps_views(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, _: &'a Request, call: ViewCall) -> BoxFuture<'a, Result<Response>> {
        Box::pin(async move {
            self.0.push("begin");
            let result = call.run().await;
            self.0.push(if result.is_ok() { "commit" } else { "roll back" });
            result
        })
    }
}

fn scenarios() -> Vec<Scenario> {
    vec![
        get_root(
            "the first layer is outermost, and process_view runs right before the view",
            |mix| mix.shop([&[], &[]], fine),
            200,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner out 200",
                "outer out 200",
            ],
        ),
        get_root(
            "a layer that answers keeps those inside from running",
            |mix| mix.shop([&["answer on the way in"], &[]], fine),
            202,
            &["outer in"],
        ),
        get_root(
            "a layer that fails is a page to those around it",
            |mix| mix.shop([&[], &["fail on the way in"]], fine),
            403,
            &["outer in", "inner in", "outer out 403"],
        ),
        get_root(
            "a layer that panics on the way out is a page to those around it",
            |mix| mix.shop([&[], &["panic on the way out"]], fine),
            500,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner out 200",
                "outer out 500",
            ],
        ),
        get_root(
            "process_view may answer for the view",
            |mix| mix.shop([&["answer before the view"], &[]], fine),
            203,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner out 203",
                "outer out 203",
            ],
        ),
        get_root(
            "an error in process_view is seen by no process_exception",
            |mix| mix.shop([&["fail before the view"], &["answer exceptions"]], fine),
            409,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner out 409",
                "outer out 409",
            ],
        ),
        get_root(
            "process_exception runs innermost first, and each layer sees a response",
            |mix| mix.shop([&[], &[]], failing),
            500,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 500",
                "outer exception 500",
                "inner out 500",
                "outer out 500",
            ],
        ),
        get_root(
            "the first response of process_exception wins",
            |mix| mix.shop([&[], &["answer exceptions"]], failing),
            418,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 500",
                "inner out 418",
                "outer out 418",
            ],
        ),
        get_root(
            "process_exception sees the panic of a view",
            |mix| mix.shop([&[], &["answer exceptions"]], panicking),
            418,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 500",
                "inner out 418",
                "outer out 418",
            ],
        ),
        get_root(
            "process_exception sees a 404 of the view",
            |mix| mix.shop([&[], &["answer exceptions"]], not_found),
            418,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 404",
                "inner out 418",
                "outer out 418",
            ],
        ),
        Scenario {
            name: "a path without a route has no view, and no hooks",
            app: |mix| mix.shop([&[], &["answer exceptions"]], fine),
            method: Method::GET,
            path: "/nowhere/",
            status: 404,
            trace: &["outer in", "inner in", "inner out 404", "outer out 404"],
        },
        get_root(
            "a template is changed innermost first, and rendered after",
            |mix| mix.shop([&[], &[]], template),
            200,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner template",
                "outer template",
                "inner out 200",
                "outer out 200",
            ],
        ),
        get_root(
            "process_exception sees what a template fails with",
            |mix| mix.shop([&[], &["answer exceptions"]], broken_template),
            418,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner template",
                "outer template",
                "inner exception 502",
                "inner out 418",
                "outer out 418",
            ],
        ),
        Scenario {
            name: "a method without a view is answered around no view",
            app: |mix| {
                let urls = Urls::new().path("", get(mix.view(fine)));
                mix.layer(App::new(), "outer", &["answer exceptions"]).urls(urls)
            },
            method: Method::DELETE,
            path: "/",
            status: 405,
            trace: &["outer in", "outer out 405"],
        },
        get_root(
            "a group's layers are inside those of the application",
            |mix| {
                let trace = mix.trace.clone();
                let group = neutral(
                    move |_| {
                        trace.push("group in");
                        None
                    },
                    |_, response| response,
                );
                let group = Urls::new().middleware(group).path("", mix.view(fine));
                mix.layer(App::new(), "outer", &[])
                    .urls(Urls::new().include("", group))
            },
            200,
            &["outer in", "group in", "outer view", "view", "outer out 200"],
        ),
        get_root(
            "an error is shown by the application's view for its status",
            |mix| {
                let trace = mix.trace.clone();
                let sorry = move |request: Request| {
                    trace.push(format!(
                        "sorry {}",
                        request.get::<Failure>().unwrap().status().as_u16()
                    ));
                    "sorry"
                };
                mix.shop([&[], &[]], not_found)
                    .error_view(StatusCode::NOT_FOUND, sorry)
            },
            404,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 404",
                "outer exception 404",
                "sorry 404",
                "inner out 404",
                "outer out 404",
            ],
        ),
        get_root(
            "a view for errors that fails is the plain 500",
            |mix| {
                let broken = || async { Result::<()>::Err(Error::forbidden()) };
                mix.shop([&[], &[]], not_found)
                    .error_view(StatusCode::NOT_FOUND, broken)
            },
            500,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 404",
                "outer exception 404",
                "inner out 500",
                "outer out 500",
            ],
        ),
        get_root(
            "a hook stands around the view alone, and commits what went well",
            |mix| mix.shop([&[], &[]], fine).hook(Transaction(mix.trace.clone())),
            200,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "begin",
                "view",
                "commit",
                "inner out 200",
                "outer out 200",
            ],
        ),
        get_root(
            "a hook rolls back what failed, and the template is rendered outside of it",
            |mix| {
                mix.shop([&[], &["answer exceptions"]], failing)
                    .hook(Transaction(mix.trace.clone()))
            },
            418,
            &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "begin",
                "view",
                "roll back",
                "inner exception 500",
                "inner out 418",
                "outer out 418",
            ],
        ),
        Scenario {
            name: "arguments are made right before the view, and a failure that the view takes is its own",
            app: Mix::shelves,
            method: Method::POST,
            path: "/shelves/7/?page=2",
            status: 200,
            trace: &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view 7 2 415",
                "inner out 200",
                "outer out 200",
            ],
        },
        Scenario {
            name: "a path that does not fit keeps the view from running, and is an error of the view",
            app: Mix::shelves,
            method: Method::GET,
            path: "/shelves/900/?page=2",
            status: 418,
            trace: &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "inner exception 404",
                "inner out 418",
                "outer out 418",
            ],
        },
        Scenario {
            name: "a query that does not fit does so too",
            app: Mix::shelves,
            method: Method::GET,
            path: "/shelves/7/?page=two",
            status: 418,
            trace: &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "inner exception 400",
                "inner out 418",
                "outer out 418",
            ],
        },
        Scenario {
            name: "a body that is not declared as JSON does so too",
            app: Mix::shelves,
            method: Method::POST,
            path: "/body/",
            status: 418,
            trace: &[
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "inner exception 415",
                "inner out 418",
                "outer out 418",
            ],
        },
        get_root(
            "signals are sent once, around everything",
            |mix| {
                let (started, failed, finished) = (mix.trace.clone(), mix.trace.clone(), mix.trace.clone());
                mix.shop([&[], &[]], failing)
                    .request_started(move |_: Request| started.push("started"))
                    .got_request_exception(move |_: Request, error: Error| {
                        let failed = failed.clone();
                        async move { failed.push(format!("exception: {error}")) }
                    })
                    .request_finished(move |_: Request| finished.push("finished"))
            },
            500,
            &[
                "started",
                "outer in",
                "inner in",
                "outer view",
                "inner view",
                "view",
                "inner exception 500",
                "outer exception 500",
                "exception: invalid digit found in string",
                "inner out 500",
                "outer out 500",
                "finished",
            ],
        ),
    ]
}

/// Asks over a socket, as a browser would.
async fn over_a_socket(handler: Handler, method: &Method, path: &str) -> u16 {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(
        server
            .with_graceful_shutdown(async {
                let _ = stopped.await;
            })
            .serve(handler),
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Until nothing more can come of a request: what is told after its end is told by a task of its own.
async fn settled(trace: &Trace, expected: usize) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while std::time::Instant::now() < deadline {
        if trace.0.lock().unwrap().len() >= expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

fn on_each_mix(run: impl Fn(&Scenario, Handler, Trace) -> (u16, Vec<String>)) {
    for scenario in scenarios() {
        for (layers, view) in MIXES {
            let trace = Trace::default();
            let mix = Mix {
                layers,
                view,
                trace: trace.clone(),
            };
            let handler = (scenario.app)(&mix).build().unwrap();
            let (status, ran) = run(&scenario, handler, trace);
            assert_eq!(
                status, scenario.status,
                "{}: {layers:?} layers, {view:?} view",
                scenario.name
            );
            assert_eq!(
                ran, scenario.trace,
                "{}: {layers:?} layers, {view:?} view",
                scenario.name
            );
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(future)
}

#[test]
fn every_scenario_has_one_trace_for_the_waiting_client() {
    on_each_mix(|scenario, handler, trace| {
        let client = Client::new(handler).raise_exceptions(false);
        let response = client
            .request(scenario.method.clone(), scenario.path)
            .wait()
            .unwrap();
        (response.status().as_u16(), trace.take())
    });
}

#[test]
fn every_scenario_has_one_trace_for_the_awaiting_client() {
    on_each_mix(|scenario, handler, trace| {
        let client = Client::new(handler).raise_exceptions(false);
        let response = block_on(async { client.request(scenario.method.clone(), scenario.path).await });
        (response.unwrap().status().as_u16(), trace.take())
    });
}

#[test]
fn every_scenario_has_one_trace_over_a_socket() {
    on_each_mix(|scenario, handler, trace| {
        block_on(async {
            let status = over_a_socket(handler, &scenario.method, scenario.path).await;
            settled(&trace, scenario.trace.len()).await;
            (status, trace.take())
        })
    });
}
