//! The three shapes of a program: a runtime with several workers, one that is this thread alone, and none.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_bridge::{Context, async_to_sync, sync_to_async};
use tokio::runtime::{Builder, Handle, Runtime};

/// Which shape a body runs in: what its sync code's thread is differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    MultiThread,
    CurrentThread,
    NoRuntime,
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs an async body in each shape: as a task of a runtime, as the main future of one, and under a plain thread that waits for it.
pub(crate) fn async_in_every_shape<F>(body: impl Fn(Shape) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let task = body(Shape::MultiThread);
    multi_thread()
        .block_on(async { nuages_bridge::spawn(Context::empty().scope(task)).await })
        .unwrap();
    current_thread().block_on(Context::empty().scope(body(Shape::CurrentThread)));
    async_to_sync(Context::empty().scope(body(Shape::NoRuntime))).unwrap();
}

/// Runs a test as the main future of each shape's runtime; where a program has none, of the process's own. No thread waits for it through the bridge, so
/// that each scope in it leases its thread.
pub(crate) fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    multi_thread().block_on(test());
    current_thread().block_on(test());
    without_a_runtime(test());
}

/// Runs a test on the process's own runtime.
#[expect(
    clippy::disallowed_methods,
    reason = "the test itself is not to be seen by the bridge"
)]
pub(crate) fn without_a_runtime<F: Future>(test: F) -> F::Output {
    let process = async_to_sync(async { Handle::current() }).unwrap();
    process.block_on(test)
}

/// Runs a sync body in each shape: on the threads of two runtimes' scopes, and on a plain thread.
pub(crate) fn sync_in_every_shape(body: fn(Shape)) {
    multi_thread()
        .block_on(async { sync_to_async(move || body(Shape::MultiThread)).await })
        .unwrap();
    current_thread()
        .block_on(async { sync_to_async(move || body(Shape::CurrentThread)).await })
        .unwrap();
    body(Shape::NoRuntime);
}
