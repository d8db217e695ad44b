//! What the bridge does at this moment, and has done so far.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::counters::{self, BUCKETS, Buckets};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Instant, process};
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
    /// How long each of them waited, since the first call of [`stats`].
    pub queue_times: Times,
    /// How long each of them ran, since the first call of [`stats`].
    pub run_times: Times,
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

/// How long many things took: their number, and how long the fastest part of them took at most.
///
/// The times are counted in buckets, four for each doubling, so an answer may be up to a quarter too long. What takes longer than four minutes counts as
/// four minutes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Times([u64; BUCKETS]);

impl Times {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How long that part of them took at most, from 0.0 to 1.0: 0.5 asks for the median, 0.99 for the time that one of a hundred exceeds. Zero where there
    /// are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_bridge::{async_to_sync, stats, sync_to_async};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), nuages_bridge::BridgeError> {
    /// let before = stats();
    /// async_to_sync(async { sync_to_async(|| std::thread::sleep(Duration::from_millis(2))).await })??;
    /// let run = stats().run_times.since(&before.run_times);
    /// assert_eq!(run.count(), 1);
    /// assert!(run.percentile(0.99) >= Duration::from_millis(2));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn percentile(&self, part: f64) -> Duration {
        let count = self.count();
        let rank = ((count as f64 * part.clamp(0.0, 1.0)).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        for (bucket, some) in self.0.iter().enumerate() {
            seen += some;
            if seen >= rank {
                return Duration::from_nanos(counters::longest_in(bucket));
            }
        }
        Duration::ZERO
    }

    /// Those of them that an earlier look had not seen.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut new = *self;
        for (bucket, old) in new.0.iter_mut().zip(earlier.0) {
            *bucket = bucket.saturating_sub(old);
        }
        new
    }
}

impl Default for Times {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Times")
            .field("count", &self.count())
            .field("p50", &self.percentile(0.5))
            .field("p99", &self.percentile(0.99))
            .finish()
    }
}

/// Of jobs that somebody looks at.
struct Measured {
    nanos: AtomicU64,
    each: Buckets,
}

impl Measured {
    const fn new() -> Self {
        Self {
            nanos: AtomicU64::new(0),
            each: Buckets::new(),
        }
    }

    fn add(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.each.add(nanos);
    }

    fn total(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

process! {
    static QUEUED: Measured = Measured::new();
    static RAN: Measured = Measured::new();
    static TIMED: AtomicBool = AtomicBool::new(false);
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
    let done = counters::sum(|shard| &shard.done);
    let cancelled = counters::sum(|shard| &shard.cancelled);
    let started = counters::sum(|shard| &shard.started);
    let sent = counters::sum(|shard| &shard.sent);
    let (threads, threads_idle) = threads::counts();
    Stats {
        hops: hops(),
        jobs_queued: sent.saturating_sub(started).saturating_sub(cancelled),
        jobs_running: started.saturating_sub(done),
        jobs_done: done,
        jobs_cancelled: cancelled,
        queue_time: QUEUED.total(),
        run_time: RAN.total(),
        queue_times: Times(QUEUED.each.read()),
        run_times: Times(RAN.each.read()),
        threads,
        threads_idle,
        threads_leased: threads.saturating_sub(threads_idle),
        threads_parallel: parallel::threads(),
        deadlocks_refused: deadlock::refused(),
    }
}

/// Jobs that were sent and have not ended.
pub(crate) fn unfinished() -> u64 {
    // What has ended was sent before: a job that is seen to have ended is seen to have been sent.
    let over = counters::sum(|shard| &shard.done) + counters::sum(|shard| &shard.cancelled);
    counters::sum(|shard| &shard.sent).saturating_sub(over)
}

/// What hops are called in the events of the target `nuages_bridge::hop`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// The type of the code.
    pub(crate) name: &'static str,
    /// Which way it went: `sticky`, `parallel` or `executor`.
    pub(crate) kind: &'static str,
    pub(crate) location: &'static Location<'static>,
}

/// One job, as the counters see it: it was sent, perhaps it starts, and it ends or is dropped.
pub(crate) struct Clock {
    /// None where nobody looks at times.
    sent: Option<Instant>,
    started: Option<Instant>,
}

impl Clock {
    pub(crate) fn sent() -> Self {
        counters::mine().sent.fetch_add(1, Ordering::SeqCst);
        let looked_at = TIMED.load(Ordering::Relaxed)
            || tracing::enabled!(target: "nuages_bridge::hop", tracing::Level::TRACE);
        Self {
            sent: looked_at.then(Instant::now),
            started: None,
        }
    }

    pub(crate) fn start(&mut self, now: Instant) {
        counters::mine().started.fetch_add(1, Ordering::Relaxed);
        self.started = Some(now);
        if let Some(sent) = self.sent {
            QUEUED.add(now.duration_since(sent));
        }
    }

    /// Notes that the job has run. Called in its span.
    pub(crate) fn end(self, hop: Hop, panicked: bool) {
        if let (Some(sent), Some(started)) = (self.sent, self.started) {
            let (queue, run) = (started.duration_since(sent), started.elapsed());
            RAN.add(run);
            tracing::trace!(
                target: "nuages_bridge::hop",
                name = hop.name,
                kind = hop.kind,
                job = %hop.location,
                ?queue,
                ?run,
                panicked,
                "sync code ran"
            );
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let mine = counters::mine();
        let over = if self.started.is_some() {
            &mine.done
        } else {
            &mine.cancelled
        };
        over.fetch_add(1, Ordering::SeqCst);
        shutdown::ended();
    }
}
