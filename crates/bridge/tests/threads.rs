//! Which threads there are, and which there are not. In a process of its own: what it counts is the process's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::mpsc;

use nuages_bridge::{
    Context, Local, Op, SyncScope, async_to_sync, entry, shield, spawn, stats, sync_to_async,
};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The names of this process's threads that the bridge has started.
#[cfg(target_os = "linux")]
fn threads_of_the_bridge() -> Vec<String> {
    let names = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("nuages")).collect()
}

/// All in one test, in this order: what has started stays for a while.
#[test]
fn a_scope_without_sync_work_starts_no_thread_and_sync_work_none_of_tokios() {
    #[cfg(target_os = "linux")]
    {
        // asgiref's `single_thread_context_without_async_work`: a program that never waits has no runtime either.
        entry::sync(|| {
            static VALUE: Local<u32> = Local::new("value");
            VALUE.set(1);
            drop(Op::<()>::ready("op", Ok(())));
            drop((
                SyncScope::new().run(async {}),
                Context::current(),
                sync_to_async(|| ()),
            ));
        });
        assert_eq!(threads_of_the_bridge(), [""; 0]);
    }
    shapes::async_in_every_shape(async |_| {
        SyncScope::new()
            .run(SyncScope::new().fresh_thread().run(tokio::task::yield_now()))
            .await;
        shield(async {}).await.unwrap();
    });
    // Nor does sync code on the thread that waits for it.
    async_to_sync(async { sync_to_async(|| async_to_sync(async {})).await })
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!((stats().threads, stats().threads_parallel), (0, 0));

    // asgiref 535: hops, ends of waits and ends of cancelled scopes need no slot of the runtime's pool, whose only one is taken.
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (free, taken) = mpsc::channel::<()>();
        #[expect(clippy::disallowed_methods, reason = "tokio's own pool is what this is about")]
        let blocked = tokio::task::spawn_blocking(move || taken.recv());
        for _ in 0..2 {
            let (started, has_started) = oneshot::channel();
            let parked = move || {
                async_to_sync(async {
                    started.send(()).unwrap();
                    std::future::pending::<()>().await;
                })
            };
            let request = spawn(SyncScope::new().run(async { sync_to_async(parked).await }));
            has_started.await.unwrap();
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled());
        }
        let nested = || async_to_sync(async { sync_to_async(|| 1).parallel().await });
        assert_eq!(sync_to_async(nested).await.unwrap().unwrap().unwrap(), 1);
        free.send(()).unwrap();
        blocked.await.unwrap().unwrap();
    });
    assert!(stats().threads > 0 && stats().threads_parallel > 0);
}
