//! What lives in a scope's thread, and what does not outlive the scope.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Mutex;
use std::thread::{self, ThreadId};

use nuages_bridge::{ScopeLocal, SyncScope, async_to_sync, sync_to_async};
use tokio::sync::oneshot;

/// A value that is not `Send`, and tells on which thread it was dropped.
struct Handle {
    count: Rc<Cell<u32>>,
    dropped: Option<oneshot::Sender<ThreadId>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(dropped) = self.dropped.take() {
            let _ = dropped.send(thread::current().id());
        }
    }
}

static SENDER: Mutex<Vec<oneshot::Sender<ThreadId>>> = Mutex::new(Vec::new());
static HANDLE: ScopeLocal<Handle> = ScopeLocal::new("handle", || Handle {
    count: Rc::default(),
    dropped: SENDER.lock().unwrap().pop(),
});

fn count() -> u32 {
    HANDLE
        .with(|handle| {
            handle.count.set(handle.count.get() + 1);
            handle.count.get()
        })
        .unwrap()
}

/// All in one test: the sender of the next value is the process's.
#[test]
fn a_value_need_not_be_send_and_is_dropped_on_its_scopes_thread_at_its_end() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        let (dropped, was_dropped) = oneshot::channel();
        SENDER.lock().unwrap().push(dropped);
        runtime.block_on(async {
            let request = async {
                assert_eq!(sync_to_async(count).await.unwrap(), 1);
                assert_eq!(sync_to_async(count).await.unwrap(), 2);
                let nested = || async_to_sync(async { sync_to_async(count).await.unwrap() }).unwrap();
                assert_eq!(sync_to_async(nested).await.unwrap(), 3);
                sync_to_async(|| thread::current().id()).await.unwrap()
            };
            let thread = SyncScope::new().run(request).await;
            assert_eq!(was_dropped.await.unwrap(), thread);
            let next = SyncScope::new().run(async { sync_to_async(count).await });
            assert_eq!(next.await.unwrap(), 1, "the next scope sees nothing of it");
        });
    }
    // Under a plain thread it lives with that thread's outermost wait.
    let (dropped, mut was_dropped) = oneshot::channel();
    SENDER.lock().unwrap().push(dropped);
    async_to_sync(async {
        let scope = SyncScope::new().run(async { sync_to_async(count).await.unwrap() });
        assert_eq!(scope.await, 1);
        let nested = || async_to_sync(async { sync_to_async(count).await.unwrap() }).unwrap();
        assert_eq!(sync_to_async(nested).await.unwrap(), 2);
    })
    .unwrap();
    assert_eq!(was_dropped.try_recv().unwrap(), thread::current().id());
    assert_eq!(count(), 1);
    assert_eq!(count(), 2, "outside of any wait it lives with the thread");
    assert_eq!(thread::spawn(count).join().unwrap(), 1);
}

#[test]
fn a_value_of_parallel_code_lives_as_long_as_that_code() {
    static VALUE: ScopeLocal<Cell<u32>> = ScopeLocal::new("value", || Cell::new(0));
    let add = || VALUE.with(|value| value.replace(value.get() + 1)).unwrap();
    shapes::multi_thread().block_on(async {
        for _ in 0..10 {
            assert_eq!(sync_to_async(add).parallel().await.unwrap(), 0);
        }
    });
}

#[test]
fn async_code_has_no_such_value() {
    static VALUE: ScopeLocal<u32> = ScopeLocal::new("value", || 1);
    shapes::async_in_every_shape(async |_| {
        assert!(VALUE.with(|value| *value).unwrap_err().is_synchronous_only());
    });
}

#[test]
fn a_destructor_that_panics_costs_neither_the_thread_nor_the_other_values() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    struct Tells(Option<oneshot::Sender<()>>);
    impl Drop for Tells {
        fn drop(&mut self) {
            let _ = self.0.take().map(|sender| sender.send(()));
        }
    }
    static TELLS: ScopeLocal<Cell<Option<Tells>>> = ScopeLocal::new("tells", || Cell::new(None));
    static PANICS: ScopeLocal<Panics> = ScopeLocal::new("panics", || Panics);
    shapes::current_thread().block_on(async {
        let (dropped, was_dropped) = oneshot::channel();
        let request = sync_to_async(move || {
            TELLS.with(|tells| tells.set(Some(Tells(Some(dropped))))).unwrap();
            PANICS.with(|_| ()).unwrap();
        });
        SyncScope::new().run(async { request.await }).await.unwrap();
        was_dropped.await.unwrap();
        assert_eq!(
            SyncScope::new()
                .run(async { sync_to_async(|| 1).await })
                .await
                .unwrap(),
            1
        );
    });
}

#[test]
fn a_fresh_thread_has_nobodys_leftovers_and_leaves_none() {
    thread_local! { static LEFT: Cell<u32> = const { Cell::new(0) }; }
    let leave = || (LEFT.replace(7), thread::current().id());
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        runtime.block_on(async {
            let plain = SyncScope::new().run(async { sync_to_async(leave).await });
            plain.await.unwrap();
            let mut threads = Vec::new();
            for _ in 0..3 {
                let fresh = SyncScope::new().fresh_thread().run(async {
                    let first = sync_to_async(leave).await.unwrap();
                    assert_eq!(
                        sync_to_async(leave).await.unwrap(),
                        (7, first.1),
                        "within the scope it is sticky"
                    );
                    first
                });
                let (left, thread) = fresh.await;
                assert_eq!(left, 0);
                threads.push(thread);
            }
            let plain = SyncScope::new()
                .run(async { sync_to_async(leave).await })
                .await
                .unwrap();
            assert!(!threads.contains(&plain.1));
        });
    }
}
