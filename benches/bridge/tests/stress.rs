//! All operations at once, in a mix that a fixed seed decides. Short normally, long under `NUAGES_FULL=1`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;

use bench_bridge_mix::mix::{self, Random};
use nuages_bridge::async_to_sync;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

const SEED: u64 = 0x6E75_6167_6573;
const TASKS: u64 = 24;

fn requests_a_task() -> u64 {
    if std::env::var_os("NUAGES_FULL").is_some() {
        4000
    } else {
        40
    }
}

/// Spawns the requests, and waits for them on this plain thread.
fn on(runtime: &Handle) {
    mix::quiet_panics();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            runtime.spawn(async move {
                let mut random = Random::new(SEED, task);
                for _ in 0..requests_a_task() {
                    mix::request(random.draw()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        async_to_sync(task).unwrap().unwrap();
    }
}

#[test]
fn a_multi_thread_runtime_under_everything_at_once() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    on(runtime.unwrap().handle());
}

#[test]
fn a_current_thread_runtime_under_everything_at_once() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    // A thread of its own drives it.
    let driver = thread::spawn(move || runtime.block_on(stopped));
    on(&handle);
    stop.send(()).unwrap();
    driver.join().unwrap().unwrap();
}

#[test]
fn plain_threads_under_everything_at_once() {
    mix::quiet_panics();
    let threads: Vec<_> = (0..TASKS / 3)
        .map(|stream| {
            thread::spawn(move || {
                let mut random = Random::new(SEED, stream);
                for _ in 0..requests_a_task() {
                    mix::plain(random.draw());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
