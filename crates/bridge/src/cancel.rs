//! Whose sync code runs here, and whether anybody still waits for it: cancellation as sync code sees it.
//!
//! Async code is cancelled by dropping it. Sync code can't be dropped, so it is told: each job knows whether its caller has gone, and whether the
//! job around that caller lost its own. Tasks that were spawned on the way have no job around them, so a cancellation ends at them.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::deadline::Expiry;
use crate::job::Run;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError, thread_local};

/// Whether somebody still waits for a piece of sync code, as that code and what it waits for see it.
#[derive(Default)]
pub(crate) struct Caller {
    gone: AtomicBool,
    /// Whether a wait inside this job has ended because of that. One does; those after it are for cleaning up.
    told: AtomicBool,
    /// The job whose code awaited this one, directly or through async code that it waited for.
    around: Option<Arc<dyn Run>>,
    /// The waits inside this job, to be woken when its caller goes.
    waits: Mutex<Vec<Waker>>,
}

thread_local! {
    /// The job that runs on this thread, the innermost one.
    static RUNNING: RefCell<Option<Arc<dyn Run>>> = const { RefCell::new(None) };
}

/// The job that runs on this thread.
fn running() -> Option<Arc<dyn Run>> {
    RUNNING
        .try_with(|running| running.borrow().clone())
        .ok()
        .flatten()
}

/// Whether a job runs on this thread.
pub(crate) fn in_job() -> bool {
    RUNNING
        .try_with(|running| running.borrow().is_some())
        .unwrap_or(false)
}

/// Makes `job` the one that runs on this thread while this lives, then puts the one around it back.
pub(crate) struct Enter(Option<Arc<dyn Run>>);

impl Enter {
    pub(crate) fn new(job: Arc<dyn Run>) -> Self {
        Self(RUNNING.replace(Some(job)))
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
    pub(crate) fn of_this_code() -> Self {
        Self {
            around: running(),
            ..Self::default()
        }
    }

    /// Signals the job, which runs, that nobody waits for it any longer.
    pub(crate) fn leave(&self) {
        // Under the lock of the list, so that a wait which registers now sees the signal or is woken.
        let mut waits = self.waits();
        self.gone.store(true, Ordering::Release);
        let woken = std::mem::take(&mut *waits);
        drop(waits);
        for waker in woken {
            waker.wake();
        }
    }

    fn around(&self) -> Option<&Self> {
        self.around.as_deref().map(Run::caller)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        let mut caller = Some(self);
        while let Some(job) = caller {
            if job.gone.load(Ordering::Acquire) {
                return true;
            }
            caller = job.around();
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
            caller = job.around();
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
            caller = job.around();
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
    let asked = RUNNING.try_with(|running| {
        let running = running.borrow();
        running.as_ref().is_some_and(|job| job.caller().is_cancelled())
    });
    asked.unwrap_or(false)
}

/// Why a wait ended before what it waits for.
pub(crate) enum GivenUp {
    CallerGone,
    PastDeadline,
}

/// Whether the caller of the job that waits here has gone, and no wait of it has ended of that yet.
pub(crate) fn ends_this_wait() -> bool {
    RUNNING
        .try_with(|running| {
            running
                .borrow()
                .as_ref()
                .is_some_and(|job| job.caller().ends_a_wait())
        })
        .unwrap_or(false)
}

/// What may end a wait of the sync code that runs here before what it waits for is ready: made when it was not ready at once.
pub(crate) struct Watch {
    expiry: Expiry,
    /// The job that waits, and the waker that it knows.
    registered: Option<(Arc<dyn Run>, Waker)>,
}

impl Watch {
    /// For a wait whose first poll was pending. From here on it costs what a wait costs.
    pub(crate) fn new() -> Self {
        Self {
            expiry: Expiry::new(),
            registered: None,
        }
    }

    /// After a poll that was pending: whether the wait is over. If not, `cx` is woken when it is.
    pub(crate) fn ends(&mut self, cx: &mut Context<'_>) -> Option<GivenUp> {
        if self.expiry.has_passed(cx) {
            return Some(GivenUp::PastDeadline);
        }
        // The waiting loop's waker stays the same.
        if self.registered.is_none()
            && let Some(job) = running()
        {
            job.caller().register(cx.waker());
            self.registered = Some((job, cx.waker().clone()));
        }
        None
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((job, waker)) = &self.registered {
            job.caller().unregister(waker);
        }
    }
}
