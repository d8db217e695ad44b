//! The verb `test`: one phase with those before it, or everything, always with the doctests.

use clap::ValueEnum;

use crate::metadata;
use crate::models;
use crate::phases::{Phase, Selection};
use crate::services;
use crate::shell::{Cargo, Shell};

/// A phase as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum PhaseArg {
    /// The bridge and the protocol.
    Phase1,
    /// The handler and the views, with phase 1.
    Phase2,
    /// The ORM and all that stands above it, with phases 1 and 2.
    Phase3,
}

impl From<PhaseArg> for Selection {
    fn from(phase: PhaseArg) -> Self {
        match phase {
            PhaseArg::Phase1 => Self::UpTo(Phase::One),
            PhaseArg::Phase2 => Self::UpTo(Phase::Two),
            PhaseArg::Phase3 => Self::UpTo(Phase::Facade),
        }
    }
}

/// Runs the tests of a selection. With `full`, the tests that know a long form take it.
pub(crate) fn run(shell: &Shell, selection: Selection, full: bool) -> anyhow::Result<()> {
    if needs_services(selection) {
        services::check(services::in_ci())?;
    }
    let members = metadata::members(&metadata::workspace(shell)?);
    let nextest = shell.succeeds("nextest --version");
    if !nextest {
        eprintln!("cargo-nextest is not installed: `cargo test` runs the tests, one binary after the other");
    }
    shell.run_all(&commands(selection, &members, nextest, full, services::in_ci()))
}

/// Phases 1 and 2 know no database.
fn needs_services(selection: Selection) -> bool {
    !matches!(selection, Selection::UpTo(Phase::One | Phase::Two))
}

/// The commands which test a selection. In CI one flaky test fails nothing: nextest tries it again and names it, and what
/// runs under cargo alone is run once more.
fn commands(selection: Selection, members: &[String], nextest: bool, full: bool, ci: bool) -> Vec<Cargo> {
    let members: Vec<_> = members
        .iter()
        .filter(|name| *name != models::PACKAGE)
        .cloned()
        .collect();
    let mut packages = selection.args(&members);
    if selection == Selection::Everything {
        packages.extend(["--exclude", models::PACKAGE].map(str::to_owned));
    }
    let mut commands = Vec::new();
    if nextest {
        let profile: &[&str] = match (full, ci) {
            (true, _) => &["--profile", "full"],
            (false, true) => &["--profile", "ci"],
            (false, false) => &[],
        };
        let run = Cargo::new("nextest run").args(profile.iter().copied());
        commands.push(run.args(packages.clone()).args(["--no-fail-fast"]));
        let doctests = Cargo::new("test --doc").args(packages).args(["--no-fail-fast"]);
        commands.push(doctests.retried(ci));
    } else {
        // Without a named target it runs the doctests too, and builds the examples that tests start.
        let tests = Cargo::new("test").args(packages).args(["--no-fail-fast"]);
        commands.push(tests.retried(ci));
    }
    if full {
        commands
            .into_iter()
            .map(|command| command.env("NUAGES_FULL", "1"))
            .collect()
    } else {
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(selection: Selection, nextest: bool, full: bool) -> Vec<String> {
        let members = ["bridge_models", "nuages-bridge", "nuages-orm", "nuages-protocol"].map(str::to_owned);
        commands(selection, &members, nextest, full, false)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn everything_is_the_workspace_with_its_doctests() {
        assert_eq!(
            shown(Selection::Everything, true, false),
            [
                "cargo nextest run --workspace --exclude bridge_models --no-fail-fast",
                "cargo test --doc --workspace --exclude bridge_models --no-fail-fast"
            ]
        );
    }

    #[test]
    fn a_phase_names_its_packages_to_both_runners() {
        assert_eq!(
            shown(PhaseArg::Phase1.into(), true, false),
            [
                "cargo nextest run -p nuages-bridge -p nuages-protocol --no-fail-fast",
                "cargo test --doc -p nuages-bridge -p nuages-protocol --no-fail-fast"
            ]
        );
    }

    #[test]
    fn without_nextest_one_command_runs_tests_and_doctests() {
        assert_eq!(
            shown(Selection::Everything, false, false),
            ["cargo test --workspace --exclude bridge_models --no-fail-fast"]
        );
    }

    #[test]
    fn a_full_run_tells_the_tests_and_the_runner() {
        let commands = shown(Selection::Everything, true, true);
        assert!(
            commands
                .iter()
                .all(|command| command.starts_with("NUAGES_FULL=1 ")),
            "{commands:#?}"
        );
        assert!(commands[0].contains("--profile full"), "{}", commands[0]);
    }

    #[test]
    fn in_ci_what_failed_is_tried_again() {
        let in_ci = |nextest| commands(Selection::Everything, &[], nextest, false, true);
        let [tests, doctests] = &in_ci(true)[..] else {
            panic!("{:#?}", in_ci(true))
        };
        assert!(tests.to_string().contains("--profile ci"), "{tests}");
        assert_eq!(*doctests, doctests.clone().retried(true));
        let [all] = &in_ci(false)[..] else {
            panic!("{:#?}", in_ci(false))
        };
        assert_eq!(*all, all.clone().retried(true));
    }

    #[test]
    fn only_the_databases_phase_needs_services() {
        assert!(!needs_services(PhaseArg::Phase1.into()));
        assert!(!needs_services(PhaseArg::Phase2.into()));
        assert!(needs_services(PhaseArg::Phase3.into()));
        assert!(needs_services(Selection::Everything));
    }
}
