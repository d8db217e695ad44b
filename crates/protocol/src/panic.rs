//! Panics of the application, caught where they can still be answered.

use std::{
    any::Any,
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    task::Poll,
};

/// What a panic was started with.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs a future; a panic in one of its polls is an error, after which the future is dropped unpolled.
///
/// Asserting unwind safety is right for a whole request or connection: everything that only it could see is
/// dropped, and what it shares with others was `Sync` and has to stand a panic anyway.
pub(crate) async fn catch_unwind<F: Future>(future: F) -> Result<F::Output, Payload> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(payload)),
        },
    )
    .await
}

/// The message of a panic, where it has one.
pub(crate) fn message(payload: &Payload) -> &str {
    if let Some(message) = payload.downcast_ref::<&'static str>() {
        message
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message
    } else {
        "(a panic without a message)"
    }
}
