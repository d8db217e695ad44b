//! What handing work to a parked thread costs at least: two threads, a flag and a futex, without tasks, results, contexts or queues.
//!
//! Sticky code of many scopes runs on as many threads, so each hop wakes one up and has the core change over to it and back. No bridge can be faster than
//! that; how much slower ours is, is what its own code costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// A thread that waits to be told.
struct Waiting {
    told: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What one round of a driver has not heard of yet.
struct Round {
    open: AtomicUsize,
    driver: Thread,
}

fn start(round: &Arc<Round>, over: &Arc<AtomicBool>) -> Waiting {
    let told = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let (told, round, over) = (Arc::clone(&told), Arc::clone(round), Arc::clone(over));
        move || {
            loop {
                while !told.swap(false, Ordering::Acquire) {
                    thread::park();
                }
                if over.load(Ordering::Relaxed) {
                    return;
                }
                if round.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                    round.driver.unpark();
                }
            }
        }
    });
    Waiting { told, thread }
}

/// Tells its threads in turns, and waits for all of them: as a runtime's worker does, which runs all that is ready before it parks.
fn drive(threads: usize, rounds: usize) -> Duration {
    let round = Arc::new(Round {
        open: AtomicUsize::new(0),
        driver: thread::current(),
    });
    let over = Arc::new(AtomicBool::new(false));
    let waiting: Vec<_> = (0..threads).map(|_| start(&round, &over)).collect();
    let tell = |one: &Waiting| {
        one.told.store(true, Ordering::Release);
        one.thread.thread().unpark();
    };
    let started = Instant::now();
    for _ in 0..rounds {
        round.open.store(threads, Ordering::Release);
        waiting.iter().for_each(tell);
        while round.open.load(Ordering::Acquire) > 0 {
            thread::park();
        }
    }
    let elapsed = started.elapsed();
    over.store(true, Ordering::Relaxed);
    for one in waiting {
        tell(&one);
        let _ = one.thread.join();
    }
    elapsed
}

/// Nanoseconds a hand-over, with as many parked threads, told by as many drivers as the runtime has workers.
pub(crate) fn measure(threads: usize, drivers: usize, total: usize) -> f64 {
    let drivers = drivers.min(threads);
    let each = threads / drivers;
    let rounds = (total / (each * drivers)).max(1);
    let elapsed = thread::scope(|scope| {
        let driving: Vec<_> = (0..drivers)
            .map(|_| scope.spawn(|| drive(each, rounds)))
            .collect();
        let elapsed = driving
            .into_iter()
            .map(|driver| driver.join().expect("no driver panics"));
        elapsed.max().unwrap_or_default()
    });
    elapsed.as_nanos() as f64 / (rounds * each * drivers) as f64
}
