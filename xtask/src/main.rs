//! The chores of this repository, as `cargo xtask <verb>`.
//!
//! Everything that CI does is a verb here, so that a developer can run the same thing; `.ci/run` only prepares
//! the machine. Every command is printed before it runs, ready to be pasted. Few dependencies on purpose: this
//! program is built before anything else can be tested.

mod bench;
mod check;
mod ci;
mod features;
mod fuzz;
mod layers;
mod lint;
mod metadata;
mod models;
mod package;
mod phases;
mod project;
mod services;
mod shell;
mod test;
mod trees;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ci::Step;
use crate::phases::Selection;
use crate::shell::Shell;

/// The chores of this repository. Each command that a verb runs is printed first.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    after_help = "\
Examples:
  cargo xtask test                 every test of every crate, with the doctests
  cargo xtask test phase1          bridge, macros, protocol: built without anything later
  cargo xtask lint                 before a commit
  cargo xtask layers               after a new dependency
  cargo xtask models               the bridge under many hundred schedules of its threads
  cargo xtask bench bridge         what a call between async and sync code costs
  cargo xtask bench http           what a request costs, beside raw hyper, axum and threads
  cargo xtask bench instructions   the same in instructions, by callgrind
  cargo xtask bench websocket      a broadcast to a thousand clients, beside tungstenite
  cargo xtask bench attack         a normal client beside a thousand slow ones, and ten thousand idle ones
  cargo xtask soak bridge          ten minutes of everything at once
  cargo xtask fuzz                 the property tests with many cases
  cargo xtask project              does a new project run?
  cargo xtask ci                   what CI runs, with a table of steps and durations
  cargo xtask ci --skip test       all of it but the tests
  cargo xtask ci --full --dry-run  what the long run would do

Environment:
  NUAGES_TEST_POSTGRES, NUAGES_TEST_MYSQL, NUAGES_TEST_REDIS   URLs of the services that tests use
                   (default: the usual port on 127.0.0.1, without a password)
  CI=true          a service that does not answer is a failure instead of a warning
  NUAGES_FULL=1    the long test runs; `ci --full` sets it"
)]
struct Cli {
    /// Print the commands, run none.
    #[arg(long, global = true)]
    dry_run: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the tests of one phase and those before it, or of everything.
    ///
    /// Tests run under nextest and doctests under `cargo test --doc`; where nextest is not installed, both run under
    /// `cargo test`. With a phase, exactly the packages of that phase and of the earlier ones
    /// are selected, so that no feature which only a later crate turns on leaks into them.
    Test {
        /// The last phase to test; without it, the whole workspace.
        #[arg(value_enum)]
        phase: Option<test::PhaseArg>,
    },
    /// Fail on a dependency on a later phase, and on a crate in a tree where it has no place.
    ///
    /// Reads normal, build and dev-dependencies, optional ones too. The phase of each crate is in
    /// xtask/src/phases.rs, the trees are in xtask/src/trees.rs.
    Layers,
    /// Check that each crate builds alone with --no-default-features, and each phase without the later ones.
    Features {
        /// Each feature of each crate on its own too.
        #[arg(long)]
        each: bool,
    },
    /// Check formatting, clippy and rustdoc, with warnings denied.
    Lint,
    /// Check the documentation: rustdoc with warnings denied, then the pages and the code of the book in docs/.
    Docs,
    /// Check that every crate can be packaged: its manifest, its changelog section, `cargo package`.
    Package {
        /// Build each packaged crate from its archive too, which takes minutes.
        #[arg(long)]
        verify: bool,
    },
    /// Make a project by `nuages new`, then build, test and serve it against the crates as they are packaged.
    Project,
    /// Run the models of the bridge: its own code under many schedules of its threads, with what fails printed for a replay.
    Models {
        /// Many thousand schedules each, for minutes, instead of some hundred.
        #[arg(long)]
        full: bool,
    },
    /// Measure the costs of a crate, beside what it is to be compared with, in one run.
    Bench {
        /// What to measure.
        #[arg(value_enum)]
        subject: bench::Subject,
        /// How often each way is measured, in turns; medians are printed.
        #[arg(long, default_value_t = 9)]
        rounds: u32,
    },
    /// Run all operations of a crate at once for a while, and fail where threads or memory grow.
    Soak {
        /// What to run.
        #[arg(value_enum)]
        subject: bench::Subject,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        minutes: u32,
    },
    /// Run the property tests whose names begin with `fuzz_`, with many cases.
    Fuzz {
        /// For how long; the round that has begun is finished.
        #[arg(long, default_value_t = 2)]
        minutes: u32,
    },
    /// Run every check, and print a table of steps and durations. A failed step does not hide the later ones.
    Ci {
        /// The long runs too: NUAGES_FULL=1 for the tests, each phase alone, each feature alone, verified packages, a short soak.
        #[arg(long)]
        full: bool,
        /// Steps to leave out, separated by commas.
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
        skip: Vec<Step>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let shell = Shell::new(cli.dry_run);
    match &cli.verb {
        Verb::Test { phase } => test::run(
            &shell,
            phase.map_or(Selection::Everything, Selection::from),
            false,
        ),
        Verb::Layers => layers::run(&shell),
        Verb::Features { each } => features::run(&shell, *each),
        Verb::Lint => lint::run(&shell),
        Verb::Docs => lint::docs(&shell),
        Verb::Package { verify } => package::run(&shell, *verify),
        Verb::Project => project::run(&shell),
        Verb::Models { full } => models::run(&shell, *full),
        Verb::Bench { subject, rounds } => bench::run(&shell, *subject, *rounds),
        Verb::Soak { subject, minutes } => bench::soak(&shell, *subject, *minutes),
        Verb::Fuzz { minutes } => fuzz::run(&shell, *minutes),
        Verb::Ci { full, skip } => ci::run(&shell, *full, skip),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn several_steps_can_be_skipped_at_once() {
        let cli = Cli::parse_from([
            "cargo xtask",
            "ci",
            "--full",
            "--skip",
            "test,package",
            "--dry-run",
        ]);
        assert!(cli.dry_run);
        let Verb::Ci { full, skip } = cli.verb else {
            panic!("parsed as {:?}", cli.verb)
        };
        assert!(full);
        assert_eq!(skip, [Step::Test, Step::Package]);
    }

    #[test]
    fn an_unknown_phase_is_refused() {
        assert!(Cli::try_parse_from(["cargo xtask", "test", "phase9"]).is_err());
    }
}
