//! A broadcast to a thousand clients on loopback, ours against tungstenite with a 4 KiB read buffer, interleaved in one run.
//!
//! Each server is a process of its own, so that its memory can be read; the clients are in this one, and only count bytes.
//! On a machine where both share the cores, the ratios say more than the rates.

mod clients;
mod ours;
mod theirs;

use std::{
    io,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use self::clients::Clients;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How many messages one burst has.
const BURST: usize = 100;
/// How many messages are sent one by one, each after everybody has the last.
const SINGLE: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve-ours") => return ours::serve().await,
        Some("serve-theirs") => return theirs::serve().await,
        _ => {}
    }
    let number = |at: usize, default: usize| {
        arguments
            .get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    compare(number(0, 5), number(1, 1000)).await
}

/// What one server was measured at, over all rounds.
#[derive(Default)]
struct Rates {
    single: Vec<f64>,
    burst: Vec<f64>,
}

async fn compare(rounds: usize, count: usize) -> Result<(), Error> {
    let mut ours = Server::start("serve-ours", count).await?;
    let mut theirs = Server::start("serve-theirs", count).await?;
    println!(
        "{count} clients; idle memory: ours {:.1} MiB, tungstenite {:.1} MiB",
        ours.memory("VmRSS")?,
        theirs.memory("VmRSS")?
    );
    for round in 0..=rounds {
        for server in [&mut ours, &mut theirs] {
            let (single, burst) = server.measure(count).await?;
            // The first round warms up.
            if round > 0 {
                server.rates.single.push(single);
                server.rates.burst.push(burst);
            }
        }
    }
    println!(
        "{:<12} {:>16} {:>16} {:>10}",
        "server", "one by one, /s", "bursts, /s", "peak MiB"
    );
    for server in [&mut ours, &mut theirs] {
        println!(
            "{:<12} {:>16.0} {:>16.0} {:>10.1}",
            server.name,
            median(&mut server.rates.single),
            median(&mut server.rates.burst),
            server.memory("VmHWM")?
        );
    }
    let ratio = |of: fn(&mut Rates) -> &mut Vec<f64>, ours: &mut Rates, theirs: &mut Rates| {
        let mut ratios: Vec<f64> = of(ours)
            .iter()
            .zip(of(theirs).iter())
            .map(|(a, b)| a / b)
            .collect();
        median(&mut ratios)
    };
    let single = ratio(|rates| &mut rates.single, &mut ours.rates, &mut theirs.rates);
    let burst = ratio(|rates| &mut rates.burst, &mut ours.rates, &mut theirs.rates);
    println!("ratio        {single:>16.2} {burst:>16.2}   (goal: 0.95; memory at most 20 MiB)");
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

struct Server {
    name: &'static str,
    child: Child,
    clients: Clients,
    rates: Rates,
}

impl Server {
    async fn start(verb: &str, count: usize) -> Result<Self, Error> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(verb)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let address = line.ok_or("the server did not start")?.parse()?;
        Ok(Self {
            name: if verb == "serve-ours" {
                "ours"
            } else {
                "tungstenite"
            },
            child,
            clients: Clients::connect(address, count).await?,
            rates: Rates::default(),
        })
    }

    /// Deliveries a second: one message at a time, and in bursts.
    async fn measure(&mut self, count: usize) -> io::Result<(f64, f64)> {
        let started = Instant::now();
        for _ in 0..SINGLE {
            self.clients.broadcast(1).await?;
        }
        let single = rate(SINGLE * count, started.elapsed());
        let started = Instant::now();
        for _ in 0..5 {
            self.clients.broadcast(BURST).await?;
        }
        Ok((single, rate(5 * BURST * count, started.elapsed())))
    }

    /// A line of the server's status, in MiB.
    fn memory(&self, key: &str) -> Result<f64, Error> {
        let id = self.child.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status
            .lines()
            .find(|line| line.starts_with(key))
            .ok_or("no such line")?;
        let kibibytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kibibytes / 1024.0)
    }
}

fn rate(deliveries: usize, time: Duration) -> f64 {
    deliveries as f64 / time.as_secs_f64()
}
