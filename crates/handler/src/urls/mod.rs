//! URLs: which view answers which path, the names of routes, and groups of them.

mod converter;
mod names;
mod pattern;
mod regex;
mod reverse;
mod router;
mod statics;
mod tree;
mod typed;

use std::fmt;
use std::sync::Arc;

use self::converter::OwnConverter;
use self::pattern::Pattern;
pub(crate) use self::reverse::{CURRENT, Current};
pub use self::reverse::{ReverseError, ReverseParams, WithQuery, reverse};
pub(crate) use self::router::{Endpoint, Router, Target};
pub(crate) use self::tree::Param;
use self::typed::Identity;
pub use self::typed::{Route, RouteArguments, RouteValue};
use crate::middleware::{IntoMiddleware, Layer};
use crate::mount::{self, Mount, Mounted};
use crate::view::{IntoView, View};

/// A list of routes, as an application or a part of it defines them.
///
/// A pattern is written without its first slash. What stands in `<converter:name>` is a value: `int` (digits that
/// fit an `i64`), `str` (anything without a slash; `<name>` is short for it), `slug`, `uuid`, and `path`
/// (anything, slashes included); [`converter`](Self::converter) adds others. The order of routes does not matter: at each segment fixed text is tried before
/// `int`, `uuid`, the application's own converters, `slug`, `str`, regular expressions, `path` and what is mounted, in this order.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Path, Urls, get};
///
/// fn home() -> &'static str { "bonsoir" }
/// async fn book(Path(id): Path<i64>) -> String { format!("book {id}") }
/// async fn save(Path(id): Path<i64>) -> String { format!("saved {id}") }
///
/// let api = Urls::new().path("books/<int:id>/", get(book).post(save)).name("api-book");
/// let urls = Urls::new()
///     .path("", home).name("home")
///     .path("books/<int:id>/", book).name("book-detail")
///     .include("api/", api);
///
/// let app = App::new().urls(urls).build()?;
/// assert_eq!(app.reverse("api-book", [("id", 3)])?, "/api/books/3/");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "URLs do nothing until they are given to `App::urls` or `Urls::include`"]
pub struct Urls {
    items: Vec<Item>,
    layers: Vec<Layer>,
    converters: Vec<OwnConverter>,
    app_name: Option<String>,
    problems: Vec<String>,
}

#[derive(Clone)]
enum Item {
    Route {
        path: RoutePath,
        view: View,
        name: Option<String>,
    },
    Include {
        prefix: String,
        urls: Urls,
        namespace: Option<String>,
    },
    Mount {
        prefix: String,
        mount: Mount,
    },
}

/// Which paths a route takes: a pattern, or a [`Route`] that holds one. [`Urls::path`] makes it of either.
#[derive(Clone, Debug)]
pub struct RoutePath {
    kind: PathKind,
}

#[derive(Clone, Debug)]
enum PathKind {
    Pattern(String),
    Regex(String),
    Typed(Identity),
}

impl RoutePath {
    fn text(&self) -> &str {
        match &self.kind {
            PathKind::Pattern(text) | PathKind::Regex(text) => text,
            PathKind::Typed(identity) => identity.pattern,
        }
    }
}

impl From<&str> for RoutePath {
    fn from(pattern: &str) -> Self {
        pattern.to_owned().into()
    }
}

impl From<String> for RoutePath {
    fn from(pattern: String) -> Self {
        Self {
            kind: PathKind::Pattern(pattern),
        }
    }
}

impl<A> From<Route<A>> for RoutePath {
    fn from(route: Route<A>) -> Self {
        Self {
            kind: PathKind::Typed(route.identity()),
        }
    }
}

impl Urls {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the paths that `pattern` describes with `view`.
    ///
    /// The view is a `fn`, an `async fn`, or views by method: `get(a).post(b)`. A plain view answers every method. The pattern is a text, or a [`Route`] that
    /// holds one together with the types of its values.
    #[track_caller]
    pub fn path<M>(mut self, pattern: impl Into<RoutePath>, view: impl IntoView<M>) -> Self {
        let path = pattern.into();
        let name = match &path.kind {
            PathKind::Typed(identity) => identity.name.map(str::to_owned),
            PathKind::Pattern(_) | PathKind::Regex(_) => None,
        };
        self.items.push(Item::Route {
            path,
            view: view.into_view(),
            name,
        });
        self
    }

    /// Opens WebSockets at the paths that `pattern` describes, for a view that takes a [`WebSocket`](crate::WebSocket): a `fn` or an `async fn`
    /// that has it among its arguments.
    ///
    /// Middleware sees the handshake as a GET request whose response is 101; any other response denies it. Where an argument of the view can't be made
    /// (a `Path` that does not fit, a `Query` without what it needs), its error denies it. Pages of
    /// other origins are refused with 403: [`websocket`](crate::websocket()) makes a view that lets them, or that speaks subprotocols.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Path, Result, Urls, WebSocket};
    ///
    /// async fn chat(mut socket: WebSocket, Path(room): Path<String>) -> Result<()> {
    ///     while let Some(message) = socket.recv().await? {
    ///         socket.send(format!("{room}: {}", message.as_text().unwrap_or("?"))).await?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let app = App::new().urls(Urls::new().websocket("ws/chat/<str:room>/", chat));
    /// let mut socket = Client::new(app).websocket("/ws/chat/jazz/").wait()?;
    /// socket.send("bonsoir").wait()?;
    /// assert_eq!(socket.recv().wait()?.unwrap().as_text(), Some("jazz: bonsoir"));
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[cfg(feature = "websocket")]
    #[track_caller]
    pub fn websocket<M>(self, pattern: impl Into<RoutePath>, view: impl IntoView<M>) -> Self {
        self.path(pattern, crate::websocket::websocket(view))
    }

    /// Answers the paths that a regular expression describes with `view`: Django's `re_path`.
    ///
    /// It matches the whole rest of the path after the prefixes of the groups around it, percent-decoded and without the first slash. Its named groups are values, and
    /// other groups are none: `(?<year>[0-9]{4})`, `(?:a|b)`. Where it says exactly what a URL looks like, [`reverse`] writes one.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Path, Urls, reverse};
    ///
    /// fn archive(Path((year, slug)): Path<(u16, String)>) -> String {
    ///     let next = reverse("archive", (("year", year + 1), ("slug", &slug))).unwrap_or_default();
    ///     format!("{slug} of {year}, next {next}")
    /// }
    ///
    /// let urls = Urls::new().re_path(r"(?<year>[0-9]{4})/(?<slug>[\w-]+)/?", archive).name("archive");
    /// let client = Client::new(App::new().urls(Urls::new().include("archive/", urls)));
    /// assert_eq!(client.get("/archive/1937/nuages").wait()?.text(), "nuages of 1937, next /archive/1938/nuages");
    /// assert_eq!(client.get("/archive/37/nuages").wait()?.status(), 404);
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[track_caller]
    pub fn re_path<M>(mut self, regex: impl Into<String>, view: impl IntoView<M>) -> Self {
        self.items.push(Item::Route {
            path: RoutePath {
                kind: PathKind::Regex(regex.into()),
            },
            view: view.into_view(),
            name: None,
        });
        self
    }

    /// Names the route that was added last, for [`reverse`].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if name.contains(':') {
            self.problems.push(format!(
                "the name `{name}` holds a colon, which stands between a namespace and a name"
            ));
        }
        match self.items.last_mut() {
            Some(Item::Route {
                name: slot @ None, ..
            }) => *slot = Some(name),
            Some(Item::Route {
                name: Some(first), ..
            }) => {
                self.problems
                    .push(format!("the route named `{first}` is named again: `{name}`"));
            }
            _ => self.problems.push(format!(
                "`.name(\"{name}\")` stands after no route: put it right after its `.path(..)`"
            )),
        }
        self
    }

    /// Adds all routes of `urls`, each with `prefix` before its pattern.
    ///
    /// Where they have an [`app_name`](Self::app_name), their names are in a namespace: `reverse("polls:detail", ..)`.
    pub fn include(mut self, prefix: impl Into<String>, urls: Self) -> Self {
        self.items.push(Item::Include {
            prefix: prefix.into(),
            urls,
            namespace: None,
        });
        self
    }

    /// Puts the names of the routes that were included last into a namespace of this name: an instance of the application, if there are several.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Result, Urls, reverse};
    ///
    /// async fn index() -> Result<String> {
    ///     Ok(reverse("polls:index", ())?) // of the instance that answers
    /// }
    ///
    /// let polls = Urls::new().app_name("polls").path("", index).name("index");
    /// let urls = Urls::new()
    ///     .include("polls/", polls.clone())
    ///     .include("authors/polls/", polls).namespace("author-polls");
    /// let app = App::new().urls(urls).build()?;
    /// assert_eq!(app.reverse("author-polls:index", ())?, "/authors/polls/");
    /// let client = Client::new(app);
    /// assert_eq!(client.get("/polls/").wait()?.text(), "/polls/");
    /// assert_eq!(client.get("/authors/polls/").wait()?.text(), "/authors/polls/");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        let name = namespace.into();
        match self.items.last_mut() {
            Some(Item::Include {
                namespace: slot @ None,
                ..
            }) => *slot = Some(name),
            _ => self.problems.push(format!(
                "`.namespace(\"{name}\")` stands after no group: put it right after its `.include(..)`"
            )),
        }
        self
    }

    /// Says which application these routes are of: the namespace of their names wherever they are included, unless
    /// [`namespace`](Self::namespace) gives that instance another.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// Adds a converter of one's own, for `<name:value>` in the patterns of this group and of those inside it: it says which texts it takes. None
    /// with a slash gets there.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Path, Urls};
    ///
    /// let urls = Urls::new()
    ///     .converter("year", |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
    ///     .path("archive/<year:year>/", |Path(year): Path<u16>| format!("{year}"));
    /// let client = Client::new(App::new().urls(urls));
    /// assert_eq!(client.get("/archive/1937/").wait()?.text(), "1937");
    /// assert_eq!(client.get("/archive/37/").wait()?.status(), 404);
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn converter(mut self, name: &str, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.converters.push(OwnConverter::new(name, accepts));
        self
    }

    /// Gives everything below `prefix` that no route takes to another application: a [`Handler`](crate::Handler), or anything that implements
    /// [`nuages_protocol::Application`]. It starts and ends together with this one.
    ///
    /// The application sees the whole path, and the prefix as its `root_path`. It reads no more of a body than [`Limits::upload`](crate::Limits::upload) and waits for it
    /// no longer than [`Limits::body_timeout`](crate::Limits::body_timeout) allow. One that blocks, in WSGI's place, is mounted by
    /// [`into_application`](nuages_protocol::sync::SyncApplication::into_application): it runs on a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Urls};
    ///
    /// let shop = App::new().urls(Urls::new().path("books/", || "all books")).build()?;
    /// let client = Client::new(App::new().urls(Urls::new().mount("shop/", shop)));
    /// assert_eq!(client.get("/shop/books/").wait()?.text(), "all books");
    /// assert_eq!(client.get("/shopping/").wait()?.status(), 404);
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    ///
    /// A sync one:
    ///
    /// ```
    /// use std::io::Read as _;
    /// use nuages_handler::{App, Client, Urls};
    /// use nuages_protocol::sync::{Chunks, SyncApplication as _, SyncResponse, sync_fn};
    ///
    /// let legacy = sync_fn(|mut request| {
    ///     let mut text = String::new();
    ///     request.body.read_to_string(&mut text)?;
    ///     Ok(SyncResponse::new(Chunks::from(format!("{} {}: {text}", request.script_name(), request.path_info()))))
    /// });
    /// let client = Client::new(App::new().urls(Urls::new().mount("old/", legacy.into_application())));
    /// assert_eq!(client.post("/old/orders/").body("a book").wait()?.text(), "/old /orders/: a book");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[track_caller]
    pub fn mount(
        mut self,
        prefix: impl Into<String>,
        application: impl nuages_protocol::Application,
    ) -> Self {
        self.items.push(Item::Mount {
            prefix: prefix.into(),
            mount: mount::of_application(application),
        });
        self
    }

    /// Gives everything below `prefix` that no route takes to a tower service, such as an axum router.
    ///
    /// The service sees paths without the prefix, as nested axum routers do; the prefix is the `root_path` of the
    /// [`ConnectionInfo`](nuages_protocol::ConnectionInfo) among the request's extensions.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use nuages_handler::{App, Body, Client, Urls};
    ///
    /// let service = tower::service_fn(|request: http::Request<Body>| async move {
    ///     Ok::<_, Infallible>(http::Response::new(Body::from(request.uri().path().to_owned())))
    /// });
    /// let client = Client::new(App::new().urls(Urls::new().mount_service("metrics/", service)));
    /// assert_eq!(client.get("/metrics/today").wait()?.text(), "/today");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[track_caller]
    pub fn mount_service<S, B>(mut self, prefix: impl Into<String>, service: S) -> Self
    where
        S: tower::Service<http::Request<nuages_protocol::Body>, Response = http::Response<B>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<nuages_protocol::BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<nuages_protocol::BoxError>,
    {
        self.items.push(Item::Mount {
            prefix: prefix.into(),
            mount: mount::of_service(service),
        });
        self
    }

    /// Wraps every view of this group, wherever in the group this is called; the first one is outermost.
    #[track_caller]
    pub fn middleware<M>(mut self, middleware: impl IntoMiddleware<M>) -> Self {
        self.layers.push(middleware.into_middleware());
        self
    }

    /// Every route with its whole pattern and all its layers, outermost first.
    fn flatten(self, around: &Around<'_>, found: &mut Found) {
        found.problems.extend(self.problems);
        let mut converters = around.converters.to_vec();
        converters.extend(self.converters);
        let layers: Vec<Layer> = around.layers.iter().cloned().chain(self.layers).collect();
        for item in self.items {
            match item {
                Item::Route { path, view, name } => {
                    let pattern = match &path.kind {
                        PathKind::Regex(regex) => Pattern::regex(around.prefix, regex, &converters),
                        PathKind::Pattern(_) | PathKind::Typed(_) => {
                            Pattern::parse(&format!("{}{}", around.prefix, path.text()), &converters)
                        }
                    };
                    let identity = match path.kind {
                        PathKind::Typed(identity) => Some(identity),
                        PathKind::Pattern(_) | PathKind::Regex(_) => None,
                    };
                    found.add(pattern, view, name, identity, layers.clone(), around.namespaces);
                }
                Item::Mount { prefix, mount } => {
                    let pattern = Pattern::mount(&format!("{}{prefix}", around.prefix), &converters);
                    found.mounts.extend(mount.life);
                    found.add(pattern, mount.view, None, None, layers.clone(), around.namespaces);
                }
                Item::Include {
                    prefix,
                    urls,
                    namespace,
                } => {
                    let mut namespaces = around.namespaces.to_vec();
                    let application = urls.app_name.clone().or_else(|| namespace.clone());
                    if let Some(application) = application {
                        let instance = namespace.unwrap_or_else(|| application.clone());
                        found
                            .instances
                            .push((namespaces.clone(), application, instance.clone()));
                        namespaces.push(instance);
                    }
                    let inside = Around {
                        prefix: &format!("{}{prefix}", around.prefix),
                        layers: &layers,
                        converters: &converters,
                        namespaces: &namespaces,
                    };
                    urls.flatten(&inside, found);
                }
            }
        }
    }
}

/// What stands around a group.
struct Around<'a> {
    prefix: &'a str,
    layers: &'a [Layer],
    converters: &'a [OwnConverter],
    /// The namespaces of the instances that it is in, outermost first.
    namespaces: &'a [String],
}

/// What was found in all groups.
#[derive(Default)]
struct Found {
    definitions: Vec<Definition>,
    /// Where, of which application, and under which name.
    instances: Vec<(Vec<String>, String, String)>,
    mounts: Vec<Arc<dyn Mounted>>,
    problems: Vec<String>,
}

impl Found {
    fn add(
        &mut self,
        pattern: Result<Pattern, String>,
        view: View,
        name: Option<String>,
        identity: Option<Identity>,
        layers: Vec<Layer>,
        namespaces: &[String],
    ) {
        let pattern = match pattern {
            Ok(pattern) => pattern,
            Err(problem) => return self.problems.push(problem),
        };
        self.definitions.push(Definition {
            pattern,
            view,
            name,
            identity,
            layers,
            namespaces: namespaces.to_vec(),
        });
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for item in &self.items {
            match item {
                Item::Route { path, .. } => list.entry(&path.text()),
                Item::Include { prefix, urls, .. } => list.entry(&(prefix, urls)),
                Item::Mount { prefix, mount } => list.entry(&(prefix, mount)),
            };
        }
        list.finish()
    }
}

/// A route with its whole pattern.
struct Definition {
    pattern: Pattern,
    view: View,
    name: Option<String>,
    identity: Option<Identity>,
    layers: Vec<Layer>,
    namespaces: Vec<String>,
}
