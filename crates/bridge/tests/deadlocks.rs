//! Waits that can't end are refused at once, by name; all others are left alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use nuages_bridge::deadlock::{Resource, may_give_up};
use nuages_bridge::{BridgeError, SyncScope, async_to_sync, spawn, sync_to_async};
use tokio::runtime::Builder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Runs a test on a multi-thread runtime, on a current-thread runtime, and on a thread without any.
fn on_all_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test());
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test());
    async_to_sync(test()).unwrap();
}

/// A lock as a user of the bridge would write it.
#[derive(Clone)]
struct Lock {
    semaphore: Arc<Semaphore>,
    resource: Resource,
}

impl Lock {
    fn new(name: &'static str, units: usize) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(units)),
            resource: Resource::new(name, units),
        }
    }

    async fn acquire(&self) -> Result<OwnedSemaphorePermit, BridgeError> {
        let permit = self
            .resource
            .wait(Arc::clone(&self.semaphore).acquire_owned())
            .await?;
        Ok(permit.unwrap())
    }

    /// Runs a future under the lock.
    async fn with<F: Future>(&self, what: &'static str, future: F) -> Result<F::Output, BridgeError> {
        let _permit = self.acquire().await?;
        let held = self.resource.hold(what);
        Ok(held.scope(future).await)
    }
}

/// Polls a future once: it must have to wait.
async fn park<F: Future + Unpin>(future: &mut F) {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[test]
fn waiting_for_what_one_holds_is_refused() {
    on_all_runtimes(|| async {
        let pool = Lock::new("the only connection", 1);
        let refused = pool
            .with("atomic", async { pool.acquire().await.unwrap_err() })
            .await
            .unwrap();
        assert!(refused.is_deadlock());
        let ends = refused.deadlock().unwrap();
        assert_eq!(
            (ends.holder().what(), ends.held_by().what()),
            ("atomic", "atomic")
        );
        assert_eq!(
            (ends.holds(), ends.waits_for()),
            ("the only connection", "the only connection")
        );
        assert!(ends.location().file().ends_with("deadlocks.rs"));
        let text = refused.to_string();
        assert!(
            text.contains("`atomic`") && text.contains("deadlocks.rs"),
            "{text}"
        );
        // What was refused left nothing behind.
        assert!(pool.acquire().await.is_ok());
        assert!(pool.resource.holders().is_empty());
    });
}

#[test]
fn a_circle_of_two_is_refused_and_names_both() {
    on_all_runtimes(|| async {
        let (a, b) = (Lock::new("A", 1), Lock::new("B", 1));
        let (has_a, a_is_held) = oneshot::channel();
        let (has_b, b_is_held) = oneshot::channel();
        let first = a.with("first", async {
            has_a.send(()).unwrap();
            b_is_held.await.unwrap();
            b.acquire().await.map(drop)
        });
        let second = b.with("second", async {
            has_b.send(()).unwrap();
            a_is_held.await.unwrap();
            a.acquire().await.map(drop)
        });
        let (first, second) = tokio::join!(first, second);
        // One is refused, and by that the other goes on.
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_ne!(first.is_ok(), second.is_ok());
        let error = first.and(second).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("`first`")
                && text.contains("`second`")
                && text.contains("holds A")
                && text.contains("B"),
            "{text}"
        );
        let ends = error.deadlock().unwrap();
        assert_ne!(ends.holder(), ends.held_by());
    });
}

#[test]
fn a_circle_of_three_is_refused() {
    on_all_runtimes(|| async {
        let locks = [Lock::new("A", 1), Lock::new("B", 1), Lock::new("C", 1)];
        let barrier = tokio::sync::Barrier::new(3);
        let part = |at: usize| {
            let (locks, barrier) = (&locks, &barrier);
            async move {
                let next = &locks[(at + 1) % 3];
                locks[at]
                    .with("part", async {
                        barrier.wait().await;
                        next.acquire().await.is_ok()
                    })
                    .await
                    .unwrap()
            }
        };
        let (a, b, c) = tokio::join!(part(0), part(1), part(2));
        assert_eq!(
            [a, b, c].iter().filter(|ok| !**ok).count(),
            1,
            "one gives way, no more"
        );
    });
}

#[test]
fn a_branch_beside_the_holder_just_waits() {
    on_all_runtimes(|| async {
        let lock = Lock::new("lock", 1);
        let (go, gone) = oneshot::channel::<()>();
        let outer = Lock::new("outer", 1);
        let both = outer.with("both", async {
            let holder = lock.with("holder", async { gone.await.unwrap() });
            let waiter = async {
                let mut wait = pin!(lock.acquire());
                park(&mut wait).await;
                go.send(()).unwrap();
                drop(wait.await.unwrap());
            };
            tokio::join!(holder, waiter).0.unwrap();
        });
        both.await.unwrap();
    });
}

#[test]
fn one_free_or_moving_unit_ends_the_wait() {
    on_all_runtimes(|| async {
        let (pool, lock) = (Lock::new("pool of two", 2), Lock::new("lock", 1));
        let (go, gone) = oneshot::channel::<()>();
        let (started, has_started) = oneshot::channel::<()>();
        // The other unit's holder waits for something that the graph does not know: it may end.
        let other = pool.with("other", async {
            started.send(()).unwrap();
            gone.await.unwrap();
        });
        let this = pool.with("this", async {
            has_started.await.unwrap();
            lock.with("inner", async {
                let mut wait = pin!(pool.acquire());
                park(&mut wait).await;
                go.send(()).unwrap();
                drop(wait.await.unwrap());
            })
            .await
            .unwrap();
        });
        let (other, this) = tokio::join!(other, this);
        other.and(this).unwrap();
    });
}

#[test]
fn all_units_in_the_circle_are_refused() {
    on_all_runtimes(|| async {
        let pool = Lock::new("pool of two", 2);
        let barrier = tokio::sync::Barrier::new(2);
        let part = || async {
            pool.with("part", async {
                barrier.wait().await;
                pool.acquire().await.is_ok()
            })
            .await
            .unwrap()
        };
        let (a, b) = tokio::join!(part(), part());
        assert_ne!(a, b, "the first waits, the second closes the circle");
    });
}

#[test]
fn a_unit_held_outside_of_a_scope_may_come_back() {
    on_all_runtimes(|| async {
        let lock = Lock::new("lock", 1);
        let permit = lock.acquire().await.unwrap();
        let held = lock.resource.hold("a stream");
        let outer = Lock::new("outer", 1);
        outer
            .with("outer", async {
                let mut wait = pin!(lock.acquire());
                park(&mut wait).await;
                assert_eq!(
                    lock.resource.holders()[0].to_string().split(' ').next(),
                    Some("`a")
                );
                drop((held, permit));
                drop(wait.await.unwrap());
            })
            .await
            .unwrap();
    });
}

#[test]
fn a_spawned_task_is_outside() {
    on_all_runtimes(|| async {
        let lock = Lock::new("lock", 1);
        let inner = lock.clone();
        let task = lock
            .with("holder", async move {
                let (parked, has_parked) = oneshot::channel();
                let task = spawn(async move {
                    let mut wait = Box::pin(inner.acquire());
                    park(&mut wait).await;
                    parked.send(()).unwrap();
                    wait.await.map(drop)
                });
                has_parked.await.unwrap();
                Some(task)
            })
            .await
            .unwrap();
        // The holder has ended without it, and so it got the lock.
        task.unwrap().await.unwrap().unwrap();
    });
}

#[test]
fn a_task_that_is_polled_on_the_same_thread_is_outside() {
    on_all_runtimes(|| async {
        let lock = Lock::new("lock", 1);
        let inner = lock.clone();
        let tasks = tokio::task::LocalSet::new();
        let task = lock
            .with("holder", async {
                tasks
                    .run_until(async move {
                        let (parked, has_parked) = oneshot::channel();
                        let task = tokio::task::spawn_local(async move {
                            let mut wait = Box::pin(inner.acquire());
                            park(&mut wait).await;
                            parked.send(()).unwrap();
                            wait.await.map(drop)
                        });
                        has_parked.await.unwrap();
                        Some(task)
                    })
                    .await
            })
            .await
            .unwrap();
        tasks.run_until(task.unwrap()).await.unwrap().unwrap();
    });
}

#[test]
fn hops_and_waits_are_inside() {
    on_all_runtimes(|| async {
        let lock = Lock::new("lock", 1);
        let inner = lock.clone();
        let refused = SyncScope::new()
            .run(lock.with("atomic", async move {
                sync_to_async(move || {
                    async_to_sync(async {
                        sync_to_async(move || async_to_sync(async move { inner.acquire().await })).await
                    })
                })
                .await
            }))
            .await
            .unwrap();
        let refused = refused.unwrap().unwrap().unwrap().unwrap().unwrap_err();
        assert!(refused.is_deadlock(), "{refused}");
    });
}

#[test]
fn sync_code_holds_and_waits_too() {
    let lock = Lock::new("lock", 1);
    let _permit = async_to_sync(lock.acquire()).unwrap().unwrap();
    let held = lock.resource.hold("sync atomic");
    let refused = held.sync_scope(|| async_to_sync(lock.acquire()).unwrap().unwrap_err());
    assert!(refused.is_deadlock());
    // Outside of the scope it may end; nobody knows.
    async_to_sync(async {
        let mut wait = pin!(lock.acquire());
        park(&mut wait).await;
    })
    .unwrap();
}

#[test]
fn a_wait_that_is_given_up_blocks_nobody() {
    on_all_runtimes(|| async {
        let (a, b) = (Lock::new("A", 1), Lock::new("B", 1));
        let (has_b, b_is_held) = oneshot::channel();
        let (parked, has_parked) = oneshot::channel::<()>();
        let (give_up, given_up) = oneshot::channel::<()>();
        let gives_up = a.with("gives up", async {
            b_is_held.await.unwrap();
            may_give_up(async {
                let mut wait = pin!(b.acquire());
                park(&mut wait).await;
                parked.send(()).unwrap();
                tokio::select! { _ = wait => unreachable!("it is held until A is free"), _ = given_up => {} }
            })
            .await;
        });
        let waits = b.with("waits", async {
            has_b.send(()).unwrap();
            has_parked.await.unwrap();
            let mut wait = pin!(a.acquire());
            park(&mut wait).await;
            give_up.send(()).unwrap();
            drop(wait.await.unwrap());
        });
        let (gives_up, waits) = tokio::join!(gives_up, waits);
        gives_up.and(waits).unwrap();
    });
}

/// One thread can't go on with its first wait before the code that it took on meanwhile has returned.
#[test]
fn a_wait_under_another_wait_of_its_thread_is_stuck_with_it() {
    let lock = Lock::new("lock", 1);
    let (holder, taker) = (lock.clone(), lock);
    async_to_sync(async {
        let (held, is_held) = oneshot::channel();
        let (go, gone) = oneshot::channel::<()>();
        let first = sync_to_async(move || {
            async_to_sync(async move {
                let _permit = holder.acquire().await.unwrap();
                let mark = holder.resource.hold("first");
                mark.scope(async move {
                    // A wait of sync code, inside: it takes on what is sent to the thread.
                    sync_to_async(move || {
                        async_to_sync(async {
                            held.send(()).unwrap();
                            gone.await.unwrap();
                        })
                    })
                    .await
                    .unwrap()
                })
                .await
            })
        });
        // A task of its own: what is polled under the first wait can't go on, either.
        let second = spawn(async move {
            is_held.await.unwrap();
            let refused =
                sync_to_async(move || async_to_sync(async move { taker.acquire().await.map(drop) }))
                    .await
                    .unwrap()
                    .unwrap();
            go.send(()).unwrap();
            refused
        });
        first.await.unwrap().unwrap().unwrap();
        assert!(second.await.unwrap().unwrap_err().is_deadlock());
    })
    .unwrap();
}

#[test]
fn cancelled_waits_and_holders_leave_the_graph() {
    on_all_runtimes(|| async {
        let (a, b) = (Lock::new("A", 1), Lock::new("B", 1));
        let b_permit = b.acquire().await.unwrap();
        let b_held = b.resource.hold("second");
        let mut first = Box::pin(a.with("first", async { b.acquire().await.map(drop) }));
        park(&mut first).await;
        drop(first);
        assert!(a.resource.holders().is_empty());
        b_held
            .scope(async {
                let permit = a.acquire().await.unwrap();
                drop(permit);
            })
            .await;
        drop((b_held, b_permit));
        drop(b.acquire().await.unwrap());
    });
}
