//! A command, and the set of those that a program has.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Args, value_parser};
use clap_complete::Shell;

use crate::function::{Function, IntoWork};
use crate::{Error, Op};

/// The command that every program has: it prints the completions of all the others.
const COMPLETIONS: &str = "completions";

/// Something that a program does when its first argument names it.
///
/// Its work is an [`Op`], so it may be sync or async code.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use nuages_commands::{Command, Commands, Error, Op, clap};
///
/// struct Greet;
///
/// impl Command for Greet {
///     fn name(&self) -> &'static str { "greet" }
///
///     fn define(&self, command: clap::Command) -> clap::Command {
///         command.about("Greets somebody").arg(clap::Arg::new("whom").required(true))
///     }
///
///     fn run<'a>(&'a self, arguments: &'a clap::ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
///         Op::new("greet", async move {
///             let whom: &String = arguments.get_one("whom").ok_or_else(|| Error::usage("greet whom?"))?;
///             writeln!(output, "bonsoir, {whom}").map_err(Error::output)
///         })
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut output = Vec::new();
/// Commands::new("shop").command(Greet).run(["shop", "greet", "Django"], &mut output).wait()?;
/// assert_eq!(output, b"bonsoir, Django\n");
/// # Ok(())
/// # }
/// ```
pub trait Command: Send + Sync {
    /// The argument that names it.
    fn name(&self) -> &'static str;

    /// Adds its help and its arguments.
    fn define(&self, command: clap::Command) -> clap::Command;

    /// Does the work. What the user is to see is written to `output`.
    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()>;
}

/// The commands of a program.
#[derive(Default)]
#[must_use = "commands do nothing until one of them is run"]
pub struct Commands {
    program: &'static str,
    commands: Vec<Box<dyn Command>>,
}

impl Commands {
    /// No commands yet; the name is the program's, for its help.
    pub fn new(program: &'static str) -> Self {
        Self {
            program,
            commands: Vec::new(),
        }
    }

    /// Adds a command. Of two with the same name the later one counts, so that a program can replace a given one.
    pub fn command(mut self, command: impl Command + 'static) -> Self {
        self.commands.retain(|present| present.name() != command.name());
        self.commands.push(Box::new(command));
        self
    }

    /// Adds a command from a function, sync or async, whose arguments are a type: one that derives [`clap::Args`], or `()` for none.
    ///
    /// A sync function runs on the thread of the scope, as a sync view does, so it may block and may `.wait()`. What it returns is `()` or a
    /// `Result` with any error.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_commands::{Commands, clap};
    ///
    /// #[derive(clap::Args)]
    /// struct Greet {
    ///     /// Who is greeted.
    ///     whom: String,
    ///     /// How often.
    ///     #[arg(long, default_value_t = 1)]
    ///     times: u32,
    /// }
    ///
    /// fn greet(arguments: Greet) {
    ///     for _ in 0..arguments.times {
    ///         println!("bonsoir, {}", arguments.whom);
    ///     }
    /// }
    ///
    /// async fn tidy(_: ()) -> Result<(), std::io::Error> {
    ///     Ok(())
    /// }
    ///
    /// let commands = Commands::new("shop")
    ///     .function("greet", "Greets somebody", greet)
    ///     .function("tidy", "Throws away what is old", tidy);
    /// commands.run(["shop", "greet", "Django", "--times", "2"], &mut std::io::sink()).wait()?;
    /// # Ok::<(), nuages_commands::Error>(())
    /// ```
    pub fn function<A, M>(
        self,
        name: &'static str,
        about: &'static str,
        function: impl IntoWork<A, M>,
    ) -> Self
    where
        A: Args + Send + 'static,
        M: 'static,
    {
        self.command(Function {
            name,
            about,
            function,
            kinds: std::marker::PhantomData,
        })
    }

    /// Runs the command that the arguments name; the first argument is the program, as in [`std::env::args_os`].
    ///
    /// # Errors
    ///
    /// [`is_usage`](Error::is_usage) where the arguments name no command or not what it needs: the text is what the user is to read, help
    /// included where it was asked for. Otherwise the command's own.
    pub fn run<'a, A>(&'a self, arguments: A, output: &'a mut (dyn Write + Send)) -> Op<'a, ()>
    where
        A: IntoIterator,
        A::Item: Into<OsString>,
    {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        Op::new("Commands::run", async move {
            let mut program = self.define();
            let matches = match program.try_get_matches_from_mut(arguments) {
                Ok(matches) => matches,
                // Help that was asked for is no mistake.
                Err(help) if help.exit_code() == 0 => return write!(output, "{help}").map_err(Error::output),
                Err(mistake) => return Err(Error::usage(mistake.to_string())),
            };
            if let Some((COMPLETIONS, arguments)) = matches.subcommand() {
                let shell = arguments
                    .get_one::<Shell>("shell")
                    .copied()
                    .unwrap_or(Shell::Bash);
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut program, self.program, &mut script);
                return output.write_all(&script).map_err(Error::output);
            }
            let chosen = matches.subcommand().and_then(|(name, arguments)| {
                let command = self.commands.iter().find(|command| command.name() == name)?;
                Some((command, arguments))
            });
            match chosen {
                Some((command, arguments)) => command.run(arguments, output).await,
                None => Err(Error::usage("no command was named")),
            }
        })
    }
}

impl Commands {
    fn define(&self) -> clap::Command {
        let completions = clap::Command::new(COMPLETIONS)
            .about("Prints what lets a shell complete these commands")
            .arg(
                Arg::new("shell")
                    .required(true)
                    .value_parser(value_parser!(Shell)),
            )
            .after_help(format!(
                "Examples:\n  {0} completions bash > ~/.local/share/bash-completion/completions/{0}\n  {0} completions zsh > ~/.zfunc/_{0}",
                self.program
            ));
        let mut program = clap::Command::new(self.program)
            .subcommand_required(true)
            .arg_required_else_help(true);
        for command in &self.commands {
            program = program.subcommand(command.define(clap::Command::new(command.name())));
        }
        program.subcommand(completions)
    }

    /// Runs the command that the process's own arguments name, with its output, and says how the process should end: 0, 2 for wrong
    /// arguments, 1 for what went wrong afterwards, which stands on the standard error.
    pub async fn main(&self) -> ExitCode {
        let Err(error) = self.run(std::env::args_os(), &mut std::io::stdout()).await else {
            return ExitCode::SUCCESS;
        };
        eprint!("{}", error.report());
        ExitCode::from(if error.is_usage() { 2 } else { 1 })
    }
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.commands.iter().map(|command| command.name());
        f.debug_struct("Commands")
            .field("program", &self.program)
            .field("commands", &names.collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Say(&'static str);

    impl Command for Say {
        fn name(&self) -> &'static str {
            "say"
        }

        fn define(&self, command: clap::Command) -> clap::Command {
            command.about("Says something").arg(
                clap::Arg::new("loud")
                    .long("loud")
                    .action(clap::ArgAction::SetTrue),
            )
        }

        fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
            Op::new("say", async move {
                let end = if arguments.get_flag("loud") { "!" } else { "" };
                write!(output, "{}{end}", self.0).map_err(Error::output)
            })
        }
    }

    fn run(arguments: &[&str]) -> Result<String, Error> {
        let commands = Commands::new("shop").command(Say("old")).command(Say("new"));
        let mut output = Vec::new();
        commands.run(arguments, &mut output).wait()?;
        Ok(String::from_utf8(output).unwrap())
    }

    #[test]
    fn the_named_command_runs_with_its_options_and_the_later_of_two_counts() {
        assert_eq!(run(&["shop", "say"]).unwrap(), "new");
        assert_eq!(run(&["shop", "say", "--loud"]).unwrap(), "new!");
    }

    #[derive(clap::Args)]
    struct Count {
        upto: u32,
    }

    static COUNTED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

    fn count(arguments: Count) {
        COUNTED.fetch_add(arguments.upto, std::sync::atomic::Ordering::Relaxed);
    }

    async fn fail(arguments: Count) -> Result<(), std::io::Error> {
        Err(std::io::Error::other(format!("no {}", arguments.upto)))
    }

    #[test]
    fn functions_of_both_styles_have_their_arguments_as_a_type() {
        let commands = Commands::new("shop")
            .function("count", "Counts", count)
            .function("fail", "Fails", fail);
        let run = |arguments: &[&str]| commands.run(arguments, &mut std::io::sink()).wait();
        run(&["shop", "count", "3"]).unwrap();
        assert_eq!(COUNTED.load(std::sync::atomic::Ordering::Relaxed), 3);
        assert!(run(&["shop", "count", "three"]).unwrap_err().is_usage());
        let error = run(&["shop", "fail", "4"]).unwrap_err();
        assert!(!error.is_usage() && error.to_string() == "no 4", "{error}");
    }

    #[test]
    fn completions_know_every_command_and_option() {
        let script = run(&["shop", "completions", "bash"]).unwrap();
        assert!(script.contains("say") && script.contains("--loud"), "{script}");
        assert!(run(&["shop", "completions", "cmd"]).unwrap_err().is_usage());
    }

    #[test]
    fn help_is_no_mistake_and_lists_every_command() {
        let help = run(&["shop", "--help"]).unwrap();
        assert!(help.contains("say") && help.contains("Says something"), "{help}");
    }

    #[test]
    fn a_mistake_is_a_usage_error_that_names_it() {
        let error = run(&["shop", "sya"]).unwrap_err();
        assert!(error.is_usage());
        assert!(error.to_string().contains("'sya'"), "{error}");
        assert!(run(&["shop", "say", "--quiet"]).unwrap_err().is_usage());
        assert!(run(&["shop"]).unwrap_err().is_usage());
    }
}
