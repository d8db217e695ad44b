//! Deadlines end what waits, in async code as in sync code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::future::{Future, IntoFuture, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use nuages_bridge::{BridgeError, Deadline, Op, SyncScope, async_to_sync, cancelled, sync_to_async};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

const SOON: Duration = Duration::from_millis(20);

/// In every shape, and on a runtime without timers.
fn on_every_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    shapes::on_every_runtime(&test);
    Builder::new_current_thread().build().unwrap().block_on(test());
}

fn never() -> Op<'static, ()> {
    Op::new("never", pending())
}

/// Tells that it was dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn an_awaited_op_ends_at_the_deadline_and_is_dropped_then() {
    on_every_runtime(|| async {
        let dropped = Arc::new(AtomicBool::new(false));
        let guard = Dropped(Arc::clone(&dropped));
        let op: Op<'_, ()> = Op::new("slow", async move {
            let _guard = guard;
            pending().await
        });
        let flag = Arc::clone(&dropped);
        let work = async move {
            let error = op.await.unwrap_err();
            assert!(
                flag.load(Ordering::SeqCst),
                "nothing of it is left when its error is there"
            );
            error
        };
        let error = Deadline::after(SOON).scope(work).await;
        assert!(error.is_past_deadline(), "{error}");
        assert!(error.to_string().contains("`slow`"), "{error}");
    });
}

#[test]
fn what_is_ready_wins_over_a_deadline_that_has_passed() {
    on_every_runtime(|| async {
        let past = Deadline::after(Duration::ZERO);
        let op: Op<'_, u8> = Op::new("quick", async { Ok(7) });
        assert_eq!(past.scope(op.into_future()).await.unwrap(), 7);
        let op: Op<'_, u8> = Op::ready("known", Ok(7));
        assert_eq!(past.scope(op.into_future()).await.unwrap(), 7);
    });
}

#[test]
fn the_innermost_op_ends_so_that_those_around_it_can_clean_up() {
    on_every_runtime(|| async {
        let outer: Op<'_, &str> = Op::new("outer", async {
            let error = never().await.unwrap_err();
            assert!(error.to_string().contains("`never`"), "{error}");
            Ok("cleaned up")
        });
        assert_eq!(
            Deadline::after(SOON).scope(outer.into_future()).await.unwrap(),
            "cleaned up"
        );
    });
}

#[test]
fn the_earlier_of_two_deadlines_counts() {
    on_every_runtime(|| async {
        let far = Deadline::after(Duration::from_secs(3600));
        let outer = async { far.scope(async { never().await.unwrap_err() }).await };
        assert!(Deadline::after(SOON).scope(outer).await.is_past_deadline());
    });
}

#[test]
fn an_op_made_of_others_can_leave_the_deadline_to_them() {
    on_every_runtime(|| async {
        let (go, gone) = oneshot::channel();
        let whole: Op<'_, &str, String> = Op::new("whole", async move {
            let _ = never().await;
            // What cleans up is not cut short by the same deadline.
            gone.await.map_err(|_| "the sender is gone".to_owned())
        });
        let mut whole = Box::pin(Deadline::after(SOON).scope(whole.without_deadline()));
        let passed = Deadline::after(SOON * 3);
        tokio::select! {
            biased;
            early = &mut whole => panic!("it waits for the sender: {early:?}"),
            _ = passed.scope(never().into_future()) => {}
        }
        go.send("done").unwrap();
        assert_eq!(whole.await.unwrap(), "done");
    });
}

#[test]
fn sync_code_that_waits_for_its_thread_is_cancelled_at_the_deadline_and_does_not_run() {
    on_every_runtime(|| {
        SyncScope::new().run(async {
            let (go, gone) = mpsc::channel::<()>();
            let (started, has_started) = oneshot::channel();
            let ran = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&ran);
            let first = sync_to_async(move || {
                started.send(()).unwrap();
                let _ = gone.recv();
            });
            let second = async {
                has_started.await.unwrap();
                let queued = sync_to_async(move || flag.store(true, Ordering::SeqCst));
                let error = Deadline::after(SOON)
                    .scope(queued.into_future())
                    .await
                    .unwrap_err();
                assert!(error.is_past_deadline(), "{error}");
                go.send(()).unwrap();
            };
            let (first, ()) = tokio::join!(first.into_future(), second);
            first.unwrap();
            // Behind it in the queue.
            sync_to_async(|| ()).await.unwrap();
            assert!(!ran.load(Ordering::SeqCst));
        })
    });
}

#[test]
fn sync_code_that_runs_at_the_deadline_is_told_and_its_caller_goes_on() {
    on_every_runtime(|| async {
        // On a busy machine it may not have started at the first one.
        for time in (0..10).map(|doublings| SOON * 2_u32.pow(doublings)) {
            let (told, is_told) = oneshot::channel();
            let (go, gone) = mpsc::channel::<()>();
            let runs = sync_to_async(move || {
                let _ = gone.recv();
                told.send(cancelled()).unwrap();
            });
            let error = Deadline::after(time).scope(runs.into_future()).await.unwrap_err();
            assert!(error.is_past_deadline(), "{error}");
            let _ = go.send(());
            if let Ok(told) = is_told.await {
                assert!(told);
                return;
            }
        }
        panic!("it never started");
    });
}

#[test]
fn dropping_an_op_that_waits_under_a_deadline_leaves_nothing_behind() {
    on_every_runtime(|| async {
        let dropped = Arc::new(AtomicBool::new(false));
        let guard = Dropped(Arc::clone(&dropped));
        let op: Op<'_, ()> = Op::new("slow", async move {
            let _guard = guard;
            pending().await
        });
        let far = Deadline::after(Duration::from_secs(3600));
        let mut waiting = Box::pin(far.scope(op.into_future()));
        tokio::select! { biased; _ = &mut waiting => unreachable!(), () = async {} => {} }
        drop(waiting);
        assert!(dropped.load(Ordering::SeqCst));
    });
}

#[test]
fn an_op_awaited_under_sync_code_ends_at_the_deadline_of_that_code() {
    let error = Deadline::after(SOON)
        .run(|| async_to_sync(async { never().await }))
        .unwrap()
        .unwrap_err();
    assert!(
        error.is_past_deadline() && error.to_string().contains("`never`"),
        "{error}"
    );
}

#[test]
fn an_error_type_of_its_own_takes_the_deadline_s_error_in() {
    #[derive(Debug)]
    struct Own(BridgeError);
    impl From<BridgeError> for Own {
        fn from(error: BridgeError) -> Self {
            Self(error)
        }
    }
    on_every_runtime(|| async {
        let op: Op<'_, (), Own> = Op::new("own", pending());
        let error = Deadline::after(SOON).scope(op.into_future()).await.unwrap_err();
        assert!(error.0.is_past_deadline());
    });
}
