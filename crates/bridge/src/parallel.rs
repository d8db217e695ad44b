//! Threads for sync code that may run anywhere: one queue, as many threads as it takes, up to a cap.
//!
//! Waking a thread costs ten times what handing over a short job does, so a job wakes one only where none runs jobs already. What keeps a job from
//! waiting behind one that blocks is the watcher: an idle thread which looks, while jobs are queued, whether they get on, and takes one where they
//! don't. Before that it has another thread watch, which takes the next job at once if still nothing got on, so that a burst of code that blocks has
//! all its threads soon.

use std::time::Duration;

use crate::config::config;
use crate::home::HomeLink;
use crate::job::{GivenUp, Job};
use crate::queue::{Item, Queue};
use crate::seat::{self, Seat};
use crate::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError, process, thread};
use crate::{BridgeError, scope_local};

/// What the threads are called, and those above the cap.
const THREAD_NAME: &str = "nuages-parallel";
const RESERVED_NAME: &str = "nuages-reserved";

/// How long queued jobs may stand still before one more thread takes one.
const LOOK: Duration = Duration::from_micros(200);

/// After how many looks a job has one more thread run it although others get on: all of them are kept busy.
const PATIENCE: u32 = 10;

#[derive(Default)]
struct State {
    jobs: Queue,
    threads: usize,
    /// Threads above the cap, for holders.
    reserved: usize,
    /// Threads that run jobs, or were called to.
    running: usize,
    /// Threads that wait to be called.
    idle: usize,
    /// Whether a thread watches, or was called to.
    watched: bool,
    /// Calls that no thread has answered yet.
    calls_to_run: usize,
    calls_to_watch: usize,
    /// How many jobs were ever queued, taken, and ended.
    queued: u64,
    taken: u64,
    ended: u64,
    /// What `ended` was when a watcher last took a job, since the others stood still.
    stalled_at: Option<u64>,
}

impl State {
    fn take(&mut self) -> Option<Job> {
        let Item::Job(job) = self.jobs.pop_front()? else {
            unreachable!("these threads belong to nobody who could give them back")
        };
        self.taken += 1;
        Some(job)
    }

    fn take_of_holder(&mut self) -> Option<Job> {
        let job = self.jobs.pop_of_holder()?;
        self.taken += 1;
        Some(job)
    }
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    call: Condvar,
    /// The watcher alone waits for it.
    look: Condvar,
}

process! {
    static POOL: LazyLock<Pool> = LazyLock::new(Pool::default);
}

type Guard = MutexGuard<'static, State>;

impl Pool {
    fn state(&'static self) -> Guard {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread, which was started because it was called.
    fn work(&'static self) {
        let mut state = self.state();
        loop {
            if state.calls_to_run > 0 {
                state.calls_to_run -= 1;
                state = self.run(state);
            } else if state.calls_to_watch > 0 {
                state.calls_to_watch -= 1;
                state = self.watch(state);
            } else {
                let (back, timeout) = self
                    .call
                    .wait_timeout(state, config().idle_time)
                    .unwrap_or_else(PoisonError::into_inner);
                state = back;
                if timeout.timed_out() && state.calls_to_run == 0 && state.calls_to_watch == 0 {
                    state.idle -= 1;
                    state.threads -= 1;
                    return;
                }
                continue;
            }
            state.idle += 1;
        }
    }

    /// Runs jobs while there are any.
    fn run(&'static self, mut state: Guard) -> Guard {
        let seat = Seat::of_this_thread();
        while let Some(job) = state.take() {
            drop(state);
            seat.run(job);
            scope_local::clear();
            state = self.state();
            state.ended += 1;
        }
        state.running -= 1;
        state
    }

    /// Watches while jobs are queued, and runs jobs where the others don't get on.
    fn watch(&'static self, mut state: Guard) -> Guard {
        let mut looks = 0;
        let mut queued_at_first = state.queued;
        // Called by a watcher that found a standstill: it still is one.
        let mut standstill = state.stalled_at == Some(state.ended);
        loop {
            if state.jobs.is_empty() {
                state.watched = false;
                return state;
            }
            if standstill || state.running == 0 || looks >= PATIENCE {
                break;
            }
            let ended = state.ended;
            state = self
                .look
                .wait_timeout(state, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            standstill = state.ended == ended;
            looks += 1;
            if state.taken >= queued_at_first {
                // What was queued at the first look has been taken since.
                looks = 0;
                queued_at_first = state.queued;
            }
        }
        state.stalled_at = standstill.then_some(state.ended);
        state.watched = false;
        state.running += 1;
        if state.jobs.len() > 1 && self.call_to_watch(&mut state).is_err() {
            // No thread can be had. Those that run come to the jobs, unless they wait for who sent one of these.
            reserve_for_holders(&mut state);
        }
        self.run(state)
    }

    fn call_to_watch(&'static self, state: &mut Guard) -> std::io::Result<()> {
        state.calls_to_watch += 1;
        state.watched = true;
        self.call(state).inspect_err(|_| {
            state.calls_to_watch -= 1;
            state.watched = false;
        })
    }

    fn call_to_run(&'static self, state: &mut Guard) -> std::io::Result<()> {
        state.calls_to_run += 1;
        state.running += 1;
        self.call(state).inspect_err(|_| {
            state.calls_to_run -= 1;
            state.running -= 1;
        })
    }

    /// Has an idle thread answer a call, or a new one.
    fn call(&'static self, state: &mut Guard) -> std::io::Result<()> {
        if state.idle > 0 {
            state.idle -= 1;
            self.call.notify_one();
            return Ok(());
        }
        if state.threads >= config().max_parallel_threads {
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(|| POOL.work())?;
        state.threads += 1;
        Ok(())
    }
}

/// How many threads there are.
pub(crate) fn threads() -> usize {
    let state = POOL.state();
    state.threads + state.reserved
}

/// Takes out the jobs that have waited too long. Whether others wait.
pub(crate) fn tick(late: &mut Vec<(Job, GivenUp)>) -> bool {
    let mut state = POOL.state();
    let overdue = state.jobs.overdue();
    state.taken += overdue.len() as u64;
    let others_wait = !state.jobs.is_empty();
    drop(state);
    if !overdue.is_empty() {
        let running = seat::longest_on(&[THREAD_NAME]);
        late.extend(overdue.into_iter().map(|job| (job, GivenUp::Overloaded(running))));
    }
    others_wait
}

/// Pauses the watch over the queue. Whether a job has come meanwhile.
pub(crate) fn pause() -> bool {
    let mut state = POOL.state();
    state.jobs.pause();
    !state.jobs.is_empty()
}

/// Runs a job of a holder on a thread above the cap, and after it those that queue; nothing else, since they are there so that holders get on.
fn run_reserved(state: &mut Guard, job: Job) -> Result<(), BridgeError> {
    thread::Builder::new()
        .name(RESERVED_NAME.to_owned())
        .spawn(|| {
            let seat = Seat::of_this_thread();
            let mut next = Some(job);
            while let Some(job) = next {
                seat.run(job);
                scope_local::clear();
                let mut state = POOL.state();
                next = state.take_of_holder();
                if next.is_none() {
                    state.reserved -= 1;
                }
            }
        })
        .map_err(BridgeError::no_thread)?;
    state.reserved += 1;
    Ok(())
}

/// All other threads are taken: has those of the reserve run what holders have queued.
fn reserve_for_holders(state: &mut Guard) {
    while state.reserved < config().reserved_threads
        && let Some(job) = state.take_of_holder()
        // Where the system has no thread left, its caller hears of it by the job's end.
        && run_reserved(state, job).is_ok()
    {}
}

/// Queues a job, and sees to it that a thread comes to it; at once where it belongs to a holder that others may wait for.
///
/// Where all threads are busy and the caller is waited for by one of them, the job goes to that one: if all waited for jobs in the queue, none would
/// come to them. Whether that is the very thread that asks.
pub(crate) fn submit(mut job: Job, home: Option<&HomeLink>) -> Result<bool, BridgeError> {
    let mut state = POOL.state();
    let limits = config();
    if state.threads >= limits.max_parallel_threads && state.idle == 0 {
        let waits_here = |home: &&HomeLink| {
            [THREAD_NAME, RESERVED_NAME]
                .iter()
                .any(|name| home.is_on_thread(name))
        };
        if let Some(home) = home.filter(waits_here) {
            drop(state);
            match home.submit(job) {
                Ok(is_this_thread) => return Ok(is_this_thread),
                Err(back) => job = back,
            }
            state = POOL.state();
        }
        if job.is_of_holder && state.reserved < limits.reserved_threads {
            return run_reserved(&mut state, job).map(|()| false);
        }
    }
    if state.jobs.len() >= limits.queue_length {
        return Err(BridgeError::queue_full(limits.queue_length));
    }
    state.jobs.push_back(job);
    state.queued += 1;
    if state.running > 0 {
        if !state.watched {
            // Without a watcher the job waits for one of those that run.
            let _ = POOL.call_to_watch(&mut state);
        }
        return Ok(false);
    }
    if state.watched {
        POOL.look.notify_one();
        return Ok(false);
    }
    match POOL.call_to_run(&mut state) {
        Ok(()) => Ok(false),
        Err(error) => {
            state.jobs.pop_back();
            state.queued -= 1;
            Err(BridgeError::no_thread(error))
        }
    }
}
