//! What the bridge refuses, cancels, counts and passes on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use nuages_bridge::{
    BridgeError, Op, SyncScope, async_frame, async_to_sync, cancelled, count_hops, may_block, sync_to_async,
};
use shapes::on_every_runtime;
use tokio::sync::oneshot;

fn op() -> Op<'static, bool> {
    Op::leaf("test::op", async { Ok(may_block()) })
}

fn assert_refused(result: Result<bool, BridgeError>) {
    let error = result.unwrap_err();
    assert!(error.is_synchronous_only(), "{error}");
    let refused = error.synchronous_only_operation().unwrap();
    assert_eq!(refused.operation(), "test::op");
    assert!(refused.location().file().ends_with("refusals.rs"));
    let text = error.to_string();
    assert!(
        text.contains("test::op") && text.contains(".await") && text.contains("sync_to_async"),
        "{text}"
    );
}

#[test]
fn waiting_on_a_loop_is_refused() {
    on_every_runtime(|| async {
        assert_refused(op().wait());
        tokio::spawn(async { assert_refused(op().wait()) }).await.unwrap();
        assert!(async_to_sync(async {}).unwrap_err().is_synchronous_only());
    });
}

#[test]
fn asking_does_not_cost_the_task_its_budget() {
    on_every_runtime(|| async {
        for _ in 0..3 {
            assert_refused(op().wait());
        }
        assert!(tokio::task::coop::has_budget_remaining());
    });
}

#[test]
fn waiting_in_async_code_is_refused_also_on_a_waiting_thread() {
    async_to_sync(async { assert_refused(op().wait()) }).unwrap();
    let outer = Op::<'static, ()>::leaf("outer", async {
        async_frame(async { assert_refused(op().wait()) }).await;
        Ok(())
    });
    outer.wait().unwrap();
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "what users of tokio have beside the bridge"
)]
fn waiting_in_sync_code_is_fine_wherever_it_runs() {
    on_every_runtime(|| async {
        assert!(sync_to_async(|| op().wait()).await.unwrap().unwrap());
        assert!(sync_to_async(|| op().wait()).parallel().await.unwrap().unwrap());
        assert!(
            tokio::task::spawn_blocking(|| op().wait())
                .await
                .unwrap()
                .unwrap()
        );
        let runtime = tokio::runtime::Handle::current();
        let entered = std::thread::spawn(move || {
            let _entered = runtime.enter();
            op().wait()
        });
        assert!(entered.join().unwrap().unwrap());
    });
}

#[test]
fn only_a_leaf_may_block_in_place_and_only_when_waited_for() {
    assert!(op().wait().unwrap());
    assert!(
        Op::<'static, bool>::leaf("outer", async { op().await })
            .wait()
            .unwrap(),
        "a leaf of leaves is one"
    );
    assert!(
        !Op::<'static, bool>::new("outer", async { op().await })
            .wait()
            .unwrap()
    );
    assert!(!async_to_sync(async { op().await }).unwrap().unwrap());
    let framed = Op::<'static, bool>::leaf("outer", async { async_frame(async { op().await }).await });
    assert!(!framed.wait().unwrap(), "users' async code expects concurrency");
}

#[test]
fn panics_cross_both_ways_with_their_payload() {
    let panic =
        catch_unwind(|| async_to_sync(async { sync_to_async(|| std::panic::panic_any(42_u8)).await }));
    assert_eq!(*panic.unwrap_err().downcast::<u8>().unwrap(), 42);
    let panic = catch_unwind(|| {
        async_to_sync(async {
            sync_to_async(|| async_to_sync(async { std::panic::panic_any("deep") }))
                .await
                .unwrap()
        })
    });
    assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "deep");
}

#[test]
fn a_thread_survives_a_panic_of_its_code() {
    on_every_runtime(|| async {
        SyncScope::new()
            .run(async {
                let thread = || sync_to_async(|| std::thread::current().id());
                let before = thread().await.unwrap();
                let panicked = catching(async { sync_to_async(|| panic!("on purpose")).await }).await;
                assert!(panicked.is_err());
                assert_eq!(thread().await.unwrap(), before);
            })
            .await;
    });
}

#[test]
fn dropping_the_caller_cancels_what_waits_and_signals_what_runs() {
    on_every_runtime(|| async {
        SyncScope::new()
        .run(async {
            let (started, has_started) = oneshot::channel();
            let (go, gone) = mpsc::channel::<()>();
            let (saw, seen) = oneshot::channel();
            let mut running = sync_to_async(move || {
                started.send(()).unwrap();
                gone.recv().unwrap();
                saw.send(cancelled()).unwrap();
            })
            .into_future();
            tokio::select! {
                _ = &mut running => unreachable!("it waits for us"),
                started = has_started => started.unwrap(),
            }
            let (never, nothing) = mpsc::channel();
            let mut waiting = sync_to_async(move || never.send(()).unwrap()).into_future();
            tokio::select! { biased; _ = &mut waiting => unreachable!("the thread is taken"), () = std::future::ready(()) => {} }
            drop(waiting);
            drop(running);
            go.send(()).unwrap();
            assert!(seen.await.unwrap(), "what runs can ask");
            sync_to_async(|| ()).await.unwrap();
            assert!(nothing.try_recv().is_err(), "what waited never ran");
        })
        .await;
    });
}

#[test]
fn hops_are_counted_for_the_work_that_made_them() {
    on_every_runtime(|| async {
        let ((), none) = count_hops(tokio::task::yield_now()).await;
        assert_eq!((none.to_thread, none.to_loop), (0, 0));
        let (_, one) = count_hops(async { sync_to_async(|| op().wait()).await }).await;
        assert_eq!((one.to_thread, one.to_loop), (1, 1));
        let back_and_forth = || async_to_sync(async { sync_to_async(|| ()).await });
        let (_, one) = count_hops(async { sync_to_async(back_and_forth).await }).await;
        assert_eq!(
            (one.to_thread, one.to_loop),
            (1, 1),
            "back on the thread that waits is no change of threads"
        );
    });
}

#[test]
fn a_program_without_a_runtime_has_timers_and_io() {
    let timed_out = async_to_sync(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        tokio::time::timeout(std::time::Duration::from_millis(1), listener.accept())
            .await
            .is_err()
    });
    assert!(timed_out.unwrap());
}

#[test]
fn operations_and_their_futures_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&op());
    is_send(&op().into_future());
    is_send(&sync_to_async(|| ()).into_future());
}

#[test]
fn an_operation_maps_its_value_and_its_error() {
    assert_eq!(op().map(|leaf| u8::from(leaf) + 1).wait().unwrap(), 2);
    // The closure runs while the operation is polled, where waiting is refused.
    let failed: Result<(), BridgeError> = op().and_then(|_| async_to_sync(async {})).wait();
    assert!(failed.unwrap_err().is_synchronous_only());
}

/// Catches a panic of a future's poll.
async fn catching<F: Future>(future: F) -> std::thread::Result<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        },
    )
    .await
}
