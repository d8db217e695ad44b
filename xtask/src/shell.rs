//! Running commands: each is printed before it runs, as one could type it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Where and how commands run.
#[derive(Debug)]
pub(crate) struct Shell {
    dry_run: bool,
    root: PathBuf,
}

/// A cargo invocation that has not run yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cargo {
    args: Vec<String>,
    env: Vec<(String, String)>,
    retried: bool,
}

impl Cargo {
    /// Starts `cargo <words>`, where the words are separated by spaces.
    pub(crate) fn new(words: &str) -> Self {
        Self {
            args: words.split_whitespace().map(str::to_owned).collect(),
            env: Vec::new(),
            retried: false,
        }
    }

    /// Appends arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it once more if it fails, for a runner of tests that cannot try a single test again.
    pub(crate) fn retried(mut self, retried: bool) -> Self {
        self.retried = retried;
        self
    }

    fn command(&self, root: &Path) -> Command {
        // `cargo run` tells which cargo started this program; another one might come from another toolchain.
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(&self.args).current_dir(root);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str("cargo")?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// Quotes a word for a shell where it needs that.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Shell {
    /// A shell at the root of the workspace. With `dry_run` it prints commands and runs none.
    pub(crate) fn new(dry_run: bool) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap_or(Path::new("."));
        Self {
            dry_run,
            root: root.to_owned(),
        }
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether commands are printed only.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Prints and runs a command, whose output goes where ours goes.
    pub(crate) fn run(&self, cargo: &Cargo) -> anyhow::Result<()> {
        let first = self.run_once(cargo);
        let Err(error) = first else { return Ok(()) };
        if !cargo.retried {
            return Err(error);
        }
        eprintln!("!!! {error}; once more, to tell what is broken from what is flaky");
        self.run_once(cargo)?;
        eprintln!(
            "!!! FLAKY: `{cargo}` failed, and passed when it was run again: the first output has the bug"
        );
        Ok(())
    }

    fn run_once(&self, cargo: &Cargo) -> anyhow::Result<()> {
        eprintln!("$ {cargo}");
        if self.dry_run {
            return Ok(());
        }
        let status = cargo
            .command(&self.root)
            .status()
            .with_context(|| format!("cannot start `{cargo}`"))?;
        if !status.success() {
            bail!("`{cargo}` failed ({status})");
        }
        Ok(())
    }

    /// Runs commands one after the other, all of them even if one fails: a failure should not hide another.
    pub(crate) fn run_all(&self, commands: &[Cargo]) -> anyhow::Result<()> {
        let failures = commands.iter().filter_map(|command| self.run(command).err());
        let failures: Vec<_> = failures.map(|error| error.to_string()).collect();
        if failures.is_empty() {
            Ok(())
        } else {
            bail!(failures.join("\n       "))
        }
    }

    /// Prints and runs a command, and returns what it writes to its standard output; none in a dry run.
    pub(crate) fn output(&self, cargo: &Cargo) -> anyhow::Result<Option<String>> {
        eprintln!("$ {cargo}");
        if self.dry_run {
            return Ok(None);
        }
        let output = cargo
            .command(&self.root)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start `{cargo}`"))?;
        if !output.status.success() {
            bail!("`{cargo}` failed ({})", output.status);
        }
        Ok(Some(
            String::from_utf8(output.stdout).with_context(|| format!("`{cargo}` wrote no UTF-8"))?,
        ))
    }

    /// Whether `cargo <words>` succeeds; quiet, for asking what is installed.
    pub(crate) fn succeeds(&self, words: &str) -> bool {
        let mut command = Cargo::new(words).command(&self.root);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let cargo = Cargo::new("test --doc")
            .args(["-p", "nuages orm"])
            .env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            cargo.to_string(),
            "RUSTDOCFLAGS='-D warnings' cargo test --doc -p 'nuages orm'"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = Shell::new(false).run(&Cargo::new("no-such-verb")).unwrap_err();
        assert!(
            error.to_string().starts_with("`cargo no-such-verb` failed"),
            "{error}"
        );
    }

    #[test]
    fn what_is_retried_and_fails_again_is_an_error() {
        let error = Shell::new(false)
            .run(&Cargo::new("no-such-verb").retried(true))
            .unwrap_err();
        assert!(
            error.to_string().starts_with("`cargo no-such-verb` failed"),
            "{error}"
        );
    }

    #[test]
    fn a_failure_does_not_hide_a_later_one() {
        let commands = ["no-such-verb", "--version", "nor-such-a-verb"].map(Cargo::new);
        let error = Shell::new(false).run_all(&commands).unwrap_err().to_string();
        assert!(error.contains("`cargo no-such-verb` failed"), "{error}");
        assert!(error.contains("`cargo nor-such-a-verb` failed"), "{error}");
        assert!(!error.contains("--version"), "{error}");
    }

    #[test]
    fn a_dry_run_runs_nothing() {
        let shell = Shell::new(true);
        shell.run(&Cargo::new("no-such-verb")).unwrap();
        assert_eq!(shell.output(&Cargo::new("no-such-verb")).unwrap(), None);
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(Shell::new(true).root().join("xtask/Cargo.toml").is_file());
    }
}
