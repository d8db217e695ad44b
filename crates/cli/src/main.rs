//! The `nuages` command: makes projects, serves them while they are written, and passes everything else on to the project in the
//! current folder, so `nuages routes` is `cargo run -- routes`.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use nuages_commands::{Command, Commands, NewProject, Op, Reload, StartApp, clap};

const HELP: &str = "\
Makes nuages projects, and runs the commands of the one in the current folder.

Usage: nuages <COMMAND> [ARGUMENTS]

Commands:
  new <NAME>       Makes a project: `nuages new shop`
  startapp <NAME>  Makes a part of the project in the current folder
  run [ADDRESS]    Serves the project, built and started anew when a file changes
  ...              Any other command is the project's own: `nuages routes` is `cargo run -- routes`
  help             Lists the project's own commands

Options:
  -h, --help     Print this text
  -V, --version  Print the version
";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|argument| argument.to_str()) {
        None | Some("-h" | "--help") => print!("{HELP}"),
        Some("-V" | "--version") => println!("nuages {}", env!("CARGO_PKG_VERSION")),
        Some("new" | "startapp" | "run") => {
            let own = Commands::new("nuages")
                .command(NewProject)
                .command(StartApp)
                .command(Run);
            return Ok(nuages_bridge::async_to_sync(own.main())?);
        }
        Some(_) => {
            let status = nuages_commands::forward(arguments).wait()?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `run` from outside the program, so that even a program that does not build yet has its page.
struct Run;

impl Command for Run {
    fn name(&self) -> &'static str {
        "run"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Serves the project in the current folder, built and started anew when a file changes")
            .arg(
                clap::Arg::new("address")
                    .env("BIND")
                    .default_value("127.0.0.1:8000")
                    .help("Where to listen"),
            )
            .after_help("Examples:\n  nuages run\n  nuages run 0.0.0.0:8080")
    }

    fn run<'a>(&'a self, arguments: &'a clap::ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        let address = arguments
            .get_one::<String>("address")
            .map_or("", |address| address);
        Reload::new(address).run(output)
    }
}
