//! Whose sync code runs here, and whether anybody still waits for it: cancellation as sync code sees it.
//!
//! Async code is cancelled by dropping it. Sync code can't be dropped, so it is told: each job knows whether its caller has gone, and whether the
//! job around that caller lost its own. Tasks that were spawned on the way have no job around them, so a cancellation ends at them.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::{Deadline, runtime};

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const DROPPED: u8 = 2;

/// One sync job, as its caller and its own code know it.
#[derive(Default)]
pub(crate) struct Caller {
    phase: AtomicU8,
    gone: AtomicBool,
    /// Whether a wait inside this job has ended because of that. One does; those after it are for cleaning up.
    told: AtomicBool,
    /// The job whose code awaited this one, directly or through async code that it waited for.
    around: Option<Arc<Caller>>,
    /// The waits inside this job, to be woken when its caller goes.
    waits: Mutex<Vec<Waker>>,
}

thread_local! {
    /// The job that runs on this thread, the innermost one.
    static RUNNING: RefCell<Option<Arc<Caller>>> = const { RefCell::new(None) };
}

/// The job that runs on this thread.
pub(crate) fn running() -> Option<Arc<Caller>> {
    RUNNING
        .try_with(|running| running.borrow().clone())
        .ok()
        .flatten()
}

/// Makes `caller` the job that runs on this thread while it lives, then puts the one around it back.
pub(crate) struct Enter(Option<Arc<Caller>>);

impl Enter {
    pub(crate) fn new(caller: Arc<Caller>) -> Self {
        Self(RUNNING.replace(Some(caller)))
    }
}

impl Drop for Enter {
    fn drop(&mut self) {
        let outer = self.0.take();
        let inner = RUNNING.try_with(|running| running.replace(outer));
        drop(inner);
    }
}

impl Caller {
    /// For a job that the present code is about to await.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            around: running(),
            ..Self::default()
        })
    }

    /// Whether the job may start: not if its caller has gone already.
    pub(crate) fn start(&self) -> bool {
        self.phase
            .compare_exchange(WAITING, STARTED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Cancels the job if it waits, signals it if it runs.
    pub(crate) fn leave(&self) {
        let waits_still = self
            .phase
            .compare_exchange(WAITING, DROPPED, Ordering::AcqRel, Ordering::Acquire);
        if waits_still.is_err() {
            // Under the lock of the list, so that a wait which registers now sees the signal or is woken.
            let mut waits = self.waits();
            self.gone.store(true, Ordering::Release);
            let woken = std::mem::take(&mut *waits);
            drop(waits);
            for waker in woken {
                waker.wake();
            }
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        let mut caller = Some(self);
        while let Some(job) = caller {
            if job.gone.load(Ordering::Acquire) {
                return true;
            }
            caller = job.around.as_deref();
        }
        false
    }

    /// Whether a wait of this job ends now because its caller has gone: the one that is pending then, else the next.
    fn ends_a_wait(&self) -> bool {
        self.is_cancelled() && !self.told.swap(true, Ordering::AcqRel)
    }

    fn waits(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `waker` woken when this job or one around it is cancelled.
    fn register(&self, waker: &Waker) {
        let mut caller = Some(self);
        while let Some(job) = caller {
            let mut waits = job.waits();
            if job.gone.load(Ordering::Acquire) {
                drop(waits);
                waker.wake_by_ref();
                return;
            }
            waits.push(waker.clone());
            drop(waits);
            caller = job.around.as_deref();
        }
    }

    fn unregister(&self, waker: &Waker) {
        let mut caller = Some(self);
        while let Some(job) = caller {
            let mut waits = job.waits();
            let at = waits.iter().position(|other| other.will_wake(waker));
            let removed = at.map(|at| waits.swap_remove(at));
            drop(waits);
            drop(removed);
            caller = job.around.as_deref();
        }
    }
}

/// Whether the async caller of the sync code that runs here has gone away: its request was cancelled, its timeout is over.
///
/// Sync code can't be stopped from outside. Long sync code asks this now and then, and returns early. It is also true where only a caller further out
/// has gone, through any number of alternating layers. The wait ([`async_to_sync`](crate::async_to_sync), [`Op::wait`](crate::Op::wait)) that is
/// pending in such code, else its next one, ends with an error that [`is_cancelled`](crate::BridgeError::is_cancelled), so that `?` unwinds it; waits
/// after that one run as ever, so that the code can clean up. Outside of a job of
/// [`sync_to_async`](crate::sync_to_async) it is false.
#[must_use]
pub fn cancelled() -> bool {
    running().is_some_and(|caller| caller.is_cancelled())
}

/// Why a wait ended before what it waits for.
pub(crate) enum GivenUp {
    CallerGone,
    PastDeadline,
}

pin_project! {
    /// A future that sync code waits for, ended early where that sync code's caller goes or its deadline passes.
    pub(crate) struct UnlessGivenUp<F> {
        registered: Registered,
        deadline: Option<(Deadline, Pin<Box<Sleep>>)>,
        // Dropped within the poll that ends it early: in its context, and before the jobs that it sent are run.
        #[pin]
        future: Option<F>,
    }
}

/// The job that waits and, once a poll was pending, the waker that it knows.
struct Registered {
    caller: Option<Arc<Caller>>,
    waker: Option<Waker>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let (Some(caller), Some(waker)) = (&self.caller, &self.waker) {
            caller.unregister(waker);
        }
    }
}

/// For a wait of the sync code that runs here.
pub(crate) fn unless_given_up<F: Future>(future: F) -> UnlessGivenUp<F> {
    let deadline = Deadline::current().map(|deadline| {
        // Timers of the process's runtime: the present one may have been built without any.
        let _entered = runtime::process().enter();
        (
            deadline,
            Box::pin(tokio::time::sleep_until(deadline.instant().into())),
        )
    });
    UnlessGivenUp {
        registered: Registered {
            caller: running(),
            waker: None,
        },
        deadline,
        future: Some(future),
    }
}

impl<F: Future> Future for UnlessGivenUp<F> {
    type Output = Result<F::Output, GivenUp>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let caller = this.registered.caller.as_ref();
        if caller.is_some_and(|caller| caller.ends_a_wait()) {
            this.future.set(None);
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(GivenUp::CallerGone));
        };
        if let Poll::Ready(output) = future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if let Some((deadline, sleep)) = this.deadline
            // The clock besides the timer: code that ran on this thread meanwhile may have kept the timer from being seen.
            && (sleep.as_mut().poll(cx).is_ready() || deadline.remaining().is_zero())
        {
            this.future.set(None);
            return Poll::Ready(Err(GivenUp::PastDeadline));
        }
        // The waiting loop's waker stays the same, and what is ready at once needs none.
        if let Some(caller) = caller
            && this.registered.waker.is_none()
        {
            caller.register(cx.waker());
            this.registered.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
