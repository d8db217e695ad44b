//! Parallel sync code on a pool of its user's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use nuages_bridge::{Context, Local, Op, ScopeLocal, Work, async_to_sync, count_hops, spawn, sync_to_async};

use shapes::on_every_runtime;

static USER: Local<&'static str> = Local::new("user");

/// A pool of one thread, which counts what it gets.
#[derive(Clone)]
struct Pool {
    works: mpsc::Sender<Work>,
    count: Arc<AtomicUsize>,
}

impl Pool {
    fn start() -> Self {
        let (works, receiver) = mpsc::channel::<Work>();
        thread::Builder::new()
            .name("own-pool".to_owned())
            .spawn(move || receiver.into_iter().for_each(|work| work()))
            .unwrap();
        Self {
            works,
            count: Arc::default(),
        }
    }

    fn run(&self, work: Work) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.works.send(work).unwrap();
    }
}

fn thread_name() -> Option<String> {
    thread::current().name().map(str::to_owned)
}

#[test]
fn the_code_runs_there_and_the_pool_is_asked_once_a_call() {
    on_every_runtime(|| async {
        let pool = Pool::start();
        for call in 1..=3 {
            let own = pool.clone();
            let name = sync_to_async(thread_name)
                .parallel()
                .executor(move |work| own.run(work))
                .await;
            assert_eq!(name.unwrap().as_deref(), Some("own-pool"));
            assert_eq!(pool.count.load(Ordering::SeqCst), call);
        }
        let own = pool.clone();
        drop(
            sync_to_async(thread_name)
                .parallel()
                .executor(move |work| own.run(work)),
        );
        assert_eq!(
            pool.count.load(Ordering::SeqCst),
            3,
            "what is not awaited is not sent"
        );
    });
}

#[test]
fn context_waits_and_hops_are_as_on_the_bridge_s_own_threads() {
    on_every_runtime(|| async {
        let pool = Pool::start();
        let request = async {
            USER.set("Django");
            let code = || {
                assert_eq!(USER.get(), Some("Django"));
                USER.set("Stéphane");
                let below: Op<'_, u8> =
                    Op::new("below", async { Ok(tokio::spawn(async { 7 }).await.unwrap()) });
                below.wait().unwrap()
            };
            let (seven, hops) = count_hops(async {
                sync_to_async(code)
                    .parallel()
                    .executor(move |work| pool.run(work))
                    .await
            })
            .await;
            assert_eq!((seven.unwrap(), hops.to_thread, hops.to_loop), (7, 1, 1));
            assert_eq!(USER.get(), Some("Stéphane"), "changes come back");
        };
        Context::empty().scope(request).await;
    });
}

#[test]
fn a_pool_that_drops_the_code_cancels_it() {
    on_every_runtime(|| async {
        let error = sync_to_async(|| ()).parallel().executor(drop).await.unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        // Later, too.
        let (works, receiver) = mpsc::channel::<Work>();
        let call = spawn(async move {
            sync_to_async(|| ())
                .parallel()
                .executor(move |work| works.send(work).unwrap())
                .await
        });
        drop(loop_until(|| receiver.try_recv().ok()).await);
        assert!(call.await.unwrap().unwrap_err().is_cancelled());
    });
}

async fn loop_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        match look() {
            Some(found) => return found,
            None => tokio::task::yield_now().await,
        }
    }
}

#[test]
fn a_pool_that_runs_the_code_in_place_would_stop_the_event_loop_and_is_refused() {
    on_every_runtime(|| async {
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        let code = move || count.fetch_add(1, Ordering::SeqCst);
        let error = sync_to_async(code)
            .parallel()
            .executor(|work| work())
            .await
            .unwrap_err();
        assert!(error.is_synchronous_only(), "{error}");
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn values_of_the_code_s_scope_are_dropped_with_it_and_the_pool_s_own_stay() {
    on_every_runtime(|| async {
        static COUNT: ScopeLocal<Cell<u32>> = ScopeLocal::new("count", || Cell::new(0));
        static OF_POOL: ScopeLocal<Cell<u32>> = ScopeLocal::new("of the pool", || Cell::new(0));
        let add = |variable: &'static ScopeLocal<Cell<u32>>| {
            variable
                .with(|count| {
                    count.set(count.get() + 1);
                    count.get()
                })
                .unwrap()
        };
        let pool = Pool::start();
        let (ready, is_ready) = mpsc::channel();
        pool.run(Box::new(move || ready.send(add(&OF_POOL)).unwrap()));
        assert_eq!(is_ready.recv().unwrap(), 1);
        for call in 2..=3 {
            let own = pool.clone();
            let counts = sync_to_async(move || (add(&COUNT), add(&OF_POOL)));
            let counts = counts.parallel().executor(move |work| own.run(work)).await;
            assert_eq!(counts.unwrap(), (1, call));
        }
    });
}

#[test]
fn a_panic_crosses_and_the_pool_lives() {
    let pool = Pool::start();
    let call = |code: fn() -> u8| {
        let pool = pool.clone();
        async_to_sync(async move {
            sync_to_async(code)
                .parallel()
                .executor(move |work| pool.run(work))
                .await
        })
    };
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| call(|| panic!("on purpose")))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(call(|| 7).unwrap().unwrap(), 7);
}
