//! A piece of sync code on its way to a thread: started once, cancelled before that, its result and its context brought back.

use std::panic::Location;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::{Span, dispatcher};

use crate::cancel::{Caller, Enter};
use crate::config::config;
use crate::context::{Context, with_current};
use crate::seat::{self, Note, Seat};
use crate::stats::Clock;
use crate::{BridgeError, frame, panic};

pub(crate) type Job = Box<dyn FnOnce() + Send>;

struct Done<T> {
    result: thread::Result<T>,
    after: Context,
}

/// The caller's side of a job. Dropped early, it cancels what has not started and signals what has.
pub(crate) struct Running<T> {
    receiver: oneshot::Receiver<Done<T>>,
    caller: Arc<Caller>,
    before: Context,
    location: &'static Location<'static>,
}

/// Makes a job of `f`, to run in `context`, in the present tracing span, with the present runtime's I/O and timers.
pub(crate) fn prepare<F, T>(
    f: F,
    mut context: Context,
    location: &'static Location<'static>,
) -> (Job, Running<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let _stay = context.take_critical();
    let (sender, receiver) = oneshot::channel();
    let caller = Caller::new();
    let running = Running {
        receiver,
        caller: Arc::clone(&caller),
        before: context.clone(),
        location,
    };
    let runtime = Handle::try_current().ok();
    let span = Span::current();
    let dispatch = dispatcher::get_default(Clone::clone);
    let mut clock = Clock::sent(location);
    let job = move || {
        if !caller.start() {
            // Its destructors are the caller's code; the thread outlives their panics, as it does those of the code itself.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(f)));
            return;
        }
        let since = clock.start();
        let note = Note::new(seat::Running { location, since });
        let entered = Enter::new(caller);
        let inside = Handle::try_current().is_ok();
        let guard = runtime.as_ref().filter(|_| !inside).map(Handle::enter);
        context.set_entered();
        let run = || frame::sync_frame(|| catch_unwind(AssertUnwindSafe(|| span.in_scope(f))));
        let result = dispatcher::with_default(&dispatch, || {
            let result = context.run_mut(run);
            // Before the caller hears of the end: it may look at the counters.
            clock.end(&span);
            result
        });
        drop(guard);
        drop(entered);
        drop(note);
        // The caller may have gone; then nobody wants the result.
        let done = Done {
            result,
            after: context,
        };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sender.send(done))));
    };
    (Box::new(job), running)
}

impl<T> Running<T> {
    /// Why the job was dropped by the watch over the queues.
    #[cold]
    fn given_up(&self, seat: Option<&Seat>) -> BridgeError {
        let limits = config();
        match seat {
            None => BridgeError::overloaded(limits.wait_time, limits.max_parallel_threads),
            Some(seat) => BridgeError::stuck(self.location, limits.wait_time, seat.kept_by()),
        }
    }

    /// Waits for the job, then takes over its changes to the context and its panic, if any.
    /// `seat` is the thread that it was sent to, if it was sent to one.
    pub(crate) async fn finish(mut self, seat: Option<&Seat>) -> Result<T, BridgeError> {
        let Ok(Done { result, after }) = (&mut self.receiver).await else {
            return Err(self.given_up(seat));
        };
        let _replaced = with_current(|current| {
            if current.is_of_work() {
                current.merge_changes(&self.before, &after)
            } else {
                Vec::new()
            }
        });
        match result {
            Ok(value) => Ok(value),
            Err(panic) => {
                panic::crosses(&*panic, self.location);
                resume_unwind(panic)
            }
        }
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.caller.leave();
    }
}
