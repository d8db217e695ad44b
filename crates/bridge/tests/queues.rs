//! What queues at the bounds, and gets on without anything being refused: nothing here may take as long as the wait time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocker;
mod shapes;

use std::future::{Future, IntoFuture};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use blocker::blocker;
use nuages_bridge::deadlock::Resource;
use nuages_bridge::{Config, SyncScope, async_to_sync, spawn, sync_to_async};

static LIMITS: LazyLock<()> = LazyLock::new(|| {
    Config::new()
        .max_threads(2)
        .max_parallel_threads(2)
        .reserved_threads(1)
        .queue_length(2)
        .wait_time(Duration::from_secs(3600))
        .install()
        .unwrap();
});
/// They fill the pools of the process, so one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    LazyLock::force(&LIMITS);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    shapes::on_every_runtime(test);
}

#[test]
fn parallel_code_may_set_what_sticky_code_of_its_scope_blocks_on() {
    on_every_runtime(|| {
        SyncScope::new().run(async {
            let (event, is_set) = mpsc::channel::<()>();
            let waits = sync_to_async(move || is_set.recv());
            let sets = sync_to_async(move || event.send(())).parallel();
            let (waited, set) = tokio::join!(waits.into_future(), sets.into_future());
            set.unwrap().unwrap();
            waited.unwrap().unwrap();
        })
    });
}

#[test]
fn what_is_more_than_the_threads_queues_and_all_of_it_is_run() {
    // asgiref's `test_sync_to_async` with a pool of one: two calls take turns, and both finish.
    on_every_runtime(|| async {
        for parallel in [false, true] {
            let send = |job: Box<dyn FnOnce() + Send>| {
                let job = sync_to_async(job);
                tokio::spawn(
                    SyncScope::new()
                        .run(async move { if parallel { job.parallel().await } else { job.await } }),
                )
            };
            let (a, a_runs, a_go) = blocker();
            let (b, b_runs, b_go) = blocker();
            let mut sent = vec![send(Box::new(a)), send(Box::new(b))];
            a_runs.await.unwrap();
            b_runs.await.unwrap();
            // As many as may queue: neither runs before a thread is free.
            let (ran, has_run) = mpsc::channel();
            for name in [1, 2] {
                let ran = ran.clone();
                sent.push(send(Box::new(move || ran.send(name).unwrap())));
                tokio::task::yield_now().await;
            }
            assert!(has_run.try_recv().is_err());
            drop((a_go, b_go));
            for task in sent {
                task.await.unwrap().unwrap();
            }
            drop(ran);
            assert_eq!(has_run.iter().sum::<i32>(), 3, "parallel: {parallel}");
        }
    });
}

#[test]
fn past_the_cap_a_holder_gets_a_thread_of_the_reserve() {
    on_every_runtime(|| async {
        let (a, a_runs, a_go) = blocker();
        let (b, b_runs, b_go) = blocker();
        let a = tokio::spawn(SyncScope::new().run(async { sync_to_async(a).await }));
        let b = tokio::spawn(SyncScope::new().run(async { sync_to_async(b).await }));
        a_runs.await.unwrap();
        b_runs.await.unwrap();
        let connection = Resource::new("connection", 1);
        let held = connection.hold("atomic");
        // Both wait for nobody but this, which still gets on.
        let done = SyncScope::new().run(held.scope(async {
            sync_to_async(move || {
                a_go.send(()).unwrap();
                b_go.send(()).unwrap();
            })
            .await
        }));
        done.await.unwrap();
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

/// Each of a pool's threads waits for a job that goes to the same pool.
#[test]
fn nested_parallel_code_ends_on_a_full_pool() {
    fn nest(depth: u32, all_taken: Option<&Barrier>) {
        if let Some(barrier) = all_taken {
            barrier.wait();
        }
        if depth > 0 {
            async_to_sync(async move {
                // Through a task, too.
                spawn(async move { sync_to_async(move || nest(depth - 1, None)).parallel().await })
                    .await
                    .unwrap()
            })
            .unwrap()
            .unwrap();
        }
    }
    on_every_runtime(|| async {
        let barrier = Arc::new(Barrier::new(2));
        let job = || {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(
                sync_to_async(move || nest(4, Some(&barrier)))
                    .parallel()
                    .into_future(),
            )
        };
        let (a, b) = (job(), job());
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

/// More jobs than threads, each of which waits for several at once.
#[test]
fn joined_parallel_code_of_parallel_code_ends_on_a_full_pool() {
    on_every_runtime(|| async {
        let barrier = Arc::new(Barrier::new(2));
        let job = || {
            let barrier = Arc::clone(&barrier);
            let code = sync_to_async(move || {
                barrier.wait();
                let inner = || async { sync_to_async(|| 1).parallel().await.unwrap() };
                async_to_sync(async { tokio::join!(inner(), inner(), inner()) }).unwrap()
            });
            tokio::spawn(code.parallel().into_future())
        };
        let (a, b) = (job(), job());
        assert_eq!(a.await.unwrap().unwrap(), (1, 1, 1));
        assert_eq!(b.await.unwrap().unwrap(), (1, 1, 1));
    });
}
