//! The one error of the crate.

use std::fmt;
use std::io;
use std::panic::Location;
use std::time::Duration;

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
    Overloaded(Duration),
    NoThread(io::Error),
    Cancelled,
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

impl BridgeError {
    pub(crate) fn synchronous_only(operation: &'static str, location: &'static Location<'static>) -> Self {
        Self {
            kind: Kind::SynchronousOnly(SynchronousOnlyOperation { operation, location }),
        }
    }

    pub(crate) fn overloaded(waited: Duration) -> Self {
        Self {
            kind: Kind::Overloaded(waited),
        }
    }

    pub(crate) fn no_thread(error: io::Error) -> Self {
        Self {
            kind: Kind::NoThread(error),
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            kind: Kind::Cancelled,
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

    /// Whether no thread became free within the wait time, or the system refused to start one. An HTTP server answers 503 to it.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(self.kind, Kind::Overloaded(_) | Kind::NoThread(_))
    }

    /// Whether the job was dropped before it started.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.kind, Kind::Cancelled)
    }
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::SynchronousOnly(operation) => operation.fmt(f),
            Kind::Overloaded(waited) => write!(
                f,
                "no thread for sync code became free within {waited:?}: all {} hold a request whose sync code still runs",
                crate::MAX_THREADS
            ),
            Kind::NoThread(_) => f.write_str("the system refused to start a thread for sync code"),
            Kind::Cancelled => f.write_str("the sync job was cancelled before it started"),
        }
    }
}

impl std::error::Error for BridgeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::NoThread(error) => Some(error),
            Kind::SynchronousOnly(_) | Kind::Overloaded(_) | Kind::Cancelled => None,
        }
    }
}
