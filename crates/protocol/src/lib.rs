//! The contract between a server and an application, and a server that speaks it: ASGI's place in Rust.
//!
//! - [`Application`] is the contract: a typed call for each protocol, and a startup and a shutdown. [`app_fn`] makes one
//!   from an async closure.
//! - [`HttpScope`] is what is known of a request before its body, [`Body`] the bytes of a request or a response.
//! - [`event`] is ASGI as written, for applications that speak in events; [`sync`] takes WSGI's place, for code that
//!   blocks; `tower` (feature `tower`) is for services, such as an axum router. All become an [`Application`], and back.
//! - [`mount`](mount()) puts one application below a path of another.
//! - [`testing`] calls them without a socket.
//! - `server::Server` (feature `server`) serves an application: HTTP/1.1 and HTTP/2, TLS, unix sockets, limits against every
//!   kind of slow or large client, and a graceful shutdown.
//!
//! # Examples
//!
//! ```
//! use nuages_protocol::{Response, app_fn};
//! # #[cfg(feature = "server")]
//! use nuages_protocol::server::Server;
//!
//! # #[cfg(feature = "server")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = app_fn(|scope, _body| async move {
//!     Ok(Response::new(format!("bonsoir, {}", scope.uri.path()).into()))
//! });
//! let server = Server::bind("127.0.0.1:0").await?;
//! println!("listening on http://{}", server.local_addr());
//! # let server = server.with_graceful_shutdown(async {}); // an example has to end
//! server.serve(app).await?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "server"))]
//! # fn main() { let _ = app_fn(|_, _| async { Ok(Response::default()) }); }
//! ```
//!
//! # Features
//!
//! `server` (default): the server, on hyper and tokio. Without it the crate is the contract alone, which is what
//! a framework, a test client or another server needs. `http2`, `tls` and `toml` add to the server what their names say.
//! `tower`: services as applications and applications as services.
//! `serde`: scopes and events through serde.
//!
//! `websocket` (default): what an application gets by accepting a [`Handshake`](websocket::Handshake), with or without `server`.
//!
//! # What is left out on purpose
//!
//! The contract knows no routes, no cookies and no sessions: that is an application's. The server knows no
//! framework; it serves whatever implements [`Application`].

mod address;
mod application;
mod body;
pub mod event;
mod fault;
mod mount;
mod panic;
mod path;
mod scope;
#[cfg(feature = "server")]
pub mod server;
mod state;
pub mod sync;
pub mod testing;
mod tls;
#[cfg(feature = "tower")]
pub mod tower;
pub mod websocket;

pub use self::{
    address::Address,
    application::{AppFn, Application, app_fn},
    body::{Body, BodyError},
    mount::{Mount, mount},
    scope::{ConnectionInfo, HttpScope, Scheme, WebSocketScope},
    state::State,
    tls::TlsInfo,
};

/// What goes back to the client: `http`'s response with our [`Body`].
pub type Response = http::Response<Body>;

/// Any error that may cross threads; what an application fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The program in the README compiles.
#[cfg(all(doctest, feature = "server", feature = "tower"))]
#[doc = include_str!("../README.md")]
struct Readme;
