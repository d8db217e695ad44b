//! The end of the program: no new sync code, and a wait for what runs.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use tokio::sync::Notify;

use crate::seat::{self, Running};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::process;
use crate::{BridgeError, Op, cancel, runtime, stats};

process! {
    static CLOSED: AtomicBool = AtomicBool::new(false);
    static ENDED: Notify = Notify::const_new();
    /// How many wait for the end of all jobs.
    static WAITING: AtomicUsize = AtomicUsize::new(0);
}

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
        Ok(wait(grace).await)
    })
}

/// Waits until no sync code is under way, up to the grace time. Gives what still runs then.
///
/// Unlike after a [`shutdown`], new sync code is welcome, meanwhile and afterwards: a server calls this between its last request and the end of its
/// application, which may need sync code to close what it has.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{async_to_sync, drain, sync_to_async};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), nuages_bridge::BridgeError> {
/// async_to_sync(async {
///     let mail = nuages_bridge::shield(async { sync_to_async(|| "sent").parallel().await });
///     assert!(drain(Duration::from_secs(30)).await?.is_empty());
///     assert_eq!(mail.await??, "sent");
///     Ok(())
/// })?
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropping it ends the wait, and nothing else.
#[track_caller]
pub fn drain(grace: Duration) -> Op<'static, Vec<Left>> {
    Op::new("drain", async move { Ok(wait(grace).await) })
}

async fn wait(grace: Duration) -> Vec<Left> {
    match runtime::timeout(grace, until_idle()).await {
        Ok(()) => Vec::new(),
        Err(_) => seat::all_running().into_iter().map(left).collect(),
    }
}

fn left(running: Running) -> Left {
    Left {
        location: running.location,
        age: running.since.elapsed(),
    }
}

async fn until_idle() {
    /// Counts one that waits, while it does.
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::SeqCst);
        }
    }
    WAITING.fetch_add(1, Ordering::SeqCst);
    let _waits = Waits;
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

/// Tells who waits for it that a job has ended.
pub(crate) fn ended() {
    if WAITING.load(Ordering::SeqCst) > 0 {
        ENDED.notify_waiters();
    }
}

/// Whether new sync code is welcome; at the end, only what sync code that still runs sends.
pub(crate) fn check(has_home: bool) -> Result<(), BridgeError> {
    if CLOSED.load(Ordering::SeqCst) && !has_home && !cancel::in_job() {
        return Err(BridgeError::shut_down());
    }
    Ok(())
}
