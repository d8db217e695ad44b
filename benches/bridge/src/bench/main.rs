//! What a call between async and sync code costs: `cargo xtask bench bridge`.
//!
//! Absolute numbers of a shared machine say little, so all ways are measured in turns within one run, several rounds of it, idle and beside HTTP
//! traffic, and what is printed is the median of each and its ratio to tokio's own way.

mod bare;
mod context;
mod hops;
mod load;
mod waits;

use tokio::runtime::Builder;

use crate::hops::{BARE, Dedicated, HOPS, Hop, OWN};
use crate::load::Load;
use crate::waits::{WAITS, Wait};

const ROUNDS: usize = 9;
const CALLERS: [usize; 3] = [1, 64, 1000];
const WORKERS: usize = 2;

/// Nanoseconds a call, one number a round, for each number of callers.
type Rounds = [Vec<f64>; CALLERS.len()];

fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The median over the rounds of each round's ratio: a slow moment of the machine meets both.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<_> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    median(&ratios)
}

/// One row of the table: idle, then beside load.
struct Row {
    name: &'static str,
    callers: usize,
    idle: (f64, f64),
    loaded: (f64, f64),
    goal: Option<f64>,
    note: String,
}

impl Row {
    fn print(&self) {
        let goal = self
            .goal
            .map_or_else(|| "-".to_owned(), |goal| format!("{goal:.1}"));
        let verdict = match self.goal {
            Some(goal) if self.idle.1 > goal || self.loaded.1 > goal => "missed",
            Some(_) => "met",
            None => "",
        };
        println!(
            "{:<34} {:>7} | {:>9.0} {:>6.2} | {:>9.0} {:>6.2} | {:>4} {:<6} | {}",
            self.name,
            self.callers,
            self.idle.0,
            self.idle.1,
            self.loaded.0,
            self.loaded.1,
            goal,
            verdict,
            self.note
        );
    }
}

fn heading(title: &str) {
    println!(
        "\n{:<34} {:>7} | {:>9} {:>6} | {:>9} {:>6} | {:>4} {:<6} |",
        title, "callers", "idle ns", "ratio", "load ns", "ratio", "goal", ""
    );
}

fn main() -> std::io::Result<()> {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()?;
    let handle = runtime.handle();
    let dedicated = Dedicated::start();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{cores} cores, {WORKERS} runtime workers, medians of {rounds} rounds, ratios within each round"
    );

    let mut hops: [[Rounds; 2]; HOPS.len()] = Default::default();
    let mut waits: [[Rounds; 2]; WAITS.len()] = Default::default();
    let mut polls = [Vec::new(), Vec::new()];
    let mut requests = 0.0;
    for round in 0..=rounds {
        for loaded in 0..2 {
            let load = (loaded == 1).then(|| Load::start(handle)).transpose()?;
            for (at, callers) in CALLERS.into_iter().enumerate() {
                for (hop, times) in HOPS.into_iter().zip(&mut hops) {
                    let total = if callers == 1 { 4_000 } else { 20_000 };
                    times[loaded][at].push(hops::measure(handle, hop, &dedicated, callers, total));
                }
                for (wait, times) in WAITS.into_iter().zip(&mut waits) {
                    let total = if callers == 1000 { 2_000_000 } else { 500_000 };
                    times[loaded][at].push(waits::measure(handle, wait, callers, total));
                }
            }
            polls[loaded].push(context::measure(1_000_000));
            requests = load.as_ref().map_or(requests, Load::requests_a_second);
        }
        if round == 0 {
            // It started threads and warmed caches.
            hops = Default::default();
            waits = Default::default();
            polls = Default::default();
        }
        eprintln!("round {round} of {rounds}");
    }
    println!("load: {requests:.0} requests a second");
    print(handle, &dedicated, &hops, &waits, &polls);
    Ok(())
}

/// Of `spawn_blocking`. A scope for each call is the price of a request, which has no goal of its own.
fn goal(hop: Hop, callers: usize) -> Option<f64> {
    let judged = hop.is_ours() && hop != Hop::StickyEach;
    judged.then_some(if callers == 1 { 1.0 } else { 0.2 })
}

fn print(
    handle: &tokio::runtime::Handle,
    dedicated: &Dedicated,
    hops: &[[Rounds; 2]; HOPS.len()],
    waits: &[[Rounds; 2]; WAITS.len()],
    polls: &[Vec<f64>; 2],
) {
    heading("a hop, to spawn_blocking");
    for (at, callers) in CALLERS.into_iter().enumerate() {
        for (hop, [idle, loaded]) in HOPS.into_iter().zip(hops) {
            let threads = hops::threads(handle, hop, dedicated, callers, 4_000);
            let scopes = hop.scopes(callers);
            let beside = if hop == HOPS[OWN] {
                let [bare_idle, bare_loaded] = &hops[BARE];
                format!(
                    "; {:.2} of bare threads idle, {:.2} beside load",
                    ratio(&idle[at], &bare_idle[at]),
                    ratio(&loaded[at], &bare_loaded[at])
                )
            } else {
                String::new()
            };
            Row {
                name: hop.name(),
                callers,
                idle: (median(&idle[at]), ratio(&idle[at], &hops[0][0][at])),
                loaded: (median(&loaded[at]), ratio(&loaded[at], &hops[0][1][at])),
                goal: goal(hop, callers),
                note: format!("{scopes}; {threads} threads{beside}"),
            }
            .print();
        }
    }
    println!(
        "\nA scope a caller has a thread a caller, and never shares it: each hop wakes that thread up, and goes to sleep again. The row of bare\n\
         threads is what waking and sleeping cost alone, without tasks, results, contexts or queues; where that is above the goal, no bridge that\n\
         keeps scopes on threads of their own can meet it. `.parallel()` and a shared scope need no such wake-up, and do."
    );
    heading("a ready future, to Handle::block_on");
    for (at, callers) in CALLERS.into_iter().enumerate() {
        for (wait, [idle, loaded]) in WAITS.into_iter().zip(waits) {
            Row {
                name: wait.name(),
                callers,
                idle: (median(&idle[at]), ratio(&idle[at], &waits[0][0][at])),
                loaded: (median(&loaded[at]), ratio(&loaded[at], &waits[0][1][at])),
                goal: wait.is_ours().then_some(2.0),
                note: format!("{callers} threads"),
            }
            .print();
        }
    }
    println!(
        "\nContext: {:.1} ns a poll idle, {:.1} beside load; goal: under 30",
        median(&polls[0]),
        median(&polls[1])
    );
    debug_assert!(HOPS[0] == Hop::SpawnBlocking && HOPS[BARE] == Hop::Bare && HOPS[OWN] == Hop::StickyOwn);
    debug_assert!(WAITS[0] == Wait::HandleBlockOn);
}
