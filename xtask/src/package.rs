//! The verb `package`: could every crate be published as it stands?

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::Package;

use crate::check;
use crate::metadata;
use crate::shell::{Cargo, Shell};

/// Checks manifests and changelog, then packages the workspace; with `verify`, builds what was packaged.
pub(crate) fn run(shell: &Shell, verify: bool) -> anyhow::Result<()> {
    let metadata = metadata::workspace(shell)?;
    let changelog =
        std::fs::read_to_string(shell.root().join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    let published = metadata
        .packages
        .iter()
        .filter(|package| package.publish.is_none());
    check::report(
        "package",
        published
            .flat_map(|package| missing(package, &changelog))
            .collect(),
    )?;
    let package = command();
    if verify {
        let target = metadata.target_directory.join("verify");
        if !shell.is_dry_run() {
            forget_earlier(&metadata.packages, target.as_std_path())?;
        }
        return shell.run(&package.args(["--target-dir", target.as_str()]));
    }
    shell.run(&package.args(["--no-verify"]))
}

/// Packages every crate that is published.
pub(crate) fn command() -> Cargo {
    // The models have the bridge's own sources, which lie outside of their package.
    Cargo::new("package --workspace --exclude bridge_models --allow-dirty")
}

/// Removes what an earlier verification has unpacked and built.
///
/// Cargo takes what comes from a registry for unchangeable, and so would build against yesterday's state of a version that is still being written. The
/// registry that it makes for a verification has no host; in the folder of unpacked sources its name begins with a dash.
fn forget_earlier(packages: &[Package], target: &Path) -> anyhow::Result<()> {
    if target.is_dir() {
        std::fs::remove_dir_all(target).with_context(|| format!("cannot remove {}", target.display()))?;
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let Some(registries) = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok()) else {
        return Ok(());
    };
    for registry in registries {
        let registry = registry?;
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for package in packages {
            let unpacked = registry
                .path()
                .join(format!("{}-{}", package.name, package.version));
            if unpacked.is_dir() {
                std::fs::remove_dir_all(&unpacked)
                    .with_context(|| format!("cannot remove {}", unpacked.display()))?;
            }
        }
    }
    Ok(())
}

/// What a published crate lacks.
fn missing(package: &Package, changelog: &str) -> Vec<String> {
    let manifest = [
        ("a description", package.description.is_some()),
        ("a licence", package.license.is_some()),
        ("a repository", package.repository.is_some()),
        ("a rust-version", package.rust_version.is_some()),
        ("a readme", package.readme().is_some_and(|path| path.is_file())),
    ];
    let version = package.version.to_string();
    let section = format!("a section `## {} {version}` in CHANGELOG.md", package.name);
    let checks = manifest.map(|(what, there)| (what.to_owned(), there)).into_iter();
    checks
        .chain([(section, has_section(changelog, &package.name, &version))])
        .filter(|(_, there)| !there)
        .map(|(what, _)| format!("{} {version} lacks {what}", package.name))
        .collect()
}

/// Whether a changelog has the section of a crate's version; what follows the version, its date, is free.
fn has_section(changelog: &str, name: &str, version: &str) -> bool {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .any(|title| {
            let mut words = title.split_whitespace();
            words.next() == Some(name) && words.next() == Some(version)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_of_one_crate_and_one_version() {
        let changelog = "# Changelog\n\n## nuages-orm 0.1.0 (unreleased)\n\n### Added\n\n## nuages 0.2.0\n";
        assert!(has_section(changelog, "nuages-orm", "0.1.0"));
        assert!(has_section(changelog, "nuages", "0.2.0"));
        assert!(!has_section(changelog, "nuages", "0.1.0"));
        assert!(!has_section(changelog, "nuages-orm-macros", "0.1.0"));
    }

    #[test]
    fn what_a_manifest_lacks_is_named() {
        let metadata = metadata::workspace(&Shell::new(true)).unwrap();
        let mut package = metadata
            .packages
            .into_iter()
            .find(|package| package.name == "nuages-bridge")
            .unwrap();
        package.description = None;
        let version = package.version.to_string();
        let found = missing(&package, "");
        assert_eq!(
            found,
            [
                format!("nuages-bridge {version} lacks a description"),
                format!(
                    "nuages-bridge {version} lacks a section `## nuages-bridge {version}` in CHANGELOG.md"
                ),
            ]
        );
    }
}
