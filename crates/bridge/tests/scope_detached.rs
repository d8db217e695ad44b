//! What outlives the work that made it keeps the values, and not the thread. The test counts the threads of the process, and so has one to itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_bridge::{Context, Local, SyncScope, stats, sync_to_async};

static LANGUAGE: Local<&'static str> = Local::new("language");

#[tokio::test]
async fn a_detached_context_keeps_its_values_and_gives_the_thread_back() {
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
    assert_eq!(stats().threads_leased, 0);
    assert_eq!(detached.run(|| LANGUAGE.get()), Some("fr"));
}
