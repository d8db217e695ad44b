//! Event applications, served: what they send, and what becomes of it on the wire.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod disconnect;
mod files;
mod fuzz;
mod lifespan;
mod responses;
mod rules;
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "the other tests of the server use the rest")]
mod support;
mod values;
#[cfg(feature = "websocket")]
mod websockets;

use nuages_protocol::{
    BoxError,
    event::{
        EventApplication as _, FromEvents, HttpResponseBody, HttpResponseStart, Lifespan, Receiver, Scope,
        Sender, event_fn,
    },
};

/// An application that answers every request as the function says, and has no lifespan.
fn app<F, Fut>(function: F) -> FromEvents<impl nuages_protocol::event::EventApplication>
where
    F: Fn(Scope, Receiver, Sender) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    event_fn(function).into_application().lifespan(Lifespan::Off)
}

/// A start with a status and no headers.
fn start(status: u16) -> HttpResponseStart {
    HttpResponseStart::new(status)
}

fn body(text: &'static str) -> HttpResponseBody {
    HttpResponseBody::new(text)
}
