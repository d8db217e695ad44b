//! The one thread there is, held by a scope that waits for what the scope holds which wants it: refused at once, and only then.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::future::{Future, IntoFuture};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use nuages_bridge::deadlock::{Resource, may_give_up};
use nuages_bridge::{BridgeError, Config, Op, SyncScope, async_to_sync, spawn, stats, sync_to_async};
use tokio::sync::{Notify, Semaphore, oneshot};

static LIMITS: LazyLock<()> = LazyLock::new(|| {
    Config::new()
        .max_threads(1)
        .reserved_threads(0)
        // Longer than any test may take: what ends before was not ended by it.
        .wait_time(Duration::from_secs(3600))
        .install()
        .unwrap();
});
/// There is one thread, so one test at a time uses it.
static ALONE: Mutex<()> = Mutex::new(());

fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let _alone: MutexGuard<'_, ()> = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    LazyLock::force(&LIMITS);
    shapes::on_every_runtime(test);
}

/// The writer of a database: a lock, and its description.
struct Writer {
    lock: Semaphore,
    resource: Resource,
}

impl Writer {
    fn new() -> Self {
        Self {
            lock: Semaphore::new(1),
            resource: Resource::new("the writer", 1),
        }
    }

    async fn wait(&self) -> Result<(), BridgeError> {
        let permit = self.resource.wait(self.lock.acquire()).await?;
        drop(permit.unwrap());
        Ok(())
    }

    /// Runs a future as what holds the writer.
    async fn atomic<F: Future>(&self, body: F) -> F::Output {
        let permit = self.lock.acquire().await.unwrap();
        let held = self.resource.hold("atomic");
        let output = held.scope(body).await;
        drop(held);
        drop(permit);
        output
    }
}

fn pending_once() -> impl Future<Output = ()> {
    tokio::task::yield_now()
}

#[test]
fn who_wants_the_thread_last_is_refused() {
    on_every_runtime(|| async {
        let (writer, holds, waits) = (Writer::new(), Notify::new(), Notify::new());
        let refused = stats().deadlocks_refused;
        let wants_a_thread = SyncScope::new().run(writer.atomic(async {
            holds.notify_one();
            waits.notified().await;
            // The other is polled once more, and stands still.
            pending_once().await;
            sync_to_async(|| ()).await
        }));
        let has_the_thread = SyncScope::new().run(async {
            sync_to_async(|| ()).await.unwrap();
            holds.notified().await;
            waits.notify_one();
            writer.wait().await
        });
        let (wanted, had) = tokio::join!(wants_a_thread, has_the_thread);
        let error = wanted.unwrap_err();
        assert!(error.is_deadlock(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("the threads for sync code")
                && text.contains("the writer")
                && text.contains("`atomic`"),
            "{text}"
        );
        had.unwrap();
        assert_eq!(stats().deadlocks_refused - refused, 1);
        sync_to_async(|| ()).await.unwrap();
    });
}

#[test]
fn who_wants_the_writer_last_is_refused() {
    on_every_runtime(|| async {
        let (writer, holds, waits) = (Writer::new(), Notify::new(), Notify::new());
        let has_the_thread = SyncScope::new().run(async {
            sync_to_async(|| ()).await.unwrap();
            holds.notify_one();
            waits.notified().await;
            pending_once().await;
            // In sync code, on the very thread.
            let wait = async_to_sync_in_sync_code(&writer).await;
            assert!(wait.unwrap_err().is_deadlock());
        });
        let wants_the_thread = async {
            holds.notified().await;
            let wants = writer.atomic(async {
                waits.notify_one();
                sync_to_async(|| 7).await
            });
            SyncScope::new().run(wants).await
        };
        let ((), wanted) = tokio::join!(has_the_thread, wants_the_thread);
        assert_eq!(wanted.unwrap(), 7, "the other's end gives the thread back");
    });
}

async fn async_to_sync_in_sync_code(writer: &Writer) -> Result<(), BridgeError> {
    // The lock is not needed for a wait that is refused.
    let resource = writer.resource.clone();
    sync_to_async(move || async_to_sync(resource.wait(std::future::pending::<()>()))).await??
}

#[test]
fn a_thread_whose_scope_waits_for_nothing_is_waited_for() {
    on_every_runtime(|| async {
        let writer = Writer::new();
        let (go, gone) = mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let has_the_thread = SyncScope::new().run(
            sync_to_async(move || {
                started.send(()).unwrap();
                gone.recv().unwrap();
            })
            .into_future(),
        );
        let wants_it = async {
            has_started.await.unwrap();
            let wants = writer.atomic(async {
                let mut wants = sync_to_async(|| 7).into_future();
                tokio::select! { biased; early = &mut wants => panic!("{early:?}"), () = pending_once() => {} }
                go.send(()).unwrap();
                wants.await
            });
            SyncScope::new().run(wants).await
        };
        let (had, wanted) = tokio::join!(has_the_thread, wants_it);
        had.unwrap();
        assert_eq!(wanted.unwrap(), 7);
    });
}

#[test]
fn a_scope_that_may_give_up_its_wait_blocks_nobody() {
    on_every_runtime(|| async {
        let (writer, holds, waits, give_up) = (Writer::new(), Notify::new(), Notify::new(), Notify::new());
        let has_the_thread = SyncScope::new().run(async {
            sync_to_async(|| ()).await.unwrap();
            holds.notified().await;
            waits.notify_one();
            tokio::select! { early = may_give_up(writer.wait()) => panic!("{early:?}"), () = give_up.notified() => {} }
        });
        let wants_it = SyncScope::new().run(writer.atomic(async {
            holds.notify_one();
            waits.notified().await;
            pending_once().await;
            let mut wants = sync_to_async(|| 7).into_future();
            tokio::select! { biased; early = &mut wants => panic!("{early:?}"), () = pending_once() => {} }
            give_up.notify_one();
            wants.await
        }));
        let ((), wanted) = tokio::join!(has_the_thread, wants_it);
        assert_eq!(wanted.unwrap(), 7);
    });
}

#[test]
fn a_holder_whose_task_left_the_scope_s_thread_idle_is_not_in_the_way() {
    on_every_runtime(|| async {
        // The task stands for a scope and keeps the thread, but nothing of it waits: somebody who wants the thread gets it.
        sync_to_async(|| ()).await.unwrap();
        let writer = Writer::new();
        let wants = SyncScope::new().run(writer.atomic(sync_to_async(|| 7).into_future()));
        assert_eq!(wants.await.unwrap(), 7);
    });
}

/// asgiref #249, #275, #323 and #348: sticky calls in tasks and joins under a busy thread, which are no deadlocks.
#[test]
fn joined_and_spawned_sticky_code_under_a_busy_thread_is_no_deadlock() {
    on_every_runtime(|| {
        SyncScope::new().run(async {
            let middleware = || {
                async_to_sync(async {
                    let spawned = spawn(async { sync_to_async(|| 1).await.unwrap() });
                    let joined = tokio::join!(
                        sync_to_async(|| 2).into_future(),
                        tokio::time::timeout(Duration::from_secs(60), sync_to_async(|| 3).into_future())
                    );
                    let op: Op<'_, u8> = Op::new("op", async { Ok(sync_to_async(|| 4).await.unwrap()) });
                    [
                        spawned.await.unwrap(),
                        joined.0.unwrap(),
                        joined.1.unwrap().unwrap(),
                        op.await.unwrap(),
                    ]
                })
                .unwrap()
            };
            assert_eq!(sync_to_async(middleware).await.unwrap(), [1, 2, 3, 4]);
        })
    });
}

/// asgiref #495 and #497: a failure must leave nothing behind that later looks like a deadlock.
#[test]
fn a_panic_and_a_cancellation_leave_no_wait_behind() {
    on_every_runtime(|| async {
        let writer = Writer::new();
        for _ in 0..3 {
            let panics = async {
                SyncScope::new()
                    .run(async { sync_to_async(|| panic!("on purpose")).await })
                    .await
            };
            assert!(spawn(panics).await.unwrap_err().is_panic());
            let held = writer.resource.hold("elsewhere");
            let waits = SyncScope::new().run(async {
                sync_to_async(|| ()).await.unwrap();
                let _ = writer.resource.wait(std::future::pending::<()>()).await;
            });
            let mut waits = Box::pin(waits);
            for _ in 0..100 {
                tokio::select! { biased; () = &mut waits => unreachable!(), () = pending_once() => {} }
            }
            drop(waits);
            drop(held);
            let wants = SyncScope::new().run(writer.atomic(sync_to_async(|| 7).into_future()));
            assert_eq!(wants.await.unwrap(), 7);
        }
    });
}
