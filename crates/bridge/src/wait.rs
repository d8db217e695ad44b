//! The loop in which a thread waits for a future, and runs the jobs that are sent to it meanwhile.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::cancel::{self, GivenUp, Watch};
use crate::context::with_current;
use crate::home::HomeLink;
use crate::local::Critical;
use crate::seat::{self, Seat};
use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::thread::{self, Thread};
use crate::sync::thread_local;
use crate::{deadlock, frame, hops, scope_local};

thread_local! {
    /// What the last wait of this thread was made of.
    static KEPT: Cell<Option<Box<Parts>>> = const { Cell::new(None) };
}

/// Wakes a waiting thread. Each wait has its own, since waits nest on one thread and share its park token.
struct Signal {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// What a wait is made of. A thread keeps that of its last one, since making it costs more than waiting for what is ready.
struct Parts {
    seat: Arc<Seat>,
    signal: Arc<Signal>,
    waker: Waker,
    /// While there is a wait, in its context; in between, here.
    link: Option<Arc<HomeLink>>,
}

impl Parts {
    #[cold]
    fn new(parent: Option<Arc<HomeLink>>) -> Box<Self> {
        let seat = Seat::of_this_thread();
        let signal = Arc::new(Signal {
            woken: AtomicBool::new(false),
            thread: seat.thread().clone(),
        });
        let link = HomeLink::new(Arc::clone(&seat), parent);
        Box::new(Self {
            seat,
            waker: Waker::from(Arc::clone(&signal)),
            signal,
            link: Some(Arc::new(link)),
        })
    }

    /// Takes what the thread has kept, or makes it. Another wait around this one makes it another link.
    #[inline]
    fn take(parent: Option<&Arc<HomeLink>>) -> Box<Self> {
        if let Some(parent) = parent {
            return Self::new(Some(Arc::clone(parent)));
        }
        match KEPT.try_with(Cell::take).ok().flatten() {
            Some(parts) => {
                // A waker of the wait before, which somebody still has, may wake this one: a poll too many does no harm.
                parts.signal.woken.store(false, Ordering::Relaxed);
                parts
            }
            None => Self::new(None),
        }
    }

    /// Ends the wait: what was sent to it and not run yet is run, or left to the loop around it.
    #[inline]
    fn end(mut self: Box<Self>, link: Option<Arc<HomeLink>>, outermost: bool) {
        let Some(link) = link else { return };
        // A loop around this one on the same thread runs what is left; the outermost runs it here, on the thread that the jobs were sent to.
        if is_unique(&link) && !(outermost && self.seat.was_sent_to()) {
            if link.parent.is_none() {
                self.link = Some(link);
                // While the thread ends there is no next wait.
                let _ = KEPT.try_with(|kept| kept.set(Some(self)));
            }
            return;
        }
        link.end(outermost);
    }
}

/// Whether nobody else has it. What those did who had it has happened before.
fn is_unique(link: &Arc<HomeLink>) -> bool {
    // Nobody makes weak ones, so that the count, which costs less than `Arc::get_mut`, says it all.
    let unique = Arc::strong_count(link) == 1;
    fence(Ordering::Acquire);
    unique
}

/// One wait of this thread: in its context, sync code finds its way back here. Its end runs or hands on what is still queued.
struct Wait {
    /// Taken by the end alone.
    parts: Option<Box<Parts>>,
    outer_home: Option<Arc<HomeLink>>,
    critical: Option<Critical>,
    // Dropped after the end.
    _around: Around,
}

/// What else a wait has begun.
struct Around {
    has_values: bool,
    is_framed: bool,
}

impl Drop for Around {
    fn drop(&mut self) {
        seat::leave_loop();
        if self.is_framed {
            deadlock::leave_frame();
        }
        if self.has_values {
            scope_local::end_wait();
        }
    }
}

impl Wait {
    #[inline]
    fn begin() -> Self {
        let has_values = scope_local::begin_wait();
        seat::enter_loop();
        with_current(|current| {
            hops::count_to_loop(current);
            let mut parts = Parts::take(current.home());
            let is_framed = current.held().is_some_and(deadlock::enter_frame);
            Self {
                critical: current.take_critical().map(Critical::new),
                outer_home: current.replace_home(parts.link.take()),
                parts: Some(parts),
                _around: Around {
                    has_values,
                    is_framed,
                },
            }
        })
    }

    fn parts(&self) -> &Parts {
        match &self.parts {
            Some(parts) => parts,
            None => unreachable!("only the end of the wait takes them"),
        }
    }
}

impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        let outer = self.outer_home.take();
        let (link, _inner) = with_current(|current| (current.replace_home(outer), current.take_critical()));
        if let Some(critical) = self.critical.take() {
            critical.show();
        }
        if let Some(parts) = self.parts.take() {
            parts.end(link, seat::is_outermost_loop());
        }
    }
}

/// Polls a future on this thread until it is ready, running the jobs that are sent to this thread in between. Nests. It ends early where the caller of
/// the sync code that waits goes, or its deadline passes.
#[inline]
pub(crate) fn block_on<F: Future>(future: F, may_block: bool) -> Result<F::Output, GivenUp> {
    let wait = Wait::begin();
    // Dropped before the wait ends: where the future is given up, what it sent and did not get is cancelled, not run.
    let mut future = pin!(Some(future));
    let parts = wait.parts();
    let mut cx = Context::from_waker(&parts.waker);
    match poll(future.as_mut(), &mut cx, may_block)? {
        Poll::Ready(output) => Ok(output),
        // Whatever only a real wait needs is made here.
        Poll::Pending => park_until_ready(future, parts, may_block),
    }
}

/// One poll, unless the caller has gone.
#[inline]
fn poll<F: Future>(
    mut future: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
    may_block: bool,
) -> Result<Poll<F::Output>, GivenUp> {
    if cancel::ends_this_wait() {
        give_up(future, may_block);
        return Err(GivenUp::CallerGone);
    }
    match future.as_mut().as_pin_mut() {
        Some(future) => Ok(frame::poll_waiting(may_block, || future.poll(cx))),
        None => unreachable!("what was given up is not polled"),
    }
}

/// Drops the future as its polls would: its destructors are async code.
#[cold]
fn give_up<F>(mut future: Pin<&mut Option<F>>, may_block: bool) {
    frame::poll_waiting(may_block, || future.set(None));
}

fn park_until_ready<F: Future>(
    mut future: Pin<&mut Option<F>>,
    parts: &Parts,
    may_block: bool,
) -> Result<F::Output, GivenUp> {
    let mut cx = Context::from_waker(&parts.waker);
    let mut watch = Watch::new();
    loop {
        if let Some(end) = watch.ends(&mut cx) {
            give_up(future, may_block);
            return Err(end);
        }
        loop {
            // Between any two polls, so that a future which wakes itself does not keep jobs from their thread.
            let ran = parts.seat.run_next();
            if parts.signal.woken.swap(false, Ordering::Acquire) {
                break;
            }
            if !ran {
                // What comes from here on has this return at once: whoever sets the flag or sends a job unparks afterwards.
                thread::park();
            }
        }
        if let Poll::Ready(output) = poll(future.as_mut(), &mut cx, may_block)? {
            return Ok(output);
        }
    }
}
