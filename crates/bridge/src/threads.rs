//! The threads that scopes lease for their sync code: each belongs to one live scope at a time, and the next one gets it afterwards.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::config;
use crate::context::with_current;
use crate::seat::{self, Seat};
use crate::{BridgeError, runtime, scope, scope_local};

/// How many threads run sticky sync code at once, and so how many requests can be inside sync code at once.
///
/// The default of [`Config::max_threads`](crate::Config::max_threads). Past it, a request queues up to [`WAIT_TIME`].
pub const MAX_THREADS: usize = 128;

/// How long sync code waits to be started before it is refused: for a thread, as [overloaded](BridgeError::is_overloaded), or behind sync code of its own scope, as
/// [stuck](BridgeError::is_stuck). The default of [`Config::wait_time`](crate::Config::wait_time).
pub const WAIT_TIME: Duration = Duration::from_secs(30);

/// How long a thread without work is kept.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(10);

struct Threads {
    idle: Mutex<Vec<Arc<Seat>>>,
    free: Arc<Semaphore>,
    /// Threads above the cap, for scopes inside of something that others wait for.
    reserve: Arc<Semaphore>,
    live: AtomicUsize,
    queued: AtomicUsize,
}

static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads {
    idle: Mutex::default(),
    free: Arc::new(Semaphore::new(config().max_threads)),
    reserve: Arc::new(Semaphore::new(config().reserved_threads)),
    live: AtomicUsize::new(0),
    queued: AtomicUsize::new(0),
});

impl Threads {
    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends this thread if no scope has leased it; false where one has.
    fn retire(&self) -> bool {
        scope::forget_idle_tasks();
        let mut idle = self.idle();
        match idle.iter().position(|seat| seat.is_this_thread()) {
            Some(at) => {
                idle.swap_remove(at);
                true
            }
            None => false,
        }
    }

    fn start() -> Result<Arc<Seat>, BridgeError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        thread::Builder::new()
            .name("nuages-sync".to_owned())
            .spawn(move || {
                let seat = Seat::of_this_thread();
                if sender.send(Arc::clone(&seat)).is_ok() {
                    THREADS.live.fetch_add(1, Ordering::Relaxed);
                    seat.run_until(config().idle_time, || THREADS.retire());
                    THREADS.live.fetch_sub(1, Ordering::Relaxed);
                }
            })
            .map_err(BridgeError::no_thread)?;
        receiver.recv().map_err(|_| BridgeError::cancelled())
    }
}

/// A thread that belongs to one scope. Dropped, it goes back when the jobs that were sent to it are done.
pub(crate) struct Lease {
    seat: Arc<Seat>,
    permit: Option<OwnedSemaphorePermit>,
    /// Not to be leased again.
    once: bool,
}

impl Lease {
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let permit = self.permit.take();
        let seat = Arc::clone(&self.seat);
        let once = self.once;
        self.seat.submit_kept(Box::new(move || {
            scope_local::clear();
            if once {
                seat::leave();
            } else {
                THREADS.idle().push(seat);
            }
            drop(permit);
        }));
    }
}

/// Leases a thread, waiting for one up to [`WAIT_TIME`]; if it is to be fresh, one that nobody had before and nobody gets after.
pub(crate) async fn lease(fresh: bool) -> Result<Lease, BridgeError> {
    let permit = match Arc::clone(&THREADS.free).try_acquire_owned() {
        Ok(permit) => permit,
        Err(_) => queue().await?,
    };
    // The newest first: the others can retire.
    let idle = if fresh { None } else { THREADS.idle().pop() };
    let seat = match idle {
        Some(seat) => seat,
        None => Threads::start()?,
    };
    Ok(Lease {
        seat,
        permit: Some(permit),
        once: fresh,
    })
}

/// How many threads there are, and how many of them no scope has.
pub(crate) fn counts() -> (usize, usize) {
    (THREADS.live.load(Ordering::Relaxed), THREADS.idle().len())
}

/// One of those who wait for a thread.
struct Queued;

impl Queued {
    fn new() -> Result<Self, BridgeError> {
        let limit = config().queue_length;
        if THREADS.queued.fetch_add(1, Ordering::Relaxed) >= limit {
            drop(Self);
            return Err(BridgeError::queue_full(limit));
        }
        Ok(Self)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        THREADS.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn queue() -> Result<OwnedSemaphorePermit, BridgeError> {
    // Others may wait for what this scope holds, and by that keep their threads.
    let holder = with_current(|current| current.held().is_some());
    if holder && let Ok(permit) = Arc::clone(&THREADS.reserve).try_acquire_owned() {
        return Ok(permit);
    }
    let _queued = Queued::new()?;
    scope::release_one_idle_task();
    let limits = config();
    let mut free = pin!(Arc::clone(&THREADS.free).acquire_owned());
    let mut reserve = pin!(Arc::clone(&THREADS.reserve).acquire_owned());
    let either = std::future::poll_fn(|cx| match free.as_mut().poll(cx) {
        Poll::Pending if holder => reserve.as_mut().poll(cx),
        poll => poll,
    });
    let wait = {
        // Timers of the process's runtime: the present one may have been built without any.
        let _entered = runtime::process().enter();
        tokio::time::timeout(limits.wait_time, either)
    };
    match wait.await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(BridgeError::overloaded(limits.wait_time, limits.max_threads)),
    }
}
