//! The `nuages` command. It passes its arguments on to the project in the current folder, so `nuages routes` is `cargo run -- routes`.

use std::process::ExitCode;

const HELP: &str = "\
Runs a command of the nuages project in the current folder.

Usage: nuages <COMMAND> [ARGUMENTS]

`nuages routes` is the same as `cargo run -- routes`: a project's commands are its own program's. `nuages help` lists them.

Options:
  -h, --help     Print this text
  -V, --version  Print the version
";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|argument| argument.to_str()) {
        None | Some("-h" | "--help") => print!("{HELP}"),
        Some("-V" | "--version") => println!("nuages {}", env!("CARGO_PKG_VERSION")),
        Some(_) => {
            let status = nuages_commands::forward(arguments).wait()?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
