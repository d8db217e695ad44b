//! Counters that many threads write and few read.
//!
//! A counter that all threads share travels between their cores at every count, which takes longer than the rest of a short hop. So each thread counts
//! on a line of memory of its own (of few that it shares with hardly anybody), and who looks adds them up.

use std::array;
use std::cell::Cell;

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{process, thread_local};

/// A power of two, so that finding one's own is an `and`.
const SHARDS: usize = 32;

/// What one thread has counted, on a cache line that nothing else is on.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard {
    pub(crate) sent: AtomicU64,
    pub(crate) started: AtomicU64,
    pub(crate) done: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) to_thread: AtomicU64,
    pub(crate) to_loop: AtomicU64,
}

impl Shard {
    const fn new() -> Self {
        Self {
            sent: AtomicU64::new(0),
            started: AtomicU64::new(0),
            done: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            to_thread: AtomicU64::new(0),
            to_loop: AtomicU64::new(0),
        }
    }
}

process! {
    static COUNTED: [Shard; SHARDS] = [const { Shard::new() }; SHARDS];
    static NEXT: AtomicUsize = AtomicUsize::new(0);
}

thread_local! {
    /// Which of them is this thread's.
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's counters.
pub(crate) fn mine() -> &'static Shard {
    let mut at = MINE.get();
    if at == usize::MAX {
        at = next();
        MINE.set(at);
    }
    &COUNTED[at % SHARDS]
}

#[cold]
fn next() -> usize {
    NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
}

/// What all threads have counted.
pub(crate) fn sum(which: impl Fn(&Shard) -> &AtomicU64) -> u64 {
    COUNTED
        .iter()
        .map(|shard| which(shard).load(Ordering::SeqCst))
        .fold(0, u64::wrapping_add)
}

/// How long things took, in buckets: four for each doubling, so that what is read from them is at most a fifth too long.
pub(crate) struct Buckets([AtomicU64; BUCKETS]);

/// Up to four and a half minutes; what takes longer counts as that.
pub(crate) const BUCKETS: usize = 4 * 38;

impl Buckets {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }

    pub(crate) fn add(&self, nanos: u64) {
        self.0[bucket(nanos)].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> [u64; BUCKETS] {
        array::from_fn(|at| self.0[at].load(Ordering::Relaxed))
    }
}

/// The bucket of a time: its highest bit, and the two below that.
fn bucket(nanos: u64) -> usize {
    let high = (nanos | 1).ilog2();
    let below = if high >= 2 { (nanos >> (high - 2)) & 3 } else { 0 };
    (high as usize * 4 + below as usize).min(BUCKETS - 1)
}

/// The longest time that falls into a bucket.
pub(crate) fn longest_in(bucket: usize) -> u64 {
    let (high, below) = (bucket / 4, bucket as u64 % 4);
    let step = (1_u64 << high) / 4;
    if step == 0 {
        return (2 << high) - 1;
    }
    (1 << high) + (below + 1) * step - 1
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, bucket, longest_in};

    #[test]
    fn a_time_falls_into_the_bucket_whose_bound_is_at_most_a_quarter_above_it() {
        for nanos in (0..10_000).chain([1 << 20, (1 << 30) - 1, 3 << 35]) {
            let bound = longest_in(bucket(nanos));
            assert!(nanos <= bound, "{nanos} above {bound}");
            assert!(bound <= nanos.max(3) + nanos / 4, "{bound} for {nanos}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
