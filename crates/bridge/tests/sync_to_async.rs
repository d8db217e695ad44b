//! Sync code for async callers: asgiref's `SyncToAsync` tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use nuages_bridge::{Context, Local, SyncScope, async_to_sync, spawn, sync_to_async};
use shapes::{Shape, async_in_every_shape};

#[test]
fn it_runs_off_the_loop_and_brings_the_value_back() {
    async_in_every_shape(async |shape| {
        let here = thread::current().id();
        let (value, there) = sync_to_async(|| (42, thread::current().id())).await.unwrap();
        assert_eq!(value, 42);
        // Where no loop runs, the thread that waits is the place for sync code.
        assert_eq!(here == there, shape == Shape::NoRuntime, "{shape:?}");
    });
}

#[test]
fn opting_out_really_uses_another_thread() {
    async_in_every_shape(async |shape| {
        let sticky = sync_to_async(|| thread::current().id()).await.unwrap();
        let other = sync_to_async(|| thread::current().id()).parallel().await.unwrap();
        assert_ne!(sticky, other, "{shape:?}");
        assert_ne!(other, thread::current().id(), "{shape:?}");
        // The hop in between does not change which thread the next sticky code gets.
        assert_eq!(
            sync_to_async(|| thread::current().id()).await.unwrap(),
            sticky,
            "{shape:?}"
        );
    });
}

#[test]
fn every_kind_of_callable_is_taken() {
    fn function() -> u8 {
        1
    }
    struct Library {
        version: u8,
    }
    impl Library {
        fn version(&self) -> u8 {
            self.version
        }
    }
    async_in_every_shape(async |_| {
        assert_eq!(sync_to_async(function).await.unwrap(), 1);
        assert_eq!(sync_to_async(function as fn() -> u8).await.unwrap(), 1);
        let library = Arc::new(Library { version: 2 });
        let method = Arc::clone(&library);
        assert_eq!(sync_to_async(move || method.version()).await.unwrap(), 2);
        let boxed: Box<dyn FnOnce() -> u8 + Send> = Box::new(|| 3);
        assert_eq!(sync_to_async(boxed).await.unwrap(), 3);
    });
}

#[test]
fn an_error_of_the_code_is_its_value_and_the_next_call_works() {
    async_in_every_shape(async |_| {
        let failed = sync_to_async(|| "x".parse::<u8>()).await.unwrap();
        assert!(failed.is_err());
        assert_eq!(sync_to_async(|| "7".parse::<u8>()).await.unwrap(), Ok(7));
    });
}

#[test]
fn a_sticky_call_with_a_timeout_inside_sync_code_runs_on_that_thread() {
    // asgiref 348: sync middleware, async view, `wait_for(sync_to_async(..))`.
    async_in_every_shape(async |shape| {
        let middleware = move || {
            let here = thread::current().id();
            let view = async {
                let call = sync_to_async(|| thread::current().id()).into_future();
                tokio::time::timeout(Duration::from_secs(30), call)
                    .await
                    .unwrap()
                    .unwrap()
            };
            (here, async_to_sync(view).unwrap())
        };
        let (middleware, view) = sync_to_async(middleware).await.unwrap();
        assert_eq!(middleware, view, "{shape:?}");
    });
}

#[test]
fn tasks_made_in_an_inner_frame_may_outlive_it_and_still_send_sync_code() {
    // asgiref 491, 492, 494.
    async_in_every_shape(async |shape| {
        let thread = sync_to_async(|| thread::current().id()).await.unwrap();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let inner = || {
            async_to_sync(async {
                vec![spawn(async {
                    gone.await.unwrap();
                    let later = spawn(async { sync_to_async(|| thread::current().id()).await.unwrap() });
                    later.await.unwrap()
                })]
            })
            .unwrap()
        };
        let mut tasks = sync_to_async(inner).await.unwrap();
        go.send(()).unwrap();
        assert_eq!(tasks.pop().unwrap().await.unwrap(), thread, "{shape:?}");
    });
}

#[test]
fn async_outermost_keeps_the_innermost_async_code_under_the_first_sync_thread() {
    async_in_every_shape(async |shape| {
        let layers = || {
            let first = thread::current().id();
            let second = async_to_sync(async {
                sync_to_async(|| {
                    let second = thread::current().id();
                    let third = async_to_sync(async { sync_to_async(|| thread::current().id()).await });
                    (second, third.unwrap().unwrap())
                })
                .await
            });
            (first, second.unwrap().unwrap())
        };
        let (first, (second, third)) = sync_to_async(layers).await.unwrap();
        assert_eq!((first, first), (second, third), "{shape:?}");
    });
}

#[test]
fn an_explicit_context_isolates_the_caller() {
    static NAME: Local<&'static str> = Local::new("name");
    async_in_every_shape(async |shape| {
        NAME.set("caller");
        let mine = Context::empty().run(|| {
            NAME.set("explicit");
            Context::current()
        });
        let seen = sync_to_async(|| {
            let seen = NAME.get();
            NAME.set("changed");
            seen
        })
        .context(mine.clone())
        .await
        .unwrap();
        assert_eq!(seen, Some("explicit"), "{shape:?}");
        assert_eq!(NAME.get(), Some("caller"), "{shape:?}");
        assert_eq!(
            mine.run(|| NAME.get()),
            Some("explicit"),
            "a context is a snapshot"
        );
    });
}

#[test]
fn an_explicit_context_can_be_shared_by_parallel_calls() {
    static TEXT: Local<Arc<Mutex<String>>> = Local::new("text");
    async_in_every_shape(async |_| {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let context = Context::empty().run(move || {
            TEXT.set(shared);
            Context::current()
        });
        let append = || {
            let context = context.clone();
            async {
                sync_to_async(|| TEXT.get().unwrap().lock().unwrap().push('1'))
                    .parallel()
                    .context(context)
                    .await
            }
        };
        let (a, b, c, d) = tokio::join!(append(), append(), append(), append());
        a.and(b).and(c).and(d).unwrap();
        assert_eq!(*text.lock().unwrap(), "1111");
        assert!(TEXT.get().is_none());
    });
}

tokio::task_local! { static TENANT: u32; }

#[test]
fn a_users_own_task_local_is_carried_both_ways() {
    async_in_every_shape(async |shape| {
        TENANT
            .scope(7, async {
                let bare = sync_to_async(|| TENANT.try_with(|tenant| *tenant).ok()).parallel();
                assert_eq!(bare.await.unwrap(), None, "{shape:?}");
                let carried = sync_to_async(|| async_to_sync(async { TENANT.get() }).unwrap())
                    .parallel()
                    .task_local(&TENANT);
                assert_eq!(carried.await.unwrap(), 7, "{shape:?}");
            })
            .await;
        let unset = sync_to_async(|| TENANT.try_with(|_| ()).is_err()).task_local(&TENANT);
        assert!(unset.await.unwrap());
    });
}

#[test]
fn a_call_made_on_one_runtime_is_awaited_on_another() {
    let make = |runtime: tokio::runtime::Runtime| {
        let _entered = runtime.enter();
        sync_to_async(|| 5).into_future()
    };
    let call = make(shapes::multi_thread());
    assert_eq!(shapes::current_thread().block_on(call).unwrap(), 5);
    let call = make(shapes::current_thread());
    assert_eq!(async_to_sync(call).unwrap().unwrap(), 5);
}

#[test]
fn a_bare_task_that_outlives_its_runtime_shape_leaves_no_thread_behind_for_others() {
    // A scope that ends with its runtime gives its thread back: the next one is served.
    for _ in 0..3 {
        let (sent, received) = mpsc::channel();
        let runtime = shapes::multi_thread();
        runtime.block_on(async {
            spawn(SyncScope::new().run(async move {
                sync_to_async(move || sent.send(()).unwrap()).await.unwrap();
                std::future::pending::<()>().await;
            }));
        });
        received.recv().unwrap();
        drop(runtime);
    }
    assert_eq!(
        async_to_sync(async { sync_to_async(|| 1).await })
            .unwrap()
            .unwrap(),
        1
    );
}
