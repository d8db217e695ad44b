//! What the bridge does at this moment, and has done so far.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Span;

use crate::{Hops, deadlock, hops, parallel, shutdown, threads};

/// A look at the bridge of this process. Made by [`stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Crossings so far.
    pub hops: Hops,
    /// Jobs of sync code that wait to be started.
    pub jobs_queued: u64,
    /// Jobs that run.
    pub jobs_running: u64,
    /// Jobs that ended so far.
    pub jobs_done: u64,
    /// Jobs that were dropped or refused before they started, so far.
    pub jobs_cancelled: u64,
    /// How long jobs waited to be started, in all, since the first call of [`stats`].
    pub queue_time: Duration,
    /// How long jobs ran, in all, since the first call of [`stats`].
    pub run_time: Duration,
    /// Threads for sticky sync code.
    pub threads: usize,
    /// Those of them that no scope has.
    pub threads_idle: usize,
    /// Those of them that a scope has.
    pub threads_leased: usize,
    /// Threads for parallel sync code.
    pub threads_parallel: usize,
    /// Waits that were refused with a [`DeadlockError`](crate::DeadlockError), so far.
    pub deadlocks_refused: u64,
}

/// A counter on a cache line of its own: callers and threads count at the same time.
#[repr(align(128))]
struct Counter(AtomicU64);

static SENT: Counter = Counter(AtomicU64::new(0));
static STARTED: Counter = Counter(AtomicU64::new(0));
static DONE: Counter = Counter(AtomicU64::new(0));
static CANCELLED: Counter = Counter(AtomicU64::new(0));
static QUEUE_NANOS: AtomicU64 = AtomicU64::new(0);
static RUN_NANOS: AtomicU64 = AtomicU64::new(0);
static TIMED: AtomicBool = AtomicBool::new(false);

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What the bridge does at this moment, and has done so far.
///
/// Reading a clock costs as much as other parts of a hop, so times are measured from the first call on. Counters that change meanwhile may be off by a few.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{async_to_sync, stats, sync_to_async};
///
/// # fn main() -> Result<(), nuages_bridge::BridgeError> {
/// let before = stats();
/// async_to_sync(async { sync_to_async(|| ()).parallel().await })??;
/// let after = stats();
/// assert_eq!(after.jobs_done - before.jobs_done, 1);
/// assert_eq!(after.hops.to_thread - before.hops.to_thread, 1);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn stats() -> Stats {
    TIMED.store(true, Ordering::Relaxed);
    // Ends before starts before sends: so no difference is below zero but for what happens in between.
    let done = read(&DONE.0);
    let cancelled = read(&CANCELLED.0);
    let started = read(&STARTED.0);
    let sent = read(&SENT.0);
    let (threads, threads_idle) = threads::counts();
    Stats {
        hops: hops(),
        jobs_queued: sent.saturating_sub(started).saturating_sub(cancelled),
        jobs_running: started.saturating_sub(done),
        jobs_done: done,
        jobs_cancelled: cancelled,
        queue_time: Duration::from_nanos(read(&QUEUE_NANOS)),
        run_time: Duration::from_nanos(read(&RUN_NANOS)),
        threads,
        threads_idle,
        threads_leased: threads.saturating_sub(threads_idle),
        threads_parallel: parallel::threads(),
        deadlocks_refused: deadlock::refused(),
    }
}

/// Jobs that were sent and have not ended.
pub(crate) fn unfinished() -> u64 {
    let over = DONE.0.load(Ordering::SeqCst) + CANCELLED.0.load(Ordering::SeqCst);
    SENT.0.load(Ordering::SeqCst).saturating_sub(over)
}

/// One job, as the counters see it: it was sent, perhaps it starts, and it ends or is dropped.
pub(crate) struct Clock {
    /// None where nobody looks at times.
    sent: Option<Instant>,
    started: Option<Instant>,
    location: &'static Location<'static>,
}

impl Clock {
    pub(crate) fn sent(location: &'static Location<'static>) -> Self {
        SENT.0.fetch_add(1, Ordering::SeqCst);
        let looked_at = TIMED.load(Ordering::Relaxed)
            || tracing::enabled!(target: "nuages_bridge::hop", tracing::Level::TRACE);
        Self {
            sent: looked_at.then(Instant::now),
            started: None,
            location,
        }
    }

    pub(crate) fn start(&mut self) -> Instant {
        let now = Instant::now();
        STARTED.0.fetch_add(1, Ordering::Relaxed);
        self.started = Some(now);
        if let Some(sent) = self.sent {
            QUEUE_NANOS.fetch_add(nanos(now.duration_since(sent)), Ordering::Relaxed);
        }
        now
    }
}

impl Clock {
    /// Notes that the job has run, in the span that it ran in.
    pub(crate) fn end(self, span: &Span) {
        if let (Some(sent), Some(started)) = (self.sent, self.started) {
            let (queue, run) = (started.duration_since(sent), started.elapsed());
            RUN_NANOS.fetch_add(nanos(run), Ordering::Relaxed);
            tracing::trace!(target: "nuages_bridge::hop", parent: span, job = %self.location, ?queue, ?run, "sync code ran");
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let over = if self.started.is_some() { &DONE } else { &CANCELLED };
        over.0.fetch_add(1, Ordering::SeqCst);
        shutdown::ended();
    }
}
