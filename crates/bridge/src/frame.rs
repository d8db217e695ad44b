//! What kind of code runs on this thread right now: it decides whether a call may block.

use std::any::type_name;
use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::sync::thread_local;
use crate::{budget, slow};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// None of our frames is on the stack.
    Unknown,
    /// A future is being polled.
    Async,
    /// Sync code runs, on a thread that may block.
    Sync,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    mode: Mode,
    may_block: bool,
}

thread_local! {
    static FRAME: Cell<Frame> = const { Cell::new(Frame { mode: Mode::Unknown, may_block: false }) };
}

/// Puts the outer frame back, also when the inner one unwinds.
struct Restore(Frame);

impl Drop for Restore {
    fn drop(&mut self) {
        FRAME.set(self.0);
    }
}

fn enter(mode: Mode, may_block: bool) -> Restore {
    Restore(FRAME.replace(Frame { mode, may_block }))
}

/// Whether a driver may run a statement right here, on the calling thread, instead of handing it to a thread of its own.
///
/// True only directly inside a [leaf](crate::Op::leaf) [`Op`](crate::Op) that a sync thread waits for: that thread is blocked anyway, and nothing else
/// is polled on it. Under [`async_to_sync`](crate::async_to_sync) it is false, since the author of `join!(a, b)` expects concurrency.
#[must_use]
pub fn may_block() -> bool {
    FRAME.get().may_block
}

/// Whether blocking this thread would stop an event loop, or a future of ours.
pub(crate) fn on_event_loop() -> bool {
    match FRAME.get().mode {
        Mode::Async => true,
        Mode::Sync => false,
        Mode::Unknown => tokio::runtime::Handle::try_current().is_ok() && budget::is_limited(),
    }
}

/// The same for who knows already whether a runtime's handle is current.
pub(crate) fn on_event_loop_where(has_runtime: bool) -> bool {
    match FRAME.get().mode {
        Mode::Async => true,
        Mode::Sync => false,
        Mode::Unknown => has_runtime && budget::is_limited(),
    }
}

/// Polls a future as the waiting loop of a sync thread does.
pub(crate) fn poll_waiting<R>(may_block: bool, poll: impl FnOnce() -> R) -> R {
    let _restore = enter(Mode::Async, may_block);
    poll()
}

/// Runs sync code on a thread that may block: `.wait()` in it is fine.
///
/// For code that calls a user's sync function in place, such as a handler that is itself waited for. It makes no thread; the caller has to know
/// that this thread may block ([`may_block`] says so).
pub fn sync_frame<R>(f: impl FnOnce() -> R) -> R {
    let _restore = enter(Mode::Sync, false);
    f()
}

/// Polls a user's async code such that `.wait()` is refused in it wherever it is polled, also on a sync thread that waits for it.
///
/// In debug mode a slow poll is reported under the name of the future's type and the place of this call, or what [`AsyncFrame::named`] says
/// (see [`report_slow_polls`](crate::report_slow_polls)).
#[inline]
#[track_caller]
pub fn async_frame<F: Future>(future: F) -> AsyncFrame<F> {
    AsyncFrame {
        name: type_name::<F>(),
        location: Location::caller(),
        future,
    }
}

impl<F> AsyncFrame<F> {
    /// Says what reports call this code, and where it is: a view's name, and where it was routed.
    pub fn named(mut self, name: &'static str, location: &'static Location<'static>) -> Self {
        self.name = name;
        self.location = location;
        self
    }
}

pin_project! {
    /// The future of [`async_frame`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncFrame<F> {
        name: &'static str,
        location: &'static Location<'static>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for AsyncFrame<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = enter(Mode::Async, false);
        let this = self.project();
        slow::watch(this.name, this.location, || this.future.poll(cx))
    }
}
