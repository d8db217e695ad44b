//! Work that blocks for a moment (files, a visitor's own iterator), kept off the event loop.

use nuages_bridge as bridge;
use nuages_bridge::BridgeError;

/// Runs sync code in place on a thread that is waiting for it anyway, else on any of the bridge's threads.
pub(crate) async fn off_loop<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BridgeError> {
    if bridge::may_block() {
        return Ok(bridge::sync_frame(f));
    }
    bridge::sync_to_async(f).parallel().await
}

/// Runs sync code that nobody waits for, such as what a destructor has to do.
///
/// On an event loop it goes to a thread; should the runtime end before it got there, then `f` is dropped unrun. So what has to
/// happen in any case belongs into the destructor of what `f` holds.
pub(crate) fn later(f: impl FnOnce() + Send + 'static) {
    if bridge::may_block() || tokio::runtime::Handle::try_current().is_err() {
        bridge::sync_frame(f);
        return;
    }
    bridge::spawn(async move {
        if let Err(error) = bridge::sync_to_async(f).parallel().await {
            tracing::debug!(%error, "what a request left behind was tidied up on the event loop");
        }
    });
}
