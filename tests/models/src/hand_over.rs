//! A job is handed over to a thread and its result back: once, with no wake-up lost.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;

use shuttle::future::block_on;
use tokio::sync::oneshot;

use super::world::{Runs, explore, task};
use crate::sync::thread;
use crate::{SyncScope, async_to_sync, sync_frame, sync_to_async};

#[test]
fn a_leased_thread_runs_each_job_once_and_every_caller_gets_its_result() {
    explore(|| {
        let scope = |of: usize| {
            thread::spawn(move || {
                let runs = Runs::default();
                let job = |number: usize| {
                    let runs = runs.clone();
                    async move {
                        sync_to_async(move || {
                            runs.note();
                            (of, number, thread::current().id())
                        })
                        .await
                        .unwrap()
                    }
                };
                let (first, second) = block_on(SyncScope::new().run(async {
                    let first = job(1).await;
                    (first, job(2).await)
                }));
                assert_eq!((first.0, first.1, second.0, second.1), (of, 1, of, 2));
                assert_eq!(first.2, second.2, "one scope, one thread");
                assert_eq!(runs.count(), 2);
            })
        };
        let (a, b) = (scope(1), scope(2));
        a.join().unwrap();
        b.join().unwrap();
    });
}

#[test]
fn a_waiting_thread_runs_what_other_threads_send_it() {
    explore(|| {
        let here = thread::current().id();
        let runs = Runs::default();
        let counted = runs.clone();
        async_to_sync(async move {
            let send = || {
                let runs = counted.clone();
                task(async move {
                    let job = sync_to_async(move || {
                        runs.note();
                        thread::current().id()
                    });
                    job.await.unwrap()
                })
            };
            let (a, b) = (send(), send());
            let own = sync_to_async(|| thread::current().id()).await.unwrap();
            assert_eq!((a.await.unwrap(), b.await.unwrap(), own), (here, here, here));
        })
        .unwrap();
        assert_eq!(runs.count(), 2);
    });
}

#[test]
fn a_wake_up_that_comes_while_a_poll_waits_for_something_else_is_not_lost() {
    explore(|| {
        let (go, gone) = oneshot::channel::<()>();
        let mut outer = task(async { drop(gone.await) });
        let mut waited = false;
        let both = poll_fn(move |cx| {
            let outer = Pin::new(&mut outer).poll(cx);
            if !waited {
                waited = true;
                // Sync code in place: this thread parks in it, and may be unparked for the wait around.
                let inner = task(shuttle::future::yield_now());
                sync_frame(|| async_to_sync(inner)).unwrap().unwrap();
            }
            outer.map(|ended| ended.is_ok())
        });
        thread::spawn(move || go.send(()).unwrap());
        assert!(async_to_sync(both).unwrap());
    });
}
