//! Counters of what a mixed program pays: how often its work changed threads, and how often a thread stood still for a future.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Context, Local, counters};

/// How often work crossed between async and sync code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hops {
    /// Sync code that async code sent to another thread. Sync code that runs on the very thread that waits for it is none of these.
    pub to_thread: u64,
    /// Waits of sync code for async code.
    pub to_loop: u64,
}

/// What a piece of work has paid, on its behalf.
#[derive(Debug, Default)]
struct Counters {
    to_thread: AtomicU64,
    to_loop: AtomicU64,
}

static OF_CONTEXT: Local<Arc<Counters>> = Local::new("hops");

pub(crate) fn count_to_thread() {
    counters::mine().to_thread.fetch_add(1, Ordering::Relaxed);
    if let Some(counters) = OF_CONTEXT.get() {
        counters.to_thread.fetch_add(1, Ordering::Relaxed);
    }
}

/// For a wait of code with this context.
#[inline]
pub(crate) fn count_to_loop(context: &Context) {
    counters::mine().to_loop.fetch_add(1, Ordering::Relaxed);
    if let Some(counters) = OF_CONTEXT.get_in(context) {
        counters.to_loop.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the whole process has paid so far.
#[must_use]
pub fn hops() -> Hops {
    Hops {
        to_thread: counters::sum(|shard| &shard.to_thread),
        to_loop: counters::sum(|shard| &shard.to_loop),
    }
}

/// Runs a future and counts what was paid on its behalf, on whatever thread.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{count_hops, sync_to_async};
///
/// # #[tokio::main]
/// # async fn main() {
/// let (_, hops) = count_hops(async { sync_to_async(|| 2 + 2).await }).await;
/// assert_eq!(hops.to_thread, 1);
/// # }
/// ```
pub async fn count_hops<F: Future>(future: F) -> (F::Output, Hops) {
    let counters = Arc::new(Counters::default());
    let output = OF_CONTEXT.scope(Arc::clone(&counters), future).await;
    let hops = Hops {
        to_thread: counters.to_thread.load(Ordering::Relaxed),
        to_loop: counters.to_loop.load(Ordering::Relaxed),
    };
    (output, hops)
}
