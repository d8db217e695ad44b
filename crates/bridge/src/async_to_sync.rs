//! Async code for sync callers.

use std::future::Future;
use std::panic::Location;

use crate::{BridgeError, frame, hops, runtime, seat};

/// Runs a future on the calling thread until it is ready, for sync code.
///
/// The future need not be `Send`: it never leaves the thread. Its I/O and timers are those of the runtime that is current here or, on a plain thread,
/// of one that the process keeps. Sticky sync code that the future sends back runs on this thread, so main thread → async → main thread does not
/// deadlock. Calls nest.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), nuages_bridge::BridgeError> {
/// let answer = nuages_bridge::async_to_sync(async {
///     tokio::time::sleep(std::time::Duration::from_millis(1)).await;
///     42
/// })?;
/// assert_eq!(answer, 42);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`SynchronousOnlyOperation`](crate::SynchronousOnlyOperation) on an event loop, which it would stop. The future is then dropped unpolled.
///
/// # Blocking
///
/// It blocks the calling thread for as long as the future takes.
#[track_caller]
pub fn async_to_sync<F: Future>(future: F) -> Result<F::Output, BridgeError> {
    wait_for("async_to_sync", Location::caller(), future, false)
}

/// Waits for a future here, if code may wait here at all.
pub(crate) fn wait_for<F: Future>(
    name: &'static str,
    location: &'static Location<'static>,
    future: F,
    may_block: bool,
) -> Result<F::Output, BridgeError> {
    if frame::on_event_loop() {
        return Err(BridgeError::synchronous_only(name, location));
    }
    let _entered = runtime::ensure();
    hops::count_to_loop();
    Ok(seat::block_on(future, may_block))
}
