//! Threads for sync code that may run anywhere: one queue, as many threads as it takes, up to a cap.

use std::collections::VecDeque;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::BridgeError;
use crate::job::Job;
use crate::threads::{IDLE_TIME, MAX_THREADS};

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

static POOL: LazyLock<Pool> = LazyLock::new(Pool::default);

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.state();
                continue;
            }
            state.idle += 1;
            let (back, timeout) = self
                .work
                .wait_timeout(state, IDLE_TIME)
                .unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.idle -= 1;
            if timeout.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

/// Queues a job, and starts a thread for it where all are busy and the cap allows one more.
pub(crate) fn submit(job: Job) -> Result<(), BridgeError> {
    let mut state = POOL.state();
    state.jobs.push_back(job);
    if state.jobs.len() <= state.idle || state.threads >= MAX_THREADS {
        drop(state);
        POOL.work.notify_one();
        return Ok(());
    }
    let started = thread::Builder::new()
        .name("nuages-parallel".to_owned())
        .spawn(|| POOL.work());
    match started {
        Ok(_) => {
            state.threads += 1;
            Ok(())
        }
        // Those that run will come to it.
        Err(_) if state.threads > 0 => Ok(()),
        Err(error) => {
            state.jobs.pop_back();
            Err(BridgeError::no_thread(error))
        }
    }
}
