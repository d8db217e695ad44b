//! The server at its socket: what goes in as bytes, and what comes out.
#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

mod disconnect;
mod errors;
mod http1;
mod isolation;
mod lifespan;
mod limits;
mod shutdown;
