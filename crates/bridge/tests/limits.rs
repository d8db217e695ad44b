//! What is refused at the bounds, and after how long. All tests of this file share one process's limits where they share a process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocker;
mod shapes;

use std::future::{Future, IntoFuture};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blocker::blocker;
use nuages_bridge::{Config, SyncScope, async_to_sync, spawn, sync_to_async};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Each refusal takes this long, and code that is not to be refused has to start within it on a machine that is busy with others.
const WAIT: Duration = Duration::from_millis(600);

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

fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let _alone = limits();
    shapes::on_every_runtime(&test);
    // Without timers of its own, too.
    Builder::new_current_thread().build().unwrap().block_on(test());
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
    on_every_runtime(|| {
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
fn past_the_cap_a_scope_is_refused_after_the_wait_time_with_the_numbers() {
    on_every_runtime(|| async {
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
        assert!(text.contains("all 2") && text.contains("600ms"), "{text}");
        assert!(
            text.contains("limits.rs:"),
            "it names code that has a thread: {text}"
        );
        drop((_a_go, _b_go));
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

#[test]
fn a_scope_that_ends_while_its_code_blocks_gives_its_thread_back_later() {
    on_every_runtime(|| async {
        {
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

#[test]
fn past_the_cap_and_the_queue_parallel_code_is_refused() {
    on_every_runtime(|| async {
        let (a, a_runs, a_go) = blocker();
        let (b, b_runs, b_go) = blocker();
        let line = line!() + 1;
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
            assert!(refused.is_overloaded(), "{refused}");
            let text = refused.to_string();
            let names = |line: u32| text.contains(&format!("limits.rs:{line}:"));
            assert!(
                text.contains("all 2") && (names(line) || names(line + 1)),
                "{text}"
            );
        }
        drop((a_go, b_go));
        a.await.unwrap().unwrap();
        b.await.unwrap().unwrap();
    });
}

/// Each of the pool's threads waits for a job that queues for the pool behind it, by way of a task that nobody can connect with the wait.
#[test]
fn a_full_pool_that_waits_for_its_own_queue_out_of_sight_gets_on_after_the_wait_time() {
    on_every_runtime(|| async {
        let barrier = Arc::new(Barrier::new(2));
        let line = line!() + 3;
        let job = || {
            let barrier = Arc::clone(&barrier);
            let code = sync_to_async(move || {
                barrier.wait();
                async_to_sync(tokio::spawn(async { sync_to_async(|| ()).parallel().await }))
            });
            tokio::spawn(code.parallel().into_future())
        };
        let (a, b) = (job(), job());
        for job in [a, b] {
            // Where the other was given up first, its thread runs the code of this one.
            let waited = job.await.unwrap().unwrap().unwrap().unwrap();
            if let Err(error) = waited {
                assert!(error.is_overloaded(), "{error}");
                assert!(
                    error.to_string().contains(&format!("limits.rs:{line}:")),
                    "{error}"
                );
            }
        }
    });
}
