//! What the bridge tells about itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use nuages_bridge::deadlock::Resource;
use nuages_bridge::{SyncScope, stats, sync_to_async};
use tokio::sync::oneshot;
use tracing::subscriber::{Interest, with_default};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// The counters are the process's, so one test at a time looks at them.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

#[test]
fn jobs_and_threads_are_counted_while_they_are() {
    let _alone = alone();
    block_on(SyncScope::new().run(async {
        let before = stats();
        let (started, has_started) = oneshot::channel();
        let (go, gone) = mpsc::channel::<()>();
        let runs = sync_to_async(move || {
            started.send(()).unwrap();
            gone.recv().unwrap();
        });
        let looks = async {
            has_started.await.unwrap();
            let mut queued = sync_to_async(|| ()).into_future();
            tokio::select! { biased; _ = &mut queued => unreachable!("the thread is taken"), () = async {} => {} }
            let now = stats();
            assert_eq!(now.jobs_running - before.jobs_running, 1);
            assert_eq!(now.jobs_queued - before.jobs_queued, 1);
            assert_eq!(now.hops.to_thread - before.hops.to_thread, 2);
            assert!(now.threads_leased >= 1 && now.threads >= now.threads_leased);
            drop(queued);
            go.send(()).unwrap();
        };
        let (ran, ()) = tokio::join!(runs.into_future(), looks);
        ran.unwrap();
        // Behind it in the queue, so that the dropped one has been passed.
        sync_to_async(|| ()).await.unwrap();
        let after = stats();
        assert_eq!(after.jobs_done - before.jobs_done, 2);
        assert_eq!(after.jobs_cancelled - before.jobs_cancelled, 1);
        assert_eq!((after.jobs_running, after.jobs_queued), (before.jobs_running, before.jobs_queued));
        assert!(after.run_time > before.run_time && after.queue_time > before.queue_time);
        sync_to_async(|| ()).parallel().await.unwrap();
        assert!(stats().threads_parallel >= 1);
    }));
}

#[test]
fn refused_deadlocks_are_counted() {
    let _alone = alone();
    let before = stats().deadlocks_refused;
    block_on(async {
        let lock = Resource::new("lock", 1);
        let held = lock.hold("holder");
        let refused = held.scope(lock.wait(std::future::pending::<()>())).await;
        assert!(refused.unwrap_err().is_deadlock());
    });
    assert_eq!(stats().deadlocks_refused - before, 1);
}

/// Counts the events of hops.
struct Hops {
    most: Level,
    seen: Arc<AtomicUsize>,
}

impl Subscriber for Hops {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "nuages_bridge::hop" && *metadata.level() <= self.most
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn every_hop_is_a_trace_event_for_who_listens() {
    let _alone = alone();
    for (most, expected) in [(Level::TRACE, 2), (Level::DEBUG, 0)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let subscriber = Hops {
            most,
            seen: Arc::clone(&seen),
        };
        with_default(subscriber, || {
            block_on(async {
                sync_to_async(|| ()).await.unwrap();
                sync_to_async(|| ()).parallel().await.unwrap();
            });
        });
        assert_eq!(seen.load(Ordering::Relaxed), expected);
    }
}
