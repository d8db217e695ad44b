//! The verb `models`: the bridge under every schedule that there is time for.

use crate::shell::{Cargo, Shell};

/// The package that is run by this verb alone: a long run of it is minutes, which no phase needs again.
pub(crate) const PACKAGE: &str = "bridge_models";

/// Runs the models under some hundred schedules each; with `full`, under many thousands.
pub(crate) fn run(shell: &Shell, full: bool) -> anyhow::Result<()> {
    shell.run(&command(shell.succeeds("nextest --version"), full))
}

fn command(nextest: bool, full: bool) -> Cargo {
    let runner = match (nextest, full) {
        (true, true) => Cargo::new("nextest run --profile full"),
        (true, false) => Cargo::new("nextest run"),
        (false, _) => Cargo::new("test"),
    };
    let command = runner.args(["-p", PACKAGE, "--no-fail-fast"]);
    if full {
        command.env("NUAGES_FULL", "1")
    } else {
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_run_tells_the_models_and_the_runner() {
        assert_eq!(
            command(true, false).to_string(),
            "cargo nextest run -p bridge_models --no-fail-fast"
        );
        assert_eq!(
            command(true, true).to_string(),
            "NUAGES_FULL=1 cargo nextest run --profile full -p bridge_models --no-fail-fast"
        );
        assert_eq!(
            command(false, true).to_string(),
            "NUAGES_FULL=1 cargo test -p bridge_models --no-fail-fast"
        );
    }
}
