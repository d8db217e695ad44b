//! A piece of sync code on its way to a thread: started once, cancelled before that, its result and its context brought back.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::{Span, dispatcher};

use crate::context::{Context, with_current};
use crate::{BridgeError, frame};

pub(crate) type Job = Box<dyn FnOnce() + Send>;

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const DROPPED: u8 = 2;

#[derive(Default)]
struct State {
    phase: AtomicU8,
    caller_gone: AtomicBool,
}

thread_local! {
    /// The job that runs on this thread, the innermost one.
    static RUNNING: RefCell<Option<Arc<State>>> = const { RefCell::new(None) };
}

/// Whether the async caller of the sync code that runs here has gone away: its request was cancelled, its timeout is over.
///
/// Sync code can't be stopped from outside. Long sync code asks this now and then, and returns early. Outside of a job of
/// [`sync_to_async`](crate::sync_to_async) it is false.
#[must_use]
pub fn cancelled() -> bool {
    RUNNING.with_borrow(|running| {
        running
            .as_ref()
            .is_some_and(|state| state.caller_gone.load(Ordering::Acquire))
    })
}

struct Done<T> {
    result: thread::Result<T>,
    after: Context,
}

/// The caller's side of a job. Dropped early, it cancels what has not started and signals what has.
pub(crate) struct Running<T> {
    receiver: oneshot::Receiver<Done<T>>,
    state: Arc<State>,
    before: Context,
}

/// Makes a job of `f`, to run in `context`, in the present tracing span, with the present runtime's I/O and timers.
pub(crate) fn prepare<F, T>(f: F, mut context: Context) -> (Job, Running<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let state = Arc::new(State::default());
    let running = Running {
        receiver,
        state: Arc::clone(&state),
        before: context.clone(),
    };
    let runtime = Handle::try_current().ok();
    let span = Span::current();
    let dispatch = dispatcher::get_default(Clone::clone);
    let job = move || {
        if state
            .phase
            .compare_exchange(WAITING, STARTED, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            return;
        }
        let outer = RUNNING.replace(Some(state));
        let inside = Handle::try_current().is_ok();
        let guard = runtime.as_ref().filter(|_| !inside).map(Handle::enter);
        context.set_entered();
        let run = || frame::sync_frame(|| catch_unwind(AssertUnwindSafe(|| span.in_scope(f))));
        let result = dispatcher::with_default(&dispatch, || context.run_mut(run));
        drop(guard);
        RUNNING.set(outer);
        // The caller may have gone; then nobody wants the result.
        let _ = sender.send(Done {
            result,
            after: context,
        });
    };
    (Box::new(job), running)
}

impl<T> Running<T> {
    /// Waits for the job, then takes over its changes to the context and its panic, if any.
    pub(crate) async fn finish(mut self) -> Result<T, BridgeError> {
        let Done { result, after } = (&mut self.receiver).await.map_err(|_| BridgeError::cancelled())?;
        with_current(|current| {
            if current.is_of_work() {
                current.merge_changes(&self.before, &after);
            }
        });
        match result {
            Ok(value) => Ok(value),
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        if self
            .state
            .phase
            .compare_exchange(WAITING, DROPPED, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            self.state.caller_gone.store(true, Ordering::Release);
        }
    }
}
