//! What outlives the work that made it keeps the values, and not the thread. The test counts the threads of the process, and so has one to itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::time::{Duration, Instant};

use nuages_bridge::{Context, Local, SyncScope, stats, sync_to_async};

use shapes::on_every_runtime;

static LANGUAGE: Local<&'static str> = Local::new("language");

#[test]
fn a_detached_context_keeps_its_values_and_gives_the_thread_back() {
    on_every_runtime(|| async {
        let (kept, detached) = Context::empty()
            .scope(SyncScope::new().run(async {
                LANGUAGE.set("fr");
                sync_to_async(|| ()).await.unwrap();
                assert_eq!(stats().threads_leased, 1);
                (Context::current(), Context::current().detached())
            }))
            .await;
        assert_eq!(
            stats().threads_leased,
            1,
            "a snapshot holds the scope, and so its thread"
        );
        drop(kept);
        // The thread itself may still be on its way out of the code.
        let started = Instant::now();
        while stats().threads_leased > 0 {
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", stats());
            tokio::task::yield_now().await;
        }
        assert_eq!(detached.run(|| LANGUAGE.get()), Some("fr"));
    });
}
