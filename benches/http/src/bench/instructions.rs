//! Instructions in user space a request, as callgrind counts them: they don't depend on how busy the machine is.

use std::{io, process::Command};

use bench_http_child::Server;

use crate::{
    compare::arguments,
    servers::Runtime,
    tables::{INSTRUCTIONS, TABLES},
};

/// The turns of the two runs of each server, whose difference leaves out what a server's start and end take.
const TURNS: [usize; 2] = [20, 120];

/// Counts them for each row of each table, where valgrind is installed.
pub(crate) fn run() -> io::Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("\nno instructions are counted: valgrind is not installed");
        return Ok(());
    }
    for table in TABLES {
        println!(
            "\n{:<48} | instructions a request; goal of `App`: {INSTRUCTIONS}",
            table.load.path
        );
        for row in table.rows {
            let mut counts = [(0, 0); TURNS.len()];
            for (turns, count) in TURNS.into_iter().zip(&mut counts) {
                let file = std::env::temp_dir().join(format!("bench_http.callgrind.{}", std::process::id()));
                let mut valgrind = Command::new("valgrind");
                valgrind.args(["--tool=callgrind", "--quiet"]);
                valgrind.arg(format!("--callgrind-out-file={}", file.display()));
                valgrind.arg(std::env::current_exe()?);
                let server = Server::spawn(valgrind.args(arguments(row, Runtime::OneWorker)?))?;
                let requests = table.load.ask(server.address, turns)?;
                server.stop()?;
                *count = (total(&std::fs::read_to_string(&file)?)?, requests as u64);
                std::fs::remove_file(file)?;
            }
            let each = (counts[1].0 - counts[0].0) / (counts[1].1 - counts[0].1);
            println!("{:<48} | {each:>8}", row.server);
        }
    }
    Ok(())
}

/// The last line of callgrind's file is the sum of all.
fn total(profile: &str) -> io::Result<u64> {
    let line = profile
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: "));
    let total = line.and_then(|line| line.trim().parse().ok());
    total.ok_or_else(|| io::Error::other("callgrind's file has no total"))
}
