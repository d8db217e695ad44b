//! A thread as a place where sticky jobs can be sent, and the loop in which a thread waits for a future.

use std::cell::{Cell, OnceCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::context::with_current;
use crate::frame;
use crate::job::Job;

/// The jobs sent to one thread. Only that thread runs them.
pub(crate) struct Seat {
    jobs: Mutex<VecDeque<Job>>,
    thread: Thread,
}

thread_local! {
    static SEAT: OnceCell<Arc<Seat>> = const { OnceCell::new() };
    /// How many loops on this thread run its jobs, one inside the other.
    static LOOPS: Cell<usize> = const { Cell::new(0) };
}

impl Seat {
    /// The seat of the thread that asks.
    pub(crate) fn of_this_thread() -> Arc<Self> {
        SEAT.with(|seat| {
            Arc::clone(seat.get_or_init(|| {
                Arc::new(Self {
                    jobs: Mutex::default(),
                    thread: thread::current(),
                })
            }))
        })
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        // No user code runs under the lock, so what is behind a poisoned one is whole.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a job to a thread that is known to run its jobs, such as a leased one.
    pub(crate) fn submit(&self, job: Job) {
        self.jobs().push_back(job);
        self.thread.unpark();
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
            let parked = std::time::Instant::now();
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

/// One wait of this thread. Its end runs or hands on what is still queued.
struct Wait {
    link: Arc<HomeLink>,
}

impl Wait {
    fn begin() -> Self {
        let parent = with_current(|current| current.home().cloned());
        LOOPS.set(LOOPS.get() + 1);
        Self {
            link: Arc::new(HomeLink {
                seat: Seat::of_this_thread(),
                alive: AtomicBool::new(true),
                parent,
            }),
        }
    }

    fn poll<R>(&self, may_block: bool, poll: impl FnOnce() -> R) -> R {
        /// Puts the outer home back, also when the future panics.
        struct Restore(Option<Arc<HomeLink>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let outer = self.0.take();
                with_current(|current| current.replace_home(outer));
            }
        }
        let outer = with_current(|current| current.replace_home(Some(Arc::clone(&self.link))));
        let _restore = Restore(outer);
        frame::poll_waiting(may_block, poll)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let outer_loops = LOOPS.get() - 1;
        loop {
            let mut jobs = self.link.seat.jobs();
            // A loop around this one on the same thread runs what is left; the outermost runs it here, on the thread that the jobs were sent to.
            let job = if outer_loops == 0 { jobs.pop_front() } else { None };
            let Some(job) = job else {
                self.link.alive.store(false, Ordering::Relaxed);
                break;
            };
            drop(jobs);
            job();
        }
        LOOPS.set(outer_loops);
    }
}

/// Polls a future on this thread until it is ready, running the jobs that are sent to this thread in between. Nests.
pub(crate) fn block_on<F: Future>(future: F, may_block: bool) -> F::Output {
    let mut future = pin!(future);
    let wait = Wait::begin();
    let seat = &wait.link.seat;
    let signal = Arc::new(Signal {
        woken: AtomicBool::new(true),
        thread: seat.thread.clone(),
    });
    let waker = Waker::from(Arc::clone(&signal));
    let mut cx = Context::from_waker(&waker);
    loop {
        if signal.woken.swap(false, Ordering::Acquire)
            && let Poll::Ready(output) = wait.poll(may_block, || future.as_mut().poll(&mut cx))
        {
            return output;
        }
        if !seat.run_one() && !signal.woken.load(Ordering::Acquire) {
            thread::park();
        }
    }
}
