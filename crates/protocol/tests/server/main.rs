//! The server at its socket: what goes in as bytes, and what comes out.
#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

mod access;
mod body;
mod disconnect;
mod errors;
mod framing;
mod http1;
#[cfg(feature = "http2")]
mod http2;
mod isolation;
mod lifespan;
mod limits;
#[cfg(unix)]
mod listen;
mod proxy;
mod shutdown;
mod slow;
#[cfg(feature = "tls")]
mod tls;
