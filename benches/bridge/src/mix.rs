//! All operations of the bridge in a mix that a seed decides, for the stress test and for `cargo xtask soak bridge`.

use std::cell::Cell;
use std::future::{Future, IntoFuture as _, pending};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context as TaskContext, Waker};
use std::thread;
use std::time::Duration;

use nuages_bridge::deadlock::Resource;
use nuages_bridge::{
    Context, Deadline, Local, Op, ScopeLocal, SyncScope, async_to_sync, cancelled, drain, shield, spawn,
    sync_to_async,
};
use tokio::sync::{Barrier, Semaphore, oneshot};

/// The payload of every panic in the mix.
pub const ON_PURPOSE: &str = "on purpose";

static NUMBER: Local<u64> = Local::new("number");
static VISITS: ScopeLocal<Cell<u64>> = ScopeLocal::new("visits", || Cell::new(0));

/// Numbers that one seed always gives in the same order (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The `stream`th sequence of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number, below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }
}

/// Does not print the panics that the mix makes on purpose.
pub fn quiet_panics() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&ON_PURPOSE) {
            loud(info);
        }
    }));
}

/// Lets a future start what it starts at its first poll, then drops it.
fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    let _ = future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
}

fn op(value: u64) -> Op<'static, u64> {
    Op::new("mix::op", async move {
        tokio::task::yield_now().await;
        Ok(value)
    })
}

/// Sync, async, sync and so on, `depth` times, on one thread.
fn down(depth: u64, value: u64) -> u64 {
    if depth == 0 {
        return op(value).wait().expect("sync code may wait");
    }
    async_to_sync(async move {
        tokio::task::yield_now().await;
        let here = thread::current().id();
        sync_to_async(move || {
            assert_eq!(
                thread::current().id(),
                here,
                "sync code runs where its caller waits"
            );
            down(depth - 1, value)
        })
        .await
        .expect("the waiting thread runs it")
    })
    .expect("sync code may wait")
}

/// Where a failure happened, and how to see it again.
struct TellsWhere {
    seed: u64,
    step: u64,
    which: u64,
}

impl Drop for TellsWhere {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { seed, step, which } = self;
            eprintln!(
                "mix: the request of seed {seed:#x} failed in step {step}, operation {which}: `mix::request({seed:#x})` is this request"
            );
        }
    }
}

/// How many kinds of operations there are.
const OPERATIONS: u64 = 18;

/// One request's worth of operations, in a scope and a context of its own. Panics where one does anything but what it promises.
pub async fn request(seed: u64) {
    let body = async move {
        let mut random = Random::new(seed, 0);
        NUMBER.set(seed);
        for step in 0..=random.below(3) {
            let value = random.draw();
            let which = random.below(OPERATIONS);
            let _tells = TellsWhere { seed, step, which };
            operation(which, value).await;
            assert_eq!(NUMBER.get(), Some(seed), "a context is its request's own");
        }
    };
    Context::empty().scope(SyncScope::new().run(body)).await;
}

async fn operation(which: u64, value: u64) {
    match which {
        0 | 1 => {
            let answer = sync_to_async(move || (value, NUMBER.get()))
                .await
                .expect("a thread");
            assert_eq!(answer, (value, NUMBER.get()));
        }
        2 => {
            let answer = sync_to_async(move || (value, NUMBER.get()))
                .parallel()
                .await
                .expect("a thread");
            assert_eq!(answer, (value, NUMBER.get()));
        }
        3 => {
            let answer = sync_to_async(move || down(value % 4, value))
                .await
                .expect("a thread");
            assert_eq!(answer, value);
        }
        4 => panic_across().await,
        5 => cancel_started(value).await,
        6 => {
            // Cancelled before it starts or while it runs: either way its thread is fine afterwards.
            poll_once(sync_to_async(move || value).into_future());
            poll_once(sync_to_async(move || value).parallel().into_future());
            assert_eq!(sync_to_async(move || value).await.expect("a thread"), value);
        }
        7 => outlive(value).await,
        8 => {
            let pair = (
                sync_to_async(move || value),
                sync_to_async(move || !value).parallel(),
            );
            let other = spawn(pair.1.into_future());
            assert_eq!(pair.0.await.expect("a thread"), value);
            assert_eq!(other.await.expect("no panic").expect("a thread"), !value);
        }
        9 => cancel_through_layers().await,
        10 => {
            // Whoever asked for it goes away: it is done all the same.
            let (done, is_done) = oneshot::channel();
            drop(shield(async move {
                let value = sync_to_async(move || value).await.expect("a thread");
                let _ = done.send(value);
            }));
            assert_eq!(is_done.await.expect("it is done"), value);
        }
        11 => {
            let late =
                sync_to_async(|| Deadline::after(Duration::ZERO).run(|| async_to_sync(pending::<()>())));
            let late = late.await.expect("a thread").expect_err("it has no time");
            assert!(late.is_past_deadline(), "{late}");
        }
        12 => deadlock().await,
        13 => {
            let scope = SyncScope::new().fresh_thread();
            // A bare task, since in a scope it would be that one.
            let fresh =
                async move { sync_to_async(move || VISITS.with(|visits| visits.replace(value))).await };
            let visits = tokio::spawn(scope.run(fresh)).await.expect("no panic");
            assert_eq!(
                visits.expect("a thread").expect("sync code"),
                0,
                "nobody had this thread before"
            );
        }
        14 => {
            let visit = || VISITS.with(|visits| visits.replace(visits.get() + 1));
            let first = sync_to_async(visit).await.expect("a thread").expect("sync code");
            let second = sync_to_async(visit).await.expect("a thread").expect("sync code");
            assert_eq!(second, first + 1, "its scope's own");
        }
        15 => {
            let seen = sync_to_async(|| NUMBER.get()).context(Context::empty());
            assert_eq!(seen.await.expect("a thread"), None);
        }
        16 => {
            // Dropped at about the moment at which it starts.
            let mut call = sync_to_async(move || value).into_future();
            let _ = Pin::new(&mut call).poll(&mut TaskContext::from_waker(Waker::noop()));
            tokio::task::yield_now().await;
            drop(call);
            drain(Duration::ZERO).await.expect("it only looks");
        }
        _ => {
            let before = NUMBER.get();
            sync_to_async(move || NUMBER.set(value)).await.expect("a thread");
            assert_eq!(NUMBER.get(), Some(value), "changes come back");
            NUMBER.set(before.expect("set by the request"));
        }
    }
}

async fn panic_across() {
    let panicking =
        async { sync_to_async(|| async_to_sync(async { std::panic::panic_any(ON_PURPOSE) })).await };
    let error = spawn(panicking).await.expect_err("it panics");
    assert_eq!(error.into_panic().downcast_ref::<&str>(), Some(&ON_PURPOSE));
}

/// A job that has started is told that its caller has gone.
async fn cancel_started(value: u64) {
    let (started, has_started) = oneshot::channel();
    let (go, gone) = mpsc::channel::<()>();
    let (told, is_told) = oneshot::channel();
    let job = move || {
        let _ = started.send(value);
        let _ = gone.recv();
        let _ = told.send(cancelled());
    };
    let task = spawn(async move { sync_to_async(job).parallel().await });
    assert_eq!(has_started.await.expect("it starts"), value);
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    go.send(()).expect("the job waits");
    assert!(is_told.await.expect("the job answers"));
}

/// Sync code that waits in vain, below sync code that does, is told when the outermost caller goes.
async fn cancel_through_layers() {
    let (started, has_started) = oneshot::channel();
    let (tell, told) = mpsc::channel();
    let layers = move || {
        let inner_tells = tell.clone();
        let outer = async_to_sync(async {
            let inner = move || {
                let inner = async_to_sync(async {
                    let _ = started.send(());
                    pending::<()>().await;
                });
                let _ = inner_tells.send(("inner", inner.is_err_and(|error| error.is_cancelled())));
            };
            sync_to_async(inner).parallel().await
        });
        let _ = tell.send(("outer", outer.is_err_and(|error| error.is_cancelled())));
    };
    let task = spawn(async move { sync_to_async(layers).parallel().await });
    has_started.await.expect("it starts");
    task.abort();
    let both = sync_to_async(move || told.iter().collect::<Vec<_>>())
        .parallel()
        .await;
    // The outer one, too, unless the inner one ran on its thread, within the poll of the outer: then it gets the inner one's result. What
    // is done is not thrown away.
    let both = both.expect("a thread");
    assert!(both.len() == 2 && both.contains(&("inner", true)), "{both:?}");
}

/// Two that each hold what the other waits for: one is refused, and by that the other gets on.
async fn deadlock() {
    let locks = ["left", "right"].map(|name| (Arc::new(Semaphore::new(1)), Resource::new(name, 1)));
    let meet = Arc::new(Barrier::new(2));
    let parts = [0, 1].map(|at| {
        let (locks, meet) = (locks.clone(), Arc::clone(&meet));
        spawn(async move {
            let ((first, mine), (second, other)) = (&locks[at], &locks[1 - at]);
            let _permit = mine.wait(first.acquire()).await.expect("it is free");
            let held = mine.hold("part");
            held.scope(async {
                meet.wait().await;
                other.wait(second.acquire()).await.map(drop)
            })
            .await
        })
    });
    let mut refused = 0;
    for part in parts {
        if let Err(error) = part.await.expect("no panic") {
            assert!(error.is_deadlock(), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 1);
}

/// A task that outlives the wait in which it was spawned still finds a thread.
async fn outlive(value: u64) {
    let (go, gone) = oneshot::channel::<()>();
    let inner = move || {
        async_to_sync(async move {
            let task = spawn(async move {
                gone.await.expect("told to go");
                sync_to_async(move || value).await.expect("a thread")
            });
            Some(task)
        })
    };
    let task = sync_to_async(inner)
        .await
        .expect("a thread")
        .expect("sync code may wait");
    go.send(()).expect("the task waits");
    assert_eq!(task.expect("spawned").await.expect("no panic"), value);
}

/// The same from a plain thread, which waits for all of it.
pub fn plain(seed: u64) {
    async_to_sync(request(seed)).expect("a plain thread may wait");
    assert_eq!(down(seed % 5, seed), seed);
}
