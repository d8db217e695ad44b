//! A shutdown in the middle of everything: what was taken has run when it is over, what comes later is refused. One test, since there is no way back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench_bridge_mix::mix::Random;
use nuages_bridge::{SyncScope, async_to_sync, shutdown, sync_to_async};
use tokio::runtime::Builder;

const SEED: u64 = 0x6E75_6167_6573;
const TASKS: u64 = 24;

#[test]
fn a_shutdown_under_everything_at_once_loses_nothing() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (ran, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (ran, taken) = (Arc::clone(&ran), Arc::clone(&taken));
            runtime.spawn(async move {
                let mut random = Random::new(SEED, task);
                loop {
                    let ran = Arc::clone(&ran);
                    let job = sync_to_async(move || ran.fetch_add(1, Ordering::SeqCst));
                    let parallel = random.below(2) == 0;
                    let sent = SyncScope::new()
                        .run(async { if parallel { job.parallel().await } else { job.await } });
                    match sent.await {
                        Ok(_) => taken.fetch_add(1, Ordering::SeqCst),
                        Err(error) => {
                            assert!(error.is_shut_down(), "{error}");
                            return;
                        }
                    };
                }
            })
        })
        .collect();
    while ran.load(Ordering::SeqCst) < 10 * TASKS {
        std::thread::yield_now();
    }
    let left = shutdown(Duration::from_secs(60)).wait().unwrap();
    let at_the_end = ran.load(Ordering::SeqCst);
    assert!(left.is_empty());
    for task in tasks {
        async_to_sync(task).unwrap().unwrap();
    }
    assert_eq!(ran.load(Ordering::SeqCst), at_the_end, "nothing ran afterwards");
    assert_eq!(taken.load(Ordering::SeqCst), at_the_end, "every caller was told");
}
