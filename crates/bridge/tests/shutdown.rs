//! The end of the program: what runs may finish, what is new is refused, what is left is named. There is no way back, so each shape has a process of
//! its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::future::IntoFuture;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use nuages_bridge::{SyncScope, async_to_sync, shutdown, sync_to_async};
use tokio::sync::oneshot;

/// Of which shape this process is.
const SHAPE: &str = "NUAGES_TEST_SHAPE";

#[test]
fn what_runs_may_finish_and_what_is_left_is_named() {
    match std::env::var(SHAPE).as_deref() {
        Ok("multi-thread") => shapes::multi_thread().block_on(the_program_ends()),
        Ok("current-thread") => shapes::current_thread().block_on(the_program_ends()),
        Ok(_) => shapes::without_a_runtime(the_program_ends()),
        Err(_) => ["multi-thread", "current-thread", "none"]
            .into_iter()
            .for_each(|shape| {
                let output = Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "what_runs_may_finish_and_what_is_left_is_named"])
                    .env(SHAPE, shape)
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{shape}: {output:?}");
            }),
    }
}

async fn the_program_ends() {
    let (started, has_started) = oneshot::channel();
    let (go, gone) = mpsc::channel::<()>();
    let line = line!() + 1;
    let job = sync_to_async(move || {
        started.send(()).unwrap();
        gone.recv().unwrap();
        // What runs may still send more.
        async_to_sync(async { sync_to_async(|| 42).await })
    });
    let job = tokio::spawn(SyncScope::new().run(job.into_future()));
    has_started.await.unwrap();

    let left = shutdown(Duration::from_millis(20)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].location().file(), left[0].location().line()),
        (file!(), line)
    );
    assert!(left[0].age() >= Duration::from_millis(20));
    assert!(left[0].to_string().contains("shutdown.rs"));

    let new = tokio::spawn(async { sync_to_async(|| ()).await }).await.unwrap();
    assert!(new.unwrap_err().is_shut_down());
    let new = tokio::spawn(async { sync_to_async(|| ()).parallel().await })
        .await
        .unwrap();
    assert!(new.unwrap_err().is_shut_down());

    let waits = tokio::spawn(shutdown(Duration::from_secs(60)).into_future());
    go.send(()).unwrap();
    assert!(waits.await.unwrap().unwrap().is_empty());
    assert_eq!(job.await.unwrap().unwrap().unwrap().unwrap(), 42);
    // From sync code, too.
    let sync = std::thread::spawn(|| shutdown(Duration::ZERO).wait().unwrap().len());
    assert_eq!(sync.join().unwrap(), 0);
}
