//! Async code for sync callers.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use crate::cancel::{self, GivenUp};
use crate::{BridgeError, frame, hops, local, runtime, scope_local, seat};

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
/// It blocks the calling thread for as long as the future takes. It ends early, with an error, where the caller of this sync code goes away
/// ([`is_cancelled`](BridgeError::is_cancelled)) or its [`Deadline`](crate::Deadline) passes; the future is dropped then.
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
    let _values = scope_local::Wait::begin();
    let _critical = local::HideCritical::begin();
    let unless_given_up = cancel::unless_given_up(future);
    let wait = || seat::block_on(unless_given_up, may_block);
    let waited = if std::thread::panicking() {
        // A destructor waits while its thread unwinds: a second panic on its way out would end the process.
        catch_unwind(AssertUnwindSafe(wait)).map_err(|payload| BridgeError::panicked(name, &*payload))?
    } else {
        wait()
    };
    waited.map_err(|given_up| match given_up {
        GivenUp::CallerGone => BridgeError::caller_gone(name),
        GivenUp::PastDeadline => BridgeError::past_deadline(name),
    })
}
