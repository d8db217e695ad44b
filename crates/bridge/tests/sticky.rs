//! Where sync code runs: asgiref's `ThreadSensitiveContext` and thread-sensitive tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};
use std::time::Duration;

use nuages_bridge::{Op, SyncScope, async_to_sync, spawn, sync_to_async};
use shapes::{Shape, async_in_every_shape, sync_in_every_shape};

async fn sync_thread() -> ThreadId {
    sync_to_async(|| thread::current().id()).await.unwrap()
}

#[test]
fn one_scope_is_one_thread_and_not_the_loops() {
    async_in_every_shape(async |shape| {
        let here = thread::current().id();
        SyncScope::new()
            .run(async {
                let (a, b) = tokio::join!(sync_thread(), sync_thread());
                assert_eq!(a, b, "{shape:?}");
                // Where no loop runs, the thread that waits is the place for sync code.
                assert_eq!(a == here, shape == Shape::NoRuntime, "{shape:?}");
                let inner = SyncScope::new().run(sync_thread()).await;
                assert_eq!(inner, a, "a scope in a scope is the outer one");
                let spawned = spawn(sync_thread()).await.unwrap();
                assert_eq!(spawned, a, "a spawned task stays in its scope");
            })
            .await;
    });
}

#[test]
fn all_sync_code_of_a_scope_shares_its_thread_under_many_tasks_at_once() {
    async_in_every_shape(async |shape| {
        SyncScope::new()
            .run(async {
                let first = sync_thread().await;
                let tasks: Vec<_> = (0..16)
                    .map(|_| spawn(async { (sync_thread().await, spawn(sync_thread()).await.unwrap()) }))
                    .collect();
                for task in tasks {
                    assert_eq!(task.await.unwrap(), (first, first), "{shape:?}");
                }
            })
            .await;
    });
}

#[test]
fn two_live_scopes_never_share_a_thread() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        runtime.block_on(async {
            let barrier = Arc::new(Barrier::new(2));
            let scope = |barrier: Arc<Barrier>| {
                tokio::spawn(SyncScope::new().run(async move {
                    // Both are inside sync code at once, so neither can have the other's thread.
                    sync_to_async(move || {
                        barrier.wait();
                        thread::current().id()
                    })
                    .await
                    .unwrap()
                }))
            };
            let (a, b) = (scope(barrier.clone()), scope(barrier));
            assert_ne!(a.await.unwrap(), b.await.unwrap());
        });
    }
}

#[test]
fn without_a_scope_the_task_is_the_scope() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        runtime.block_on(async {
            let task = tokio::spawn(async { (sync_thread().await, sync_thread().await) });
            let (a, b) = task.await.unwrap();
            assert_eq!(a, b);
        });
    }
}

#[test]
fn parallel_code_runs_beside_sticky_code_of_the_same_scope() {
    async_in_every_shape(async |_| {
        SyncScope::new()
            .run(async {
                // Each needs the other to be running: on one thread this could not end.
                let barrier = Arc::new(Barrier::new(2));
                let (first, second) = (barrier.clone(), barrier);
                let beside = spawn(async { sync_to_async(move || second.wait()).parallel().await });
                sync_to_async(move || first.wait()).await.unwrap();
                beside.await.unwrap().unwrap();
            })
            .await;
    });
}

#[test]
fn sticky_code_below_parallel_code_runs_where_that_waits_and_later_code_is_not_moved() {
    // asgiref 357: there, a hop to any thread changes where all later code goes.
    async_in_every_shape(async |shape| {
        SyncScope::new()
            .run(async {
                let before = sync_thread().await;
                let middle = || {
                    let here = thread::current().id();
                    let below = async_to_sync(async { (sync_thread().await, sync_thread().await) });
                    (here, below.unwrap())
                };
                let (middle, below) = sync_to_async(middle).parallel().await.unwrap();
                assert_eq!(below, (middle, middle), "{shape:?}");
                assert_ne!(middle, before, "{shape:?}");
                assert_eq!(sync_thread().await, before, "{shape:?}");
            })
            .await;
    });
}

#[test]
fn sync_code_under_a_waiting_thread_runs_on_that_thread() {
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        async_to_sync(async {
            let (a, b) = tokio::join!(sync_thread(), sync_thread());
            assert_eq!((a, b), (here, here), "{shape:?}");
            assert_eq!(
                spawn(sync_thread()).await.unwrap(),
                here,
                "through a spawned task, {shape:?}"
            );
            assert_eq!(
                SyncScope::new().run(sync_thread()).await,
                here,
                "through a scope, {shape:?}"
            );
        })
        .unwrap();
    });
}

#[test]
fn four_levels_deep_it_is_still_that_thread() {
    fn level(depth: u32, here: ThreadId) {
        assert_eq!(thread::current().id(), here);
        if depth > 0 {
            // By turns directly and through a task.
            let below = async move {
                let below = async move { sync_to_async(move || level(depth - 1, here)).await };
                if depth.is_multiple_of(2) {
                    below.await
                } else {
                    spawn(below).await.unwrap()
                }
            };
            async_to_sync(below).unwrap().unwrap();
        }
    }
    sync_in_every_shape(|_| level(4, thread::current().id()));
}

#[test]
fn sync_calls_of_joined_and_spawned_tasks_under_a_busy_thread_all_run_on_it() {
    // asgiref 249, 263, 275, 323: sync middleware, and a view that gathers.
    sync_in_every_shape(|shape| {
        let middleware = thread::current().id();
        let view = async {
            let tasks: Vec<_> = (0..8).map(|_| spawn(sync_thread())).collect();
            let joined = tokio::join!(sync_thread(), sync_thread());
            let mut threads = vec![joined.0, joined.1];
            for task in tasks {
                threads.push(task.await.unwrap());
            }
            threads
        };
        let threads = async_to_sync(view).unwrap();
        assert!(threads.iter().all(|thread| *thread == middleware), "{shape:?}");
    });
}

#[test]
fn a_long_view_with_tasks_of_its_own_under_sync_middleware_does_not_freeze() {
    // Server-sent events: tasks feed the stream, with sync code in each of them and in the view.
    sync_in_every_shape(|shape| {
        let view = async {
            let (sender, mut events) = tokio::sync::mpsc::channel(1);
            for feeder in 0..3_u32 {
                let sender = sender.clone();
                spawn(async move {
                    for event in 0..5_u32 {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        let event = sync_to_async(move || 10 * feeder + event).await.unwrap();
                        sender.send(event).await.unwrap();
                    }
                });
            }
            drop(sender);
            let mut sum = 0;
            while let Some(event) = events.recv().await {
                sum += sync_to_async(move || event).await.unwrap();
            }
            sum
        };
        assert_eq!(async_to_sync(view).unwrap(), 3 * 10 + 5 * (10 + 20), "{shape:?}");
    });
}

#[test]
fn waits_nest_on_one_thread() {
    fn inner() {
        Op::<'static, ()>::new("inner", async {
            tokio::task::yield_now().await;
            Ok(())
        })
        .wait()
        .unwrap();
    }
    async_in_every_shape(async |_| {
        let outer = || async_to_sync(async { sync_to_async(inner).await });
        sync_to_async(outer).await.unwrap().unwrap().unwrap();
    });
}
