//! The moment by which a piece of work has to be done.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::{Local, LocalScope};

static DEADLINE: Local<Instant> = Local::new("deadline");

/// The moment by which a piece of work has to be done, on both sides of every hop.
///
/// Sync code that waits ([`async_to_sync`](crate::async_to_sync), [`Op::wait`](crate::Op::wait)) gives up then, with an error that
/// [`is_past_deadline`](crate::BridgeError::is_past_deadline). Async code asks [`current`](Self::current) and hands what remains to
/// `tokio::time::timeout`, or to the service that it calls. A deadline inside another can only be earlier.
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

    /// Runs a future under this deadline, or the one that holds here already if that is earlier. It does not stop the future: the code in it asks.
    pub fn scope<F: Future>(self, future: F) -> LocalScope<F> {
        DEADLINE.scope(self.tightened(), future)
    }

    /// Runs sync code under this deadline, or the one that holds here already if that is earlier.
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        DEADLINE.sync_scope(self.tightened(), f)
    }
}
