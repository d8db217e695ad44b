//! Jobs that wait for a thread, and the watch over them: none waits for longer than the wait time behind code that does not end.
//!
//! The watch has no clock of its own for each job. A thread ticks while jobs are queued anywhere, and each queue remembers how many had been sent at the last
//! ticks: what was sent that long ago and was not taken since is dropped, by which its caller learns of it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::config::config;
use crate::job::Job;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, PoisonError, process};
use crate::{parallel, seat};

/// How many ticks make up the wait time. A job is dropped after the wait time and before one tick more.
const TICKS: u32 = 4;

/// What a thread does when it is given back.
pub(crate) type Return = Box<dyn FnOnce() + Send>;

/// What waits for a thread.
pub(crate) enum Item {
    Job(Job),
    /// It has to run, however late.
    Return(Return),
}

/// Jobs in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    sent: u64,
    taken: u64,
    /// What `sent` was at the last ticks.
    marks: VecDeque<u64>,
}

impl Queue {
    pub(crate) fn push_back(&mut self, job: Job) {
        self.push(Item::Job(job));
    }

    pub(crate) fn push_return(&mut self, what: Return) {
        self.push(Item::Return(what));
    }

    fn push(&mut self, item: Item) {
        self.items.push_back(item);
        self.sent += 1;
        watch();
    }

    pub(crate) fn pop_front(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.taken += 1;
        Some(item)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Takes back the job that was queued last.
    pub(crate) fn pop_back(&mut self) {
        if self.items.pop_back().is_some() {
            self.sent -= 1;
        }
    }

    /// Takes out the first job whose caller holds something that others may wait for.
    pub(crate) fn pop_of_holder(&mut self) -> Option<Job> {
        let of_holder = |item: &Item| matches!(item, Item::Job(job) if job.is_of_holder);
        let at = self.items.iter().position(of_holder)?;
        // As if it had never been sent: those behind it move up.
        let before = self.taken + at as u64;
        self.sent -= 1;
        for mark in self.marks.iter_mut().filter(|mark| **mark > before) {
            *mark -= 1;
        }
        match self.items.remove(at)? {
            Item::Job(job) => Some(job),
            Item::Return(_) => unreachable!("it is no job"),
        }
    }

    /// Takes out what has waited too long. Called at every tick.
    pub(crate) fn overdue(&mut self) -> Vec<Job> {
        self.marks.push_back(self.sent);
        if self.marks.len() <= TICKS as usize + 1 {
            return Vec::new();
        }
        let old = self.marks.pop_front().unwrap_or_default();
        let count = usize::try_from(old.saturating_sub(self.taken)).unwrap_or(usize::MAX);
        let mut late = Vec::new();
        let mut kept = Vec::new();
        for item in self.items.drain(..count.min(self.items.len())) {
            match item {
                Item::Job(job) => late.push(job),
                Item::Return(_) => kept.push(item),
            }
        }
        for item in kept.into_iter().rev() {
            self.items.push_front(item);
        }
        self.taken += late.len() as u64;
        late
    }

    /// Forgets the ticks: the watch pauses.
    pub(crate) fn pause(&mut self) {
        self.marks.clear();
    }
}

process! {
    static AWAKE: AtomicBool = AtomicBool::new(false);
    /// Keeps the watcher from being started twice.
    static START: Mutex<()> = Mutex::new(());
}

static WATCHER: OnceLock<Option<Thread>> = OnceLock::new();

/// Sees to it that somebody ticks. Called under the lock of the queue to which a job was added: a watch that is about to pause sees the job, or this sees
/// that it paused.
fn watch() {
    if !AWAKE.load(Ordering::SeqCst) {
        wake();
    }
}

#[cold]
fn wake() {
    if AWAKE.swap(true, Ordering::SeqCst) || cfg!(nuages_models) {
        // A model ticks itself: its runs end, and the watcher does not.
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
        tick();
    }
}

/// Gives up what has waited too long, and lets the watch pause where nothing waits.
pub(crate) fn tick() {
    let mut late = Vec::new();
    let waiting = seat::tick(&mut late) | parallel::tick(&mut late);
    // Outside of all locks: the destructors of users' code run here.
    for (job, why) in late {
        let _ = catch_unwind(AssertUnwindSafe(|| job.give_up(why)));
    }
    if !waiting {
        AWAKE.store(false, Ordering::SeqCst);
        if seat::pause() | parallel::pause() {
            AWAKE.store(true, Ordering::SeqCst);
        }
    }
}
