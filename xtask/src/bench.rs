//! The verbs `bench` and `soak`: programs of `benches/` that measure one crate, each in release.

use clap::ValueEnum;

use crate::shell::{Cargo, Shell};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Calls between async and sync code.
    Bridge,
}

/// The verb `bench`: prints a table of costs, their ratios within one run and the goals.
pub(crate) fn run(shell: &Shell, subject: Subject, rounds: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("bench_bridge").args([rounds.to_string()])),
    }
}

/// The verb `soak`: everything at once for a while; fails where threads or memory grow.
pub(crate) fn soak(shell: &Shell, subject: Subject, minutes: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("soak_bridge").args([minutes.to_string()])),
    }
}

fn program(name: &str) -> Cargo {
    Cargo::new("run --release -p bench_bridge --bin").args([name, "--"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_optimised() {
        assert_eq!(
            program("soak_bridge").args(["2"]).to_string(),
            "cargo run --release -p bench_bridge --bin soak_bridge -- 2"
        );
    }
}
