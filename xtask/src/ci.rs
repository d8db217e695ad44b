//! The verb `ci`: every check in order, all of them even if one fails, and a table at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;

use crate::phases::{Phase, Selection};
use crate::shell::Shell;
use crate::{bench, features, fuzz, layers, lint, models, package, project, test};

/// A step of `ci`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting.
    Fmt,
    /// The dependency rule.
    Layers,
    /// Clippy.
    Clippy,
    /// Each crate and each phase alone.
    Features,
    /// Each phase's tests alone; in a full run.
    Phases,
    /// The bridge under many schedules.
    Models,
    /// Every test, with the doctests and the book's code.
    Test,
    /// Rustdoc.
    Docs,
    /// Packaging.
    Package,
    /// What `nuages new` makes, built, tested and served against the packaged crates.
    Project,
    /// Everything at once for a while; in a full run.
    Soak,
    /// The property tests with many cases; in a full run.
    Fuzz,
    /// The server under slow clients; in a full run.
    Attack,
}

/// The pools have reached their peaks in the first fifth of it; in that of one minute they have not. `cargo xtask soak` runs longer.
const SOAK_MINUTES: u32 = 5;

/// `cargo xtask fuzz` runs longer.
const FUZZ_MINUTES: u32 = 2;

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self, shell: &Shell, full: bool) -> anyhow::Result<()> {
        match self {
            Self::Fmt => lint::fmt(shell),
            Self::Layers => layers::run(shell),
            Self::Clippy => lint::clippy(shell),
            Self::Features => features::run(shell, full),
            Self::Phases => [Phase::One, Phase::Two]
                .into_iter()
                .try_for_each(|phase| test::run(shell, Selection::UpTo(phase), full)),
            Self::Models => models::run(shell, full),
            Self::Test => test::run(shell, Selection::Everything, full),
            Self::Docs => lint::rustdoc(shell),
            Self::Package => package::run(shell, full),
            Self::Project => project::run(shell),
            Self::Soak => bench::soak(shell, bench::Subject::Bridge, SOAK_MINUTES),
            Self::Fuzz => fuzz::run(shell, FUZZ_MINUTES),
            Self::Attack => bench::attack(shell),
        }
    }
}

/// How a step ended.
struct Outcome {
    name: String,
    /// The message of the failure.
    failure: Option<String>,
    duration: Duration,
}

/// Runs the steps that are not skipped.
pub(crate) fn run(shell: &Shell, full: bool, skip: &[Step]) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    for step in steps(full, skip) {
        eprintln!("\n=== {}", step.name());
        let started = Instant::now();
        let failure = step.run(shell, full).err().map(|error| format!("{error:#}"));
        if let Some(failure) = &failure {
            eprintln!("error: {failure}");
        }
        outcomes.push(Outcome {
            name: step.name(),
            failure,
            duration: started.elapsed(),
        });
    }
    if shell.is_dry_run() {
        return Ok(());
    }
    println!("\n{}", table(&outcomes));
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.failure.is_some())
        .map(|outcome| &*outcome.name)
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("ci: {} failed", failed.join(", "))
    }
}

/// The steps of a run, what fails fastest first.
fn steps(full: bool, skip: &[Step]) -> Vec<Step> {
    let all = Step::value_variants().iter().copied();
    all.filter(|step| {
        (full || !matches!(step, Step::Phases | Step::Soak | Step::Fuzz | Step::Attack))
            && !skip.contains(step)
    })
    .collect()
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!("{:<10} {:<7} {:>9}\n", "step", "result", "duration");
    for outcome in outcomes {
        let result = if outcome.failure.is_some() { "FAILED" } else { "ok" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<10} {result:<7} {:>9}",
            outcome.name,
            shown(outcome.duration)
        );
    }
    let total = outcomes.iter().map(|outcome| outcome.duration).sum();
    let _ = write!(text, "{:<10} {:<7} {:>9}", "total", "", shown(total));
    text
}

fn shown(duration: Duration) -> String {
    let tenths = (duration.as_secs_f64() * 10.0).round() / 10.0;
    if tenths < 60.0 {
        format!("{tenths:.1} s")
    } else {
        let seconds = duration.as_secs_f64().round() as u64;
        format!("{} m {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_run_has_no_long_step_and_leaves_out_what_is_skipped() {
        let names = |steps: Vec<Step>| steps.into_iter().map(Step::name).collect::<Vec<_>>().join(" ");
        assert_eq!(
            names(steps(false, &[Step::Test])),
            "fmt layers clippy features models docs package project"
        );
        assert_eq!(
            names(steps(true, &[])),
            "fmt layers clippy features phases models test docs package project soak fuzz attack"
        );
    }

    #[test]
    fn the_table_shows_each_step_and_the_total() {
        let outcome = |name: &str, failure: Option<&str>, millis| Outcome {
            name: name.to_owned(),
            failure: failure.map(str::to_owned),
            duration: Duration::from_millis(millis),
        };
        let text = table(&[
            outcome("fmt", None, 420),
            outcome("clippy", Some("it failed"), 83_000),
        ]);
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[1], ["fmt", "ok", "0.4", "s"]);
        assert_eq!(rows[2], ["clippy", "FAILED", "1", "m", "23", "s"]);
        assert_eq!(rows[3], ["total", "1", "m", "23", "s"]);
    }

    #[test]
    fn a_duration_never_shows_sixty_seconds() {
        assert_eq!(shown(Duration::from_millis(59_940)), "59.9 s");
        assert_eq!(shown(Duration::from_millis(59_960)), "1 m 00 s");
        assert_eq!(shown(Duration::from_secs(119)), "1 m 59 s");
    }
}
