//! The workspace as `cargo metadata` sees it.

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::layers::{Edge, Graph, Kind, Node};
use crate::shell::Shell;

/// Reads the workspace's own packages; quick, since no other package is resolved.
pub(crate) fn workspace(shell: &Shell) -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(shell.root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cannot read the workspace by `cargo metadata`")
}

/// The names of the workspace's members.
pub(crate) fn members(metadata: &Metadata) -> Vec<String> {
    metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect()
}

/// The dependencies among the workspace's members, as their manifests declare them: of every kind, on every
/// platform, optional ones too.
pub(crate) fn graph(metadata: &Metadata) -> Graph {
    let members = members(metadata);
    let root = metadata.workspace_root.as_path();
    let crates = metadata.packages.iter().map(|package| Node {
        name: package.name.to_string(),
        manifest: package
            .manifest_path
            .strip_prefix(root)
            .unwrap_or(&package.manifest_path)
            .to_string(),
    });
    let edges = metadata.packages.iter().flat_map(|package| {
        let ours = package
            .dependencies
            .iter()
            .filter(|dependency| members.contains(&dependency.name));
        ours.map(|dependency| Edge {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            kind: match dependency.kind {
                DependencyKind::Development => Kind::Dev,
                DependencyKind::Build => Kind::Build,
                DependencyKind::Normal | DependencyKind::Unknown => Kind::Normal,
            },
        })
    });
    Graph {
        crates: crates.collect(),
        edges: edges.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_holds_optional_and_development_edges() {
        let graph = graph(&workspace(&Shell::new(true)).unwrap());
        let has = |from: &str, to: &str, kind| {
            graph.edges.contains(&Edge {
                from: from.to_owned(),
                to: to.to_owned(),
                kind,
            })
        };
        assert!(has("nuages-protocol", "nuages-bridge", Kind::Normal));
        assert!(
            has("nuages-orm", "nuages-handler", Kind::Normal),
            "the optional dependency of feature `views`"
        );
        assert!(has("nuages-macros", "nuages-bridge", Kind::Dev));
        let orm = graph
            .crates
            .iter()
            .find(|node| node.name == "nuages-orm")
            .unwrap();
        assert_eq!(orm.manifest, "crates/orm/Cargo.toml");
    }
}
