//! A thread that waits for a future, as a place where that future's sync code runs.

use std::sync::Arc;

use crate::job::Job;
use crate::seat::Seat;
use crate::sync::atomic::AtomicBool;

/// A thread that waits for a future, as the future's code sees it: while the wait lasts, sticky work runs on that thread.
pub(crate) struct HomeLink {
    pub(crate) seat: Arc<Seat>,
    /// Changed under the seat's lock only, so that no job slips in behind the end of the wait.
    alive: AtomicBool,
    /// The wait around this one, which takes over the jobs of tasks that outlive this one.
    pub(crate) parent: Option<Arc<HomeLink>>,
}

impl HomeLink {
    /// The wait of a thread that begins now.
    pub(crate) fn new(seat: Arc<Seat>, parent: Option<Arc<HomeLink>>) -> Self {
        Self {
            seat,
            alive: AtomicBool::new(true),
            parent,
        }
    }

    /// Whether the thread that waits has this name: one of a pool's.
    pub(crate) fn is_on_thread(&self, name: &str) -> bool {
        self.seat.thread().name() == Some(name)
    }

    /// Sends a job to the thread of this wait or, where it has ended, of the nearest that has not. Gives the job back where all have. Whether it is the
    /// very thread that asks.
    pub(crate) fn submit(&self, mut job: Job) -> Result<bool, Job> {
        let mut link = Some(self);
        while let Some(home) = link {
            match home.seat.submit_to(&home.alive, job) {
                Ok(()) => return Ok(home.seat.is_this_thread()),
                Err(back) => job = back,
            }
            link = home.parent.as_deref();
        }
        Err(job)
    }

    /// Ends the wait. What was sent to it and has not run is run here and now if `runs_rest`, and left to the loop around this one otherwise.
    pub(crate) fn end(&self, runs_rest: bool) {
        while !self.seat.close(&self.alive, runs_rest) {
            self.seat.run_next();
        }
    }
}
