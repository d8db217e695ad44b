//! What a poll inside a `Context` costs above a poll outside of any.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use nuages_bridge::Local;

static USER: Local<u64> = Local::new("user");

/// Never ready, so that it can be polled again and again.
struct Never(u64);

impl Future for Never {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0 = black_box(self.0 + 1);
        Poll::Pending
    }
}

fn polls(future: impl Future, count: usize) -> f64 {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    let started = Instant::now();
    for _ in 0..count {
        let _ = black_box(future.as_mut().poll(&mut cx).is_ready());
    }
    started.elapsed().as_nanos() as f64 / count as f64
}

/// Nanoseconds that a `Context` with a value adds to a poll.
pub(crate) fn measure(count: usize) -> f64 {
    let context = USER.sync_scope(1, nuages_bridge::Context::current);
    let inside = polls(context.scope(Never(0)), count);
    inside - polls(Never(0), count)
}
