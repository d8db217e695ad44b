//! Requests, responses, URLs, middleware and views that may be sync or async; the mode plan; the test client.
//!
//! A **view** is a `fn` or an `async fn`: its arguments are [extractors](FromRequest), its result is [a response](IntoResponse). A
//! **middleware** is the same around views, with one [`Next`] for both kinds. [`Urls`] say which view answers which path,
//! [`App`] puts all together, and [`App::build`] lays out each route such that a request changes threads only
//! where the mode changes: [`Handler::plan`] shows where. [`Client`] asks the application in tests, in both call styles.
//!
//! # Examples
//!
//! ```
//! use nuages_handler::{App, Client, Next, Path, Request, Response, Result, Urls};
//!
//! fn home() -> &'static str {
//!     "bonsoir"
//! }
//!
//! async fn book(Path(id): Path<i64>) -> String {
//!     format!("book {id}")
//! }
//!
//! async fn stamp(request: Request, next: Next) -> Result<Response> {
//!     Ok(next.run(request).await?.header("x-shop", "nuages"))
//! }
//!
//! let urls = Urls::new()
//!     .path("", home).name("home")
//!     .path("books/<int:id>/", book).name("book-detail");
//! let app = App::new().middleware(stamp).urls(urls).build()?;
//! print!("{}", app.plan());
//!
//! let response = Client::new(app).get("/books/3/").wait()?;
//! assert_eq!(response.text(), "book 3");
//! assert_eq!(response.header("x-shop"), Some("nuages"));
//! # Ok::<(), nuages_handler::Error>(())
//! ```
//!
//! # What is left out on purpose
//!
//! There is no server here and no socket: a [`Handler`] is a [`nuages_protocol::Application`], which a server serves. There is no
//! database either: a [`RequestHook`] lets another crate prepare what a request needs.

mod app;
mod check;
mod client;
mod error;
mod extract;
mod handler;
mod hook;
mod methods;
mod middleware;
mod mount;
mod name;
mod off_loop;
mod panic;
mod plan;
mod request;
mod response;
mod settings;
mod signals;
mod signing;
mod template;
pub mod uploads;
mod urls;
mod view;
#[cfg(feature = "websocket")]
mod websocket;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
#[cfg(feature = "websocket")]
pub use nuages_protocol::websocket::{
    Message, WebSocket, WebSocketError, WebSocketReceiver, WebSocketSender,
};
pub use nuages_protocol::{Body, HttpScope, Scheme};

pub use self::app::{App, BuildError};
pub use self::check::{Check, CheckLevel, CheckMessage, Checks};
pub use self::client::{
    Client, ClientRequest, ClientResponse, ClientStream, FactoryRequest, MultipartForm, RequestFactory,
    ServerEvent,
};
pub use self::error::{Error, Failure, Op, Panic, Result, SuspiciousOperation};
pub use self::extract::{
    Form, FormRejection, FromRequest, Json, JsonRejection, Needs, Path, PathRejection, Query, QueryRejection,
    State, StateRejection,
};
pub use self::handler::{Handler, IntoHandler};
pub use self::hook::{RequestHook, ViewCall};
pub use self::methods::{Methods, delete, get, head, options, patch, post, put};
pub use self::middleware::{
    AccessLog, AllowedHosts, AsyncMiddleware, Common, ConcurrencyLimit, ConditionalGet,
    ContentSecurityPolicy, Csrf, IntoMiddleware, Layer, Middleware, MiddlewareNotUsed, Neutral,
    NeutralMiddleware, Next, RequestId, SecurityHeaders, Timeout, TowerNext, csp_nonce, csrf_exempt,
    csrf_token, neutral, request_id, rotate_csrf_token, tower_layer,
};
pub use self::plan::{Plan, RoutePlan, Step};
pub use self::request::{
    BodyRejection, BodyStream, ContentType, ContentTypeError, FormData, Limits, QueryDict, Request,
};
pub use self::response::{
    Cookie, ETag, ETagError, Event, FileResponse, Html, IntoChunk, IntoResponse, Precondition, Redirect,
    Response, SameSite, Sse, content_disposition, url_has_allowed_host_and_scheme,
};
pub use self::settings::{
    CspSettings, CsrfSettings, FrameOptions, KnownSetting, LimitSettings, OpenerPolicy, RawSetting,
    ReferrerPolicy, Secret, SecuritySettings, SettingValue, Settings, SettingsError, SettingsReader,
    SettingsSection,
};
pub use self::signals::IntoReceiver;
pub use self::signing::{SignatureError, SigningKey};
pub use self::template::{DeferredTemplate, TemplateResponse};
pub use self::urls::{
    ReverseError, ReverseParams, Route, RouteArguments, RoutePath, RouteValue, Urls, WithQuery, reverse,
};
pub use self::view::{Answer, Arguments, BoxFuture, CsrfExempt, IntoView, Mode, View, ViewFn};
#[cfg(feature = "websocket")]
pub use self::websocket::{OverWebSocket, WebSocketView, websocket};

/// The program in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
