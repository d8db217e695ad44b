//! Where sync code runs: asgiref's `ThreadSensitiveContext` and thread-sensitive tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};

use nuages_bridge::{Op, SyncScope, async_to_sync, spawn, sync_to_async};

async fn sync_thread() -> ThreadId {
    sync_to_async(|| thread::current().id()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_scope_is_one_thread_and_not_the_loops() {
    let here = thread::current().id();
    SyncScope::new()
        .run(async {
            let (a, b) = tokio::join!(sync_thread(), sync_thread());
            assert_eq!(a, b);
            assert_ne!(a, here);
            let inner = SyncScope::new().run(sync_thread()).await;
            assert_eq!(inner, a, "a scope in a scope is the outer one");
            let spawned = spawn(sync_thread()).await.unwrap();
            assert_eq!(spawned, a, "a spawned task stays in its scope");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_live_scopes_never_share_a_thread() {
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
}

#[tokio::test]
async fn without_a_scope_the_task_is_the_scope() {
    let (a, b) = tokio::spawn(async { (sync_thread().await, sync_thread().await) })
        .await
        .unwrap();
    assert_eq!(a, b);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_code_runs_beside_sticky_code_of_the_same_scope() {
    SyncScope::new()
        .run(async {
            // Each needs the other to be running: on one thread this could not end.
            let barrier = Arc::new(Barrier::new(2));
            let (first, second) = (barrier.clone(), barrier);
            let (a, b) = tokio::join!(async { sync_to_async(move || first.wait()).await }, async {
                sync_to_async(move || second.wait()).parallel().await
            },);
            a.unwrap();
            b.unwrap();
        })
        .await;
}

#[test]
fn sync_code_under_a_waiting_thread_runs_on_that_thread() {
    let here = thread::current().id();
    async_to_sync(async {
        let (a, b) = tokio::join!(sync_thread(), sync_thread());
        assert_eq!((a, b), (here, here));
        assert_eq!(
            spawn(sync_thread()).await.unwrap(),
            here,
            "through a spawned task"
        );
        assert_eq!(SyncScope::new().run(sync_thread()).await, here, "through a scope");
    })
    .unwrap();
}

#[test]
fn four_levels_deep_it_is_still_that_thread() {
    fn level(depth: u32, here: ThreadId) {
        assert_eq!(thread::current().id(), here);
        if depth > 0 {
            async_to_sync(async move { sync_to_async(move || level(depth - 1, here)).await })
                .unwrap()
                .unwrap();
        }
    }
    level(4, thread::current().id());
}

#[test]
fn a_task_that_outlives_its_wait_reaches_the_wait_around_it() {
    let here = thread::current().id();
    let found = async_to_sync(async move {
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let inner_wait = move || {
            async_to_sync(async move {
                // Spawned inside the wait, awaited outside of it.
                let task = spawn(async move {
                    gone.await.unwrap();
                    sync_thread().await
                });
                Some(task)
            })
        };
        let task = sync_to_async(inner_wait).await.unwrap().unwrap().unwrap();
        // The inner wait is over, the outer one lives.
        go.send(()).unwrap();
        task.await.unwrap()
    })
    .unwrap();
    assert_eq!(found, here);
}

#[test]
fn waits_nest_on_one_thread() {
    let inner = || {
        Op::<'static, ()>::new("inner", async {
            tokio::task::yield_now().await;
            Ok(())
        })
        .wait()
    };
    async_to_sync(async move { sync_to_async(inner).await })
        .unwrap()
        .unwrap()
        .unwrap();
}
