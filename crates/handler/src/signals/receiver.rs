//! Receivers of signals: functions of either kind.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use nuages_bridge as bridge;

use crate::error::Error;
use crate::panic::caught;
use crate::request::Request;
use crate::view::{BoxFuture, run_sync};

type SyncReceiver<A> = Arc<dyn Fn(A) + Send + Sync>;
type AsyncReceiver<A> = Arc<dyn Fn(A) -> BoxFuture<'static, ()> + Send + Sync>;

/// A function that is told of something.
pub enum Receiver<A> {
    #[doc(hidden)]
    Sync(SyncReceiver<A>),
    #[doc(hidden)]
    Async(AsyncReceiver<A>),
}

impl<A> Clone for Receiver<A> {
    fn clone(&self) -> Self {
        match self {
            Self::Sync(f) => Self::Sync(Arc::clone(f)),
            Self::Async(f) => Self::Async(Arc::clone(f)),
        }
    }
}

impl<A> fmt::Debug for Receiver<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Receiver (sync)",
            Self::Async(_) => "Receiver (async)",
        })
    }
}

/// What can be told of a signal: a `fn` or an `async fn` that returns nothing.
///
/// The parameter `M` is inferred; it is what lets the kinds share one trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't receive this signal",
    label = "not a receiver",
    note = "a receiver is a `fn` or an `async fn` that takes a `Request` (`got_request_exception`: a `Request` and an `Error`) and returns nothing"
)]
pub trait IntoReceiver<A, M> {
    #[doc(hidden)]
    fn into_receiver(self) -> Receiver<A>;
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncMode;

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncMode;

#[diagnostic::do_not_recommend]
impl<F> IntoReceiver<Request, SyncMode> for F
where
    F: Fn(Request) + Send + Sync + 'static,
{
    fn into_receiver(self) -> Receiver<Request> {
        Receiver::Sync(Arc::new(self))
    }
}

#[diagnostic::do_not_recommend]
impl<F, Fut> IntoReceiver<Request, (AsyncMode, Fut)> for F
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn into_receiver(self) -> Receiver<Request> {
        Receiver::Async(Arc::new(move |request| {
            Box::pin(bridge::async_frame(self(request)))
        }))
    }
}

#[diagnostic::do_not_recommend]
impl<F> IntoReceiver<(Request, Error), SyncMode> for F
where
    F: Fn(Request, Error) + Send + Sync + 'static,
{
    fn into_receiver(self) -> Receiver<(Request, Error)> {
        Receiver::Sync(Arc::new(move |(request, error)| self(request, error)))
    }
}

#[diagnostic::do_not_recommend]
impl<F, Fut> IntoReceiver<(Request, Error), (AsyncMode, Fut)> for F
where
    F: Fn(Request, Error) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn into_receiver(self) -> Receiver<(Request, Error)> {
        Receiver::Async(Arc::new(move |(request, error)| {
            Box::pin(bridge::async_frame(self(request, error)))
        }))
    }
}

/// Tells all receivers: the sync ones in one hop, one after the other, then the async ones side by side. One that panics is logged, and keeps
/// no other from being told.
pub(crate) async fn send<A: Clone + Send + 'static>(
    signal: &'static str,
    receivers: &[Receiver<A>],
    argument: A,
) {
    let mut sync = Vec::new();
    let mut running: Vec<Option<BoxFuture<'static, ()>>> = Vec::new();
    for receiver in receivers {
        match receiver {
            Receiver::Sync(f) => sync.push(Arc::clone(f)),
            Receiver::Async(f) => {
                let (f, argument) = (Arc::clone(f), argument.clone());
                // The call is inside as well: a function that returns a future may do work before.
                running.push(Some(Box::pin(async move { f(argument).await })));
            }
        }
    }
    if !sync.is_empty() {
        let told = run_sync(move || {
            for f in sync {
                report(signal, caught(|| f(argument.clone())));
            }
        });
        if let Err(error) = told.await {
            tracing::error!(target: "nuages::signals", signal, %error, "the sync receivers of a signal were not told");
        }
    }
    poll_fn(|cx| {
        let mut pending = false;
        for slot in &mut running {
            let Some(future) = slot else { continue };
            match caught(|| Pin::new(future).poll(cx)) {
                Ok(Poll::Pending) => pending = true,
                Ok(Poll::Ready(())) => *slot = None,
                Err(panic) => {
                    *slot = None;
                    report::<()>(signal, Err(panic));
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

fn report<T>(signal: &'static str, result: Result<T, crate::panic::Panic>) {
    if let Err(panic) = result {
        tracing::error!(target: "nuages::signals", signal, panic = panic.message(), at = panic.location(), "a receiver of a signal panicked");
    }
}
