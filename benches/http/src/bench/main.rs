//! What a request costs: `cargo xtask bench http`.
//!
//! Each server is a process of its own, whose processor time is read from the system; the clients are threads of this one. On a machine
//! where all share the cores the ratios say more than the rates, and so all are measured in turns within one run.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod compare;
mod instructions;
mod load;
mod servers;
mod tables;

use std::time::Duration;

/// How often all are measured, and for how long each time.
const ROUNDS: usize = 9;
const TIME: Duration = Duration::from_secs(1);

fn main() -> servers::Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", name, runtime] => (servers::find(name)?.serve)(runtime.parse()?),
        ["instructions"] => Ok(instructions::run()?),
        ["compare", rounds, milliseconds] => {
            let time = Duration::from_millis(milliseconds.parse()?);
            Ok(compare::run(rounds.parse()?, time)?)
        }
        [] => Ok(compare::run(ROUNDS, TIME)?),
        [rounds] => Ok(compare::run(rounds.parse()?, TIME)?),
        _ => Err("bench_http [ROUNDS | compare ROUNDS MILLISECONDS | instructions]".into()),
    }
}
