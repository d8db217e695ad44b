//! The verbs `lint` and `docs`: formatting, clippy, rustdoc, and the book's code.

use crate::shell::{Cargo, Shell};

/// The verb `lint`, the quickest check first.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    fmt(shell)?;
    clippy(shell)?;
    rustdoc(shell)
}

/// Formatting.
pub(crate) fn fmt(shell: &Shell) -> anyhow::Result<()> {
    shell.run(&Cargo::new("fmt --all --check"))
}

/// Clippy over every target, tests and examples too.
pub(crate) fn clippy(shell: &Shell) -> anyhow::Result<()> {
    shell.run(&Cargo::new(
        "clippy --workspace --all-targets --keep-going -- -D warnings",
    ))
}

/// Rustdoc: broken links are warnings of it. Libraries only, since the command's binary is named as the facade's
/// library and their pages would overwrite each other.
pub(crate) fn rustdoc(shell: &Shell) -> anyhow::Result<()> {
    shell.run(&Cargo::new("doc --workspace --lib --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// The verb `docs`.
pub(crate) fn docs(shell: &Shell) -> anyhow::Result<()> {
    rustdoc(shell)?;
    shell.run(&Cargo::new("test -p book --no-fail-fast"))
}
