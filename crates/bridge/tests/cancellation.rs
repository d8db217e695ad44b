//! A cancelled caller, seen from the layers below it: asgiref's `test_inner_shield_*` and `test_thread_sensitive_context_exit_*`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::future::{Future, IntoFuture as _};
use std::sync::mpsc;
use std::time::Duration;

use nuages_bridge::{
    BridgeError, SyncScope, async_frame, async_to_sync, cancelled, shield, spawn, sync_to_async,
};
use shapes::{async_in_every_shape, on_every_runtime};
use tokio::sync::oneshot;

/// Tells that the future around it was dropped.
struct OnDrop(Option<oneshot::Sender<()>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(());
    }
}

/// What the layers of a request tell the test.
struct Layers {
    started: oneshot::Sender<()>,
    view_dropped: OnDrop,
    /// Of each sync layer, from the inside out: what its wait returned, and what it is told about its caller.
    seen: mpsc::Sender<(bool, bool)>,
}

/// One sync layer around another, with async code between, down to an async view that never ends.
fn sync_layer(depth: u32, parallel: bool, layers: Layers) -> Result<(), BridgeError> {
    let seen = layers.seen.clone();
    let result = async_to_sync(async move {
        if depth == 0 {
            let _dropped = layers.view_dropped;
            layers.started.send(()).unwrap();
            return std::future::pending().await;
        }
        let inner = sync_to_async(move || sync_layer(depth - 1, parallel, layers));
        if parallel {
            inner.parallel().await?
        } else {
            inner.await?
        }
    })
    .and_then(|result| result);
    let told = result.as_ref().is_err_and(BridgeError::is_cancelled);
    seen.send((told, cancelled())).unwrap();
    result
}

fn dropping_the_outermost_caller_reaches_the_view(parallel: bool) {
    on_every_runtime(|| async {
        let (started, has_started) = oneshot::channel();
        let (dropped, was_dropped) = oneshot::channel();
        let (seen, see) = mpsc::channel();
        let layers = Layers {
            started,
            view_dropped: OnDrop(Some(dropped)),
            seen,
        };
        let request = tokio::spawn(SyncScope::new().run(async move {
            sync_to_async(move || sync_layer(2, parallel, layers))
                .await
                .unwrap()
        }));
        has_started.await.unwrap();
        request.abort();
        // The view is dropped while everything above it still waits, and every sync layer is told.
        was_dropped.await.unwrap();
        let told: Vec<_> =
            tokio::task::spawn(async { sync_to_async(move || see.iter().collect::<Vec<_>>()).await })
                .await
                .unwrap()
                .unwrap();
        assert_eq!(told, [(true, true); 3], "parallel: {parallel}");
    });
}

#[test]
fn a_cancellation_reaches_the_view_through_alternating_layers_on_one_thread() {
    dropping_the_outermost_caller_reaches_the_view(false);
}

#[test]
fn a_cancellation_reaches_the_view_through_alternating_layers_on_many_threads() {
    dropping_the_outermost_caller_reaches_the_view(true);
}

#[test]
fn a_wait_that_begins_after_the_cancellation_is_refused() {
    on_every_runtime(|| async {
        let (started, has_started) = oneshot::channel();
        let (go, gone) = mpsc::channel::<()>();
        let (result, came) = oneshot::channel();
        let call = tokio::spawn(async {
            sync_to_async(move || {
                started.send(()).unwrap();
                gone.recv().unwrap();
                let _ = result.send(async_to_sync(async { 1 }));
            })
            .await
        });
        has_started.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        let error = came.await.unwrap().unwrap_err();
        assert!(error.is_cancelled());
        assert!(
            error.to_string().contains("shield"),
            "it names what to do: {error}"
        );
    });
}

#[test]
fn a_shielded_task_survives_its_cancelled_caller() {
    on_every_runtime(|| async {
        let (started, has_started) = oneshot::channel();
        let (go, gone) = oneshot::channel::<()>();
        let (done, was_done) = oneshot::channel();
        let middleware = move || {
            async_to_sync(async {
                let work = shield(async move {
                    started.send(()).unwrap();
                    gone.await.unwrap();
                    // Sync code of the shielded work is not cancelled either.
                    let told = sync_to_async(|| (cancelled(), async_to_sync(async { 5 }).unwrap())).await;
                    done.send(told.unwrap()).unwrap();
                });
                work.await
            })
        };
        let request = tokio::spawn(async { sync_to_async(middleware).await });
        has_started.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        assert_eq!(was_done.await.unwrap(), (false, 5));
    });
}

#[test]
fn a_shield_gives_its_result_and_its_panic_to_who_waits() {
    async_in_every_shape(async |_| {
        assert_eq!(shield(async { 3 }).await.unwrap(), 3);
        let panicked = spawn(async { shield(async { panic!("shielded") }).await });
        let panic = panicked.await.unwrap_err().into_panic();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "shielded");
    });
    // And without any runtime.
    assert_eq!(async_to_sync(shield(async { 4 })).unwrap().unwrap(), 4);
}

#[test]
fn code_that_handles_its_cancellation_returns_normally() {
    on_every_runtime(|| async {
        let (started, has_started) = oneshot::channel();
        let (swallowed, came) = oneshot::channel();
        let call = tokio::spawn(async {
            sync_to_async(move || {
                let result = async_to_sync(async {
                    started.send(()).unwrap();
                    std::future::pending::<()>().await;
                });
                swallowed.send(result.map_or("cleaned up", |()| "never")).unwrap();
            })
            .await
        });
        has_started.await.unwrap();
        call.abort();
        assert_eq!(came.await.unwrap(), "cleaned up");
    });
}

#[test]
fn ending_a_scope_whose_sync_code_is_parked_neither_blocks_the_loop_nor_keeps_the_thread() {
    // asgiref 535: on one thread, so that anything which blocked the loop would never end.
    on_every_runtime(|| async {
        for _ in 0..2 * nuages_bridge::MAX_THREADS {
            let (started, has_started) = oneshot::channel();
            let request = SyncScope::new().run(async {
                let parked = move || {
                    async_to_sync(async {
                        started.send(()).unwrap();
                        std::future::pending::<()>().await;
                    })
                };
                sync_to_async(parked).await
            });
            let request = tokio::spawn(request);
            has_started.await.unwrap();
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled());
        }
        // More requests were cancelled than there are threads: each has given its own back.
        let next = SyncScope::new().run(async { sync_to_async(|| 1).await });
        let next = tokio::time::timeout(Duration::from_secs(20), next);
        assert_eq!(next.await.unwrap().unwrap(), 1);
    });
}

#[test]
fn outside_of_a_job_nothing_is_cancelled() {
    assert!(!cancelled());
    async_in_every_shape(async |_| {
        assert!(!cancelled());
        assert!(!sync_to_async(cancelled).await.unwrap());
        assert!(!spawn(async { cancelled() }).await.unwrap());
    });
}

type View = Box<dyn FnOnce() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Which of the layers around a view are sync: asgiref's `test_inner_shield_{sync, async, sync_and_async}_middleware`.
#[derive(Clone, Copy, Debug)]
enum Middleware {
    Sync,
    Async,
    Both,
}

/// Five layers, from the outside in, and the view.
fn layers(which: Middleware, depth: u32, view: View) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            return view().await;
        }
        let sync = match which {
            Middleware::Sync => true,
            Middleware::Async => false,
            Middleware::Both => depth % 2 == 1,
        };
        if sync {
            // The error of a cancelled wait ends the layer, as `?` would.
            let layer = move || async_to_sync(layers(which, depth - 1, view)).is_ok();
            let _ended = sync_to_async(layer).await;
        } else {
            async_frame(layers(which, depth - 1, view)).await;
        }
    })
}

#[test]
fn a_shielded_task_of_the_view_survives_below_five_layers_of_any_kind() {
    on_every_runtime(|| async {
        for which in [Middleware::Sync, Middleware::Async, Middleware::Both] {
            let (started, has_started) = oneshot::channel();
            let (go, gone) = oneshot::channel::<()>();
            let (dropped, was_dropped) = oneshot::channel();
            let (done, was_done) = oneshot::channel();
            let view: View = Box::new(move || {
                Box::pin(async move {
                    let _view = OnDrop(Some(dropped));
                    // Async work with sync code in it.
                    let work = shield(async move {
                        started.send(()).unwrap();
                        gone.await.unwrap();
                        let told = sync_to_async(|| (cancelled(), async_to_sync(async { 7 }).unwrap()));
                        done.send(told.await.unwrap()).unwrap();
                    });
                    work.await.unwrap();
                    std::future::pending().await
                })
            });
            let request = tokio::spawn(SyncScope::new().run(layers(which, 5, view)));
            has_started.await.unwrap();
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled(), "{which:?}");
            was_dropped.await.unwrap();
            go.send(()).unwrap();
            assert_eq!(was_done.await.unwrap(), (false, 7), "{which:?}");
        }
    });
}

#[test]
fn shielded_sync_code_survives_below_five_layers_of_any_kind() {
    // asgiref's `test_inner_shield_*_sync_task`.
    on_every_runtime(|| async {
        for which in [Middleware::Sync, Middleware::Async, Middleware::Both] {
            let (started, has_started) = oneshot::channel();
            let (go, gone) = mpsc::channel::<()>();
            let (dropped, was_dropped) = oneshot::channel();
            let (done, was_done) = oneshot::channel();
            let view: View = Box::new(move || {
                Box::pin(async move {
                    let _view = OnDrop(Some(dropped));
                    let task = sync_to_async(move || {
                        started.send(()).unwrap();
                        gone.recv().unwrap();
                        done.send((cancelled(), async_to_sync(async { 7 }).unwrap()))
                            .unwrap();
                    });
                    // On a thread of its own, so that the layers around it can go on and end.
                    shield(task.parallel().into_future()).await.unwrap().unwrap();
                    std::future::pending().await
                })
            });
            let request = tokio::spawn(SyncScope::new().run(layers(which, 5, view)));
            has_started.await.unwrap();
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled(), "{which:?}");
            was_dropped.await.unwrap();
            go.send(()).unwrap();
            assert_eq!(was_done.await.unwrap(), (false, 7), "{which:?}");
        }
    });
}

#[test]
fn a_view_that_swallows_its_cancellation_lets_the_call_around_it_return_normally() {
    async_in_every_shape(async |shape| {
        let (started, has_started) = oneshot::channel();
        let (swallowed, came) = oneshot::channel();
        let view = sync_to_async(move || {
            let result = async_to_sync(async {
                started.send(()).unwrap();
                std::future::pending::<()>().await;
            });
            swallowed
                .send((result.is_err_and(|error| error.is_cancelled()), cancelled()))
                .unwrap();
            "nobody reads this"
        });
        let middleware = || {
            async_to_sync(async {
                tokio::select! {
                    _ = view.parallel().into_future() => "the view has answered",
                    started = has_started => {
                        started.unwrap();
                        "given up"
                    }
                }
            })
        };
        assert_eq!(
            sync_to_async(middleware).await.unwrap().unwrap(),
            "given up",
            "{shape:?}"
        );
        assert_eq!(came.await.unwrap(), (true, true), "{shape:?}");
        // The thread of the middleware was not the one cancelled.
        assert!(!sync_to_async(cancelled).await.unwrap(), "{shape:?}");
    });
}
