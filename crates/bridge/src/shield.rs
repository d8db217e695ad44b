//! Work that a cancellation does not reach.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::{BridgeError, runtime, spawn};

/// Runs a future to its end even if whoever awaits it goes away: asyncio's `shield`.
///
/// It is [`spawn`] and then a join: the work starts now, as a task of its own with a snapshot of the [`Context`](crate::Context), and dropping what is
/// returned leaves it running. Without a runtime it runs on the process's.
///
/// # Examples
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), nuages_bridge::BridgeError> {
/// let charge = nuages_bridge::shield(async { "charged once, and written down" });
/// assert_eq!(charge.await?, "charged once, and written down");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [Cancelled](BridgeError::is_cancelled) where the runtime was shut down under the work. A panic of the work goes on in whoever awaits it.
///
/// # Cancel safety
///
/// That is what it is for.
#[track_caller]
pub fn shield<F>(future: F) -> Shield<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let _entered = runtime::ensure(Handle::try_current().ok().as_ref());
    Shield { task: spawn(future) }
}

/// The future of [`shield`].
#[must_use = "the work runs anyway, but its result and its panic are lost"]
pub struct Shield<T> {
    task: JoinHandle<T>,
}

impl<T> fmt::Debug for Shield<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").finish_non_exhaustive()
    }
}

impl<T> Future for Shield<T> {
    type Output = Result<T, BridgeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(cx).map(|joined| {
            joined.map_err(|error| match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => BridgeError::cancelled(),
            })
        })
    }
}
