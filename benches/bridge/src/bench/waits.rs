//! The ways in which sync code waits for a future, here one that is ready.

use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use nuages_bridge::{Op, async_to_sync, sync_frame};
use tokio::runtime::Handle;

/// A way to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    HandleBlockOn,
    HandleBlockOnBoxed,
    Park,
    AsyncToSync,
    AsyncToSyncEntered,
    OpPlain,
    OpEntered,
    OpInJob,
    OpBoxed,
}

/// The order in which one round measures them.
pub(crate) const WAITS: [Wait; 9] = [
    Wait::HandleBlockOn,
    Wait::HandleBlockOnBoxed,
    Wait::Park,
    Wait::AsyncToSync,
    Wait::AsyncToSyncEntered,
    Wait::OpPlain,
    Wait::OpEntered,
    Wait::OpInJob,
    Wait::OpBoxed,
];

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least that a wait can be: a waker that unparks, and a loop that parks. It has neither I/O nor timers.
fn park_until<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

impl Wait {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HandleBlockOn => "tokio Handle::block_on",
            Self::HandleBlockOnBoxed => "  the same of a boxed future",
            Self::Park => "park and unpark, as pollster",
            Self::AsyncToSync => "ours async_to_sync",
            Self::OpPlain => "ours Op::ready, waited for",
            Self::OpBoxed => "ours Op::new, waited for",
            Self::AsyncToSyncEntered | Self::OpEntered => "  the same in a runtime's context",
            Self::OpInJob => "  the same in a sync job",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        !matches!(self, Self::HandleBlockOn | Self::HandleBlockOnBoxed | Self::Park)
    }

    fn run(self, runtime: &Handle, count: usize) {
        let entered = matches!(self, Self::AsyncToSyncEntered | Self::OpEntered | Self::OpInJob);
        let _entered = entered.then(|| runtime.enter());
        let repeat = || {
            (0..count).for_each(|_| {
                black_box(self.once(runtime));
            })
        };
        match self {
            Self::OpInJob => sync_frame(repeat),
            _ => repeat(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it is what the bridge is measured against"
    )]
    fn once(self, runtime: &Handle) -> u64 {
        match self {
            Self::HandleBlockOn => runtime.block_on(ready(42)),
            Self::HandleBlockOnBoxed => {
                let future: Pin<Box<dyn Future<Output = u64> + Send>> = black_box(Box::pin(ready(42)));
                runtime.block_on(future)
            }
            Self::Park => park_until(ready(42)),
            Self::OpBoxed => {
                let op: Op<'static, u64> = Op::new("bench", ready(Ok(42)));
                op.wait().expect("no event loop here")
            }
            Self::AsyncToSync | Self::AsyncToSyncEntered => {
                async_to_sync(ready(42)).expect("no event loop here")
            }
            Self::OpPlain | Self::OpEntered | Self::OpInJob => {
                let op: Op<'static, u64> = Op::ready("bench", Ok(42));
                op.wait().expect("no event loop here")
            }
        }
    }
}

/// Nanoseconds a call, over all callers, each a thread of its own.
pub(crate) fn measure(runtime: &Handle, wait: Wait, callers: usize, total: usize) -> f64 {
    let each = (total / callers).max(1);
    let barrier = Barrier::new(callers + 1);
    let elapsed = thread::scope(|scope| {
        let threads: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    // The first wait of a thread makes what it keeps.
                    wait.run(runtime, 1);
                    barrier.wait();
                    wait.run(runtime, each);
                })
            })
            .collect();
        // Before the threads go: after the barrier this one may be the last to run.
        let started = Instant::now();
        barrier.wait();
        for thread in threads {
            thread.join().expect("no caller panics");
        }
        started.elapsed()
    });
    elapsed.as_nanos() as f64 / (each * callers) as f64
}
