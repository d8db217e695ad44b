//! Panics of views and middleware become problems, so that neither a thread nor a connection dies of one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::Problem;
use crate::response::Response;

/// Runs plain code.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Problem> {
    // What the code had in its hands when it panicked is dropped or behind a lock that tells; nothing of ours is.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Problem::from_panic(&*payload))
}

/// Polls a future.
pub(crate) fn caught_future<F: Future<Output = Response>>(future: F) -> Caught<F> {
    Caught { future }
}

pin_project! {
    // A struct and no `async fn`, which would have room for the future twice.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output = Response>> Future for Caught<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let future = self.project().future;
        caught(|| future.poll(cx)).unwrap_or_else(|panicked| Poll::Ready(Response::from_problem(panicked)))
    }
}
