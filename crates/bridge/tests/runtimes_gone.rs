//! A runtime's handle outlives it. What waits where such a handle is current uses the process's runtime instead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use nuages_bridge::{Op, async_to_sync, shield, sync_to_async};
use shapes::{current_thread, multi_thread};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Handle, Runtime};

/// Needs all that a runtime is for: timers, I/O and tasks.
async fn work() -> u64 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_u64(42).await.unwrap();
    });
    let answer = TcpStream::connect(address)
        .await
        .unwrap()
        .read_u64()
        .await
        .unwrap();
    server.await.unwrap();
    answer
}

fn everything_works() {
    assert_eq!(async_to_sync(work()).unwrap(), 42);
    let op: Op<'_, u64> = Op::new("work", async { Ok(work().await) });
    assert_eq!(op.wait().unwrap(), 42);
    assert_eq!(async_to_sync(shield(work())).unwrap().unwrap(), 42);
    // And below: sync code that this sends here waits in turn.
    let below = async_to_sync(async { sync_to_async(|| async_to_sync(work())).await });
    assert_eq!(below.unwrap().unwrap().unwrap(), 42);
}

fn in_both_shapes(test: impl Fn(Runtime)) {
    test(multi_thread());
    test(current_thread());
}

#[test]
fn a_wait_in_the_context_of_a_runtime_that_was_shut_down_falls_back() {
    in_both_shapes(|runtime| {
        let handle = runtime.handle().clone();
        let _entered = handle.enter();
        drop(runtime);
        everything_works();
        everything_works();
    });
}

#[test]
fn so_does_one_that_waited_there_while_it_ran() {
    let runtime = multi_thread();
    let handle = runtime.handle().clone();
    let _entered = handle.enter();
    everything_works();
    runtime.shutdown_timeout(Duration::from_secs(10));
    everything_works();
}

#[test]
fn a_runtime_that_runs_is_used_beside_one_that_is_gone() {
    let (gone, runs) = (multi_thread(), multi_thread());
    let (handle, id) = (gone.handle().clone(), runs.handle().id());
    let _outer = handle.enter();
    drop(gone);
    everything_works();
    {
        let _inner = runs.enter();
        assert_eq!(async_to_sync(async { Handle::current().id() }).unwrap(), id);
    }
    let fallback = async_to_sync(async { Handle::current().id() }).unwrap();
    assert!(fallback != id && fallback != handle.id());
}

#[test]
fn a_thread_that_waited_there_learns_of_it_from_another() {
    let runtime = multi_thread();
    let handle = runtime.handle().clone();
    let step = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _entered = handle.enter();
            assert_eq!(async_to_sync(work()).unwrap(), 42);
            step.wait();
            step.wait();
            everything_works();
        });
        step.wait();
        drop(runtime);
        step.wait();
    });
}

#[test]
fn asking_where_code_runs_spends_nothing_of_a_task_s_budget() {
    in_both_shapes(|runtime| {
        let task = async {
            for _ in 0..1000 {
                assert!(async_to_sync(async {}).unwrap_err().is_synchronous_only());
            }
            assert!(tokio::task::coop::has_budget_remaining());
        };
        runtime.block_on(runtime.spawn(task)).unwrap();
        runtime.block_on(async {
            // With one left, too.
            for _ in 0..127 {
                tokio::task::consume_budget().await;
            }
            assert!(tokio::task::coop::has_budget_remaining());
            assert!(async_to_sync(async {}).unwrap_err().is_synchronous_only());
            assert!(tokio::task::coop::has_budget_remaining());
        });
        // And where there is none, waits are fine.
        let _entered = runtime.enter();
        for _ in 0..3 {
            async_to_sync(async {}).unwrap();
        }
    });
}
