//! The threads that scopes lease for their sync code: each belongs to one live scope at a time, and the next one gets it afterwards.

use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::config;
use crate::context::with_current;
use crate::deadlock::{Held, Resource};
use crate::seat::{self, Seat};
use crate::sync::atomic::{AtomicUsize, Ordering, fence};
use crate::sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc, process, thread};
use crate::{BridgeError, runtime, scope, scope_local};

/// How many threads run sticky sync code at once, and so how many requests can be inside sync code at once.
///
/// The default of [`Config::max_threads`](crate::Config::max_threads). Past it, a request queues up to [`WAIT_TIME`].
pub const MAX_THREADS: usize = 128;

/// How long sync code waits to be started before it is refused: for a thread, as [overloaded](BridgeError::is_overloaded), or behind sync code of its own scope, as
/// [stuck](BridgeError::is_stuck). The default of [`Config::wait_time`](crate::Config::wait_time).
pub const WAIT_TIME: Duration = Duration::from_secs(30);

const THREAD_NAME: &str = "nuages-sync";

/// How long a thread without work is kept.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(10);

struct Threads {
    idle: Mutex<Vec<Arc<Seat>>>,
    free: Arc<Semaphore>,
    /// Threads above the cap, for scopes inside of something that others wait for.
    reserve: Arc<Semaphore>,
    live: AtomicUsize,
    queued: AtomicUsize,
    /// All of them, in the graph of waits. Those count as held that are known to be: whose scope waits for something.
    resource: Resource,
}

process! {
    static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads {
        idle: Mutex::default(),
        free: Arc::new(Semaphore::new(config().max_threads)),
        reserve: Arc::new(Semaphore::new(config().reserved_threads)),
        live: AtomicUsize::new(0),
        queued: AtomicUsize::new(0),
        resource: Resource::new(
            "the threads for sync code",
            config().max_threads.saturating_add(config().reserved_threads),
        ),
    });
}

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

    /// Starts a thread, and does not wait until it runs: jobs can be sent to it at once.
    fn start() -> Result<Arc<Seat>, BridgeError> {
        let (sender, receiver) = mpsc::sync_channel::<Arc<Seat>>(1);
        let handle = thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(move || {
                if let Ok(seat) = receiver.recv() {
                    seat.settle();
                    seat.run_until(config().idle_time, give_back_where_awaited, || THREADS.retire());
                    THREADS.live.fetch_sub(1, Ordering::Relaxed);
                }
            })
            .map_err(BridgeError::no_thread)?;
        let seat = Seat::new(handle.thread().clone());
        let threads = THREADS.live.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::trace!(target: "nuages_bridge::thread", threads, "a thread for sticky sync code starts");
        // There is room for one, and the thread takes it.
        let _ = sender.send(Arc::clone(&seat));
        Ok(seat)
    }

    /// Takes back a thread that no scope has any longer.
    fn put_back(&self, seat: Arc<Seat>, permit: Option<OwnedSemaphorePermit>) {
        self.idle().push(seat);
        // Afterwards: whoever gets it finds the thread.
        drop(permit);
    }
}

/// A thread that belongs to one scope. Dropped, it goes back when the jobs that were sent to it are done.
pub(crate) struct Lease {
    seat: Arc<Seat>,
    permit: Option<OwnedSemaphorePermit>,
    /// Not to be leased again.
    once: bool,
    /// The sync code that wanted it, which stands for the scope in the graph of waits.
    location: &'static Location<'static>,
    /// Made when something inside of the scope waits: who never waits pays nothing.
    held: OnceLock<Held>,
}

impl Lease {
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// The thread as something that is held, for the graph of waits.
    pub(crate) fn held(&self) -> &Held {
        self.held
            .get_or_init(|| THREADS.resource.hold_at("sync code of a scope", self.location))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The graph hears of it first.
        drop(self.held.take());
        let permit = self.permit.take();
        let seat = Arc::clone(&self.seat);
        if !self.once && seat.is_done() {
            // As most are: nobody has to wake it up for that.
            THREADS.put_back(seat, permit);
            return;
        }
        let once = self.once;
        self.seat.give_back(Box::new(move || {
            scope_local::clear();
            seat.forget_kept();
            if once {
                seat::leave();
            } else {
                THREADS.put_back(seat, permit);
            }
        }));
    }
}

/// Leases a thread, waiting for one up to [`WAIT_TIME`]; if it is to be fresh, one that nobody had before and nobody gets after.
pub(crate) async fn lease(fresh: bool, location: &'static Location<'static>) -> Result<Lease, BridgeError> {
    let permit = match Arc::clone(&THREADS.free).try_acquire_owned() {
        Ok(permit) => permit,
        Err(_) => queue(location).await?,
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
        location,
        held: OnceLock::new(),
    })
}

/// Where somebody waits for a thread, takes one from a task that has none of its sync code under way. Called when such code has ended.
///
/// Who begins to wait counts itself first and looks for such a task then: so either that one sees the end of the code, or this sees the one that waits.
pub(crate) fn give_back_where_awaited() {
    fence(Ordering::SeqCst);
    if THREADS.queued.load(Ordering::SeqCst) > 0 {
        scope::release_one_idle_task();
    }
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
        if THREADS.queued.fetch_add(1, Ordering::SeqCst) >= limit {
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

async fn queue(location: &'static Location<'static>) -> Result<OwnedSemaphorePermit, BridgeError> {
    // Others may wait for what this scope holds, and by that keep their threads.
    let holder = with_current(|current| current.held().is_some());
    if holder && let Ok(permit) = Arc::clone(&THREADS.reserve).try_acquire_owned() {
        return Ok(permit);
    }
    let _queued = Queued::new()?;
    fence(Ordering::SeqCst);
    scope::release_one_idle_task();
    let limits = config();
    let mut free = pin!(Arc::clone(&THREADS.free).acquire_owned());
    let mut reserve = pin!(Arc::clone(&THREADS.reserve).acquire_owned());
    let either = std::future::poll_fn(|cx| match free.as_mut().poll(cx) {
        Poll::Pending if holder => reserve.as_mut().poll(cx),
        poll => poll,
    });
    let wait = runtime::timeout(limits.wait_time, either);
    // Where all threads belong to scopes that wait for what this one holds, no time would be enough.
    match THREADS.resource.wait_at(wait, location).await? {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(BridgeError::overloaded(
            limits.wait_time,
            limits.max_threads,
            seat::longest_on(&[THREAD_NAME]),
        )),
    }
}
