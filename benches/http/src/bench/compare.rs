//! All servers under all loads, in turns.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    time::Duration,
};

use bench_http_child::Server;

use crate::{
    load::Sample,
    servers::{self, Runtime, cores},
    tables::{Row, TABLES, Table},
};

type Key = (&'static str, bool);

/// What was measured of one server under one load: one sample a round.
type Samples = BTreeMap<Key, Vec<Sample>>;

pub(crate) fn run(rounds: usize, time: Duration) -> io::Result<()> {
    let mut servers = BTreeMap::new();
    for row in TABLES.iter().flat_map(|table| table.rows) {
        for runtime in runtimes(row) {
            if let Entry::Vacant(place) = servers.entry(key(row, runtime)) {
                place.insert(Server::start(&arguments(row, runtime)?)?);
            }
        }
    }
    println!(
        "{} cores for servers and clients, medians of {rounds} rounds, ratios within each round",
        cores()
    );
    let mut samples: Vec<Samples> = TABLES.iter().map(|_| Samples::new()).collect();
    for round in 0..=rounds {
        for (table, samples) in TABLES.iter().zip(&mut samples) {
            // Each round begins with another one, so that none is always after the same.
            let turns: Vec<Key> = table
                .rows
                .iter()
                .flat_map(|row| runtimes(row).map(|runtime| key(row, runtime)))
                .collect();
            for at in 0..turns.len() {
                let turn = turns[(at + round) % turns.len()];
                let Some(server) = servers.get(&turn) else {
                    continue;
                };
                let sample = table.load.run(server, time)?;
                // The first round warms up.
                if round > 0 {
                    samples.entry(turn).or_default().push(sample);
                }
            }
        }
        eprintln!("round {round} of {rounds}");
    }
    let missed: Vec<String> = TABLES
        .iter()
        .zip(&samples)
        .flat_map(|(table, samples)| print(table, samples))
        .collect();
    match missed.as_slice() {
        [] => println!("\nall goals are met"),
        missed => println!("\nmissed:\n  {}", missed.join("\n  ")),
    }
    Ok(())
}

fn runtimes(row: &Row) -> impl Iterator<Item = Runtime> {
    [Runtime::Multi, Runtime::PerCore]
        .into_iter()
        .take(if row.both { 2 } else { 1 })
}

fn key(row: &Row, runtime: Runtime) -> Key {
    (row.server, runtime == Runtime::PerCore)
}

/// How this program is told to be the server of a row.
pub(crate) fn arguments(row: &Row, runtime: Runtime) -> io::Result<[&'static str; 3]> {
    Ok(["serve", servers::find(row.server)?.name, runtime.name()])
}

/// Prints a table; returns its goals that were missed.
fn print(table: &Table, samples: &Samples) -> Vec<String> {
    println!(
        "\n{:<48} | {:^35} | {:^35} |\n{:<20} {:<20} {:<6} | {:>9} {:>6} {:>9} {:>6}   | {:>9} {:>6} {:>9} {:>6}   |",
        table.title,
        "one runtime",
        "one a core",
        "",
        "ratio of",
        "goal",
        "req/s",
        "ratio",
        "CPU us",
        "ratio",
        "req/s",
        "ratio",
        "CPU us",
        "ratio"
    );
    let mut missed = Vec::new();
    for row in table.rows {
        let goal = row
            .goal
            .map_or_else(|| "-".to_owned(), |goal| format!("{goal:.2}"));
        print!("{:<20} {:<20} {goal:<6} |", row.server, row.of);
        for runtime in runtimes(row) {
            let own = key(row, runtime);
            // What runs once is what both are held against.
            let floor = [own.1, false]
                .iter()
                .find_map(|per_core| samples.get(&(row.of, *per_core)));
            let (Some(ours), Some(floor)) = (samples.get(&own), floor) else {
                continue;
            };
            let rate = ratio(ours, floor, |sample| sample.rate);
            let verdict = match row.goal {
                Some(goal) if rate < goal => {
                    let place = if own.1 { "one a core" } else { "one runtime" };
                    missed.push(format!(
                        "{}: {}, {place}: {rate:.2} of {goal:.2}",
                        table.title, row.server
                    ));
                    '!'
                }
                _ => ' ',
            };
            print!(
                " {:>9.0} {rate:>6.2} {:>9.2} {:>6.2} {verdict} |",
                median(ours.iter().map(|sample| sample.rate)),
                median(ours.iter().map(|sample| sample.processor * 1e6)),
                ratio(ours, floor, |sample| sample.processor),
            );
        }
        println!();
    }
    missed
}

/// The median over the rounds of each round's ratio: a slow moment of the machine meets both.
fn ratio(ours: &[Sample], floor: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    median(ours.iter().zip(floor).map(|(ours, floor)| of(ours) / of(floor)))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
