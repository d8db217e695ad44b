//! Blocking applications, served.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod environ;
mod requests;
mod responses;
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "the other tests of the server use the rest")]
mod support;

use nuages_protocol::{
    BoxError,
    sync::{FromSync, SyncApplication, SyncRequest, SyncResponse, sync_fn},
};

fn app<F>(function: F) -> FromSync<impl SyncApplication>
where
    F: Fn(SyncRequest) -> Result<SyncResponse, BoxError> + Send + Sync + 'static,
{
    sync_fn(function).into_application()
}

fn response(chunks: impl Into<nuages_protocol::sync::Chunks>) -> SyncResponse {
    SyncResponse::new(chunks.into())
}
