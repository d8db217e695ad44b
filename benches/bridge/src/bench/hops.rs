//! The ways in which async code sends sync code to a thread.

use std::collections::HashSet;
use std::future::IntoFuture as _;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nuages_bridge::{Context, MAX_THREADS, SyncScope, sync_to_async};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::bare;

type Job = Box<dyn FnOnce() + Send>;

/// A way to call sync code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    SpawnBlocking,
    BlockInPlace,
    Dedicated,
    /// Threads and a futex: what a hop to a thread of one's own costs at least.
    Bare,
    StickyShared,
    StickyOwn,
    StickyEach,
    Parallel,
}

/// The order in which one round measures them.
pub(crate) const HOPS: [Hop; 8] = [
    Hop::SpawnBlocking,
    Hop::BlockInPlace,
    Hop::Dedicated,
    Hop::Bare,
    Hop::StickyShared,
    Hop::StickyOwn,
    Hop::StickyEach,
    Hop::Parallel,
];
/// Where [`Hop::Bare`] and [`Hop::StickyOwn`] stand in it.
pub(crate) const BARE: usize = 3;
pub(crate) const OWN: usize = 5;

impl Hop {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SpawnBlocking => "tokio spawn_blocking",
            Self::BlockInPlace => "tokio block_in_place",
            Self::Dedicated => "one thread, channel + oneshot",
            Self::Bare => "bare threads, a futex a hand-over",
            Self::StickyShared => "ours sticky, one scope",
            Self::StickyOwn => "ours sticky, a scope a caller",
            Self::StickyEach => "ours sticky, a scope a call",
            Self::Parallel => "ours parallel",
        }
    }

    /// Whether the goals of `bench/TARGETS.md` speak of it.
    pub(crate) fn is_ours(self) -> bool {
        matches!(
            self,
            Self::StickyShared | Self::StickyOwn | Self::StickyEach | Self::Parallel
        )
    }

    /// How many scopes there are at once, and whether each of them can have a thread.
    pub(crate) fn scopes(self, callers: usize) -> String {
        match self {
            Self::StickyShared => format!("1 scope, shared by {callers}"),
            Self::StickyOwn | Self::StickyEach if callers <= MAX_THREADS => {
                format!("{callers} scopes, below the cap of {MAX_THREADS}")
            }
            Self::StickyOwn | Self::StickyEach => format!("{callers} scopes, past the cap of {MAX_THREADS}"),
            Self::SpawnBlocking | Self::BlockInPlace | Self::Dedicated | Self::Bare | Self::Parallel => {
                "no scopes".to_owned()
            }
        }
    }
}

/// A thread that runs what comes through a channel: the least that a hop can be.
#[derive(Clone, Debug)]
pub(crate) struct Dedicated(mpsc::Sender<Job>);

impl Dedicated {
    pub(crate) fn start() -> Self {
        let (sender, receiver) = mpsc::channel::<Job>();
        thread::spawn(move || receiver.into_iter().for_each(|job| job()));
        Self(sender)
    }

    async fn call(&self, f: fn() -> u64) -> u64 {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(move || {
            let _ = sender.send(f());
        });
        self.0.send(job).expect("the thread lives as long as its senders");
        receiver.await.expect("the job sends its result")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "they are what the bridge is measured against"
)]
async fn call(hop: Hop, dedicated: &Dedicated, f: fn() -> u64) -> u64 {
    match hop {
        Hop::SpawnBlocking => tokio::task::spawn_blocking(f).await.expect("no panic"),
        Hop::BlockInPlace => tokio::task::block_in_place(f),
        Hop::Dedicated => dedicated.call(f).await,
        Hop::Bare => unreachable!("it has no tasks"),
        Hop::StickyEach => {
            let call = SyncScope::new().run(sync_to_async(f).into_future());
            Context::empty()
                .scope(call)
                .await
                .expect("a thread is free in time")
        }
        Hop::StickyShared | Hop::StickyOwn => sync_to_async(f).await.expect("a thread is free in time"),
        Hop::Parallel => sync_to_async(f).parallel().await.expect("a thread can start"),
    }
}

async fn calls(hop: Hop, dedicated: Dedicated, count: usize, f: fn() -> u64) -> HashSet<u64> {
    let mut seen = HashSet::new();
    let mut last = None;
    for _ in 0..count {
        let value = call(hop, &dedicated, f).await;
        if last != Some(value) {
            seen.insert(value);
            last = Some(value);
        }
        // What never suspends would starve the others, and flatter block_in_place.
        tokio::task::yield_now().await;
    }
    seen
}

async fn run(
    hop: Hop,
    dedicated: &Dedicated,
    callers: usize,
    each: usize,
    f: fn() -> u64,
) -> (Duration, HashSet<u64>) {
    let body = async {
        let started = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let calls = calls(hop, dedicated.clone(), each, f);
                match hop {
                    Hop::StickyOwn => tokio::spawn(Context::empty().scope(SyncScope::new().run(calls))),
                    // Inherits the scope of this task.
                    Hop::StickyShared => nuages_bridge::spawn(calls),
                    _ => tokio::spawn(calls),
                }
            })
            .collect();
        let mut seen = HashSet::new();
        for task in tasks {
            seen.extend(task.await.expect("no caller panics"));
        }
        (started.elapsed(), seen)
    };
    match hop {
        Hop::StickyShared => Context::empty().scope(SyncScope::new().run(body)).await,
        _ => body.await,
    }
}

/// Nanoseconds a call, over all callers.
pub(crate) fn measure(
    runtime: &Handle,
    hop: Hop,
    dedicated: &Dedicated,
    callers: usize,
    total: usize,
) -> f64 {
    if hop == Hop::Bare {
        return bare::measure(callers.min(MAX_THREADS), crate::WORKERS, total);
    }
    fn work() -> u64 {
        std::hint::black_box(42)
    }
    let each = (total / callers).max(1);
    let elapsed = on(runtime, hop, dedicated, callers, each, work).0;
    elapsed.as_nanos() as f64 / (each * callers) as f64
}

/// How many different threads run the calls.
pub(crate) fn threads(
    runtime: &Handle,
    hop: Hop,
    dedicated: &Dedicated,
    callers: usize,
    total: usize,
) -> usize {
    if hop == Hop::Bare {
        return callers.min(MAX_THREADS);
    }
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    fn this_thread() -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(thread::current().id())
    }
    let each = (total / callers).max(1);
    on(runtime, hop, dedicated, callers, each, this_thread).1.len()
}

/// Runs it as a task, since a runtime's `block_on` thread is no worker.
fn on(
    runtime: &Handle,
    hop: Hop,
    dedicated: &Dedicated,
    callers: usize,
    each: usize,
    f: fn() -> u64,
) -> (Duration, HashSet<u64>) {
    let dedicated = dedicated.clone();
    let (sender, receiver) = mpsc::channel();
    runtime.spawn(async move {
        // Only a panic of `main` lets the receiver go.
        let _ = sender.send(run(hop, &dedicated, callers, each, f).await);
    });
    receiver.recv().expect("the measured task ends")
}
