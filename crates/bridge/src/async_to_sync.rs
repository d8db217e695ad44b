//! Async code for sync callers.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::time::Instant;

use tokio::runtime::Handle;
use tracing::Level;

use crate::cancel::{self, GivenUp};
use crate::context::with_current;
use crate::{BridgeError, frame, hops, runtime, wait};

/// Runs a future on the calling thread until it is ready, for sync code.
///
/// The future need not be `Send`: it never leaves the thread. Its I/O and timers are those of the runtime that is current here or, on a plain thread
/// and where that runtime has been shut down, of one that the process keeps. Sticky sync code that the future sends back runs on this thread, so main thread → async → main thread does not
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
    // Asked once, since each time costs two turns at a counter that all threads share.
    let current = Handle::try_current().ok();
    if frame::on_event_loop_where(current.is_some()) {
        return Err(BridgeError::synchronous_only(name, location));
    }
    let _entered = runtime::ensure(current.as_ref());
    let listened_to = tracing::enabled!(target: "nuages_bridge::hop", Level::TRACE).then(Instant::now);
    let waited = if std::thread::panicking() {
        // A destructor waits while its thread unwinds: a second panic on its way out would end the process.
        catch_unwind(AssertUnwindSafe(|| wait::block_on(future, may_block)))
            .map_err(|payload| BridgeError::panicked(name, &*payload))?
    } else {
        wait::block_on(future, may_block)
    };
    if let Some(since) = listened_to {
        tell(name, location, since, waited.is_err());
    }
    waited.map_err(|given_up| match given_up {
        GivenUp::CallerGone => BridgeError::caller_gone(name),
        GivenUp::PastDeadline => BridgeError::past_deadline(name),
    })
}

/// The wait for what is known already: refused, counted and told as any other, and over at once.
pub(crate) fn wait_for_nothing(
    name: &'static str,
    location: &'static Location<'static>,
) -> Result<(), BridgeError> {
    if frame::on_event_loop() {
        return Err(BridgeError::synchronous_only(name, location));
    }
    let listened_to = tracing::enabled!(target: "nuages_bridge::hop", Level::TRACE).then(Instant::now);
    with_current(|current| hops::count_to_loop(current));
    let given_up = cancel::ends_this_wait();
    if let Some(since) = listened_to {
        tell(name, location, since, given_up);
    }
    if given_up {
        return Err(BridgeError::caller_gone(name));
    }
    Ok(())
}

#[cold]
fn tell(name: &'static str, location: &'static Location<'static>, since: Instant, given_up: bool) {
    tracing::trace!(
        target: "nuages_bridge::hop",
        name,
        kind = "wait",
        job = %location,
        run = ?since.elapsed(),
        given_up,
        "sync code waited"
    );
}
