//! A piece of sync code on its way to a thread: started once, cancelled before that, its result and its context brought back.
//!
//! It is one allocation, which its caller and its thread share: the code goes there in it and the result comes back in it.

use std::any::type_name;
use std::mem;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::{Dispatch, Span, dispatcher};

use crate::cancel::{Caller, Enter};
use crate::config::config;
use crate::context::{Context, Values, with_current};
use crate::stats::{Clock, Hop};
use crate::sync::{Instant, Mutex, MutexGuard, PoisonError};
use crate::{BridgeError, frame, panic, shutdown};

/// What a thread needs to know of a piece of sync code, whatever its types are.
pub(crate) trait Run: Send + Sync {
    /// The code as something that can be cancelled.
    fn caller(&self) -> &Caller;
    /// Where it was made.
    fn location(&self) -> &'static Location<'static>;
    /// Runs it here, unless its caller has gone.
    fn run(self: Arc<Self>, now: Instant);
    /// Tells its caller that it will not run.
    fn give_up(&self, why: GivenUp);
}

/// Why sync code will never run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivenUp {
    /// It waited too long behind other code of its scope: that code, if it is some of ours, and for how long it had run.
    Stuck(Option<(&'static Location<'static>, Duration)>),
    /// It waited too long for one of the threads of parallel code: the code that has run on one of them for longest, and for how long.
    Overloaded(Option<(&'static Location<'static>, Duration)>),
    /// It was to run where it would have stopped an event loop.
    OnEventLoop,
    /// Whoever had it let it go.
    Dropped,
}

/// Sync code in a queue. Dropped, it tells its caller that it will not run.
pub(crate) struct Job {
    run: Option<Arc<dyn Run>>,
    /// Whether its caller holds something that others may wait for.
    pub(crate) is_of_holder: bool,
}

impl Job {
    pub(crate) fn location(&self) -> &'static Location<'static> {
        match &self.run {
            Some(run) => run.location(),
            None => unreachable!("only `self` by value takes it"),
        }
    }

    pub(crate) fn run(mut self, now: Instant) {
        if let Some(run) = self.run.take() {
            run.run(now);
        }
    }

    pub(crate) fn give_up(mut self, why: GivenUp) {
        if let Some(run) = self.run.take() {
            run.give_up(why);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.give_up(GivenUp::Dropped);
        }
    }
}

/// The code, and all that it is to find on its thread.
struct Input<F> {
    f: F,
    context: Context,
    runtime: Option<Handle>,
    span: Span,
    dispatch: Dispatch,
    /// Where that is, and for which thread, so that another can tell whether it is its own already.
    dispatch_at: (usize, ThreadId),
    clock: Clock,
}

struct Done<T> {
    result: thread::Result<T>,
    after: Context,
}

enum Stage<F, T> {
    Sent(Input<F>),
    Running,
    Done(Done<T>),
    GivenUp(GivenUp),
    Over,
}

struct State<F, T> {
    stage: Stage<F, T>,
    /// Whether the caller has gone.
    left: bool,
    waker: Option<Waker>,
}

struct Shared<F, T> {
    caller: Caller,
    hop: Hop,
    state: Mutex<State<F, T>>,
}

impl<F, T> Shared<F, T> {
    fn state(&self) -> MutexGuard<'_, State<F, T>> {
        // No code of others runs under the lock, so what is behind a poisoned one is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to run, if it still is.
    fn start(&self) -> Option<Input<F>> {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Running) {
            Stage::Sent(input) if !state.left => Some(input),
            Stage::Sent(input) => {
                state.stage = Stage::Over;
                drop(state);
                // Its destructors are the caller's code; the thread outlives their panics, as it does those of the code itself.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(input)));
                None
            }
            other => {
                state.stage = other;
                None
            }
        }
    }

    /// Says how it ended, and whom to wake.
    fn end(&self, stage: Stage<F, T>) -> Option<Waker> {
        let mut state = self.state();
        let unwanted = if state.left {
            state.stage = Stage::Over;
            Some(stage)
        } else {
            state.stage = stage;
            None
        };
        let waker = state.waker.take();
        drop(state);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unwanted)));
        waker
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    }
}

impl<F, T> Run for Shared<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn location(&self) -> &'static Location<'static> {
        self.hop.location
    }

    fn run(self: Arc<Self>, now: Instant) {
        if self.hop.kind == "executor" && frame::on_event_loop() {
            self.give_up(GivenUp::OnEventLoop);
            return;
        }
        let Some(input) = self.start() else { return };
        let Input {
            f,
            mut context,
            runtime,
            span,
            dispatch,
            dispatch_at,
            mut clock,
        } = input;
        clock.start(now);
        let entered = Enter::new(Arc::clone(&self) as Arc<dyn Run>);
        let inside = Handle::try_current().is_ok();
        let guard = runtime.as_ref().filter(|_| !inside).map(Handle::enter);
        context.set_entered();
        let hop = self.hop;
        let work = || {
            context.run_mut(|| {
                span.in_scope(|| {
                    let result = frame::sync_frame(|| catch_unwind(AssertUnwindSafe(f)));
                    // Before the caller hears of the end: it may look at the counters.
                    clock.end(hop, result.is_err());
                    result
                })
            })
        };
        // Around all of it, since a user's subscriber may panic, too: then its caller has to hear of it.
        let result = catch_unwind(AssertUnwindSafe(|| {
            // Setting a default slows down all of the process's spans and events meanwhile.
            if is_default(dispatch_at) {
                work()
            } else {
                dispatcher::with_default(&dispatch, work)
            }
        }))
        .flatten();
        drop(guard);
        drop(entered);
        let waker = self.end(Stage::Done(Done {
            result,
            after: context,
        }));
        // So that the caller, who is about to run, is the last to have it, and frees what it allocated.
        drop(self);
        wake(waker);
    }

    fn give_up(&self, why: GivenUp) {
        let mut state = self.state();
        let unrun = match mem::replace(&mut state.stage, Stage::Over) {
            Stage::Sent(input) => input,
            other => {
                state.stage = other;
                return;
            }
        };
        drop(state);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unrun)));
        wake(self.end(Stage::GivenUp(why)));
    }
}

fn address(dispatch: &Dispatch) -> usize {
    std::ptr::from_ref(dispatch).addr()
}

/// Whether the dispatcher which another thread had by default is the default here: then it is the process's. Those of threads are in their own storage,
/// so that no two threads have theirs at the same address; on one thread, one after the other has.
fn is_default((at, thread): (usize, ThreadId)) -> bool {
    thread != thread::current().id() && dispatcher::get_default(address) == at
}

/// The caller's side of a job. Dropped early, it cancels what has not started and signals what has.
pub(crate) struct Running<F, T> {
    shared: Arc<Shared<F, T>>,
    before: Values,
    over: bool,
}

/// Makes a job of `f`, to run in `context`, in the present tracing span, with the present runtime's I/O and timers. The waker is that of the task which
/// polls what is returned.
///
/// It is counted from here on, and only then asked whether it is welcome: a shutdown that begins meanwhile waits for it, or it is refused.
pub(crate) fn prepare<F, T>(
    f: F,
    mut context: Context,
    kind: &'static str,
    location: &'static Location<'static>,
    waker: &Waker,
) -> Result<(Job, Running<F, T>), BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let clock = Clock::sent();
    shutdown::check(context.home().is_some())?;
    let _stay = context.take_critical();
    let before = context.values();
    let (dispatch, dispatch_at) = dispatcher::get_default(|dispatch| (dispatch.clone(), address(dispatch)));
    let input = Input {
        f,
        context,
        runtime: Handle::try_current().ok(),
        span: Span::current(),
        dispatch,
        dispatch_at: (dispatch_at, thread::current().id()),
        clock,
    };
    let is_of_holder = input.context.held().is_some();
    let shared = Arc::new(Shared {
        caller: Caller::of_this_code(),
        hop: Hop {
            name: type_name::<F>(),
            kind,
            location,
        },
        state: Mutex::new(State {
            stage: Stage::Sent(input),
            left: false,
            waker: Some(waker.clone()),
        }),
    });
    let running = Running {
        shared: Arc::clone(&shared),
        before,
        over: false,
    };
    let job = Job {
        run: Some(shared),
        is_of_holder,
    };
    Ok((job, running))
}

impl<F, T> Running<F, T> {
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.shared.hop.location
    }

    /// Waits for the job, then takes over its changes to the context and its panic, if any.
    pub(crate) fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<T, BridgeError>> {
        let mut state = self.shared.state();
        let done = match mem::replace(&mut state.stage, Stage::Over) {
            Stage::Done(done) => Ok(done),
            Stage::GivenUp(why) => Err(why),
            unfinished => {
                state.stage = unfinished;
                let old = match &state.waker {
                    Some(waker) if waker.will_wake(cx.waker()) => None,
                    _ => state.waker.replace(cx.waker().clone()),
                };
                drop(state);
                drop(old);
                return Poll::Pending;
            }
        };
        drop(state);
        self.over = true;
        Poll::Ready(match done {
            Ok(done) => Ok(self.take_over(done)),
            Err(why) => Err(self.given_up(why)),
        })
    }

    fn take_over(&self, done: Done<T>) -> T {
        let Done { result, after } = done;
        let _replaced = with_current(|current| {
            if current.is_of_work() {
                current.merge_changes(&self.before, &after)
            } else {
                None
            }
        });
        match result {
            Ok(value) => value,
            Err(panic) => {
                panic::crosses(&*panic, self.location());
                resume_unwind(panic)
            }
        }
    }

    #[cold]
    fn given_up(&self, why: GivenUp) -> BridgeError {
        let limits = config();
        match why {
            GivenUp::Stuck(running) => BridgeError::stuck(self.location(), limits.wait_time, running),
            GivenUp::Overloaded(running) => {
                BridgeError::overloaded(limits.wait_time, limits.max_parallel_threads, running)
            }
            GivenUp::OnEventLoop => BridgeError::synchronous_only("executor", self.location()),
            GivenUp::Dropped => BridgeError::cancelled(),
        }
    }
}

impl<F, T> Drop for Running<F, T> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.shared.state();
        state.left = true;
        let waker = state.waker.take();
        let (started, done) = match mem::replace(&mut state.stage, Stage::Over) {
            // The thread drops what it will not run: destructors may wait there.
            sent @ Stage::Sent(_) => {
                state.stage = sent;
                (false, None)
            }
            Stage::Running => {
                state.stage = Stage::Running;
                (true, None)
            }
            done @ Stage::Done(_) => (false, Some(done)),
            Stage::GivenUp(_) | Stage::Over => (false, None),
        };
        drop(state);
        drop(waker);
        if started {
            self.shared.caller.leave();
        }
        drop(done);
    }
}
