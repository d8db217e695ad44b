//! Threads come when they are needed, and go when they are not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use nuages_bridge::{Config, ScopeLocal, SyncScope, stats, sync_to_async};
use tokio::runtime::Builder;

const IDLE: Duration = Duration::from_millis(30);
/// For threads to end, of which nothing but their number tells.
const PATIENCE: Duration = Duration::from_secs(20);

async fn until_threads_are(number: usize) {
    let started = Instant::now();
    while stats().threads != number {
        assert!(started.elapsed() < PATIENCE, "{:?}", stats());
        tokio::time::sleep(IDLE / 10).await;
    }
}

/// All in one test: the number of threads is the process's.
#[test]
fn a_thread_that_is_not_used_ends_even_while_the_task_that_had_it_lives() {
    static VALUE: ScopeLocal<Cell<u8>> = ScopeLocal::new("value", || Cell::new(0));
    Config::new().idle_time(IDLE).install().unwrap();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // A task without a scope keeps its thread, which finds out itself that the task does not use it.
        let task = tokio::spawn(async {
            // Counted while it runs: afterwards it may be gone before this code goes on.
            let code = || (std::thread::current().id(), stats().threads);
            let (first, threads) = sync_to_async(code).await.unwrap();
            assert_eq!(threads, 1);
            until_threads_are(0).await;
            let second = sync_to_async(|| std::thread::current().id()).await.unwrap();
            assert_ne!(first, second);
        });
        task.await.unwrap();
        until_threads_are(0).await;

        // A scope gives its thread back at its end, whether there is something to drop on it or not.
        for keep in [false, true] {
            let scope = SyncScope::new().run(async {
                let code = move || {
                    if keep {
                        VALUE.with(|value| assert_eq!(value.replace(1), 0)).unwrap();
                    }
                };
                sync_to_async(code).await.unwrap();
                assert_eq!(stats().threads_leased, 1);
            });
            scope.await;
            let started = Instant::now();
            while stats().threads_leased > 0 {
                assert!(started.elapsed() < PATIENCE, "{:?}", stats());
                tokio::task::yield_now().await;
            }
        }
        until_threads_are(0).await;
    });
}
