//! Where a model runs: a process of its own with small limits, whose threads take turns as a scheduler decides.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{self, Waker};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{MaxSteps, Runner};

use tokio::sync::oneshot;

use crate::sync::model::let_time_run;
use crate::sync::thread;
use crate::{Config, Context, runtime};

/// Of each kind.
pub(super) const THREADS: usize = 2;

/// Above them, for holders.
const RESERVED: usize = 1;

/// The schedules are the same in every run of the models; what fails prints its own, for `shuttle::replay`.
const SEED: u64 = 0x6E75_6167_6573;

/// How many schedules of each kind a model is run under: by `cargo xtask models`, by `cargo xtask models --full`.
fn schedules() -> usize {
    if std::env::var_os("NUAGES_FULL").is_some() {
        10_000
    } else {
        300
    }
}

/// Runs a model under many schedules: random ones, and those in which few threads are interrupted at the worst places.
pub(super) fn explore(model: fn()) {
    static LIMITS: OnceLock<()> = OnceLock::new();
    LIMITS.get_or_init(|| {
        Config::new()
            .max_threads(THREADS)
            .max_parallel_threads(THREADS)
            .reserved_threads(RESERVED)
            .queue_length(64)
            .wait_time(Duration::from_secs(30))
            .idle_time(Duration::from_secs(10))
            .install()
            .unwrap();
    });
    // All threads of a model are one for tokio, so it is entered once for all of them.
    let _entered = runtime::process().enter();
    run(RandomScheduler::new_from_seed(SEED, schedules()), model);
    for interruptions in [1, 3] {
        run(
            PctScheduler::new_from_seed(SEED, interruptions, schedules() / 2),
            model,
        );
    }
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = shuttle::Config::new();
    config.silence_warnings = true;
    config.stack_size = 512 * 1024;
    config.max_steps = MaxSteps::FailAfter(50_000);
    Runner::new(scheduler, config).run(move || {
        model();
        let_time_run();
    });
}

/// A task of an executor, polled by a thread of its own, in a snapshot of the context as [`crate::spawn`] makes it.
pub(super) fn task<F>(future: F) -> oneshot::Receiver<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let future = Context::current().inherited().scope(future);
    thread::spawn(move || drop(sender.send(block_on(future))));
    receiver
}

/// Lets a future start what it starts at its first poll.
pub(super) fn poll_once<F: Future + Unpin>(future: &mut F) {
    let _ = pin!(future).poll(&mut task::Context::from_waker(Waker::noop()));
}

/// Counts how often something happened. No step of a model: counting is not what is modelled.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
