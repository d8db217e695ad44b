//! WebSockets at the socket: what goes in as bytes, and what comes out.
#![cfg(all(feature = "server", feature = "websocket"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod broadcast;
mod closing;
mod compression;
mod fragmentation;
mod framing;
mod fuzz;
mod handshake;
#[cfg(feature = "http2")]
mod http2;
mod lifecycle;
mod limits;
mod memory;
mod peers;
mod pings;
mod utf8;
