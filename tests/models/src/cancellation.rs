//! A caller that goes against a job that starts: the job runs or is cancelled, and what runs is told, once.

use std::future::pending;
use std::sync::mpsc;

use shuttle::future::block_on;

use super::world::{Runs, explore, poll_once};
use crate::{BridgeError, SyncScope, async_to_sync, cancelled, sync_to_async};

/// Counts its end.
pub(super) struct Owned(pub(super) Runs);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.note();
    }
}

#[test]
fn a_dropped_callers_job_runs_or_is_cancelled_and_its_values_end_once() {
    explore(|| {
        let (runs, ends) = (Runs::default(), Runs::default());
        block_on(SyncScope::new().run(async {
            let (ran, owned) = (runs.clone(), Owned(ends.clone()));
            let mut call = sync_to_async(move || {
                let _owned = owned;
                ran.note();
            })
            .into_future();
            poll_once(&mut call);
            drop(call);
            // Behind it on the same thread: by now it is decided.
            sync_to_async(|| ()).await.unwrap();
        }));
        assert!(runs.count() <= 1);
        assert_eq!(ends.count(), 1);
    });
}

/// What two waits of a job came to, one after the other, and what it knew of its caller between them.
fn two_waits() -> (bool, bool, bool) {
    let first = async_to_sync(pending::<()>());
    let known = cancelled();
    let second = async_to_sync(async { 1 });
    (
        first.is_err_and(|error| error.is_cancelled()),
        known,
        second.is_ok(),
    )
}

/// What jobs told, each at most once, until all that could tell have ended or were never started.
fn until_all_end<T>(told: &mpsc::Receiver<T>) -> Vec<T> {
    let mut all = Vec::new();
    loop {
        match told.try_recv() {
            Ok(one) => all.push(one),
            Err(mpsc::TryRecvError::Empty) => shuttle::thread::yield_now(),
            Err(mpsc::TryRecvError::Disconnected) => return all,
        }
    }
}

#[test]
fn a_started_job_is_told_by_one_of_its_waits_and_can_clean_up_in_the_next() {
    explore(|| {
        let (tell, told) = mpsc::channel();
        block_on(SyncScope::new().run(async {
            let mut call = sync_to_async(move || tell.send(two_waits()).unwrap()).into_future();
            poll_once(&mut call);
            // The job may wait already, be about to, or not have started.
            drop(call);
            sync_to_async(|| ()).await.unwrap();
        }));
        for told in until_all_end(&told) {
            assert_eq!(told, (true, true, true));
        }
    });
}

#[test]
fn a_cancellation_reaches_the_innermost_of_two_layers_of_sync_code() {
    explore(|| {
        let (tell, told) = mpsc::channel();
        block_on(SyncScope::new().run(async {
            let outer = move || {
                let inner_tells = tell.clone();
                let waited = async_to_sync(async {
                    let inner = move || inner_tells.send(("inner", two_waits().0)).unwrap();
                    sync_to_async(inner).parallel().await
                });
                // What it waits for may end of the same cancellation, and be ready before the wait looks: what is ready wins, and the next wait is told.
                let gone = waited.is_err_and(|error: BridgeError| error.is_cancelled()) || cancelled();
                tell.send(("outer", gone)).unwrap();
            };
            let mut call = sync_to_async(outer).into_future();
            poll_once(&mut call);
            drop(call);
            sync_to_async(|| ()).await.unwrap();
        }));
        for (layer, was_told) in until_all_end(&told) {
            assert!(was_told, "{layer}");
        }
    });
}

#[test]
fn a_result_that_comes_while_its_caller_goes_is_dropped_once() {
    explore(|| {
        let ends = Runs::default();
        block_on(SyncScope::new().run(async {
            let owned = Owned(ends.clone());
            let mut call = sync_to_async(move || owned).into_future();
            poll_once(&mut call);
            shuttle::thread::yield_now();
            drop(call);
            sync_to_async(|| ()).await.unwrap();
        }));
        assert_eq!(ends.count(), 1);
    });
}
