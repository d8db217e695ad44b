//! A job whose wait ends meanwhile goes to the nearest that has not, or runs as any other: once, and its caller hears of it.

use shuttle::future::block_on;

use super::cancellation::Owned;
use super::world::{Runs, explore, poll_once, task};
use crate::sync::thread::{self, ThreadId};
use crate::{async_to_sync, sync_to_async};

/// A piece of sync code sent by a task, which tells where it ran.
fn sent_by_a_task(runs: Runs) -> tokio::sync::oneshot::Receiver<ThreadId> {
    task(async move {
        let job = sync_to_async(move || {
            runs.note();
            thread::current().id()
        });
        job.await.unwrap()
    })
}

#[test]
fn a_job_sent_while_its_wait_ends_runs_once_on_the_wait_around() {
    explore(|| {
        let here = thread::current().id();
        let runs = Runs::default();
        let counted = runs.clone();
        let ran_on = async_to_sync(async {
            let inner = move || async_to_sync(async { Some(sent_by_a_task(counted)) }).unwrap();
            let task = sync_to_async(inner).await.unwrap().unwrap();
            task.await.unwrap()
        });
        assert_eq!((ran_on.unwrap(), runs.count()), (here, 1));
    });
}

#[test]
fn a_job_sent_while_the_outermost_wait_ends_runs_once_on_some_thread() {
    explore(|| {
        let runs = Runs::default();
        let counted = runs.clone();
        let task = async_to_sync(async { Some(sent_by_a_task(counted)) })
            .unwrap()
            .unwrap();
        // From here on this thread runs no jobs, whatever is sent to it.
        block_on(task).unwrap();
        assert_eq!(runs.count(), 1);
    });
}

#[test]
fn a_job_moves_from_the_wait_of_one_thread_to_that_of_another() {
    explore(|| {
        let here = thread::current().id();
        let runs = Runs::default();
        let counted = runs.clone();
        let (beside, ran_on) = async_to_sync(async {
            // The inner wait is one of a pool's thread.
            let inner = move || {
                let here = thread::current().id();
                (
                    here,
                    async_to_sync(async { Some(sent_by_a_task(counted)) }).unwrap(),
                )
            };
            let (beside, task) = sync_to_async(inner).parallel().await.unwrap();
            (beside, task.unwrap().await.unwrap())
        })
        .unwrap();
        assert!(ran_on == here || ran_on == beside);
        assert_eq!(runs.count(), 1);
    });
}

#[test]
fn two_jobs_sent_from_two_depths_both_run_once() {
    explore(|| {
        let runs = Runs::default();
        let (outer, inner) = (runs.clone(), runs.clone());
        async_to_sync(async move {
            let beside = sent_by_a_task(outer);
            let nested = move || async_to_sync(async { Some(sent_by_a_task(inner)) }).unwrap();
            let below = sync_to_async(nested).await.unwrap().unwrap();
            beside.await.unwrap();
            below.await.unwrap();
        })
        .unwrap();
        assert_eq!(runs.count(), 2);
    });
}

#[test]
fn what_a_caller_that_has_gone_sent_to_a_wait_is_gone_when_the_wait_ends() {
    explore(|| {
        let ends = Runs::default();
        let counted = ends.clone();
        async_to_sync(async move {
            task(shuttle::future::yield_now()).await.unwrap();
            let owned = Owned(counted);
            let mut call = sync_to_async(move || drop(owned)).into_future();
            poll_once(&mut call);
        })
        .unwrap();
        assert_eq!(ends.count(), 1);
    });
}
