//! The verbs `bench` and `soak`: programs of `benches/` that measure one crate, each in release.

use clap::ValueEnum;

use crate::shell::{Cargo, Shell};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Calls between async and sync code.
    Bridge,
    /// Requests a second and their costs, beside raw hyper and others; then the WebSockets.
    Http,
    /// Instructions a request, as callgrind counts them.
    Instructions,
    /// The server under slow clients, and what an idle connection costs.
    Attack,
    /// A broadcast to a thousand WebSockets.
    Websocket,
}

/// The verb `bench`: prints a table of costs, their ratios within one run and the goals.
pub(crate) fn run(shell: &Shell, subject: Subject, rounds: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("bench_bridge").args([rounds.to_string()])),
        Subject::Http => {
            shell.run(&http().args([rounds.to_string()]))?;
            websocket(shell, rounds)
        }
        Subject::Instructions => shell.run(&http().args(["instructions"])),
        Subject::Attack => attack(shell),
        Subject::Websocket => websocket(shell, rounds),
    }
}

fn websocket(shell: &Shell, rounds: u32) -> anyhow::Result<()> {
    let program = Cargo::new("run --release -p bench_websocket --");
    shell.run(&program.args([rounds.to_string()]))
}

fn http() -> Cargo {
    Cargo::new("run --release -p bench_http --bin bench_http --")
}

/// The verb `soak`: everything at once for a while; fails where threads or memory grow.
pub(crate) fn soak(shell: &Shell, subject: Subject, minutes: u32) -> anyhow::Result<()> {
    match subject {
        Subject::Bridge => shell.run(&program("soak_bridge").args([minutes.to_string()])),
        other => {
            let name = other
                .to_possible_value()
                .map_or_else(String::new, |value| value.get_name().to_owned());
            anyhow::bail!("there is no soak of it; run `cargo xtask bench {name}`")
        }
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
