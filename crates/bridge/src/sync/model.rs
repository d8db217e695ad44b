//! The same names as the standard library's, as a model has them.

#![allow(
    dead_code,
    reason = "these are whole as the standard library's are, whatever the crate uses at the time"
)]

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

pub(crate) use shuttle::sync::{Mutex, MutexGuard, PoisonError, atomic, mpsc};
use shuttle::thread::Thread;

/// How far the clock goes each time: longer than any limit of the crate.
const STEP: Duration = Duration::from_secs(24 * 3600);

/// The clock of one run of a model, and who waits for it to go on. Its lock is never held over a switch of threads, so it is the standard library's.
#[derive(Default)]
struct Clock(std::sync::Mutex<State>);

#[derive(Default)]
struct State {
    /// How often time has passed.
    epoch: u32,
    /// Whether it passes by itself from now on.
    runs: bool,
    parked: Vec<Thread>,
    conditions: Vec<Arc<shuttle::sync::Condvar>>,
    wakers: Vec<Waker>,
}

shuttle::lazy_static! { static ref CLOCK: Clock = Clock::default(); }

impl Clock {
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The epoch or, where time passes by itself, the next one.
    fn now(&self) -> u32 {
        self.with(|state| state.epoch)
    }

    fn runs(&self) -> bool {
        self.with(|state| {
            if state.runs {
                state.epoch += 1;
            }
            state.runs
        })
    }
}

fn wake(with: impl FnOnce(&mut State)) {
    let (parked, conditions, wakers) = CLOCK.with(|state| {
        with(state);
        state.epoch += 1;
        (
            std::mem::take(&mut state.parked),
            state.conditions.clone(),
            std::mem::take(&mut state.wakers),
        )
    });
    parked.iter().for_each(Thread::unpark);
    conditions.iter().for_each(|condition| condition.notify_all());
    wakers.into_iter().for_each(Waker::wake);
}

/// Lets more time pass than any wait lasts that has begun before.
pub(crate) fn let_time_pass() {
    wake(|_| ());
}

/// The end of a model: from here on no wait with a limit lasts, so that the threads of pools end, as they have to for a run to be over.
pub(crate) fn let_time_run() {
    wake(|state| state.runs = true);
    // A thread that is about to wait can't be notified yet.
    while CLOCK.with(|state| !state.conditions.is_empty()) {
        wake(|_| ());
        shuttle::thread::yield_now();
    }
}

/// A moment, by the clock of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u32);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(CLOCK.now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().duration_since(self)
    }

    pub(crate) fn duration_since(self, earlier: Self) -> Duration {
        STEP * self.0.saturating_sub(earlier.0)
    }
}

/// As `tokio::time::timeout`, by the clock of the model.
pub(crate) async fn timeout<F: Future>(future: F) -> Result<F::Output, ()> {
    let begun = CLOCK.now();
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if CLOCK.runs() || CLOCK.now() > begun {
            return Poll::Ready(Err(()));
        }
        CLOCK.with(|state| state.wakers.push(cx.waker().clone()));
        Poll::Pending
    })
    .await
}

pub(crate) mod thread {
    use std::time::Duration;

    pub(crate) use shuttle::thread::*;

    use super::CLOCK;

    /// Parks until somebody unparks this thread or time passes.
    pub(crate) fn park_timeout(_: Duration) {
        if CLOCK.runs() {
            yield_now();
            return;
        }
        CLOCK.with(|state| state.parked.push(current()));
        park();
    }

    /// Waits until time passes.
    pub(crate) fn sleep(time: Duration) {
        let begun = CLOCK.now();
        while CLOCK.now() == begun {
            park_timeout(time);
        }
    }
}

/// As the standard library's; its waits with a limit end when time passes.
#[derive(Debug, Default)]
pub(crate) struct Condvar(Arc<shuttle::sync::Condvar>);

impl Condvar {
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _: Duration,
    ) -> shuttle::sync::LockResult<(MutexGuard<'a, T>, TimedOut)> {
        if CLOCK.runs() {
            // Somebody else comes in between, who may notify in vain.
            return Ok((guard, TimedOut(true)));
        }
        let begun = CLOCK.now();
        CLOCK.with(|state| state.conditions.push(Arc::clone(&self.0)));
        let guard = self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
        CLOCK.with(|state| {
            let at = state
                .conditions
                .iter()
                .position(|waits| Arc::ptr_eq(waits, &self.0));
            at.map(|at| state.conditions.swap_remove(at))
        });
        Ok((guard, TimedOut(CLOCK.now() > begun)))
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Whether a wait has ended because time passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedOut(bool);

impl TimedOut {
    pub(crate) fn timed_out(self) -> bool {
        self.0
    }
}

/// A value that is made with its static, which [`process!`](super::process) makes when it is first used.
#[derive(Debug)]
pub(crate) struct LazyLock<T>(T);

impl<T> LazyLock<T> {
    pub(crate) fn new(make: impl FnOnce() -> T) -> Self {
        Self(make())
    }
}

impl<T> Deref for LazyLock<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A variable of each thread of a model.
pub(crate) struct LocalKey<T: 'static>(pub(crate) shuttle::thread::LocalKey<T>);

impl<T: 'static> LocalKey<T> {
    pub(crate) fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.0.with(f)
    }

    pub(crate) fn try_with<R>(
        &'static self,
        f: impl FnOnce(&T) -> R,
    ) -> Result<R, shuttle::thread::AccessError> {
        self.0.try_with(f)
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    pub(crate) fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.0.with(Cell::get)
    }

    pub(crate) fn set(&'static self, value: T) {
        self.0.with(|cell| cell.set(value));
    }

    pub(crate) fn replace(&'static self, value: T) -> T {
        self.0.with(|cell| cell.replace(value))
    }

    pub(crate) fn take(&'static self) -> T
    where
        T: Default,
    {
        self.0.with(Cell::take)
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    pub(crate) fn replace(&'static self, value: T) -> T {
        self.0.with(|cell| cell.replace(value))
    }

    pub(crate) fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.0.with(|cell| f(&cell.borrow()))
    }

    pub(crate) fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.0.with(|cell| f(&mut cell.borrow_mut()))
    }
}

macro_rules! local {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = const { $value:expr };)+) => {
        $($(#[$attribute])* static $name: $crate::sync::model::LocalKey<$type> =
            $crate::sync::model::LocalKey(shuttle::thread::LocalKey {
                init: || $value,
                _p: std::marker::PhantomData,
            });)+
    };
}

pub(crate) use local as thread_local;
