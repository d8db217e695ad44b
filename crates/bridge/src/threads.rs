//! The threads that scopes lease for their sync code: each belongs to one live scope at a time, and the next one gets it afterwards.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::seat::Seat;
use crate::{BridgeError, runtime, scope};

/// How many threads run sticky sync code at once, and so how many requests can be inside sync code at once.
///
/// Past it, a request queues up to [`WAIT_TIME`].
pub const MAX_THREADS: usize = 128;

/// How long sync code waits for a thread before it is refused as [overloaded](BridgeError::is_overloaded).
pub const WAIT_TIME: Duration = Duration::from_secs(30);

/// How long a thread without work is kept.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(10);

struct Threads {
    idle: Mutex<Vec<Arc<Seat>>>,
    free: Arc<Semaphore>,
}

static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads {
    idle: Mutex::default(),
    free: Arc::new(Semaphore::new(MAX_THREADS)),
});

impl Threads {
    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends this thread if no scope has leased it; false where one has.
    fn retire(&self) -> bool {
        scope::forget_idle_tasks();
        let mut idle = self.idle();
        match idle.iter().position(|seat| seat.is_this_thread()) {
            Some(at) => {
                idle.swap_remove(at);
                true
            }
            None => false,
        }
    }

    fn start() -> Result<Arc<Seat>, BridgeError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        thread::Builder::new()
            .name("nuages-sync".to_owned())
            .spawn(move || {
                let seat = Seat::of_this_thread();
                if sender.send(Arc::clone(&seat)).is_ok() {
                    seat.run_until(IDLE_TIME, || THREADS.retire());
                }
            })
            .map_err(BridgeError::no_thread)?;
        receiver.recv().map_err(|_| BridgeError::cancelled())
    }
}

/// A thread that belongs to one scope. Dropped, it goes back when the jobs that were sent to it are done.
pub(crate) struct Lease {
    seat: Arc<Seat>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let permit = self.permit.take();
        let seat = Arc::clone(&self.seat);
        self.seat.submit(Box::new(move || {
            THREADS.idle().push(seat);
            drop(permit);
        }));
    }
}

/// Leases a thread, waiting for one up to [`WAIT_TIME`].
pub(crate) async fn lease() -> Result<Lease, BridgeError> {
    let permit = match Arc::clone(&THREADS.free).try_acquire_owned() {
        Ok(permit) => permit,
        Err(_) => queue().await?,
    };
    // The newest first: the others can retire.
    let idle = THREADS.idle().pop();
    let seat = match idle {
        Some(seat) => seat,
        None => Threads::start()?,
    };
    Ok(Lease {
        seat,
        permit: Some(permit),
    })
}

async fn queue() -> Result<OwnedSemaphorePermit, BridgeError> {
    scope::release_one_idle_task();
    let wait = {
        // Timers of the process's runtime: the present one may have been built without any.
        let _entered = runtime::process().enter();
        tokio::time::timeout(WAIT_TIME, Arc::clone(&THREADS.free).acquire_owned())
    };
    match wait.await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(BridgeError::overloaded(WAIT_TIME)),
    }
}
