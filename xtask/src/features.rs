//! The verb `features`: each crate builds alone, and each phase without the later ones.
//!
//! A build of the whole workspace unifies features, which hides a crate that forgot to ask for one. Clippy stands
//! in for `cargo check`, so that an import which only a feature uses is seen too.

use std::iter;

use crate::metadata;
use crate::phases::{Phase, Selection};
use crate::shell::{Cargo, Shell};

/// What the check needs to know of a crate.
struct Crate {
    name: String,
    published: bool,
    /// Its features but `default`.
    features: Vec<String>,
}

/// Runs the check; with `each`, every feature on its own too.
pub(crate) fn run(shell: &Shell, each: bool) -> anyhow::Result<()> {
    let metadata = metadata::workspace(shell)?;
    let crates: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| Crate {
            name: package.name.to_string(),
            published: package
                .publish
                .as_ref()
                .is_none_or(|registries| !registries.is_empty()),
            features: package
                .features
                .keys()
                .filter(|feature| *feature != "default")
                .cloned()
                .collect(),
        })
        .collect();
    shell.run_all(&commands(&crates, each))
}

fn commands(crates: &[Crate], each: bool) -> Vec<Cargo> {
    let members: Vec<_> = crates.iter().map(|package| package.name.clone()).collect();
    let alone = |name: &str| Cargo::new("clippy --no-deps").args(["-p", name]);
    let denied = |command: Cargo| command.args(["--", "-D", "warnings"]);
    let mut commands = Vec::new();
    for package in crates {
        if !package.published {
            // The programs in tests/ are what an adopter of one phase writes: they stand alone as they are.
            commands.push(denied(alone(&package.name).args(["--all-targets"])));
            continue;
        }
        let each = package
            .features
            .iter()
            .filter(|_| each)
            .map(|feature| vec!["--features", feature]);
        for features in iter::once(Vec::new()).chain(each) {
            let bare = alone(&package.name)
                .args(["--no-default-features"])
                .args(features);
            // What only another feature calls is no fault: an ORM without a database compiles queries for nobody.
            commands.push(denied(bare).args(["-A", "dead_code"]));
        }
    }
    for phase in [Phase::One, Phase::Two] {
        let packages = Selection::UpTo(phase).args(&members);
        commands.push(denied(
            Cargo::new("clippy --no-deps --all-targets").args(packages),
        ));
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(each: bool) -> Vec<String> {
        let crates = [
            Crate {
                name: "nuages-bridge".into(),
                published: true,
                features: vec!["debug".into()],
            },
            Crate {
                name: "phase1".into(),
                published: false,
                features: vec![],
            },
        ];
        commands(&crates, each).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_crate_is_built_alone_without_its_default_features() {
        let commands = shown(false);
        assert_eq!(
            commands[0],
            "cargo clippy --no-deps -p nuages-bridge --no-default-features -- -D warnings -A dead_code"
        );
        assert_eq!(
            commands[1],
            "cargo clippy --no-deps -p phase1 --all-targets -- -D warnings"
        );
    }

    #[test]
    fn a_phase_is_built_without_the_later_ones() {
        let expected = "cargo clippy --no-deps --all-targets -p nuages-bridge -p phase1 -- -D warnings";
        assert!(
            shown(false).iter().any(|command| command == expected),
            "{:#?}",
            shown(false)
        );
    }

    #[test]
    fn each_feature_is_built_on_its_own_when_asked() {
        let expected = "cargo clippy --no-deps -p nuages-bridge --no-default-features --features debug -- -D warnings -A dead_code";
        assert!(shown(true).iter().any(|command| command == expected));
        assert!(!shown(false).iter().any(|command| command == expected));
    }
}
