//! The end of the program: no new sync code, and a last wait for what runs.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::seat::{self, Running};
use crate::{BridgeError, Op, cancel, runtime, stats};

static CLOSED: AtomicBool = AtomicBool::new(false);
static ENDED: Notify = Notify::const_new();

/// A job that a [`shutdown`] did not wait for any longer.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    location: &'static Location<'static>,
    age: Duration,
}

impl Left {
    /// Where the job was made.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// How long it has run.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the sync code of {}, which has run for {:?}",
            self.location, self.age
        )
    }
}

/// Ends the sync code of the process: refuses what is new, and waits for what was sent before, up to the grace time. Gives what it left running.
///
/// Sync code that runs already may still send more, or it could not finish. There is no way back.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{async_to_sync, shutdown, sync_to_async};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), nuages_bridge::BridgeError> {
/// let left = shutdown(Duration::from_secs(30)).wait()?;
/// assert!(left.is_empty());
/// let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
/// let refused = async_to_sync(async move {
///     runtime.spawn(async { sync_to_async(|| ()).await }).await.expect("no panic").expect_err("it is over")
/// })?;
/// assert!(refused.is_shut_down());
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// New sync code stays refused from the first poll on.
#[track_caller]
pub fn shutdown(grace: Duration) -> Op<'static, Vec<Left>> {
    Op::new("shutdown", async move {
        CLOSED.store(true, Ordering::SeqCst);
        let wait = {
            // Timers of the process's runtime: the present one may have been built without any.
            let _entered = runtime::process().enter();
            tokio::time::timeout(grace, until_idle())
        };
        Ok(match wait.await {
            Ok(()) => Vec::new(),
            Err(_) => seat::all_running().into_iter().map(left).collect(),
        })
    })
}

fn left(running: Running) -> Left {
    Left {
        location: running.location,
        age: running.since.elapsed(),
    }
}

async fn until_idle() {
    loop {
        let mut ended = std::pin::pin!(ENDED.notified());
        // Before the look, so that no end in between is missed.
        ended.as_mut().enable();
        if stats::unfinished() == 0 {
            return;
        }
        ended.await;
    }
}

/// Tells a shutdown that a job has ended.
pub(crate) fn ended() {
    if CLOSED.load(Ordering::SeqCst) {
        ENDED.notify_waiters();
    }
}

/// Whether new sync code is welcome; at the end, only what sync code that still runs sends.
pub(crate) fn check(has_home: bool) -> Result<(), BridgeError> {
    if CLOSED.load(Ordering::Relaxed) && !has_home && cancel::running().is_none() {
        return Err(BridgeError::shut_down());
    }
    Ok(())
}
