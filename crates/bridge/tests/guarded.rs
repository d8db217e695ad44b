//! Scopes that end while their sync code is parked, each in a process of its own that has thirty seconds: asgiref's
//! `test_thread_sensitive_context_exit_*` (issues 458, 535, 545, 560, 563, 567).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nuages_bridge::{Config, SyncScope, async_to_sync, sync_to_async};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const IN_A_PROCESS: &str = "NUAGES_TEST_GUARDED";

/// Whether the test that asks is the program itself.
fn is_the_program() -> bool {
    std::env::var_os(IN_A_PROCESS).is_some()
}

/// Runs one test of this file as a program that has to end well, and soon.
fn ends_well(program: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", program, "--nocapture"])
        .env(IN_A_PROCESS, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(Duration::from_secs(30)) else {
        let _ = Command::new("kill").args(["-9", &id]).status();
        panic!("`{program}` hangs");
    };
    let output = output.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Two slots in tokio's pool, two requests that end while their sync code is parked.
fn two_parked_requests(runtime: &Runtime, parked: fn(oneshot::Sender<()>)) {
    runtime.block_on(async {
        for _ in 0..2 {
            let (started, has_started) = oneshot::channel();
            let request = SyncScope::new().run(async move { sync_to_async(move || parked(started)).await });
            let request = tokio::spawn(request);
            has_started.await.unwrap();
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled());
        }
        // The loop lives: its timers fire and its other tasks run.
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::spawn(async {}).await.unwrap();
        // Both slots of the pool that the runtime itself depends on are free.
        let meet = std::sync::Arc::new(std::sync::Barrier::new(2));
        let slot = || {
            let meet = std::sync::Arc::clone(&meet);
            #[expect(clippy::disallowed_methods, reason = "tokio's own pool is what this is about")]
            tokio::task::spawn_blocking(move || meet.wait().is_leader())
        };
        let (a, b) = tokio::join!(slot(), slot());
        assert_ne!(a.unwrap(), b.unwrap());
        // And the next request is served.
        let next = SyncScope::new().run(async { sync_to_async(|| async_to_sync(async { 1 })).await });
        assert_eq!(next.await.unwrap().unwrap(), 1);
    });
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_multi_thread().worker_threads(1),
        &mut Builder::new_current_thread(),
    ]
    .map(|builder| builder.max_blocking_threads(2).enable_all().build().unwrap())
}

#[test]
fn the_program_whose_requests_are_parked_in_async_code() {
    if is_the_program() {
        // No thread to spare: one that did not come back would be missed.
        Config::new()
            .max_threads(1)
            .reserved_threads(0)
            .install()
            .unwrap();
        for runtime in runtimes() {
            two_parked_requests(&runtime, |started| {
                let parked = async_to_sync(async {
                    started.send(()).unwrap();
                    std::future::pending::<()>().await;
                });
                assert!(parked.unwrap_err().is_cancelled());
            });
        }
    }
}

#[test]
fn the_program_whose_requests_are_parked_in_a_library() {
    if is_the_program() {
        Config::new()
            .max_threads(5)
            .reserved_threads(0)
            .install()
            .unwrap();
        for runtime in runtimes() {
            // Out of the bridge's sight, for ever: the thread is lost, and nothing else.
            two_parked_requests(&runtime, |started| {
                started.send(()).unwrap();
                loop {
                    thread::park();
                }
            });
        }
    }
}

#[test]
fn the_end_of_a_scope_whose_code_is_parked_in_async_code_blocks_no_loop_and_starves_no_pool() {
    ends_well("the_program_whose_requests_are_parked_in_async_code");
}

#[test]
fn the_end_of_a_scope_whose_code_is_parked_in_a_library_blocks_no_loop_and_starves_no_pool() {
    ends_well("the_program_whose_requests_are_parked_in_a_library");
}
