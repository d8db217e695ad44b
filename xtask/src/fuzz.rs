//! The verb `fuzz`: the property tests whose names begin with `fuzz_`, with many cases, for a bounded time.

use std::time::{Duration, Instant};

use crate::shell::{Cargo, Shell};

/// The packages that have such tests. Others would only be built.
const PACKAGES: &[&str] = &["nuages-protocol", "nuages-handler"];

/// How many cases a test tries in one round.
const CASES: u32 = 20_000;

/// Runs round after round, each with other cases, until the time is over. A case that fails ends it, and proptest writes it down.
pub(crate) fn run(shell: &Shell, minutes: u32) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(60) * minutes;
    loop {
        shell.run(&round())?;
        if shell.is_dry_run() || Instant::now() >= end {
            return Ok(());
        }
    }
}

fn round() -> Cargo {
    Cargo::new("test --release --all-features")
        .args(PACKAGES.iter().flat_map(|package| ["-p", package]))
        .args(["fuzz_"])
        .env("PROPTEST_CASES", &CASES.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_runs_the_fuzz_tests_alone_with_many_cases() {
        assert_eq!(
            round().to_string(),
            "PROPTEST_CASES=20000 cargo test --release --all-features -p nuages-protocol -p nuages-handler fuzz_"
        );
    }
}
