//! Threads are leased to one scope at a time, up to the cap, and come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use shuttle::future::block_on;

use super::world::{THREADS, explore};
use crate::sync::model::let_time_pass;
use crate::sync::thread::{self, JoinHandle, ThreadId};
use crate::{BridgeError, SyncScope, stats, sync_to_async};

/// Which scope has which thread.
type Leased = Arc<Mutex<HashMap<ThreadId, usize>>>;

/// A scope with two pieces of sync code.
fn scope(name: usize, leased: &Leased, fresh: bool) -> JoinHandle<Result<(), BridgeError>> {
    let leased = Arc::clone(leased);
    thread::spawn(move || {
        let (first, second) = (Arc::clone(&leased), leased);
        let scope = if fresh {
            SyncScope::new().fresh_thread()
        } else {
            SyncScope::new()
        };
        block_on(scope.run(async move {
            sync_to_async(move || {
                let mut leased = first.lock().unwrap();
                assert_eq!(
                    leased.insert(thread::current().id(), name),
                    None,
                    "nobody else has this thread"
                );
                assert!(leased.len() <= THREADS, "never more than may");
            })
            .await?;
            sync_to_async(move || {
                let had = second.lock().unwrap().remove(&thread::current().id());
                assert_eq!(had, Some(name), "the same thread, still this scope's");
            })
            .await
        }))
    })
}

/// All threads are free: as many scopes as may have one at once.
fn all_are_free() {
    let leased = Leased::default();
    let scopes: Vec<_> = (0..THREADS).map(|name| scope(name, &leased, false)).collect();
    for scope in scopes {
        scope.join().unwrap().unwrap();
    }
}

#[test]
fn more_scopes_than_threads_all_get_one_in_turn() {
    explore(|| {
        let leased = Leased::default();
        let scopes: Vec<_> = (0..=THREADS)
            .map(|name| scope(name, &leased, name == 0))
            .collect();
        for scope in scopes {
            scope.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_thread_that_retires_is_leased_to_nobody() {
    explore(|| {
        let leased = Leased::default();
        let passing = thread::spawn(|| {
            let_time_pass();
            let_time_pass();
        });
        let scopes: Vec<_> = (0..THREADS).map(|name| scope(name, &leased, false)).collect();
        for scope in scopes {
            scope.join().unwrap().unwrap();
        }
        passing.join().unwrap();
        all_are_free();
    });
}

#[test]
fn a_thread_whose_scope_ended_before_its_code_is_leased_to_nobody() {
    explore(|| {
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        block_on(SyncScope::new().run(async {
            // Blocks out of the bridge's sight, if it has started when its caller goes.
            let mut call = sync_to_async(move || drop(block_on(gone))).into_future();
            super::world::poll_once(&mut call);
            thread::yield_now();
        }));
        block_on(SyncScope::new().run(async { sync_to_async(|| ()).await })).unwrap();
        drop(go);
        all_are_free();
    });
}

#[test]
fn a_scope_that_waited_too_long_is_refused_and_keeps_no_thread() {
    explore(|| {
        let leased = Leased::default();
        let passing = thread::spawn(let_time_pass);
        let scopes: Vec<_> = (0..=THREADS).map(|name| scope(name, &leased, false)).collect();
        for scope in scopes {
            if let Err(error) = scope.join().unwrap() {
                assert!(error.is_overloaded(), "{error}");
            }
        }
        passing.join().unwrap();
        all_are_free();
    });
}

#[test]
fn a_scope_that_is_dropped_while_it_queues_keeps_no_thread() {
    explore(|| {
        let leased = Leased::default();
        let first = scope(0, &leased, false);
        let dropped = thread::spawn(|| {
            let mut call = Box::pin(SyncScope::new().run(async { sync_to_async(|| ()).await }));
            super::world::poll_once(&mut call);
            thread::yield_now();
        });
        let second = scope(1, &leased, false);
        for scope in [first, second] {
            scope.join().unwrap().unwrap();
        }
        dropped.join().unwrap();
        all_are_free();
    });
}

#[test]
fn tasks_without_a_scope_leave_their_thread_to_who_waits_for_one() {
    explore(|| {
        // Time does not pass: nobody has to wait until a thread that is kept for its task has been idle for long.
        let tasks: Vec<_> = (0..=THREADS)
            .map(|_| thread::spawn(|| block_on(sync_to_async(|| ()).into_future())))
            .collect();
        for task in tasks {
            task.join().unwrap().unwrap();
        }
        assert!(stats().threads <= THREADS);
    });
}

#[test]
fn code_without_a_scope_whose_caller_has_gone_leaves_its_thread_too() {
    explore(|| {
        let gone: Vec<_> = (0..THREADS)
            .map(|_| {
                thread::spawn(|| {
                    let mut call = sync_to_async(|| ()).into_future();
                    super::world::poll_once(&mut call);
                    thread::yield_now();
                })
            })
            .collect();
        block_on(SyncScope::new().run(async { sync_to_async(|| ()).await })).unwrap();
        for task in gone {
            task.join().unwrap();
        }
    });
}
