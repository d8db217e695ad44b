//! Attacks a server with slow clients while a normal one is served, then holds many idle connections.
//!
//! `attack CONNECTIONS IDLE SECONDS`: the server runs in a process of its own, so that its memory is its own. The program fails if the normal
//! client's median grows to more than three times what it is without the attack, or if an attacker outlasts the server's timeouts.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod client;
mod server;

use std::{process::ExitCode, time::Duration};

use bench_http_child::Server;
use client::{Attackers, Idle, Kind, normal};

/// By how much the normal client's median may grow.
const GROWTH: f64 = 3.0;
/// What a connection may outlast its timeout by: the clock of the server looks every now and then, and the machine is busy.
const SLACK: Duration = Duration::from_secs(4);

fn main() -> ExitCode {
    raise_the_limit_of_files();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return server::run();
    }
    let number = |index: usize, default| {
        arguments
            .get(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (connections, idle, seconds) = (number(0, 1000), number(1, 10_000), number(2, 15));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("there is no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(connections, idle, Duration::from_secs(seconds as u64))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the attack could not be run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(connections: usize, idle: usize, time: Duration) -> std::io::Result<bool> {
    let server = Server::start(&["serve"])?;
    let alone = normal(server.address, time / 3).await?;
    println!(
        "normal client alone        median {:>8.0} us, {} requests",
        micros(alone.median),
        alone.requests
    );

    let attackers = Attackers::start(server.address, connections);
    let attacked = normal(server.address, time).await?;
    let ratio = attacked.median.as_secs_f64() / alone.median.as_secs_f64();
    println!(
        "under {connections} slow connections median {:>8.0} us, {} requests: {ratio:.2} times (goal: at most {GROWTH})",
        micros(attacked.median),
        attacked.requests
    );
    let mut right = ratio <= GROWTH;
    for (kind, dropped, longest) in attackers.stop().await {
        // Whether a reader is too slow shows at the end of a time that began when it was first blocked.
        let times = if kind == Kind::Read { 2 } else { 1 };
        let limit = server::TIMEOUT * times + SLACK;
        println!(
            "{kind:<8?} {dropped:>6} dropped by the server, the longest after {:.1} s (goal: at most {:.1} s)",
            longest.as_secs_f64(),
            limit.as_secs_f64()
        );
        right &= longest <= limit && (dropped > 0 || time < limit);
    }
    if idle > 0 {
        right &= hold(&server, idle).await?;
    }
    Ok(right)
}

/// Holds idle connections, and looks what they cost.
async fn hold(server: &Server, count: usize) -> std::io::Result<bool> {
    let before = server.memory();
    let mut idle = Idle::open(server.address, count).await?;
    let each = |now: u64| now.saturating_sub(before) as f64 / count as f64 / 1024.0;
    println!(
        "{count} connections, one request each: {:.1} KiB a connection",
        each(server.memory())
    );
    // The server takes a connection's buffers back after five seconds without a request.
    tokio::time::sleep(Duration::from_secs(8)).await;
    println!(
        "and eight seconds later:              {:.1} KiB a connection",
        each(server.memory())
    );
    let alive = idle.ask_again().await;
    println!("{alive} of {count} are answered again");
    Ok(alive == count)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn raise_the_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let wanted = 70_000;
    let now = getrlimit(Resource::Nofile);
    let maximum = now.maximum.map_or(wanted, |maximum| maximum.max(wanted));
    let all = Rlimit {
        current: Some(wanted),
        maximum: Some(maximum),
    };
    // Only root may raise the maximum; anybody may go up to it.
    if setrlimit(Resource::Nofile, all).is_err() {
        let most = Rlimit {
            current: now.maximum,
            maximum: now.maximum,
        };
        let _ = setrlimit(Resource::Nofile, most);
    }
}
