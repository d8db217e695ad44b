//! The verbs `bench` and `soak`: programs of `benches/` that measure one crate, each in release.

use clap::ValueEnum;

use crate::shell::{Cargo, Shell};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Calls between async and sync code.
    Bridge,
    /// The server under slow clients, and what an idle connection costs.
    Attack,
    /// A broadcast to a thousand WebSockets.
    Websocket,
}

/// The verb `bench`: prints a table of costs, their ratios within one run and the goals.
pub(crate) fn run(shell: &Shell, subject: Subject, rounds: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("bench_bridge").args([rounds.to_string()])),
        Subject::Attack => attack(shell),
        Subject::Websocket => {
            let program = Cargo::new("run --release -p bench_websocket --");
            shell.run(&program.args([rounds.to_string()]))
        }
    }
}

/// The verb `soak`: everything at once for a while; fails where threads or memory grow.
pub(crate) fn soak(shell: &Shell, subject: Subject, minutes: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("soak_bridge").args([minutes.to_string()])),
        Subject::Websocket => {
            anyhow::bail!("there is no soak of WebSockets; run `cargo xtask bench websocket`")
        }
        Subject::Attack => anyhow::bail!("the attack is no soak; run `cargo xtask bench attack`"),
    }
}

/// A thousand slow clients beside a normal one, then ten thousand idle connections.
pub(crate) fn attack(shell: &Shell) -> anyhow::Result<()> {
    let program = Cargo::new("run --release -p bench_http --bin attack --");
    shell.run(&program.args(["1000", "10000", "20"]))
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
