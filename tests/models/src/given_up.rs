//! The watch over the queues against the threads that take from them.

use shuttle::future::block_on;
use tokio::sync::oneshot;

use super::world::{Runs, explore};
use crate::queue::tick;
use crate::sync::thread;
use crate::{SyncScope, async_to_sync, sync_to_async};

/// Enough for what was queued before the first one.
const TICKS: usize = 6;

#[test]
fn a_job_that_waits_too_long_is_given_up_or_runs_and_its_caller_is_told() {
    explore(|| {
        let runs = Runs::default();
        let watch = thread::spawn(|| (0..TICKS).for_each(|_| tick()));
        let (blocks, behind) = block_on(SyncScope::new().run(async {
            let blocks = sync_to_async(thread::yield_now);
            let ran = runs.clone();
            let behind = sync_to_async(move || ran.note());
            tokio::join!(blocks.into_future(), behind.into_future())
        }));
        for (result, at_most) in [(blocks, None), (behind, Some(runs.count()))] {
            match result {
                Ok(()) => assert!(at_most.is_none_or(|runs| runs == 1)),
                Err(error) => {
                    assert!(error.is_stuck(), "{error}");
                    assert!(at_most.is_none_or(|runs| runs == 0));
                }
            }
        }
        watch.join().unwrap();
    });
}

#[test]
fn the_return_of_a_thread_is_never_given_up() {
    explore(|| {
        let watch = thread::spawn(|| (0..TICKS).for_each(|_| tick()));
        for _ in 0..3 {
            let scope = SyncScope::new().run(async { sync_to_async(|| ()).await });
            if let Err(error) = block_on(scope) {
                assert!(error.is_stuck(), "{error}");
            }
        }
        watch.join().unwrap();
    });
}

#[test]
fn behind_a_foreign_primitive_one_end_is_given_up_and_the_other_goes_on() {
    explore(|| {
        // Ticks come as long as anybody waits.
        let done = Runs::default();
        let until = done.clone();
        let watch = thread::spawn(move || {
            while until.count() == 0 {
                tick();
                thread::yield_now();
            }
        });
        async_to_sync(async {
            let (event, is_set) = oneshot::channel::<()>();
            // Blocks the thread, out of the bridge's sight.
            let waits = sync_to_async(move || block_on(is_set).is_err());
            let sets = sync_to_async(move || event.send(()));
            let (waited, set) = tokio::join!(waits.into_future(), sets.into_future());
            match (waited, set) {
                (Ok(never_set), Err(error)) => assert!(never_set && error.is_stuck(), "{error}"),
                // The one that waits was given up itself, before it started.
                (Err(error), _) => assert!(error.is_stuck(), "{error}"),
                (Ok(_), Ok(_)) => panic!("they share one thread"),
            }
        })
        .unwrap();
        done.note();
        watch.join().unwrap();
    });
}
