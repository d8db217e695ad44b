//! What the `nuages` binary does: it asks the project in the current folder.

use std::ffi::OsString;
use std::process::ExitStatus;

use crate::{Error, Op};

/// Runs `cargo run --quiet -- <arguments>` in the current folder, and gives back how it ended.
///
/// A project's commands are its own program's, since only that knows its models and routes. Input and output are passed through.
///
/// # Errors
///
/// Where `cargo` can't be run. A command that fails is no error here: its exit status says so.
///
/// # Cancel safety
///
/// A started command runs on.
///
/// # Blocking
///
/// `.wait()` blocks until the command has ended.
pub fn forward<A>(arguments: A) -> Op<'static, ExitStatus>
where
    A: IntoIterator,
    A::Item: Into<OsString>,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    Op::new("forward", async move {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let run = move || {
            std::process::Command::new(cargo)
                .args(["run", "--quiet", "--"])
                .args(arguments)
                .status()
        };
        let status = nuages_bridge::sync_to_async(run).parallel().await?;
        status.map_err(|error| Error::program("cargo", error))
    })
}
