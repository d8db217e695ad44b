//! The context follows the work: asgiref's `Local` and `contextvars` tests.

mod shapes;

use nuages_bridge::{Context, Local, SyncScope, async_to_sync, spawn, sync_to_async};
use shapes::on_every_runtime;
use tokio::sync::oneshot;

static LANGUAGE: Local<&'static str> = Local::new("language");
static TRANSACTION: Local<u32> = Local::new("transaction").not_inherited();

#[test]
fn values_cross_to_sync_code_and_changes_come_back() {
    on_every_runtime(|| async {
        Context::empty()
            .scope(async {
                LANGUAGE.set("fr");
                let seen = sync_to_async(|| {
                    let seen = LANGUAGE.get();
                    LANGUAGE.set("nl");
                    async_to_sync(async { LANGUAGE.set("de") }).unwrap();
                    seen
                })
                .await
                .unwrap();
                assert_eq!((seen, LANGUAGE.get()), (Some("fr"), Some("de")));
                sync_to_async(|| LANGUAGE.delete()).await.unwrap();
                assert_eq!(LANGUAGE.get(), None);
            })
            .await;
    });
}

#[test]
fn joined_sync_code_keeps_what_the_other_did_not_touch() {
    on_every_runtime(|| async {
        static A: Local<u8> = Local::new("a");
        static B: Local<u8> = Local::new("b");
        Context::empty()
            .scope(async {
                let (a, b) = tokio::join!(async { sync_to_async(|| A.set(1)).await }, async {
                    sync_to_async(|| B.set(2)).await
                });
                a.unwrap();
                b.unwrap();
                assert_eq!((A.get(), B.get()), (Some(1), Some(2)));
            })
            .await;
    });
}

#[test]
fn a_spawned_task_has_a_snapshot_and_a_bare_one_nothing() {
    on_every_runtime(|| async {
        Context::empty()
            .scope(async {
                LANGUAGE.set("fr");
                TRANSACTION.set(1);
                let spawned = spawn(async {
                    let seen = (LANGUAGE.get(), TRANSACTION.get());
                    LANGUAGE.set("nl");
                    seen
                });
                let seen = spawned.await.unwrap();
                assert_eq!(
                    seen,
                    (Some("fr"), None),
                    "what belongs to the spawning code stays with it"
                );
                assert_eq!(LANGUAGE.get(), Some("fr"), "a task's changes stay its own");
                let bare = tokio::spawn(async { LANGUAGE.get() }).await.unwrap();
                assert_eq!(bare, None);
            })
            .await;
    });
}

#[test]
fn a_bare_task_leaves_nothing_behind_on_its_worker() {
    on_every_runtime(|| async {
        tokio::spawn(async { LANGUAGE.set("leaked") }).await.unwrap();
        tokio::spawn(async { sync_to_async(|| LANGUAGE.set("leaked")).await.unwrap() })
            .await
            .unwrap();
        // On a current-thread runtime, the next task is polled by the same thread.
        assert_eq!(tokio::spawn(async { LANGUAGE.get() }).await.unwrap(), None);
    });
}

#[test]
fn a_scoped_value_is_seen_inside_only_not_beside() {
    on_every_runtime(|| async {
        Context::empty()
            .scope(async {
                let (go, gone) = oneshot::channel::<()>();
                let inside = TRANSACTION.scope(7, async {
                    LANGUAGE.set("fr");
                    gone.await.unwrap();
                    (
                        TRANSACTION.get(),
                        sync_to_async(|| TRANSACTION.get()).await.unwrap(),
                    )
                });
                let beside = async {
                    // Polled while the scope is open and suspended.
                    let seen = TRANSACTION.get();
                    go.send(()).unwrap();
                    seen
                };
                let (inside, beside) = tokio::join!(inside, beside);
                assert_eq!(inside, (Some(7), Some(7)));
                assert_eq!(beside, None);
                assert_eq!(
                    LANGUAGE.get(),
                    Some("fr"),
                    "other values set inside are the work's own"
                );
            })
            .await;
    });
}

#[test]
fn a_plain_thread_starts_with_nothing() {
    LANGUAGE.set("fr");
    assert_eq!(std::thread::spawn(|| LANGUAGE.get()).join().unwrap(), None);
    assert_eq!(TRANSACTION.sync_scope(3, || TRANSACTION.get()), Some(3));
    assert_eq!(TRANSACTION.get(), None);
}

#[test]
fn a_panic_puts_the_outer_values_back() {
    LANGUAGE.set("fr");
    let panicked = std::panic::catch_unwind(|| LANGUAGE.sync_scope("nl", || panic!("on purpose")));
    assert!(panicked.is_err());
    let panicked = std::panic::catch_unwind(|| {
        async_to_sync(Context::empty().scope(async {
            LANGUAGE.set("nl");
            panic!("on purpose")
        }))
    });
    assert!(panicked.is_err());
    assert_eq!(LANGUAGE.get(), Some("fr"));
}

#[test]
fn destructors_see_the_context_of_the_future_that_is_dropped() {
    on_every_runtime(|| async {
        struct OnDrop(Option<oneshot::Sender<Option<u32>>>);
        impl Drop for OnDrop {
            fn drop(&mut self) {
                self.0.take().unwrap().send(TRANSACTION.get()).unwrap();
            }
        }
        let (sender, seen) = oneshot::channel();
        let mut future = Box::pin(SyncScope::new().run(TRANSACTION.scope(9, async {
            let _guard = OnDrop(Some(sender));
            std::future::pending::<()>().await;
        })));
        tokio::select! { biased; () = &mut future => {}, () = std::future::ready(()) => {} }
        drop(future);
        assert_eq!(seen.await.unwrap(), Some(9));
    });
}
