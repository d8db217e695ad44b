//! A thread as a place where sticky jobs can be sent, and the loop in which it runs them.

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::job::{GivenUp, Job};
use crate::queue::{Item, Queue, Return};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Instant, Mutex, MutexGuard, PoisonError, process, thread_local};

/// The jobs sent to one thread. Only that thread runs them.
pub(crate) struct Seat {
    inbox: Mutex<Inbox>,
    thread: Thread,
    /// Whether jobs came through the link of a wait since the outermost wait last looked; set under the lock.
    sent: AtomicBool,
    /// Whether code on this thread has left something in its storage, which the end of a scope has to drop there.
    kept: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    jobs: Queue,
    /// The jobs that run, each but the first inside a wait of the one before.
    running: Vec<Running>,
}

thread_local! {
    static SEAT: OnceCell<Arc<Seat>> = const { OnceCell::new() };
    /// How many loops on this thread run its jobs, one inside the other.
    static LOOPS: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread, one of the pool's, is to end after the job at hand.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// A job that runs: where it was made, and since when it runs.
#[derive(Clone, Copy)]
pub(crate) struct Running {
    pub(crate) location: &'static Location<'static>,
    pub(crate) since: Instant,
}

process! {
    /// All threads that ever ran or waited here, and still are.
    static SEATS: Mutex<Vec<Weak<Seat>>> = Mutex::new(Vec::new());
}

fn seats() -> MutexGuard<'static, Vec<Weak<Seat>>> {
    SEATS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn all() -> Vec<Arc<Seat>> {
    seats().iter().filter_map(Weak::upgrade).collect()
}

/// All jobs that run at this moment.
pub(crate) fn all_running() -> Vec<Running> {
    all()
        .iter()
        .flat_map(|seat| seat.inbox().running.clone())
        .collect()
}

/// Of the code that runs on threads of these names, that which has done so for longest, and for how long.
pub(crate) fn longest_on(names: &[&str]) -> Option<(&'static Location<'static>, Duration)> {
    let seats = all();
    let of_them = seats
        .iter()
        .filter(|seat| seat.thread.name().is_some_and(|name| names.contains(&name)));
    // What runs on a thread inside of other code began later than that.
    let outermost = of_them.filter_map(|seat| seat.inbox().running.first().copied());
    outermost
        .min_by_key(|job| job.since)
        .map(|job| (job.location, job.since.elapsed()))
}

/// Takes out the jobs that have waited too long, and why. Whether others wait.
pub(crate) fn tick(late: &mut Vec<(Job, GivenUp)>) -> bool {
    all().iter().fold(false, |waiting, seat| {
        let mut inbox = seat.inbox();
        let overdue = inbox.jobs.overdue();
        let keeps = inbox
            .running
            .last()
            .map(|job| (job.location, job.since.elapsed()));
        late.extend(overdue.into_iter().map(|job| (job, GivenUp::Stuck(keeps))));
        waiting | !inbox.jobs.is_empty()
    })
}

/// Pauses the watch over all queues. Whether a job has come meanwhile.
pub(crate) fn pause() -> bool {
    all().iter().fold(false, |waiting, seat| {
        let mut inbox = seat.inbox();
        inbox.jobs.pause();
        waiting | !inbox.jobs.is_empty()
    })
}

/// Ends this thread, one of the pool's, when it has run what was sent to it.
pub(crate) fn leave() {
    LEAVING.set(true);
}

/// A loop that runs this thread's jobs begins.
pub(crate) fn enter_loop() {
    LOOPS.set(LOOPS.get() + 1);
}

/// It ends.
pub(crate) fn leave_loop() {
    LOOPS.set(LOOPS.get() - 1);
}

/// Whether no other loop of this thread is around the present one.
pub(crate) fn is_outermost_loop() -> bool {
    LOOPS.get() == 1
}

/// Notes that code on this thread has put something into its storage.
pub(crate) fn note_kept() {
    let _ = SEAT.try_with(|seat| {
        if let Some(seat) = seat.get() {
            seat.kept.store(true, Ordering::Relaxed);
        }
    });
}

impl Seat {
    /// The seat of the thread that asks.
    pub(crate) fn of_this_thread() -> Arc<Self> {
        SEAT.with(|seat| Arc::clone(seat.get_or_init(|| Self::new(thread::current()))))
    }

    /// The seat of a thread that is about to [settle](Self::settle) in it.
    pub(crate) fn new(thread: Thread) -> Arc<Self> {
        let seat = Arc::new(Self {
            inbox: Mutex::default(),
            thread,
            sent: AtomicBool::new(false),
            kept: AtomicBool::new(false),
        });
        let mut seats = seats();
        seats.retain(|seat| seat.strong_count() > 0);
        seats.push(Arc::downgrade(&seat));
        seat
    }

    /// Makes it the seat of the thread that asks, which has none yet.
    pub(crate) fn settle(self: &Arc<Self>) {
        SEAT.with(|seat| {
            let _ = seat.set(Arc::clone(self));
        });
    }

    pub(crate) fn thread(&self) -> &Thread {
        &self.thread
    }

    pub(crate) fn is_this_thread(&self) -> bool {
        self.thread.id() == thread::current().id()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        // No user code runs under the lock, so what is behind a poisoned one is whole.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a job to a thread that is known to run its jobs, such as a leased one.
    pub(crate) fn submit(&self, job: Job) {
        self.inbox().jobs.push_back(job);
        self.thread.unpark();
    }

    /// Sends a job to the thread if the wait to which `alive` belongs has not ended, and gives the job back otherwise. `alive` changes under the lock
    /// only, so that no job slips in behind the end of the wait.
    pub(crate) fn submit_to(&self, alive: &AtomicBool, job: Job) -> Result<(), Job> {
        let mut inbox = self.inbox();
        if !alive.load(Ordering::Relaxed) {
            return Err(job);
        }
        inbox.jobs.push_back(job);
        self.sent.store(true, Ordering::Relaxed);
        drop(inbox);
        self.thread.unpark();
        Ok(())
    }

    /// Ends the wait to which `alive` belongs, unless there are jobs and `if_empty`. Whether it has.
    pub(crate) fn close(&self, alive: &AtomicBool, if_empty: bool) -> bool {
        let inbox = self.inbox();
        if if_empty && !inbox.jobs.is_empty() {
            return false;
        }
        alive.store(false, Ordering::Relaxed);
        if if_empty {
            self.sent.store(false, Ordering::Relaxed);
        }
        true
    }

    /// Whether jobs came through the link of a wait since the outermost one last looked.
    pub(crate) fn was_sent_to(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// What the thread does when it is given back, after all that was sent to it: it is never given up.
    pub(crate) fn give_back(&self, what: Return) {
        self.inbox().jobs.push_return(what);
        self.thread.unpark();
    }

    /// Whether the thread runs nothing, has nothing to run, and keeps nothing that is to be dropped on it.
    pub(crate) fn is_done(&self) -> bool {
        let inbox = self.inbox();
        inbox.running.is_empty() && inbox.jobs.is_empty() && !self.kept.load(Ordering::Relaxed)
    }

    /// The thread's storage is empty.
    pub(crate) fn forget_kept(&self) {
        self.kept.store(false, Ordering::Relaxed);
    }

    /// Runs the next job, if there is one. For loops that have something else to do as well.
    pub(crate) fn run_next(&self) -> bool {
        let inbox = self.inbox();
        self.run_first(inbox).is_some()
    }

    /// Runs the first job, if there is one, and takes the lock again.
    fn run_first<'a>(&'a self, mut inbox: MutexGuard<'a, Inbox>) -> Option<MutexGuard<'a, Inbox>> {
        match inbox.jobs.pop_front()? {
            Item::Job(job) => Some(self.run_noted(inbox, job)),
            Item::Return(what) => {
                drop(inbox);
                what();
                Some(self.inbox())
            }
        }
    }

    /// Runs a job, which others can see meanwhile.
    fn run_noted<'a>(&'a self, mut inbox: MutexGuard<'a, Inbox>, job: Job) -> MutexGuard<'a, Inbox> {
        let (location, since) = (job.location(), Instant::now());
        inbox.running.push(Running { location, since });
        drop(inbox);
        // The panics of users' code don't come this far; whatever does must not take the thread along, nor what it has noted.
        let _ = catch_unwind(AssertUnwindSafe(|| job.run(since)));
        let mut inbox = self.inbox();
        inbox.running.pop();
        inbox
    }

    /// Runs a job of the other pool on its thread, whose seat this is.
    pub(crate) fn run(&self, job: Job) {
        drop(self.run_noted(self.inbox(), job));
    }

    /// Runs jobs until, after `idle` without any, `stop` says so, and does `after` whenever there are none left. The loop of a pool's thread.
    pub(crate) fn run_until(&self, idle: Duration, after: impl Fn(), mut stop: impl FnMut() -> bool) {
        enter_loop();
        loop {
            let mut inbox = self.inbox();
            while let Some(again) = self.run_first(inbox) {
                inbox = again;
            }
            if LEAVING.get() {
                return;
            }
            after();
            let parked = Instant::now();
            thread::park_timeout(idle);
            // Asked before, since the lock would be held for as long as the condition is looked at, and `stop` may give this very thread back.
            let is_idle = self.inbox().jobs.is_empty();
            if is_idle && parked.elapsed() >= idle && stop() {
                return;
            }
        }
    }
}
