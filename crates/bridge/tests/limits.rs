//! What is bounded, and what happens at the bounds. All tests of this file share one process's limits where they share a process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::{Future, IntoFuture};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nuages_bridge::deadlock::Resource;
use nuages_bridge::{Config, SyncScope, async_to_sync, spawn, sync_to_async};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

const WAIT: Duration = Duration::from_millis(250);

static LIMITS: LazyLock<()> = LazyLock::new(|| {
    assert!(
        Config::new()
            .max_threads(0)
            .install()
            .unwrap_err()
            .to_string()
            .contains("`max_threads` is zero")
    );
    assert!(
        !Config::new()
            .wait_time(Duration::ZERO)
            .install()
            .unwrap_err()
            .is_too_late()
    );
    Config::new()
        .max_threads(2)
        .max_parallel_threads(2)
        .reserved_threads(1)
        .queue_length(2)
        .wait_time(WAIT)
        .idle_time(Duration::from_millis(50))
        .install()
        .unwrap();
});
/// They fill the pools of the process, so one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn limits() -> MutexGuard<'static, ()> {
    LazyLock::force(&LIMITS);
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn on_both_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let _alone = limits();
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test());
    // Without timers of its own, too.
    Builder::new_current_thread().build().unwrap().block_on(test());
}

/// Sync code that blocks until told, and the news that it runs.
fn blocker() -> (
    impl FnOnce() + Send + 'static,
    oneshot::Receiver<()>,
    mpsc::Sender<()>,
) {
    let (started, has_started) = oneshot::channel();
    let (go, gone) = mpsc::channel::<()>();
    let code = move || {
        started.send(()).unwrap();
        // A sender that is gone says go, too.
        let _ = gone.recv();
    };
    (code, has_started, go)
}

#[test]
fn a_second_configuration_comes_too_late() {
    let _alone = limits();
    assert!(Config::new().install().unwrap_err().is_too_late());
    assert_eq!(
        Config::current().to_string().split(',').next(),
        Some("2 sticky threads")
    );
}

/// asgiref's expected failure: a sticky call blocked on an event that only another sticky call can set.
#[test]
fn a_sticky_job_behind_a_foreign_primitive_fails_and_names_the_job_that_runs() {
    on_both_runtimes(|| {
        SyncScope::new().run(async {
            let (event, is_set) = mpsc::channel::<()>();
            let line = line!() + 1;
            let waits = sync_to_async(move || is_set.recv());
            let sets = sync_to_async(move || event.send(()));
            let (waited, set) = tokio::join!(waits.into_future(), sets.into_future());
            let error = set.unwrap_err();
            assert!(error.is_stuck(), "{error}");
            let text = error.to_string();
            assert!(text.contains(&format!("limits.rs:{line}:")), "{text}");
            assert!(
                text.contains(&format!("limits.rs:{}:", line + 1)) && text.contains("has run for"),
                "{text}"
            );
            // What could never be sent was dropped with the job, and so the other ends, too.
            assert!(waited.unwrap().is_err());
            // The thread lives.
            sync_to_async(|| ()).await.unwrap();
        })
    });
}

#[test]
fn the_same_on_the_thread_that_waits() {
    let _alone = limits();
    async_to_sync(async {
        let (event, is_set) = mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let sets = spawn(async move {
            has_started.await.unwrap();
            sync_to_async(move || event.send(())).await
        });
        let waits = sync_to_async(move || {
            started.send(()).unwrap();
            is_set.recv()
        });
        waits.await.unwrap().unwrap_err();
        assert!(sets.await.unwrap().unwrap_err().is_stuck());
    })
    .unwrap();
}

#[test]
fn the_same_with_the_opt_out_succeeds() {
    on_both_runtimes(|| {
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
    on_both_runtimes(|| async {
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
fn past_the_cap_a_scope_is_refused_after_the_wait_time_with_the_numbers() {
    on_both_runtimes(|| async {
        let (a, a_runs, _a_go) = blocker();
        let (b, b_runs, _b_go) = blocker();
        let a = tokio::spawn(SyncScope::new().run(async { sync_to_async(a).await }));
        let b = tokio::spawn(SyncScope::new().run(async { sync_to_async(b).await }));
        a_runs.await.unwrap();
        b_runs.await.unwrap();
        let refused = SyncScope::new()
            .run(async { sync_to_async(|| ()).await })
            .await
            .unwrap_err();
        assert!(refused.is_overloaded());
        let text = refused.to_string();
        assert!(text.contains("all 2") && text.contains("250ms"), "{text}");
        drop((_a_go, _b_go));
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

#[test]
fn past_the_cap_a_holder_gets_a_thread_of_the_reserve() {
    on_both_runtimes(|| async {
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

#[test]
fn parallel_code_is_bounded_too_and_a_holder_gets_on() {
    on_both_runtimes(|| async {
        let (a, a_runs, a_go) = blocker();
        let (b, b_runs, b_go) = blocker();
        let a = tokio::spawn(sync_to_async(a).parallel().into_future());
        let b = tokio::spawn(sync_to_async(b).parallel().into_future());
        a_runs.await.unwrap();
        b_runs.await.unwrap();
        let mut queued: Vec<_> = (0..2)
            .map(|_| Box::pin(sync_to_async(|| ()).parallel().into_future()))
            .collect();
        for job in &mut queued {
            std::future::poll_fn(|cx| {
                assert!(job.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
        let refused = sync_to_async(|| ()).parallel().await.unwrap_err();
        assert!(
            refused.is_overloaded() && refused.to_string().starts_with('2'),
            "{refused}"
        );
        for job in queued {
            let refused = job.await.unwrap_err();
            assert!(
                refused.is_overloaded() && refused.to_string().contains("all 2"),
                "{refused}"
            );
        }
        let connection = Resource::new("connection", 1);
        let held = connection.hold("atomic");
        let code = move || {
            a_go.send(()).unwrap();
            b_go.send(()).unwrap();
        };
        held.scope(async { sync_to_async(code).parallel().await })
            .await
            .unwrap();
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

#[test]
fn a_scope_that_ends_while_its_code_blocks_gives_its_thread_back_later() {
    on_both_runtimes(|| async {
        for _ in 0..2 {
            let (a, a_runs, go) = blocker();
            let scope = SyncScope::new().run(async {
                let mut running = sync_to_async(a).into_future();
                tokio::select! { _ = &mut running => unreachable!(), started = a_runs => started.unwrap() }
            });
            scope.await;
            // Longer than the wait time: the watch over the queues must leave the return of the thread alone.
            let (event, is_set) = mpsc::channel::<()>();
            let stuck = SyncScope::new().run(async {
                let waits = sync_to_async(move || is_set.recv());
                let sets = sync_to_async(move || event.send(()));
                tokio::join!(waits.into_future(), sets.into_future())
            });
            assert!(stuck.await.1.unwrap_err().is_stuck());
            go.send(()).unwrap();
        }
        SyncScope::new()
            .run(async { sync_to_async(|| ()).await })
            .await
            .unwrap();
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
    on_both_runtimes(|| async {
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
