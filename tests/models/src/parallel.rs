//! The pool for parallel code: no job is lost, none runs twice, and jobs that need each other all run.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::sync::{Barrier, Condvar, Mutex};

use super::world::{Runs, THREADS, explore};
use crate::deadlock::Resource;
use crate::sync::model::let_time_pass;
use crate::sync::thread;
use crate::{async_to_sync, sync_to_async};

/// Lets time pass until this is dropped: the pool looks after its jobs by the clock.
struct Passing {
    over: Runs,
    thread: Option<thread::JoinHandle<()>>,
}

impl Passing {
    fn begin() -> Self {
        let over = Runs::default();
        let until = over.clone();
        let thread = thread::spawn(move || {
            while until.count() == 0 {
                let_time_pass();
                thread::yield_now();
            }
        });
        Self {
            over,
            thread: Some(thread),
        }
    }

    fn end(mut self) {
        self.over.note();
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn each_job_of_several_senders_runs_once() {
    explore(|| {
        let passing = Passing::begin();
        let runs = Runs::default();
        let senders: Vec<_> = (0..3)
            .map(|number| {
                let runs = runs.clone();
                thread::spawn(move || {
                    let job = sync_to_async(move || {
                        runs.note();
                        number
                    });
                    assert_eq!(block_on(job.parallel().into_future()).unwrap(), number);
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(runs.count(), 3);
        passing.end();
    });
}

#[test]
fn jobs_that_need_each_other_to_run_all_run() {
    explore(|| {
        let passing = Passing::begin();
        let barrier = Arc::new(Barrier::new(THREADS));
        let senders: Vec<_> = (0..THREADS)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                thread::spawn(move || {
                    let job = sync_to_async(move || barrier.wait().is_leader());
                    block_on(job.parallel().into_future()).unwrap();
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        passing.end();
    });
}

#[test]
fn a_full_pool_whose_jobs_wait_for_jobs_of_the_pool_gets_on() {
    explore(|| {
        let passing = Passing::begin();
        let senders: Vec<_> = (0..THREADS)
            .map(|_| {
                thread::spawn(|| {
                    let nests = || async_to_sync(async { sync_to_async(|| 1).parallel().await });
                    let job = sync_to_async(nests).parallel().into_future();
                    assert_eq!(block_on(job).unwrap().unwrap().unwrap(), 1);
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        passing.end();
    });
}

/// More holders than there are reserved threads, against as much code as there are threads, all of which waits for all of them.
#[test]
fn holders_get_on_while_all_threads_wait_for_them() {
    const HOLDERS: usize = 2;
    explore(|| {
        let passing = Passing::begin();
        let done = Arc::new((Mutex::new(0), Condvar::new()));
        let waiting = (0..THREADS).map(|_| {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                let code = sync_to_async(move || {
                    let (count, changed) = &*done;
                    let mut count = count.lock().unwrap();
                    while *count < HOLDERS {
                        count = changed.wait(count).unwrap();
                    }
                });
                block_on(code.parallel().into_future()).unwrap();
            })
        });
        let waiting: Vec<_> = waiting.collect();
        let holders = (0..HOLDERS).map(|_| {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                let connection = Resource::new("the connection", 1);
                let held = connection.hold("atomic");
                let code = sync_to_async(move || {
                    *done.0.lock().unwrap() += 1;
                    done.1.notify_all();
                });
                block_on(held.scope(async { code.parallel().await })).unwrap();
            })
        });
        let holders: Vec<_> = holders.collect();
        for thread in waiting.into_iter().chain(holders) {
            thread.join().unwrap();
        }
        passing.end();
    });
}
