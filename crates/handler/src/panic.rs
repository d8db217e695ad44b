//! Panics of views and middleware become problems, so that neither a thread nor a connection dies of one.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::Problem;
use crate::response::Response;

/// Runs plain code.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Problem> {
    // What the code had in its hands when it panicked is dropped or behind a lock that tells; nothing of ours is.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Problem::from_panic(&*payload))
}

/// Polls a future.
pub(crate) async fn caught_future(future: impl Future<Output = Response>) -> Response {
    let mut future = pin!(future);
    poll_fn(|cx| match caught(|| future.as_mut().poll(cx)) {
        Ok(poll) => poll,
        Err(panicked) => Poll::Ready(Response::from_problem(panicked)),
    })
    .await
}
