//! Where a program and a test begin: what `#[nuages::main]` and `#[nuages::test]` call. Also of use without the macros.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::Context;

fn start(mut builder: Builder) -> Runtime {
    match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("tokio's runtime could not be started: {error}"),
    }
}

/// Runs a program's async `main` on a runtime with a worker a core, in a [`Context`] of its own.
///
/// # Panics
///
/// Inside another runtime, and where the system gives no threads.
pub fn main<F: Future>(future: F) -> F::Output {
    start(Builder::new_multi_thread()).block_on(Context::empty().scope(future))
}

/// Runs an async test on a runtime that is this thread alone, in a [`Context`] of its own.
///
/// # Panics
///
/// Inside another runtime.
pub fn test<F: Future>(future: F) -> F::Output {
    start(Builder::new_current_thread()).block_on(Context::empty().scope(future))
}

/// Runs a sync `main` or a sync test on the calling thread, in a [`Context`] of its own.
pub fn sync<R>(f: impl FnOnce() -> R) -> R {
    Context::empty().run(f)
}
