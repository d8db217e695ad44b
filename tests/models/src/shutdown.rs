//! The end of the program against code that is sent at the same moment.

use std::time::Duration;

use shuttle::future::block_on;

use super::world::{Runs, explore};
use crate::sync::thread;
use crate::{SyncScope, async_to_sync, shutdown, sync_to_async};

/// Sends a job beside a shutdown: it is refused, or has run when the shutdown is over.
fn beside_a_shutdown(parallel: bool) {
    let runs = Runs::default();
    let ran = runs.clone();
    let sends = thread::spawn(move || {
        block_on(SyncScope::new().run(async move {
            let job = sync_to_async(move || {
                thread::yield_now();
                ran.note();
            });
            if parallel { job.parallel().await } else { job.await }
        }))
    });
    let left = block_on(shutdown(Duration::from_secs(30)).into_future()).unwrap();
    let before = runs.count();
    assert!(left.is_empty(), "no time has passed");
    match sends.join().unwrap() {
        Ok(()) => assert_eq!((before, runs.count()), (1, 1), "it was waited for"),
        Err(error) => {
            assert!(error.is_shut_down(), "{error}");
            assert_eq!(runs.count(), 0);
        }
    }
}

#[test]
fn sticky_code_sent_beside_a_shutdown_is_refused_or_waited_for() {
    explore(|| beside_a_shutdown(false));
}

#[test]
fn parallel_code_sent_beside_a_shutdown_is_refused_or_waited_for() {
    explore(|| beside_a_shutdown(true));
}

#[test]
fn code_that_runs_already_may_send_more() {
    explore(|| {
        let (started, has_started) = tokio::sync::oneshot::channel();
        let runs = thread::spawn(move || {
            block_on(SyncScope::new().run(async move {
                let job = move || {
                    started.send(()).unwrap();
                    async_to_sync(async { sync_to_async(|| 1).parallel().await }).unwrap()
                };
                sync_to_async(job).await.unwrap()
            }))
        });
        block_on(has_started).unwrap();
        assert!(
            block_on(shutdown(Duration::from_secs(30)).into_future())
                .unwrap()
                .is_empty()
        );
        assert_eq!(runs.join().unwrap().unwrap(), 1);
    });
}
