//! The moment by which a piece of work has to be done.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use crate::{Local, LocalScope, runtime};

static DEADLINE: Local<Instant> = Local::new("deadline");

/// The moment by which a piece of work has to be done, on both sides of every hop.
///
/// What waits through the bridge gives up then, with an error that [`is_past_deadline`](crate::BridgeError::is_past_deadline):
///
/// - sync code in [`async_to_sync`](crate::async_to_sync) and [`Op::wait`](crate::Op::wait),
/// - async code that awaits an [`Op`](crate::Op) or [`sync_to_async`](crate::sync_to_async).
///
/// These are the only places where it is looked at. Each looks when a poll of its own found nothing ready: what is ready wins, also after the deadline, and
/// what never waits is never ended. The future inside is dropped then, as by any cancellation. Other futures (a `sleep`, a channel) go on; what is to
/// bound them asks [`current`](Self::current) and hands what remains to `tokio::time::timeout`, or to the service that it calls. A deadline inside another
/// can only be earlier.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{async_to_sync, Deadline};
/// use std::time::Duration;
///
/// let result = Deadline::after(Duration::from_millis(1)).run(|| async_to_sync(std::future::pending::<()>()));
/// assert!(result.unwrap_err().is_past_deadline());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// That long from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        // What is too far off to be told is as good as never.
        let never = || now + Duration::from_hours(24 * 365);
        Self {
            at: now.checked_add(time).unwrap_or_else(never),
        }
    }

    /// At that moment.
    #[must_use]
    pub fn at(at: Instant) -> Self {
        Self { at }
    }

    /// The deadline of the code that runs here.
    #[must_use]
    pub fn current() -> Option<Self> {
        DEADLINE.get().map(Self::at)
    }

    /// The moment itself.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.at
    }

    /// The time that is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The earlier of this and the one that holds here already.
    fn tightened(self) -> Instant {
        Self::current().map_or(self.at, |outer| outer.at.min(self.at))
    }

    /// Runs a future under this deadline, or the one that holds here already if that is earlier. It does not stop the future itself: the waits in it end.
    pub fn scope<F: Future>(self, future: F) -> LocalScope<F> {
        DEADLINE.scope(self.tightened(), future)
    }

    /// Runs sync code under this deadline, or the one that holds here already if that is earlier.
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        DEADLINE.sync_scope(self.tightened(), f)
    }
}

/// The deadline of one wait: looked for when there is something to wait for, and not before.
pub(crate) enum Expiry {
    Unknown,
    Never,
    At(Deadline, Pin<Box<Sleep>>),
}

impl Expiry {
    pub(crate) const fn new() -> Self {
        Self::Unknown
    }

    /// Whether the deadline of the code that waits has passed. If not, it wakes the task then.
    pub(crate) fn has_passed(&mut self, cx: &mut Context<'_>) -> bool {
        if matches!(self, Self::Unknown) {
            *self = Deadline::current().map_or(Self::Never, |deadline| {
                // Timers of the process's runtime: the present one may have been built without any.
                let _entered = runtime::process().enter();
                let sleep = tokio::time::sleep_until(deadline.instant().into());
                Self::At(deadline, Box::pin(sleep))
            });
        }
        match self {
            Self::Unknown | Self::Never => false,
            // The clock besides the timer: code that ran on this thread meanwhile may have kept the timer from being seen.
            Self::At(deadline, sleep) => sleep.as_mut().poll(cx).is_ready() || deadline.remaining().is_zero(),
        }
    }
}
