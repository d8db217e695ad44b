//! The one error of the crate.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::Location;
use std::time::Duration;

use crate::deadlock::DeadlockError;
use crate::panic;

/// Why a crossing between sync and async code did not happen.
///
/// A panic is no `BridgeError`: it crosses as a panic, with its payload.
#[derive(Debug)]
pub struct BridgeError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    SynchronousOnly(SynchronousOnlyOperation),
    Overloaded(Box<Overloaded>),
    QueueFull(usize),
    Stuck(Box<Stuck>),
    ShutDown,
    NoThread(io::Error),
    Deadlock(Box<DeadlockError>),
    Cancelled,
    CallerGone(&'static str),
    PastDeadline(&'static str),
    Panicked(&'static str, String),
}

/// A call that blocks was made where an event loop runs, and was refused before it could stop every other task of that loop.
///
/// Named after Django's exception, which is raised in the same place.
#[derive(Debug)]
pub struct SynchronousOnlyOperation {
    operation: &'static str,
    location: &'static Location<'static>,
}

impl SynchronousOnlyOperation {
    /// The operation that would have blocked.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Where it was to be waited for.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl fmt::Display for SynchronousOnlyOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` may not block here ({}), on an event loop: `.await` it, or move the sync code that waits for it into `sync_to_async(..)`",
            self.operation, self.location
        )
    }
}

impl std::error::Error for SynchronousOnlyOperation {}

/// Sync code that waited for too long behind other code of its scope.
#[derive(Debug)]
struct Stuck {
    job: &'static Location<'static>,
    waited: Duration,
    /// None where it is no sync code of ours that keeps the thread.
    running: Option<(&'static Location<'static>, Duration)>,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the sync code of {} was not started within {:?}: ",
            self.job, self.waited
        )?;
        match self.running {
            Some((job, age)) => write!(
                f,
                "that of {job} keeps the thread of their scope and has run for {age:?}; if it waits for the other, let one of them be `.parallel()`"
            ),
            None => {
                f.write_str("the thread of its scope was busy with other sync code or blocked by async code")
            }
        }
    }
}

/// Sync code for which no thread became free.
#[derive(Debug)]
struct Overloaded {
    waited: Duration,
    threads: usize,
    /// The code that has run for longest on one of them; none where all of them belong to scopes whose code waits elsewhere.
    running: Option<(&'static Location<'static>, Duration)>,
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no thread for sync code became free within {:?}: all {} are taken",
            self.waited, self.threads
        )?;
        match self.running {
            Some((job, age)) => write!(f, ", for longest by that of {job}, which has run for {age:?}"),
            None => f.write_str(" by scopes that have not ended"),
        }
    }
}

impl BridgeError {
    pub(crate) fn synchronous_only(operation: &'static str, location: &'static Location<'static>) -> Self {
        Self {
            kind: Kind::SynchronousOnly(SynchronousOnlyOperation { operation, location }),
        }
    }

    pub(crate) fn overloaded(
        waited: Duration,
        threads: usize,
        running: Option<(&'static Location<'static>, Duration)>,
    ) -> Self {
        Self {
            kind: Kind::Overloaded(Box::new(Overloaded {
                waited,
                threads,
                running,
            })),
        }
    }

    pub(crate) fn queue_full(length: usize) -> Self {
        Self {
            kind: Kind::QueueFull(length),
        }
    }

    pub(crate) fn shut_down() -> Self {
        Self { kind: Kind::ShutDown }
    }

    pub(crate) fn stuck(
        job: &'static Location<'static>,
        waited: Duration,
        running: Option<(&'static Location<'static>, Duration)>,
    ) -> Self {
        Self {
            kind: Kind::Stuck(Box::new(Stuck { job, waited, running })),
        }
    }

    pub(crate) fn no_thread(error: io::Error) -> Self {
        Self {
            kind: Kind::NoThread(error),
        }
    }

    pub(crate) fn deadlock_refused(error: Box<DeadlockError>) -> Self {
        Self {
            kind: Kind::Deadlock(error),
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            kind: Kind::Cancelled,
        }
    }

    pub(crate) fn caller_gone(operation: &'static str) -> Self {
        Self {
            kind: Kind::CallerGone(operation),
        }
    }

    pub(crate) fn past_deadline(operation: &'static str) -> Self {
        Self {
            kind: Kind::PastDeadline(operation),
        }
    }

    pub(crate) fn panicked(operation: &'static str, payload: &(dyn Any + Send)) -> Self {
        Self {
            kind: Kind::Panicked(operation, panic::message(payload).to_owned()),
        }
    }

    /// Whether a blocking call was refused on an event loop.
    #[must_use]
    pub fn is_synchronous_only(&self) -> bool {
        matches!(self.kind, Kind::SynchronousOnly(_))
    }

    /// The refused call, where [`is_synchronous_only`](Self::is_synchronous_only).
    #[must_use]
    pub fn synchronous_only_operation(&self) -> Option<&SynchronousOnlyOperation> {
        match &self.kind {
            Kind::SynchronousOnly(operation) => Some(operation),
            _ => None,
        }
    }

    /// Whether no thread became free within the wait time, or the system refused to start one. The error names the code that has kept one for longest. An
    /// HTTP server answers 503 to it.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(
            self.kind,
            Kind::Overloaded(_) | Kind::QueueFull(_) | Kind::NoThread(_)
        )
    }

    /// Whether sync code was not started within the wait time because other sync code of its scope kept their thread. The error says which.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        matches!(self.kind, Kind::Stuck(_))
    }

    /// Whether the bridge no longer takes sync code, after a [`shutdown`](crate::shutdown()).
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        matches!(self.kind, Kind::ShutDown)
    }

    /// Whether a wait was refused because it could not have ended (see [`deadlock`](crate::deadlock)).
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        matches!(self.kind, Kind::Deadlock(_))
    }

    /// Both ends of the refused wait, where [`is_deadlock`](Self::is_deadlock).
    #[must_use]
    pub fn deadlock(&self) -> Option<&DeadlockError> {
        match &self.kind {
            Kind::Deadlock(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a job was dropped before it started, or sync code waited whose own caller has gone away.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.kind, Kind::Cancelled | Kind::CallerGone(_))
    }

    /// Whether sync code waited until its [`Deadline`](crate::Deadline) had passed.
    #[must_use]
    pub fn is_past_deadline(&self) -> bool {
        matches!(self.kind, Kind::PastDeadline(_))
    }

    /// Whether what was waited for panicked while this thread was unwinding already, when a second panic would have ended the process.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.kind, Kind::Panicked(..))
    }
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::SynchronousOnly(operation) => operation.fmt(f),
            Kind::Overloaded(overloaded) => overloaded.fmt(f),
            Kind::QueueFull(length) => write!(
                f,
                "{length} pieces of sync code wait for a thread already, as many as may"
            ),
            Kind::Stuck(stuck) => stuck.fmt(f),
            Kind::ShutDown => f.write_str("the program ends: no new sync code is run"),
            Kind::NoThread(_) => f.write_str("the system refused to start a thread for sync code"),
            Kind::Deadlock(error) => error.fmt(f),
            Kind::Cancelled => f.write_str("the sync job was cancelled before it started"),
            Kind::CallerGone(operation) => write!(
                f,
                "`{operation}` was given up: whoever awaited the sync code that waits for it has gone; put work that has to finish into `shield(..)`"
            ),
            Kind::PastDeadline(operation) => write!(
                f,
                "`{operation}` was given up: the deadline of this work has passed; set a later one with `Deadline::after(..)`"
            ),
            Kind::Panicked(operation, message) => write!(
                f,
                "`{operation}` panicked, while this thread was unwinding from another panic: {message}"
            ),
        }
    }
}

impl std::error::Error for BridgeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::NoThread(error) => Some(error),
            Kind::SynchronousOnly(_)
            | Kind::Overloaded(_)
            | Kind::QueueFull(_)
            | Kind::Stuck(_)
            | Kind::ShutDown
            | Kind::Deadlock(_)
            | Kind::Cancelled
            | Kind::CallerGone(_)
            | Kind::PastDeadline(_)
            | Kind::Panicked(..) => None,
        }
    }
}
