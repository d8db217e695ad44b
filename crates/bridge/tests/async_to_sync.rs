//! Async code for sync callers: asgiref's `AsyncToSync` tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nuages_bridge::{BridgeError, Deadline, Op, async_to_sync, spawn, sync_to_async};
use shapes::{Shape, async_in_every_shape, sync_in_every_shape};
use tokio::runtime::Handle;

#[test]
fn it_runs_on_the_calling_thread_and_needs_no_send() {
    sync_in_every_shape(|shape| {
        let here = thread::current().id();
        let count = Rc::new(Cell::new(0));
        let inner = Rc::clone(&count);
        let there = async_to_sync(async move {
            tokio::task::yield_now().await;
            inner.set(1);
            thread::current().id()
        });
        assert_eq!(there.unwrap(), here, "{shape:?}");
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn tasks_timers_and_io_are_those_of_the_callers_runtime() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        runtime.block_on(async {
            let outer = Handle::current().id();
            let inner = || {
                async_to_sync(async {
                    (
                        Handle::current().id(),
                        spawn(async { Handle::current().id() }).await,
                    )
                })
            };
            let (direct, spawned) = sync_to_async(inner).await.unwrap().unwrap();
            assert_eq!((direct, spawned.unwrap()), (outer, outer));
        });
    }
}

#[test]
fn it_works_on_a_foreign_thread_of_any_pool() {
    fn work() -> u8 {
        async_to_sync(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            sync_to_async(|| 8).await.unwrap()
        })
        .unwrap()
    }
    assert_eq!(thread::spawn(work).join().unwrap(), 8);
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        #[expect(clippy::disallowed_methods, reason = "a foreign thread is what this is about")]
        let joined = runtime.block_on(async { tokio::task::spawn_blocking(work).await });
        assert_eq!(joined.unwrap(), 8);
    }
}

#[test]
fn every_kind_of_future_is_taken() {
    async fn function(text: &str) -> usize {
        text.len()
    }
    struct Service;
    impl Service {
        async fn method(&self, f: u8) -> u8 {
            f
        }
    }
    sync_in_every_shape(|_| {
        let text = "borrowed".to_owned();
        assert_eq!(async_to_sync(function(&text)).unwrap(), 8);
        assert_eq!(async_to_sync(Service.method(4)).unwrap(), 4);
        let boxed: std::pin::Pin<Box<dyn Future<Output = u8>>> = Box::pin(async { 5 });
        assert_eq!(async_to_sync(boxed).unwrap(), 5);
        let closure = async |f: u8| f + 1;
        assert_eq!(async_to_sync(closure(5)).unwrap(), 6);
    });
}

#[test]
fn on_a_loop_it_is_refused_at_once_and_the_future_is_never_polled() {
    async_in_every_shape(async |shape| {
        let polled = Rc::new(Cell::new(false));
        let inner = Rc::clone(&polled);
        let refused = async_to_sync(async move { inner.set(true) }).unwrap_err();
        assert!(refused.is_synchronous_only(), "{shape:?}");
        assert!(!polled.get(), "{shape:?}");
    });
}

#[test]
fn it_works_after_the_runtime_that_it_was_first_used_on_has_gone() {
    fn greet() -> Result<&'static str, BridgeError> {
        async_to_sync(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            "hello"
        })
    }
    let runtime = shapes::multi_thread();
    assert_eq!(
        runtime
            .block_on(async { sync_to_async(greet).await })
            .unwrap()
            .unwrap(),
        "hello"
    );
    drop(runtime);
    assert_eq!(greet().unwrap(), "hello");
    assert_eq!(
        shapes::current_thread()
            .block_on(async { sync_to_async(greet).await })
            .unwrap()
            .unwrap(),
        "hello"
    );
}

#[test]
fn without_a_runtime_all_calls_and_threads_share_the_processs_one() {
    let id = || async_to_sync(async { Handle::current().id() }).unwrap();
    let nested =
        || async_to_sync(async { sync_to_async(|| async_to_sync(async { Handle::current().id() })).await });
    let first = id();
    assert_eq!(id(), first);
    assert_eq!(nested().unwrap().unwrap().unwrap(), first);
    assert_eq!(thread::spawn(id).join().unwrap(), first);
    let runtime = shapes::current_thread();
    let here = runtime.handle().id();
    let there = runtime.block_on(async { sync_to_async(id).await }).unwrap();
    assert_eq!(
        (there, there == first),
        (here, false),
        "a runtime that is there is used"
    );
}

/// Waits for something when it is dropped, and tells what came of it.
struct WaitOnDrop<'a, F: Fn() -> Result<u8, BridgeError>>(F, &'a Cell<Option<Result<u8, BridgeError>>>);

impl<F: Fn() -> Result<u8, BridgeError>> Drop for WaitOnDrop<'_, F> {
    fn drop(&mut self) {
        self.1.set(Some((self.0)()));
    }
}

#[test]
fn a_destructor_may_wait_while_its_thread_unwinds() {
    sync_in_every_shape(|shape| {
        let came = Cell::new(None);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _guard = WaitOnDrop(
                || async_to_sync(async { sync_to_async(|| 3).await.unwrap() }),
                &came,
            );
            panic!("the outer one");
        }));
        assert_eq!(
            *panicked.unwrap_err().downcast::<&str>().unwrap(),
            "the outer one"
        );
        assert_eq!(came.take().unwrap().unwrap(), 3, "{shape:?}");
    });
}

#[test]
fn a_panic_below_a_thread_that_unwinds_is_an_error_and_no_second_panic() {
    sync_in_every_shape(|shape| {
        for inner in [
            || async_to_sync(async { panic!("the inner one") }),
            || async_to_sync(async { sync_to_async(|| panic!("the inner one")).await.unwrap() }),
            || Op::new("failing", async { panic!("the inner one") }).wait(),
        ] {
            let came = Cell::new(None);
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let _guard = WaitOnDrop(inner, &came);
                panic!("the outer one");
            }));
            assert_eq!(
                *panicked.unwrap_err().downcast::<&str>().unwrap(),
                "the outer one"
            );
            let error = came.take().unwrap().unwrap_err();
            assert!(error.is_panic(), "{shape:?}: {error}");
            assert!(error.to_string().contains("the inner one"), "{error}");
        }
    });
}

#[test]
fn a_deadline_crosses_both_ways_and_ends_a_wait() {
    sync_in_every_shape(|shape| {
        assert_eq!(Deadline::current(), None);
        let far = Deadline::after(Duration::from_secs(3600));
        let seen = far.run(|| async_to_sync(async { sync_to_async(Deadline::current).await.unwrap() }));
        assert_eq!(seen.unwrap(), Some(far), "{shape:?}");

        let soon = Deadline::after(Duration::from_millis(5));
        let late = soon.run(|| {
            Deadline::after(Duration::from_secs(3600)).run(|| async_to_sync(std::future::pending::<()>()))
        });
        assert!(
            late.unwrap_err().is_past_deadline(),
            "a deadline inside another can only be earlier"
        );
        assert_eq!(soon.remaining(), Duration::ZERO);
        let late: Result<(), BridgeError> = soon.run(|| Op::new("slow", std::future::pending()).wait());
        let error = late.unwrap_err();
        assert!(error.to_string().contains("`slow`"), "{error}");
        assert!(
            async_to_sync(async {}).is_ok(),
            "the deadline ended with its work"
        );
    });
}

#[test]
fn work_that_is_ready_is_done_even_past_its_deadline() {
    let past = Deadline::after(Duration::ZERO);
    assert_eq!(past.run(|| async_to_sync(async { 1 })).unwrap(), 1);
}

#[test]
fn what_a_given_up_wait_had_sent_but_not_got_is_not_run() {
    // The thread is in the first piece of sync code when the deadline passes, so that the second is still queued.
    let ran = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ran);
    let late = Deadline::after(Duration::from_millis(5)).run(|| {
        async_to_sync(async {
            let first =
                async { sync_to_async(|| thread::sleep(Deadline::current().unwrap().remaining())).await };
            let second = async { sync_to_async(move || flag.store(true, Ordering::Relaxed)).await };
            let _ = tokio::join!(first, second, std::future::pending::<()>());
        })
    });
    assert!(late.unwrap_err().is_past_deadline());
    assert!(!ran.load(Ordering::Relaxed));
}

#[test]
fn a_shape_is_what_it_says() {
    sync_in_every_shape(|shape| {
        assert_eq!(Handle::try_current().is_err(), shape == Shape::NoRuntime);
    });
}
