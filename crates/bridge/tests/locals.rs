//! Context variables in every kind of code: asgiref's `test_local`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::{Arc, Weak};
use std::thread;

use nuages_bridge::{Context, Local, SyncScope, async_to_sync, spawn, sync_to_async};
use shapes::{async_in_every_shape, sync_in_every_shape};

static PLAIN: Local<u32> = Local::new("plain");
static CRITICAL: Local<u32> = Local::new("critical").thread_critical();

#[test]
fn a_value_is_set_read_and_deleted() {
    fn check() {
        PLAIN.delete();
        assert_eq!((PLAIN.get(), PLAIN.is_set()), (None, false));
        PLAIN.set(1);
        PLAIN.set(2);
        assert_eq!((PLAIN.get(), PLAIN.is_set()), (Some(2), true));
        assert!(PLAIN.delete());
        assert!(!PLAIN.delete());
        assert_eq!(PLAIN.get(), None);
    }
    async_in_every_shape(async |_| check());
    sync_in_every_shape(|_| {
        PLAIN.set(1);
        assert!(PLAIN.delete());
        assert_eq!(PLAIN.get(), None);
    });
}

#[test]
fn a_value_survives_two_round_trips_through_many_layers() {
    async_in_every_shape(async |shape| {
        PLAIN.set(1);
        for round in 0..2 {
            let add = || {
                PLAIN.set(PLAIN.get().unwrap() + 1);
                async_to_sync(async {
                    PLAIN.set(PLAIN.get().unwrap() + 1);
                    sync_to_async(|| PLAIN.set(PLAIN.get().unwrap() + 1))
                        .await
                        .unwrap();
                })
                .unwrap();
            };
            sync_to_async(add).await.unwrap();
            assert_eq!(PLAIN.get(), Some(4 + 3 * round), "{shape:?}");
        }
    });
}

#[test]
fn a_task_below_a_hop_inherits_a_snapshot_and_keeps_its_changes() {
    async_in_every_shape(async |shape| {
        PLAIN.set(1);
        let below = || {
            async_to_sync(async {
                let task = spawn(async {
                    let seen = PLAIN.get();
                    PLAIN.delete();
                    seen
                });
                task.await.unwrap()
            })
            .unwrap()
        };
        assert_eq!(sync_to_async(below).await.unwrap(), Some(1), "{shape:?}");
        assert_eq!(PLAIN.get(), Some(1), "a delete stays private too, {shape:?}");
    });
}

#[test]
fn a_new_thread_sees_nothing_even_beside_a_copied_context() {
    sync_in_every_shape(|shape| {
        PLAIN.set(1);
        let context = Context::current();
        let (bare, given) = thread::spawn(move || (PLAIN.get(), context.run(|| PLAIN.get())))
            .join()
            .unwrap();
        assert_eq!((bare, given), (None, Some(1)), "{shape:?}");
        PLAIN.delete();
    });
}

#[test]
fn a_thread_critical_value_does_not_cross_from_async_to_sync_code() {
    async_in_every_shape(async |shape| {
        CRITICAL.set(1);
        let there = sync_to_async(|| {
            let seen = CRITICAL.get();
            CRITICAL.set(2);
            seen
        });
        assert_eq!(there.await.unwrap(), None, "{shape:?}");
        assert_eq!(
            sync_to_async(|| CRITICAL.get()).parallel().await.unwrap(),
            None,
            "{shape:?}"
        );
        assert_eq!(CRITICAL.get(), Some(1), "{shape:?}");
        assert_eq!(
            spawn(async { CRITICAL.get() }).await.unwrap(),
            None,
            "a task is no less foreign"
        );
        sync_to_async(|| CRITICAL.delete()).await.unwrap();
    });
}

#[test]
fn a_thread_critical_value_does_not_cross_from_sync_to_async_code() {
    sync_in_every_shape(|shape| {
        CRITICAL.set(1);
        let seen = async_to_sync(async {
            let seen = CRITICAL.get();
            CRITICAL.set(2);
            seen
        });
        assert_eq!(seen.unwrap(), None, "{shape:?}");
        assert_eq!(
            async_to_sync(async { CRITICAL.get() }).unwrap(),
            None,
            "nor does it stay for the next, {shape:?}"
        );
        assert_eq!(CRITICAL.get(), Some(1), "{shape:?}");
        assert_eq!(CRITICAL.sync_scope(5, || CRITICAL.get()), Some(5));
        assert!(CRITICAL.delete());
    });
}

#[test]
fn within_a_sync_thread_a_thread_critical_value_is_seen_at_every_depth() {
    sync_in_every_shape(|shape| {
        CRITICAL.set(1);
        PLAIN.delete();
        let below = async_to_sync(async {
            spawn(async {
                sync_to_async(|| {
                    let seen = CRITICAL.get();
                    CRITICAL.set(3);
                    PLAIN.set(3);
                    seen
                })
                .await
                .unwrap()
            })
            .await
            .unwrap()
        });
        assert_eq!(below.unwrap(), Some(1), "{shape:?}");
        assert_eq!(CRITICAL.get(), Some(3), "{shape:?}");
        assert_eq!(
            PLAIN.get(),
            None,
            "what a task sets otherwise does not flow up, {shape:?}"
        );
        CRITICAL.delete();
    });
}

#[test]
fn a_thread_critical_value_of_an_ended_scope_is_gone() {
    shapes::current_thread().block_on(async {
        for _ in 0..3 {
            let request = async {
                sync_to_async(|| {
                    let seen = CRITICAL.get();
                    CRITICAL.set(9);
                    seen
                })
                .await
            };
            assert_eq!(SyncScope::new().run(request).await.unwrap(), None);
        }
    });
}

#[test]
fn nothing_keeps_a_value_alive_after_its_work() {
    static VALUE: Local<Arc<()>> = Local::new("value");
    async_in_every_shape(async |shape| {
        let value = Arc::new(());
        let weak: Weak<()> = Arc::downgrade(&value);
        let work = Context::empty().scope(async {
            VALUE.set(value);
            sync_to_async(|| async_to_sync(async { VALUE.get().is_some() }).unwrap())
                .await
                .unwrap()
        });
        assert!(work.await);
        // The thread that ran the sync code may still be dropping its copy of the context: what comes after it on that thread has seen it gone.
        sync_to_async(|| ()).await.unwrap();
        assert!(weak.upgrade().is_none(), "{shape:?}");
    });
}

#[test]
fn a_destructor_may_look_at_the_context_when_its_value_is_replaced_across_a_hop() {
    #[derive(Clone)]
    struct Looks(#[expect(dead_code, reason = "its destructor is what counts")] Arc<Look>);
    struct Look;
    impl Drop for Look {
        fn drop(&mut self) {
            let _ = PLAIN.get();
        }
    }
    static LOOKS: Local<Looks> = Local::new("looks");
    async_in_every_shape(async |_| {
        // Set by the one while the other is on its way, so that the way back replaces a value that nobody else holds.
        let slow = async { sync_to_async(|| LOOKS.set(Looks(Arc::new(Look)))).await };
        let beside = async { LOOKS.set(Looks(Arc::new(Look))) };
        let (slow, ()) = tokio::join!(slow, beside);
        slow.unwrap();
        assert!(LOOKS.delete());
    });
}

#[test]
fn a_destructor_that_runs_with_the_threads_own_storage_may_use_the_context() {
    struct AtTheEnd(std::sync::mpsc::Sender<Option<u32>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            self.0.send(PLAIN.get()).unwrap();
        }
    }
    thread_local! { static END: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) }; }
    let (sender, receiver) = std::sync::mpsc::channel();
    let ended = thread::spawn(move || {
        END.set(Some(AtTheEnd(sender)));
        // After `END`, so that it goes first.
        PLAIN.set(1);
    });
    ended.join().unwrap();
    receiver.recv().unwrap();
}

#[test]
fn a_value_of_a_task_is_seen_in_sync_code_and_in_the_task_again() {
    // asgiref's `task_to_sync_to_task`.
    async_in_every_shape(async |shape| {
        PLAIN.set(3);
        let there = sync_to_async(|| {
            let seen = PLAIN.get();
            PLAIN.set(4);
            let below = async_to_sync(async {
                let seen = PLAIN.get();
                PLAIN.set(5);
                seen
            });
            (seen, below.unwrap(), PLAIN.get())
        });
        assert_eq!(there.await.unwrap(), (Some(3), Some(4), Some(5)), "{shape:?}");
        assert_eq!(PLAIN.get(), Some(5), "{shape:?}");
        // What parallel code sets comes back, too.
        sync_to_async(|| PLAIN.set(6)).parallel().await.unwrap();
        assert_eq!(PLAIN.get(), Some(6), "{shape:?}");
    });
}

#[test]
fn a_value_of_a_thread_is_seen_in_async_code_and_in_the_thread_again() {
    // asgiref's `thread_to_async`.
    sync_in_every_shape(|shape| {
        PLAIN.set(3);
        let seen = async_to_sync(async {
            let seen = PLAIN.get();
            PLAIN.set(4);
            seen
        });
        assert_eq!((seen.unwrap(), PLAIN.get()), (Some(3), Some(4)), "{shape:?}");
        async_to_sync(async { PLAIN.delete() }).unwrap();
        assert_eq!(PLAIN.get(), None, "{shape:?}");
    });
}

#[test]
fn threads_and_tasks_side_by_side_each_have_their_own() {
    // asgiref's `threads_and_tasks`.
    async_in_every_shape(async |shape| {
        PLAIN.set(0);
        let tasks: Vec<_> = (1..=4_u32)
            .map(|number| {
                spawn(async move {
                    let inherited = PLAIN.get();
                    PLAIN.set(number);
                    tokio::task::yield_now().await;
                    let own_thread = move || {
                        let context = Context::current();
                        let bare = thread::spawn(|| {
                            let seen = PLAIN.get();
                            PLAIN.set(99);
                            seen
                        });
                        let given = thread::spawn(move || context.run(|| PLAIN.get()));
                        (bare.join().unwrap(), given.join().unwrap())
                    };
                    let threads = sync_to_async(own_thread).await.unwrap();
                    sync_to_async(move || PLAIN.set(10 * number)).await.unwrap();
                    tokio::task::yield_now().await;
                    (inherited, threads, PLAIN.get())
                })
            })
            .collect();
        for (number, task) in (1..).zip(tasks) {
            assert_eq!(
                task.await.unwrap(),
                (Some(0), (None, Some(number)), Some(10 * number)),
                "{shape:?}"
            );
        }
        assert_eq!(PLAIN.get(), Some(0), "{shape:?}");
    });
}

#[test]
fn sibling_tasks_neither_see_each_others_values_nor_their_deletes() {
    // asgiref 473, 475, 478, 522.
    async_in_every_shape(async |shape| {
        PLAIN.set(1);
        let (deleted, is_deleted) = tokio::sync::oneshot::channel();
        let deletes = spawn(async {
            sync_to_async(|| PLAIN.delete()).await.unwrap();
            deleted.send(PLAIN.get()).unwrap();
        });
        let keeps = spawn(async {
            assert_eq!(is_deleted.await.unwrap(), None);
            (PLAIN.get(), sync_to_async(|| PLAIN.get()).await.unwrap())
        });
        deletes.await.unwrap();
        assert_eq!(keeps.await.unwrap(), (Some(1), Some(1)), "{shape:?}");
        assert_eq!(PLAIN.get(), Some(1), "{shape:?}");
    });
}
