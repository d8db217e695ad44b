//! The dependency rule: a crate depends only on its own or an earlier phase.
//!
//! The rule is checked on the declared dependencies of a plain [`Graph`], so that a test can feed it an edge which
//! must not exist; what a crate drags in from outside the workspace is checked by [`crate::trees`].

use std::fmt;

use crate::check;
use crate::metadata;
use crate::phases::{PHASES, Phase, phase_of};
use crate::shell::Shell;
use crate::trees;

/// The crates of the workspace and the dependencies among them.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The members of the workspace.
    pub(crate) crates: Vec<Node>,
    /// Dependencies between them.
    pub(crate) edges: Vec<Edge>,
}

/// A member of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The package's name.
    pub(crate) name: String,
    /// The path of its manifest, from the root of the workspace.
    pub(crate) manifest: String,
}

/// A dependency of one member on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Who depends.
    pub(crate) from: String,
    /// On whom.
    pub(crate) to: String,
    /// In which section of the manifest.
    pub(crate) kind: Kind,
}

/// The section of a manifest that declares a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[dependencies]`
    Normal,
    /// `[build-dependencies]`
    Build,
    /// `[dev-dependencies]`
    Dev,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "[dependencies]",
            Self::Build => "[build-dependencies]",
            Self::Dev => "[dev-dependencies]",
        })
    }
}

/// The verb `layers`: the rule, then the named trees.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    eprintln!("$ cargo metadata --no-deps --format-version 1");
    let graph = metadata::graph(&metadata::workspace(shell)?);
    let mut violations = violations(&graph, PHASES);
    violations.extend(trees::violations(shell));
    check::report("layers", violations)?;
    if shell.is_dry_run() {
        return Ok(());
    }
    let dependencies = graph.edges.len();
    println!(
        "layers: {} crates and {dependencies} dependencies among them keep the rule",
        graph.crates.len()
    );
    Ok(())
}

/// Everything in the graph that breaks the rule, each as a message which says what to do.
pub(crate) fn violations(graph: &Graph, table: &[(&str, Phase)]) -> Vec<String> {
    let unlisted = graph
        .crates
        .iter()
        .filter(|node| phase_of(table, &node.name).is_none())
        .map(|node| {
            format!(
                "{} ({}) has no phase\n  fix: give it one in PHASES, xtask/src/phases.rs",
                node.name, node.manifest
            )
        });
    let forbidden = graph.edges.iter().filter_map(|edge| {
        let (from, to) = (phase_of(table, &edge.from)?, phase_of(table, &edge.to)?);
        (from < to).then(|| forbidden(graph, edge, from, to))
    });
    unlisted.chain(forbidden).collect()
}

fn forbidden(graph: &Graph, edge: &Edge, from: Phase, to: Phase) -> String {
    let manifest = graph
        .crates
        .iter()
        .find(|node| node.name == edge.from)
        .map_or("", |node| &node.manifest);
    let instead = match edge.kind {
        Kind::Dev => format!(
            "move the test that needs it to {} or to a package of {to} in tests/",
            edge.to
        ),
        Kind::Normal | Kind::Build => format!(
            "move the code that needs it to a crate of {to}, or let {} define a trait that {} implements",
            edge.from, edge.to
        ),
    };
    format!(
        "{} ({from}) depends on {} ({to}): a crate depends only on its own or an earlier phase\n  \
         fix: remove {} from {} of {manifest}; {instead}",
        edge.from, edge.to, edge.to, edge.kind
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str, Kind)]) -> Graph {
        let crates = PHASES.iter().map(|&(name, _)| Node {
            name: name.to_owned(),
            manifest: format!("crates/{}/Cargo.toml", name.trim_start_matches("nuages-")),
        });
        let edges = edges.iter().map(|&(from, to, kind)| Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            kind,
        });
        Graph {
            crates: crates.collect(),
            edges: edges.collect(),
        }
    }

    #[test]
    fn a_dependency_on_an_earlier_or_the_same_phase_is_fine() {
        let graph = graph(&[
            ("nuages-handler", "nuages-bridge", Kind::Normal),
            ("nuages-views", "nuages-handler", Kind::Normal),
            ("nuages-orm", "nuages-views", Kind::Normal),
            ("nuages-orm", "nuages-macros", Kind::Dev),
            ("nuages", "nuages-commands", Kind::Build),
        ]);
        assert_eq!(violations(&graph, PHASES), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_on_a_later_phase_fails_and_says_what_to_do() {
        let graph = graph(&[
            ("nuages-orm", "nuages-bridge", Kind::Normal),
            ("nuages-bridge", "nuages-orm", Kind::Normal),
        ]);
        let found = violations(&graph, PHASES);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("nuages-bridge (phase 1) depends on nuages-orm (phase 3)"),
            "{}",
            found[0]
        );
        let fix = "fix: remove nuages-orm from [dependencies] of crates/bridge/Cargo.toml";
        assert!(found[0].contains(fix), "{}", found[0]);
    }

    #[test]
    fn a_development_dependency_on_a_later_phase_fails_too() {
        let found = violations(&graph(&[("nuages-handler", "nuages-orm", Kind::Dev)]), PHASES);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("nuages-handler (phase 2) depends on nuages-orm (phase 3)"),
            "{}",
            found[0]
        );
        assert!(
            found[0].contains("[dev-dependencies] of crates/handler/Cargo.toml"),
            "{}",
            found[0]
        );
        assert!(
            found[0].contains("move the test that needs it to nuages-orm"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_build_dependency_on_a_later_phase_fails_too() {
        let found = violations(&graph(&[("nuages-views", "nuages", Kind::Build)]), PHASES);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("nuages-views (phase 2) depends on nuages (facade)"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn the_program_of_a_phase_may_not_use_a_later_phase() {
        for (program, later) in [
            ("phase1", "nuages-handler"),
            ("phase2", "nuages-orm"),
            ("orm_alone", "nuages"),
        ] {
            let found = violations(&graph(&[(program, later, Kind::Normal)]), PHASES);
            assert_eq!(found.len(), 1, "{program} on {later}: {found:#?}");
        }
    }

    #[test]
    fn a_crate_without_a_phase_fails() {
        let mut graph = graph(&[]);
        graph.crates.push(Node {
            name: "nuages-new".into(),
            manifest: "crates/new/Cargo.toml".into(),
        });
        let found = violations(&graph, PHASES);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("nuages-new (crates/new/Cargo.toml) has no phase"),
            "{}",
            found[0]
        );
        assert!(found[0].contains("xtask/src/phases.rs"), "{}", found[0]);
    }
}
