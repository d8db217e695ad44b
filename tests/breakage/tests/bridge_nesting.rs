//! Sync, async, spawned task, sync again, to any depth, in a process with one thread for sync code: it completes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use breakage::runtimes;
use nuages_bridge::{Config, SyncScope, async_to_sync, spawn, sync_to_async};

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

#[test]
fn bridge_nesting() {
    Config::new()
        .max_threads(1)
        .reserved_threads(0)
        .install()
        .unwrap();
    let (done, finished) = mpsc::channel();
    let work = thread::spawn(move || {
        for runtime in runtimes() {
            runtime.block_on(async {
                for depth in [1, 4, 12] {
                    let layers = SyncScope::new().run(async_layer(depth)).await;
                    assert_eq!(layers, 2 * depth + 2);
                    // Two requests at once, for the one thread: one after the other.
                    let (one, two) = (SyncScope::new(), SyncScope::new());
                    let (one, two) =
                        tokio::join!(spawn(one.run(async_layer(2))), spawn(two.run(async_layer(2))));
                    assert_eq!((one.unwrap(), two.unwrap()), (6, 6));
                }
            });
        }
        for depth in [1, 4, 12] {
            assert_eq!(sync_layer(depth), 2 * depth + 1);
        }
        done.send(()).unwrap();
    });
    // Never a hang: so a hang fails this test rather than the patience of whoever runs it.
    if finished.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    work.join().unwrap();
}
