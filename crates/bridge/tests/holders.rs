//! All threads for parallel code are taken by code that waits for what a holder of something does: the holder's own parallel code gets on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocker;
mod shapes;

use std::future::{Future, IntoFuture};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use blocker::blocker;
use nuages_bridge::deadlock::Resource;
use nuages_bridge::{BridgeError, Config, async_to_sync, sync_to_async};

const THREADS: usize = 3;

static LIMITS: LazyLock<()> = LazyLock::new(|| {
    Config::new()
        .max_parallel_threads(THREADS)
        .reserved_threads(1)
        .wait_time(Duration::from_secs(3600))
        .install()
        .unwrap();
});
/// They fill the pool of the process, so one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    LazyLock::force(&LIMITS);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    shapes::on_every_runtime(|| async {
        let ends = tokio::time::timeout(Duration::from_secs(60), test()).await;
        ends.expect("it hangs");
    });
}

/// Parallel code of somebody who holds something of the only unit.
async fn as_holder<T: Send + 'static>(code: impl FnOnce() -> T + Send + 'static) -> Result<T, BridgeError> {
    let resource = Resource::new("the connection", 1);
    let held = resource.hold("atomic");
    held.scope(async { sync_to_async(code).parallel().await }).await
}

#[test]
fn parallel_code_of_a_holder_gets_on_when_all_threads_are_taken_and_nests() {
    on_every_runtime(|| async {
        let (mut goes, mut blocked) = (Vec::new(), Vec::new());
        for _ in 0..THREADS {
            let (code, runs, go) = blocker();
            blocked.push(tokio::spawn(sync_to_async(code).parallel().into_future()));
            runs.await.unwrap();
            goes.push(go);
        }
        // The one reserved thread waits for code that has nowhere else to run.
        let code = || {
            let nested = async_to_sync(async { sync_to_async(|| 7).parallel().await });
            drop(goes);
            nested.unwrap().unwrap()
        };
        assert_eq!(as_holder(code).await.unwrap(), 7);
        for job in blocked {
            job.await.unwrap().unwrap();
        }
    });
}

/// How many holders have done their part, and who waits for them out of the bridge's sight.
#[derive(Default)]
struct Done(Mutex<usize>, Condvar);

impl Done {
    fn add(&self) {
        *self.0.lock().unwrap() += 1;
        self.1.notify_all();
    }

    fn wait_for(&self, holders: usize) {
        let done = self.0.lock().unwrap();
        drop(self.1.wait_while(done, |done| *done < holders).unwrap());
    }
}

/// As many pieces of code as there are threads, and behind them in the queue those of holders, before the pool is full.
async fn queue_behind(holders: usize) {
    let done = Arc::new(Done::default());
    let waits = |done: &Arc<Done>| {
        let done = Arc::clone(done);
        sync_to_async(move || done.wait_for(holders))
            .parallel()
            .into_future()
    };
    let acts = |done: &Arc<Done>| {
        let done = Arc::clone(done);
        as_holder(move || done.add())
    };
    let (a, b, c, first, second) =
        tokio::join!(waits(&done), waits(&done), waits(&done), acts(&done), async {
            if holders == 2 { acts(&done).await } else { Ok(()) }
        });
    for result in [a, b, c, first, second] {
        result.unwrap();
    }
}

#[test]
fn parallel_code_of_a_holder_that_queued_before_the_pool_was_full_gets_on() {
    on_every_runtime(|| queue_behind(1));
}

#[test]
fn more_holders_than_reserved_threads_take_turns_on_them() {
    on_every_runtime(|| queue_behind(2));
}
