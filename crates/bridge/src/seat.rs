//! A thread as a place where sticky jobs can be sent, and the loop in which a thread waits for a future.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::context::with_current;
use crate::job::Job;
use crate::queue::Queue;
use crate::{deadlock, frame};

/// The jobs sent to one thread. Only that thread runs them.
pub(crate) struct Seat {
    jobs: Mutex<Queue>,
    thread: Thread,
    /// Whether jobs came through the link of a wait since the outermost wait last looked; set under the lock of the jobs.
    sent: AtomicBool,
    /// The jobs that run, each but the first inside a wait of the one before.
    running: Mutex<Vec<Running>>,
    /// What ran, and for how long, when jobs behind it were last given up.
    kept_by: Mutex<Option<(&'static Location<'static>, Duration)>>,
}

thread_local! {
    static SEAT: OnceCell<Arc<Seat>> = const { OnceCell::new() };
    /// How many loops on this thread run its jobs, one inside the other.
    static LOOPS: Cell<usize> = const { Cell::new(0) };
    /// What the last wait of this thread was made of.
    static KEPT: Cell<Option<Parts>> = const { Cell::new(None) };
    /// Whether this thread, one of the pool's, is to end after the job at hand.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// A job that runs: where it was made, and since when it runs.
#[derive(Clone, Copy)]
pub(crate) struct Running {
    pub(crate) location: &'static Location<'static>,
    pub(crate) since: Instant,
}

/// Notes that a job runs on this thread, as long as this lives.
pub(crate) struct Note(());

impl Note {
    pub(crate) fn new(running: Running) -> Self {
        Seat::with(|seat| seat.running().push(running));
        Self(())
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        Seat::with(|seat| seat.running().pop());
    }
}

/// All threads that ever ran or waited here, and still are.
static SEATS: Mutex<Vec<Weak<Seat>>> = Mutex::new(Vec::new());

fn seats() -> MutexGuard<'static, Vec<Weak<Seat>>> {
    SEATS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn all() -> Vec<Arc<Seat>> {
    seats().iter().filter_map(Weak::upgrade).collect()
}

/// All jobs that run at this moment.
pub(crate) fn all_running() -> Vec<Running> {
    all().iter().flat_map(|seat| seat.running().clone()).collect()
}

/// Takes out the jobs that have waited too long. Whether others wait.
pub(crate) fn tick(late: &mut Vec<Job>) -> bool {
    all().iter().fold(false, |waiting, seat| {
        let mut jobs = seat.jobs();
        let overdue = jobs.overdue();
        let waits = !jobs.is_empty();
        drop(jobs);
        if !overdue.is_empty() {
            seat.note_what_keeps_it();
            late.extend(overdue);
        }
        waiting | waits
    })
}

/// Pauses the watch over all queues. Whether a job has come meanwhile.
pub(crate) fn pause() -> bool {
    all().iter().fold(false, |waiting, seat| {
        let mut jobs = seat.jobs();
        jobs.pause();
        waiting | !jobs.is_empty()
    })
}

/// Ends this thread, one of the pool's, when it has run what was sent to it.
pub(crate) fn leave() {
    LEAVING.set(true);
}

impl Seat {
    /// The seat of the thread that asks.
    pub(crate) fn of_this_thread() -> Arc<Self> {
        Self::with(Arc::clone)
    }

    fn with<R>(f: impl FnOnce(&Arc<Self>) -> R) -> R {
        SEAT.with(|seat| f(seat.get_or_init(Self::new)))
    }

    fn new() -> Arc<Self> {
        let seat = Arc::new(Self {
            jobs: Mutex::default(),
            thread: thread::current(),
            sent: AtomicBool::new(false),
            running: Mutex::default(),
            kept_by: Mutex::default(),
        });
        let mut seats = seats();
        seats.retain(|seat| seat.strong_count() > 0);
        seats.push(Arc::downgrade(&seat));
        seat
    }

    fn jobs(&self) -> MutexGuard<'_, Queue> {
        // No user code runs under the lock, so what is behind a poisoned one is whole.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a job to a thread that is known to run its jobs, such as a leased one.
    pub(crate) fn submit(&self, job: Job) {
        self.jobs().push_back(job);
        self.thread.unpark();
    }

    /// As [`submit`](Self::submit), for a job that is never given up.
    pub(crate) fn submit_kept(&self, job: Job) {
        self.jobs().push_kept(job);
        self.thread.unpark();
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job that kept this thread when others behind it were given up, and how long it had run.
    pub(crate) fn kept_by(&self) -> Option<(&'static Location<'static>, Duration)> {
        *self.kept_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_what_keeps_it(&self) {
        let now = self
            .running()
            .last()
            .map(|job| (job.location, job.since.elapsed()));
        *self.kept_by.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    pub(crate) fn is_this_thread(&self) -> bool {
        self.thread.id() == thread::current().id()
    }

    /// Runs the next job; false where there is none.
    fn run_one(&self) -> bool {
        let job = self.jobs().pop_front();
        match job {
            Some(job) => {
                job();
                true
            }
            None => false,
        }
    }

    /// Runs jobs until, after `idle` without any, `stop` says so. The loop of a pool's thread.
    pub(crate) fn run_until(&self, idle: Duration, mut stop: impl FnMut() -> bool) {
        LOOPS.set(LOOPS.get() + 1);
        loop {
            while self.run_one() {}
            if LEAVING.get() {
                return;
            }
            let parked = Instant::now();
            thread::park_timeout(idle);
            if parked.elapsed() >= idle && self.jobs().is_empty() && stop() {
                return;
            }
        }
    }
}

/// A thread that waits for a future, as the future's code sees it: while the wait lasts, sticky work runs on that thread.
pub(crate) struct HomeLink {
    seat: Arc<Seat>,
    /// Changed under the seat's lock only, so that no job slips in behind the end of the wait.
    alive: AtomicBool,
    /// The wait around this one, which takes over the jobs of tasks that outlive this one.
    parent: Option<Arc<HomeLink>>,
}

impl HomeLink {
    /// Whether the thread that waits has this name: one of a pool's.
    pub(crate) fn is_on_thread(&self, name: &str) -> bool {
        self.seat.thread.name() == Some(name)
    }

    /// Sends a job to the thread of this wait or, where it has ended, of the nearest that has not. Gives the job back where all have.
    pub(crate) fn submit(self: &Arc<Self>, mut job: Job) -> Result<Arc<Seat>, Job> {
        let mut link = Some(self);
        while let Some(home) = link {
            match home.try_submit(job) {
                Ok(()) => return Ok(Arc::clone(&home.seat)),
                Err(back) => job = back,
            }
            link = home.parent.as_ref();
        }
        Err(job)
    }

    fn try_submit(&self, job: Job) -> Result<(), Job> {
        let mut jobs = self.seat.jobs();
        if !self.alive.load(Ordering::Relaxed) {
            return Err(job);
        }
        jobs.push_back(job);
        self.seat.sent.store(true, Ordering::Relaxed);
        drop(jobs);
        self.seat.thread.unpark();
        Ok(())
    }
}

/// Wakes a waiting thread. Each wait has its own, since waits nest on one thread and share its park token.
struct Signal {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// What a wait is made of. A thread keeps that of its last one, since making it costs more than waiting for what is ready.
struct Parts {
    /// In the context while the future is polled, here otherwise.
    link: Cell<Option<Arc<HomeLink>>>,
    seat: Arc<Seat>,
    signal: Arc<Signal>,
    waker: Waker,
}

impl Parts {
    fn new(parent: Option<Arc<HomeLink>>) -> Self {
        let seat = Seat::of_this_thread();
        let signal = Arc::new(Signal {
            woken: AtomicBool::new(false),
            thread: seat.thread.clone(),
        });
        let link = HomeLink {
            seat: Arc::clone(&seat),
            alive: AtomicBool::new(true),
            parent,
        };
        Self {
            link: Cell::new(Some(Arc::new(link))),
            seat,
            waker: Waker::from(Arc::clone(&signal)),
            signal,
        }
    }

    /// Takes what the thread has kept, or makes it.
    fn take(parent: Option<Arc<HomeLink>>) -> Self {
        if parent.is_some() {
            return Self::new(parent);
        }
        match KEPT.try_with(Cell::take).ok().flatten() {
            Some(parts) => {
                // A waker of the wait before, which somebody still has, may wake this one: a poll too many does no harm.
                parts.signal.woken.store(false, Ordering::Relaxed);
                parts
            }
            None => Self::new(None),
        }
    }

    /// Ends the wait: what was sent to it and not run yet is run, or left to the loop around it.
    fn end(self, outer_loops: usize) {
        let Some(link) = self.link.take() else { return };
        // A loop around this one on the same thread runs what is left; the outermost runs it here, on the thread that the jobs were sent to.
        let runs_rest = outer_loops == 0;
        if is_unique(&link) && !(runs_rest && self.seat.sent.load(Ordering::Relaxed)) {
            if link.parent.is_none() {
                self.link.set(Some(link));
                // While the thread ends there is no next wait.
                let _ = KEPT.try_with(|kept| kept.set(Some(self)));
            }
            return;
        }
        loop {
            let mut jobs = self.seat.jobs();
            let job = if runs_rest { jobs.pop_front() } else { None };
            let Some(job) = job else {
                link.alive.store(false, Ordering::Relaxed);
                if runs_rest {
                    self.seat.sent.store(false, Ordering::Relaxed);
                }
                return;
            };
            drop(jobs);
            job();
        }
    }
}

/// Whether nobody else has it. What those did who had it has happened before.
fn is_unique(link: &Arc<HomeLink>) -> bool {
    // Nobody makes weak ones, so that the count, which costs less than `Arc::get_mut`, says it all.
    let unique = Arc::strong_count(link) == 1;
    fence(Ordering::Acquire);
    unique
}

/// One wait of this thread. Its end runs or hands on what is still queued.
struct Wait {
    /// Taken by the end alone.
    parts: Option<Parts>,
}

impl Wait {
    fn begin() -> Self {
        let parent = with_current(|current| current.home().cloned());
        let parts = Parts::take(parent);
        LOOPS.set(LOOPS.get() + 1);
        Self { parts: Some(parts) }
    }

    fn parts(&self) -> &Parts {
        match &self.parts {
            Some(parts) => parts,
            None => unreachable!("only the end of the wait takes them"),
        }
    }

    fn poll<R>(&self, may_block: bool, poll: impl FnOnce() -> R) -> R {
        /// Puts the outer home back, also when the future panics.
        struct Restore<'a> {
            outer: Option<Arc<HomeLink>>,
            inner: &'a Cell<Option<Arc<HomeLink>>>,
        }
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                let outer = self.outer.take();
                self.inner
                    .set(with_current(|current| current.replace_home(outer)));
            }
        }
        let inner = &self.parts().link;
        let outer = with_current(|current| current.replace_home(inner.take()));
        let _restore = Restore { outer, inner };
        frame::poll_waiting(may_block, poll)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        /// After what is left has run, also when that panics.
        struct Leave(usize);
        impl Drop for Leave {
            fn drop(&mut self) {
                LOOPS.set(self.0);
            }
        }
        let outer_loops = LOOPS.get() - 1;
        let _leave = Leave(outer_loops);
        if let Some(parts) = self.parts.take() {
            parts.end(outer_loops);
        }
    }
}

/// Polls a future on this thread until it is ready, running the jobs that are sent to this thread in between. Nests.
pub(crate) fn block_on<F: Future>(future: F, may_block: bool) -> F::Output {
    let _frame = deadlock::Frame::enter();
    let wait = Wait::begin();
    // Dropped before the wait ends: where the future is given up, what it sent and did not get is cancelled, not run.
    let mut future = pin!(future);
    let Parts {
        seat, signal, waker, ..
    } = wait.parts();
    let mut cx = Context::from_waker(waker);
    let mut woken = true;
    loop {
        if woken && let Poll::Ready(output) = wait.poll(may_block, || future.as_mut().poll(&mut cx)) {
            return output;
        }
        if !seat.run_one() && !signal.woken.load(Ordering::Acquire) {
            thread::park();
        }
        woken = signal.woken.swap(false, Ordering::Acquire);
    }
}
