//! Sync, async, spawned task, sync again, to any depth, in a process with one thread for sync code of each kind: it completes; what can't is an error.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use breakage::runtimes;
use nuages_bridge::deadlock::Resource;
use nuages_bridge::{BridgeError, Config, SyncScope, async_to_sync, spawn, sync_to_async};
use tokio::sync::Semaphore;

/// Goes down through `depth` layers of each kind, and counts them on the way back.
fn sync_layer(depth: u32) -> u32 {
    async_to_sync(async move {
        if depth == 0 {
            0
        } else {
            async_layer(depth - 1).await
        }
    })
    .unwrap()
        + 1
}

fn async_layer(depth: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        // A spawned task, and inside it a timer, before the next hop.
        let task = spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            sync_to_async(move || sync_layer(depth)).await.unwrap()
        });
        task.await.unwrap() + 1
    })
}

/// The same with parallel code by turns, for whose pool one thread is as few.
fn mixed_layer(depth: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            return 0;
        }
        let below =
            move || async_to_sync(async move { spawn(mixed_layer(depth - 1)).await.unwrap() }).unwrap();
        let below = sync_to_async(below);
        1 + if depth.is_multiple_of(2) {
            below.await
        } else {
            below.parallel().await
        }
        .unwrap()
    })
}

/// Each layer takes one of two connections, and the third can't be had: refused at once, and by name.
fn holding_layer(pool: &Pool, depth: u32) -> Result<(), BridgeError> {
    let inner = pool.clone();
    async_to_sync(async move {
        let _permit = inner.1.wait(inner.0.acquire()).await?;
        let held = inner.1.hold("atomic");
        let below = inner.clone();
        held.scope(async move {
            if depth == 0 {
                return Ok(());
            }
            sync_to_async(move || holding_layer(&below, depth - 1)).await?
        })
        .await
    })?
}

type Pool = (Arc<Semaphore>, Resource);

fn pool_of_two() -> Pool {
    (Arc::new(Semaphore::new(2)), Resource::new("connections", 2))
}

/// A task that the bridge knows nothing of needs the thread that waits for it.
fn bare_task() -> Result<u32, BridgeError> {
    async_to_sync(async { tokio::spawn(async { sync_to_async(|| 1).await }).await.unwrap() })?
}

#[test]
fn bridge_nesting() {
    Config::new()
        .max_threads(1)
        .max_parallel_threads(1)
        .reserved_threads(0)
        .wait_time(Duration::from_millis(1500))
        .install()
        .unwrap();
    let (done, finished) = mpsc::channel();
    let work = thread::spawn(move || {
        for runtime in runtimes() {
            runtime.block_on(async {
                for depth in [1, 4, 12] {
                    assert_eq!(SyncScope::new().run(mixed_layer(depth)).await, depth);
                    let layers = SyncScope::new().run(async_layer(depth)).await;
                    assert_eq!(layers, 2 * depth + 2);
                    // Two requests at once, for the one thread: one after the other.
                    let (one, two) = (SyncScope::new(), SyncScope::new());
                    let (one, two) =
                        tokio::join!(spawn(one.run(async_layer(2))), spawn(two.run(async_layer(2))));
                    assert_eq!((one.unwrap(), two.unwrap()), (6, 6));
                }
                let scope = |depth| {
                    SyncScope::new()
                        .run(async move { sync_to_async(move || holding_layer(&pool_of_two(), depth)).await })
                };
                scope(1).await.unwrap().unwrap();
                assert!(scope(2).await.unwrap().unwrap_err().is_deadlock());
                let bare = SyncScope::new().run(async { sync_to_async(bare_task).await });
                assert!(
                    bare.await.unwrap().unwrap_err().is_overloaded(),
                    "after the wait time, no hang"
                );
            });
        }
        for depth in [1, 4, 12] {
            assert_eq!(async_to_sync(mixed_layer(depth)).unwrap(), depth);
            assert_eq!(sync_layer(depth), 2 * depth + 1);
        }
        done.send(()).unwrap();
    });
    // Never a hang: so a hang fails this test rather than the patience of whoever runs it.
    if finished.recv_timeout(Duration::from_secs(120)) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    work.join().unwrap();
}
