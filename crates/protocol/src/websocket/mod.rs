//! WebSockets (RFC 6455): the handshake that an application answers, and what it gets by accepting.
//!
//! An [`Application`](crate::Application) gets a [`Handshake`] beside its scope. It denies it, or accepts it (feature
//! `websocket`) and has a `WebSocket`:
//!
//! ```
//! # #[cfg(feature = "websocket")] {
//! use nuages_protocol::{Application, Body, BoxError, HttpScope, Response, WebSocketScope};
//! use nuages_protocol::websocket::Handshake;
//!
//! struct Echo;
//!
//! impl Application for Echo {
//!     async fn http(&self, _: HttpScope, _: Body) -> Result<Response, BoxError> {
//!         Ok(Response::new("ask for a WebSocket".into()))
//!     }
//!
//!     async fn websocket(&self, _: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
//!         let mut socket = handshake.accept().await?;
//!         while let Some(message) = socket.recv().await? {
//!             socket.send(message).await?;
//!         }
//!         Ok(())
//!     }
//! }
//! # }
//! ```
//!
//! Over HTTP/2 (RFC 8441) it is the same. Messages that go to many clients are encoded once (`PreparedMessage`), and
//! compressed once where the clients offer `permessage-deflate` (RFC 7692).
//!
//! What a client does wrong closes its WebSocket with the code that the RFC has for it, and is no error of the
//! application: it sees the end, as it does when a client leaves.

mod handshake;

#[cfg(feature = "websocket")]
mod accept;
#[cfg(feature = "websocket")]
mod client;
#[cfg(feature = "websocket")]
mod close;
#[cfg(feature = "websocket")]
mod codec;
#[cfg(feature = "websocket")]
mod config;
#[cfg(feature = "websocket")]
mod connection;
#[cfg(feature = "websocket")]
mod deflate;
#[cfg(feature = "websocket")]
mod error;
#[cfg(feature = "websocket")]
mod memory;
#[cfg(feature = "websocket")]
mod message;
#[cfg(all(feature = "websocket", feature = "server"))]
pub(crate) mod request;
#[cfg(feature = "websocket")]
pub(crate) mod session;
#[cfg(feature = "websocket")]
mod socket;

#[cfg(all(feature = "websocket", feature = "server"))]
pub(crate) use self::accept::{Ends, Offer};
pub use self::handshake::{Answer, Handshake};
#[cfg(feature = "websocket")]
pub use self::{
    client::WebSocketClient,
    close::{CloseFrame, close_code},
    config::{Compression, WebSocketConfig},
    error::WebSocketError,
    memory::connect,
    message::{Message, PreparedMessage},
    socket::{WebSocket, WebSocketReceiver, WebSocketSender},
};
