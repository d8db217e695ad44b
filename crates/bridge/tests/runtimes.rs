//! Which runtime async code under sync code gets: the one that is there, else the process's own; asgiref's `test_async_to_sync_with_stopped_main_loop`
//! and `test_async_single_thread_context_*`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nuages_bridge::{BridgeError, Local, Op, SyncScope, async_to_sync, entry, spawn, sync_to_async};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

fn sleep() -> Op<'static, Handle> {
    Op::new("sleep", async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(Handle::current())
    })
}

#[test]
fn an_operation_made_on_a_runtime_that_has_stopped_runs_on_another() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        let stopped = runtime.handle().id();
        let made = runtime.block_on(async { sleep() });
        drop(runtime);
        // On the process's runtime, in a program without any other.
        assert_ne!(made.wait().unwrap().id(), stopped);
    }
    let made = shapes::multi_thread().block_on(async { sleep() });
    let next = shapes::current_thread();
    let ran_on = next.block_on(async { sync_to_async(|| made.wait()).await });
    assert_eq!(ran_on.unwrap().unwrap().id(), next.handle().id());
}

/// Its caller is gone with the runtime, and its handle of it is dead.
#[test]
fn sync_code_that_outlives_its_runtime_can_still_clean_up() {
    for runtime in [shapes::multi_thread(), shapes::current_thread()] {
        for parallel in [false, true] {
            let (started, has_started) = mpsc::channel();
            let (go, gone) = mpsc::channel::<()>();
            let (tell, told) = mpsc::channel();
            let job = move || {
                started.send(()).unwrap();
                gone.recv().unwrap();
                let first = async_to_sync(std::future::pending::<()>());
                let cleaned_up = async_to_sync(async {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let task = spawn(async { sync_to_async(|| 1).parallel().await });
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    (task.await.unwrap().unwrap(), listener.local_addr().is_ok())
                });
                tell.send((first.unwrap_err().is_cancelled(), cleaned_up.unwrap()))
                    .unwrap();
            };
            let runtime = if runtime.handle().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread {
                shapes::multi_thread()
            } else {
                shapes::current_thread()
            };
            runtime.block_on(async {
                spawn(SyncScope::new().run(async move {
                    let job = sync_to_async(job);
                    if parallel { job.parallel().await } else { job.await }
                }));
                // The job starts while the runtime runs.
                let (yes, has) = oneshot::channel();
                thread::spawn(move || yes.send(has_started.recv()).unwrap());
                has.await.unwrap().unwrap();
            });
            drop(runtime);
            go.send(()).unwrap();
            assert_eq!(told.recv().unwrap(), (true, (1, true)), "parallel: {parallel}");
        }
    }
}

#[test]
fn repeated_waits_of_a_plain_program_share_one_runtime_with_its_tasks_and_connections() {
    let id = |_: ()| Handle::current().id();
    let (mut stream, task, first) = async_to_sync(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It goes on between the waits.
        let task = spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = [0; 5];
            stream.read_exact(&mut text).await.unwrap();
            text
        });
        (TcpStream::connect(address).await.unwrap(), task, id(()))
    })
    .unwrap();
    let second = async_to_sync(async {
        stream.write_all(b"hello").await.unwrap();
        id(())
    });
    let (text, third) = async_to_sync(async { (task.await.unwrap(), id(())) }).unwrap();
    assert_eq!(&text, b"hello");
    assert_eq!((second.unwrap(), third), (first, first));
}

#[test]
fn repeated_waits_share_the_context_and_nest() {
    static STEP: Local<u32> = Local::new("step");
    let program = || {
        async_to_sync(async { STEP.set(1) }).unwrap();
        async_to_sync(async { STEP.set(STEP.get().unwrap() + 1) }).unwrap();
        let nested = async_to_sync(async {
            sync_to_async(|| async_to_sync(async { STEP.set(STEP.get().unwrap() + 1) })).await
        });
        nested.unwrap().unwrap().unwrap();
        STEP.get()
    };
    assert_eq!(entry::sync(program), Some(3));
    assert_eq!(STEP.get(), None, "the program's context has ended with it");
    // Under a runtime that is there, the same.
    let below = shapes::current_thread().block_on(async { sync_to_async(program).await });
    assert_eq!(below.unwrap(), Some(3));
}

#[test]
fn two_programs_one_after_the_other_each_with_a_runtime_of_their_own() {
    // asgiref's `two_nested_tasks_with_asyncio_run`: what the first has left must not be used by the second.
    let program = || {
        let runtime = shapes::multi_thread();
        let here = runtime.handle().id();
        let found = runtime.block_on(async {
            let inner = || {
                async_to_sync(async {
                    let outer = spawn(async {
                        let inner = spawn(async {
                            sync_to_async(|| async_to_sync(async { Handle::current().id() })).await
                        });
                        inner.await.unwrap()
                    });
                    outer.await.unwrap()
                })
            };
            sync_to_async(inner).await
        });
        let found: Result<Result<Result<_, BridgeError>, BridgeError>, BridgeError> = found.unwrap();
        assert_eq!(found.unwrap().unwrap().unwrap(), here);
    };
    for _ in 0..2 {
        // On the same thread, and on one of its own.
        program();
        thread::spawn(program).join().unwrap();
    }
}
