//! Jobs that wait for a thread, and the watch over them: none waits for longer than the wait time behind code that does not end.
//!
//! The watch has no clock of its own for each job. A thread ticks while jobs are queued anywhere, and each queue remembers how many had been sent at the last
//! ticks: what was sent that long ago and was not taken since is dropped, by which its caller learns of it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};

use crate::config::config;
use crate::job::Job;
use crate::{parallel, seat};

/// How many ticks make up the wait time. A job is dropped after the wait time and before one tick more.
const TICKS: u32 = 4;

struct Sent {
    job: Job,
    /// Whether it has to run, however late: the return of a leased thread.
    keep: bool,
}

/// Jobs in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: VecDeque<Sent>,
    sent: u64,
    taken: u64,
    /// What `sent` was at the last ticks.
    marks: VecDeque<u64>,
}

impl Queue {
    pub(crate) fn push_back(&mut self, job: Job) {
        self.push(job, false);
    }

    /// Queues a job that has to run, however late.
    pub(crate) fn push_kept(&mut self, job: Job) {
        self.push(job, true);
    }

    fn push(&mut self, job: Job, keep: bool) {
        self.jobs.push_back(Sent { job, keep });
        self.sent += 1;
        watch();
    }

    pub(crate) fn pop_front(&mut self) -> Option<Job> {
        let sent = self.jobs.pop_front()?;
        self.taken += 1;
        Some(sent.job)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Takes back the job that was queued last.
    pub(crate) fn pop_back(&mut self) -> Option<Job> {
        let sent = self.jobs.pop_back()?;
        self.sent -= 1;
        Some(sent.job)
    }

    /// Takes out what has waited too long. Called at every tick.
    pub(crate) fn overdue(&mut self) -> Vec<Job> {
        self.marks.push_back(self.sent);
        if self.marks.len() <= TICKS as usize + 1 {
            return Vec::new();
        }
        let old = self.marks.pop_front().unwrap_or_default();
        let count = usize::try_from(old.saturating_sub(self.taken)).unwrap_or(usize::MAX);
        let late: Vec<Sent> = self.jobs.drain(..count.min(self.jobs.len())).collect();
        let (kept, dropped): (Vec<Sent>, Vec<Sent>) = late.into_iter().partition(|sent| sent.keep);
        for sent in kept.into_iter().rev() {
            self.jobs.push_front(sent);
        }
        self.taken += dropped.len() as u64;
        dropped.into_iter().map(|sent| sent.job).collect()
    }

    /// Forgets the ticks: the watch pauses.
    pub(crate) fn pause(&mut self) {
        self.marks.clear();
    }
}

static AWAKE: AtomicBool = AtomicBool::new(false);
static WATCHER: OnceLock<Option<Thread>> = OnceLock::new();
/// Keeps the watcher from being started twice.
static START: Mutex<()> = Mutex::new(());

/// Sees to it that somebody ticks. Called under the lock of the queue to which a job was added: a watch that is about to pause sees the job, or this sees
/// that it paused.
fn watch() {
    if !AWAKE.load(Ordering::SeqCst) {
        wake();
    }
}

#[cold]
fn wake() {
    if AWAKE.swap(true, Ordering::SeqCst) {
        return;
    }
    let _start = START.lock().unwrap_or_else(PoisonError::into_inner);
    let watcher = WATCHER.get_or_init(|| {
        let started = thread::Builder::new()
            .name("nuages-watch".to_owned())
            .spawn(tick_for_ever);
        // Where the system has no thread left, jobs are refused by what needs one for them.
        started.ok().map(|handle| handle.thread().clone())
    });
    if let Some(watcher) = watcher {
        watcher.unpark();
    }
}

fn tick_for_ever() {
    loop {
        while !AWAKE.load(Ordering::SeqCst) {
            thread::park();
        }
        thread::sleep(config().wait_time / TICKS);
        let mut late = Vec::new();
        let waiting = seat::tick(&mut late) | parallel::tick(&mut late);
        // Outside of all locks: the destructors of users' code run here.
        for job in late {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(job)));
        }
        if !waiting {
            AWAKE.store(false, Ordering::SeqCst);
            if seat::pause() | parallel::pause() {
                AWAKE.store(true, Ordering::SeqCst);
            }
        }
    }
}
