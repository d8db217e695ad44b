//! Sync code on its way: to the thread that waits, to that of the scope, to any, or to somebody else's.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use super::Work;
use crate::context::Context;
use crate::deadline::Expiry;
use crate::job::{self, Job, Running};
use crate::scope::{self, InUse, ScopeInner};
use crate::seat::Seat;
use crate::{BridgeError, hops, parallel, scope_local, shutdown};

/// Where sync code is to run.
pub(super) enum Way {
    Sticky,
    Parallel,
    Executor(Box<dyn FnOnce(Work) + Send>),
}

impl Way {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sticky => "sticky",
            Self::Parallel => "parallel",
            Self::Executor(_) => "executor",
        }
    }
}

/// The future of [`SyncToAsync`](super::SyncToAsync).
#[must_use = "sync code does not run until it is `.await`ed"]
pub struct SyncToAsyncFuture<F, T> {
    step: Step<F, T>,
    /// The scope that the task stands for, until its sync code has ended. Dropped after that.
    scope: Option<InUse>,
    deadline: Expiry,
}

enum Step<F, T> {
    New(F, Way, &'static Location<'static>),
    /// It waits for a thread.
    Leasing {
        running: Running<F, T>,
        job: Job,
        lease: Pin<Box<dyn Future<Output = Result<Arc<Seat>, BridgeError>> + Send>>,
    },
    Sent(Running<F, T>),
    Over,
}

// Nothing in it is ever pinned but what its own box pins.
impl<F, T> Unpin for SyncToAsyncFuture<F, T> {}

impl<F, T> SyncToAsyncFuture<F, T> {
    pub(super) fn new(f: F, way: Way, location: &'static Location<'static>) -> Self {
        Self {
            step: Step::New(f, way, location),
            scope: None,
            deadline: Expiry::new(),
        }
    }
}

impl<F, T> fmt::Debug for SyncToAsyncFuture<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncToAsyncFuture").finish_non_exhaustive()
    }
}

impl<F, T> Future for SyncToAsyncFuture<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = Result<T, BridgeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // What goes wrong on the way leaves it over.
        let mut step = match mem::replace(&mut this.step, Step::Over) {
            Step::New(f, way, location) => begin(f, way, location, &mut this.scope, cx)?,
            Step::Over => panic!("sync code was polled after it had ended"),
            step => step,
        };
        if let Step::Leasing {
            running,
            job,
            mut lease,
        } = step
        {
            step = match lease.as_mut().poll(cx)? {
                Poll::Ready(seat) => {
                    seat.submit(job);
                    hops::count_to_thread();
                    Step::Sent(running)
                }
                Poll::Pending => Step::Leasing { running, job, lease },
            };
        }
        if let Step::Sent(running) = &mut step
            && let Poll::Ready(result) = running.poll(cx)
        {
            drop(step);
            this.scope = None;
            return Poll::Ready(result);
        }
        if this.deadline.has_passed(cx) {
            return Poll::Ready(Err(BridgeError::past_deadline("sync_to_async")));
        }
        this.step = step;
        Poll::Pending
    }
}

/// Sends the code where it is to run, or to where it waits for a thread.
fn begin<F, T>(
    f: F,
    way: Way,
    location: &'static Location<'static>,
    in_use: &mut Option<InUse>,
    cx: &mut TaskContext<'_>,
) -> Result<Step<F, T>, BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let mut context = Context::current();
    let home = context.home().cloned();
    shutdown::check(home.is_some())?;
    let kind = way.name();
    let is_this_thread;
    let running = match way {
        Way::Sticky => {
            // The thread that waits stands for a scope.
            if home.is_none() && context.scope_inner().is_none() {
                let scope = in_use.insert(scope::of(&context));
                context.replace_scope(Some(Arc::clone(scope)));
            }
            let scope = context.scope_inner().cloned();
            let (mut job, running) = job::prepare(f, context, kind, location, cx.waker())?;
            if let Some(home) = home {
                match home.submit(job) {
                    Ok(is_this_thread) => {
                        if !is_this_thread {
                            hops::count_to_thread();
                        }
                        return Ok(Step::Sent(running));
                    }
                    // Where every wait around this code has ended, the code that was to run goes the ordinary way.
                    Err(back) => {
                        shutdown::check(false)?;
                        job = back;
                    }
                }
            }
            let scope = match scope {
                Some(scope) => scope,
                None => Arc::clone(in_use.insert(scope::of(&Context::current()))),
            };
            return Ok(to_scope(scope, job, running));
        }
        Way::Parallel => {
            let (job, running) = job::prepare(f, context, kind, location, cx.waker())?;
            is_this_thread = parallel::submit(job, home.as_deref())?;
            running
        }
        Way::Executor(executor) => {
            let (job, running) = job::prepare(f, context, kind, location, cx.waker())?;
            executor(Box::new(move || {
                let before = scope_local::keys();
                Seat::of_this_thread().run(job);
                scope_local::clear_others(&before);
            }));
            // In place it is refused.
            is_this_thread = false;
            running
        }
    };
    if !is_this_thread {
        hops::count_to_thread();
    }
    Ok(Step::Sent(running))
}

/// Sends a job to the thread of a scope, or has it wait for one.
fn to_scope<F, T>(scope: Arc<ScopeInner>, job: Job, running: Running<F, T>) -> Step<F, T> {
    if let Some(seat) = scope.seat() {
        seat.submit(job);
        hops::count_to_thread();
        return Step::Sent(running);
    }
    let location = running.location();
    Step::Leasing {
        running,
        job,
        lease: Box::pin(async move { scope.seat_for(location).await }),
    }
}
