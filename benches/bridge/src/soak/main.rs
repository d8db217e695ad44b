//! Whether a long run of everything stays flat: `cargo xtask soak bridge`.
//!
//! Requests that mix all operations of the bridge under a fixed seed run side by side, and now and then there are more of them than there are
//! threads. Once a second the process's threads, its live heap and its resident memory are read. What the last half has must not exceed what the first
//! fifth has by more than a twentieth: of the live heap on average, of the others at their peaks, since a pool has peaks.
//!
//! Resident memory takes minutes to settle while the live heap does not grow at all: the system's allocator keeps a cache for each of some 150 threads, and each
//! fills one by one with pieces of all sizes. So it is judged in runs of at least ten minutes, and the live heap, which shows a leak at once, in all.

mod heap;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use bench_bridge_mix::mix::{self, Random};

const SEED: u64 = 0x0050_4153_5341_4E54;
/// Requests at once, each followed by another.
const LANES: u64 = 48;
/// Plain threads that wait for requests.
const PLAIN: u64 = 2;
/// Requests at once now and then: more than there are threads for sync code.
const CROWD: u64 = 200;
const CROWD_EVERY: Duration = Duration::from_secs(3);
/// Between a request and the next one of the lane, so that a soak leaves room for other programs.
const PAUSE: Duration = Duration::from_millis(4);
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
const ALLOWED: f64 = 1.05;
/// The shortest run, in minutes, whose first fifth is long enough for the allocator's caches.
const LONG_RUN: f64 = 10.0;

/// What the system says of this process.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    threads: u64,
    kib: u64,
    /// What the program has allocated and not freed; the rest of its memory is code, stacks, and what the allocator keeps.
    heap_kib: u64,
}

impl Sample {
    fn read() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            number.ok_or_else(|| io::Error::other(format!("no `{name}` in /proc/self/status")))
        };
        Ok(Self {
            threads: field("Threads:")?,
            kib: field("VmRSS:")?,
            heap_kib: heap::live() / 1024,
        })
    }

    fn max(self, other: Self) -> Self {
        Self {
            threads: self.threads.max(other.threads),
            kib: self.kib.max(other.kib),
            heap_kib: self.heap_kib.max(other.heap_kib),
        }
    }
}

/// What the run shares.
#[derive(Debug, Default)]
struct Run {
    over: AtomicBool,
    requests: AtomicU64,
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

async fn lane(run: Arc<Run>, stream: u64) {
    let mut random = Random::new(SEED, stream);
    while run.goes_on() {
        mix::request(random.draw()).await;
        run.count();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn crowds(run: Arc<Run>) {
    let mut random = Random::new(SEED, u64::MAX);
    while run.goes_on() {
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| tokio::spawn(mix::request(random.draw())))
            .collect();
        for request in crowd {
            request.await.expect("no request fails");
            run.count();
        }
        tokio::time::sleep(CROWD_EVERY).await;
    }
}

fn plain(run: &Run, stream: u64) {
    let mut random = Random::new(SEED, stream);
    while run.goes_on() {
        mix::plain(random.draw());
        run.count();
        thread::sleep(PAUSE);
    }
}

/// One part of the run: its peaks, and the average of the live heap.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    peak: Sample,
    heap_kib: u64,
    samples: u64,
}

impl Part {
    fn add(&mut self, sample: Sample) {
        self.peak = self.peak.max(sample);
        self.heap_kib += sample.heap_kib;
        self.samples += 1;
    }

    fn average_heap(&self) -> f64 {
        self.heap_kib as f64 / self.samples as f64
    }

    fn mib(&self) -> f64 {
        self.peak.kib as f64 / 1024.0
    }
}

/// Reads until the time is over; prints about sixty lines. Gives back the first fifth and the last half.
fn watch(run: &Run, length: Duration) -> io::Result<(Part, Part)> {
    let (mut before, mut after) = (Part::default(), Part::default());
    let started = Instant::now();
    let print_every = (length / 60).max(SAMPLE_EVERY);
    let mut next_print = Duration::ZERO;
    println!(
        "{:>8} {:>8} {:>10} {:>10} {:>12}",
        "seconds", "threads", "MiB", "heap KiB", "requests"
    );
    loop {
        let elapsed = started.elapsed();
        let sample = Sample::read()?;
        // Not the very first moments, before all requests are on their way.
        if elapsed >= length / 20 && elapsed <= length / 5 {
            before.add(sample);
        }
        if elapsed >= length / 2 {
            after.add(sample);
        }
        if elapsed >= next_print {
            next_print += print_every;
            let requests = run.requests.load(Ordering::Relaxed);
            let mib = sample.kib as f64 / 1024.0;
            println!(
                "{:>8.0} {:>8} {mib:>10.2} {:>10} {requests:>12}",
                elapsed.as_secs_f64(),
                sample.threads,
                sample.heap_kib
            );
        }
        if elapsed >= length {
            return Ok((before, after));
        }
        thread::sleep(SAMPLE_EVERY.min(length - elapsed));
    }
}

fn is_flat(what: &str, before: f64, after: f64) -> bool {
    let flat = after <= before * ALLOWED;
    let verdict = if flat { "flat" } else { "NOT FLAT" };
    println!(
        "{what}: {before:.1} in the first fifth, {after:.1} in the last half, ratio {:.3} of {ALLOWED}: {verdict}",
        after / before,
    );
    flat
}

fn main() -> io::Result<ExitCode> {
    let minutes: f64 = match std::env::args().nth(1).map(|minutes| minutes.parse()) {
        Some(Ok(minutes)) => minutes,
        Some(Err(_)) => return Err(io::Error::other("the one argument is how many minutes to run")),
        None => 10.0,
    };
    mix::quiet_panics();
    // What fails ends the run: a soak that lost a lane would look flat.
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        quiet(info);
        if info.payload().downcast_ref::<&str>() != Some(&mix::ON_PURPOSE) {
            std::process::abort();
        }
    }));
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let run = Arc::new(Run::default());
    let mut tasks: Vec<_> = (0..LANES)
        .map(|stream| runtime.spawn(lane(Arc::clone(&run), stream)))
        .collect();
    tasks.push(runtime.spawn(crowds(Arc::clone(&run))));
    let threads: Vec<_> = (0..PLAIN)
        .map(|stream| {
            let run = Arc::clone(&run);
            thread::spawn(move || plain(&run, LANES + stream))
        })
        .collect();
    let (before, after) = watch(&run, Duration::from_secs_f64(minutes * 60.0))?;
    run.over.store(true, Ordering::Relaxed);
    for thread in threads {
        thread
            .join()
            .map_err(|_| io::Error::other("a plain thread panicked"))?;
    }
    for task in tasks {
        nuages_bridge::async_to_sync(task)
            .map_err(io::Error::other)?
            .map_err(io::Error::other)?;
    }
    let threads = is_flat(
        "threads, at most",
        before.peak.threads as f64,
        after.peak.threads as f64,
    );
    let heap = is_flat(
        "live heap, KiB on average",
        before.average_heap(),
        after.average_heap(),
    );
    let resident = is_flat("resident memory, MiB at most", before.mib(), after.mib());
    let memory = heap && (resident || minutes < LONG_RUN);
    if !resident && memory {
        println!(
            "the last is not judged in a run of less than {LONG_RUN} minutes: the allocator's caches still fill"
        );
    }
    Ok(if threads && memory {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
