//! A build of the project, by cargo.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::{Error, Result};

/// What came of a build.
#[derive(Debug)]
pub(super) enum Built {
    /// The program.
    Program(PathBuf),
    /// What the compiler says against it, as it is printed in a terminal, without colours.
    Failed(Vec<String>),
}

/// A line of `cargo build --message-format json`, as far as it concerns us.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Diagnostic,
    },
    CompilerArtifact {
        executable: Option<PathBuf>,
        target: Target,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// Builds the program of the project in this folder. Cargo's progress goes to the standard error, and so do the diagnostics.
pub(super) fn build(project: &Path) -> Result<Built> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(["build", "--message-format=json"])
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::program("cargo", error))?;
    let progress = child.stderr.take().map(|stderr| {
        std::thread::spawn(move || {
            let mut said = String::new();
            for line in std::io::BufReader::new(stderr)
                .lines()
                .map_while(std::io::Result::ok)
            {
                eprintln!("{line}");
                said.push_str(&line);
                said.push('\n');
            }
            said
        })
    });
    let (mut errors, mut warnings, mut program) = (Vec::new(), Vec::new(), None);
    if let Some(stdout) = child.stdout.take() {
        for line in std::io::BufReader::new(stdout)
            .lines()
            .map_while(std::io::Result::ok)
        {
            match serde_json::from_str(&line) {
                Ok(Line::CompilerMessage { message }) => {
                    let text = message.rendered.unwrap_or_default();
                    eprint!("{text}");
                    let kind = if message.level.starts_with("error") {
                        &mut errors
                    } else {
                        &mut warnings
                    };
                    kind.push(text);
                }
                Ok(Line::CompilerArtifact {
                    executable: Some(executable),
                    target,
                }) if target.kind.iter().any(|kind| kind == "bin") => program = Some(executable),
                _ => {}
            }
        }
    }
    let status = child.wait().map_err(|error| Error::program("cargo", error))?;
    let said = progress.and_then(|thread| thread.join().ok()).unwrap_or_default();
    match program {
        Some(program) if status.success() => Ok(Built::Program(program)),
        None if status.success() => Err(Error::other(
            "the project has no program: is there a src/main.rs?",
        )),
        // A mistake in Cargo.toml or in a dependency's name is cargo's own to tell.
        _ if errors.is_empty() => Ok(Built::Failed(vec![said])),
        _ => {
            errors.append(&mut warnings);
            Ok(Built::Failed(errors))
        }
    }
}
