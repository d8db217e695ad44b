//! Jobs of tasks and timers that outlive the wait in which they began: asgiref's `test_nested_task*` (issues 491, 492, 494).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::thread::{self, ThreadId};
use std::time::Duration;

use nuages_bridge::{SyncScope, async_to_sync, spawn, sync_to_async};
use shapes::{async_in_every_shape, sync_in_every_shape};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

async fn sync_thread() -> ThreadId {
    sync_to_async(|| thread::current().id()).await.unwrap()
}

/// Starts a task inside a wait that ends at once. The task goes on when told.
fn begin() -> (oneshot::Sender<()>, JoinHandle<ThreadId>) {
    let (go, gone) = oneshot::channel::<()>();
    let started = async_to_sync(async {
        vec![spawn(async {
            gone.await.unwrap();
            sync_thread().await
        })]
    });
    (go, started.unwrap().pop().unwrap())
}

#[test]
fn a_task_that_outlives_its_wait_reaches_the_wait_around_it() {
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        let found = async_to_sync(async {
            let (go, task) = sync_to_async(begin).await.unwrap();
            // The inner wait is over, the outer one lives.
            go.send(()).unwrap();
            task.await.unwrap()
        });
        assert_eq!(found.unwrap(), here, "{shape:?}");
    });
}

#[test]
fn a_timer_that_outlives_its_wait_reaches_the_wait_around_it() {
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        let found = async_to_sync(async {
            let inner = || {
                async_to_sync(async {
                    vec![spawn(async {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        let nested = spawn(async {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                            sync_thread().await
                        });
                        (sync_thread().await, nested.await.unwrap())
                    })]
                })
            };
            let mut tasks = sync_to_async(inner).await.unwrap().unwrap();
            tasks.pop().unwrap().await.unwrap()
        });
        assert_eq!(found.unwrap(), (here, here), "{shape:?}");
    });
}

#[test]
fn a_task_two_waits_down_reaches_the_nearest_that_lives() {
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        let found = async_to_sync(async {
            // Two waits, one in the other, both over before the task goes on.
            let nested = || async_to_sync(async { sync_to_async(begin).await.unwrap() }).unwrap();
            let (go, task) = sync_to_async(nested).await.unwrap();
            go.send(()).unwrap();
            task.await.unwrap()
        });
        assert_eq!(found.unwrap(), here, "{shape:?}");
    });
}

#[test]
fn a_task_whose_waits_are_all_over_still_has_its_scopes_thread() {
    async_in_every_shape(async |shape| {
        let request = async {
            let thread = sync_thread().await;
            let (go, task) = sync_to_async(begin).await.unwrap();
            go.send(()).unwrap();
            assert_eq!(task.await.unwrap(), thread, "{shape:?}");
        };
        SyncScope::new().run(request).await;
    });
}

#[test]
fn a_task_whose_waits_are_all_over_runs_its_code_without_any_scope() {
    sync_in_every_shape(|shape| {
        let (go, task) = begin();
        go.send(()).unwrap();
        // Nothing is left to run it but a thread of the pool; where a scope is around, that scope's.
        let waited = async_to_sync(async { tokio::time::timeout(Duration::from_secs(20), task).await });
        assert!(waited.unwrap().is_ok(), "{shape:?}");
    });
}

#[test]
fn many_tasks_from_many_depths_all_end() {
    fn down(depth: u32) -> Vec<JoinHandle<ThreadId>> {
        async_to_sync(async move {
            let mut tasks: Vec<_> = (0..4)
                .map(|after| {
                    spawn(async move {
                        tokio::time::sleep(Duration::from_millis(after)).await;
                        sync_thread().await
                    })
                })
                .collect();
            if depth > 0 {
                tasks.extend(sync_to_async(move || down(depth - 1)).await.unwrap());
            }
            tasks
        })
        .unwrap()
    }
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        let threads = async_to_sync(async {
            let mut threads = Vec::new();
            for task in sync_to_async(|| down(3)).await.unwrap() {
                threads.push(task.await.unwrap());
            }
            threads
        })
        .unwrap();
        assert_eq!(threads.len(), 16);
        assert!(threads.iter().all(|thread| *thread == here), "{shape:?}");
    });
}
