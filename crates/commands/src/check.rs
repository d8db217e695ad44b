//! `check`: what is likely to be a mistake in an application.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use nuages_handler::{App, CheckLevel, CheckMessage};

use crate::{Command, Error, Op};

/// Looks for mistakes in an application: in its URLs, its settings, and with `--deploy` in what only matters on the internet.
///
/// Exits with 1 where anything at `--fail-level` or above was found.
#[derive(Debug)]
pub struct Check {
    app: App,
}

impl Check {
    /// The command for an application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

impl Command for Check {
    fn name(&self) -> &'static str {
        "check"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Looks for mistakes in the application and its settings")
            .arg(
                Arg::new("deploy")
                    .long("deploy")
                    .action(ArgAction::SetTrue)
                    .help("Also what matters before the application goes into production"),
            )
            .arg(
                Arg::new("tag")
                    .long("tag")
                    .short('t')
                    .action(ArgAction::Append)
                    .help("Only what concerns this, such as `urls` or `security`; may be given again"),
            )
            .arg(
                Arg::new("fail-level")
                    .long("fail-level")
                    .value_parser(["warning", "error"])
                    .default_value("error")
                    .help("What the exit code 1 begins with"),
            )
            .after_help("Examples:\n  check\n  check --deploy --fail-level warning")
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("check", async move {
            let checks = if arguments.get_flag("deploy") {
                self.app.check_deploy()
            } else {
                self.app.check()
            };
            let tags: Vec<&String> = arguments.get_many("tag").into_iter().flatten().collect();
            let wanted =
                |message: &&CheckMessage| tags.is_empty() || tags.iter().any(|tag| *tag == message.tag);
            let found: Vec<&CheckMessage> = checks.iter().filter(wanted).collect();
            for message in &found {
                writeln!(output, "{message}").map_err(Error::output)?;
            }
            let count = found.len();
            let issues = if count == 1 { "issue" } else { "issues" };
            writeln!(output, "check: {count} {issues} found").map_err(Error::output)?;
            let strict = arguments
                .get_one::<String>("fail-level")
                .is_some_and(|level| level == "warning");
            if found
                .iter()
                .any(|message| strict || message.level == CheckLevel::Error)
            {
                return Err(Error::other("the check found what has to be mended"));
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use nuages_handler::Urls;

    use super::*;
    use crate::Commands;

    async fn home() -> &'static str {
        "bonsoir"
    }

    fn check(app: App, arguments: &[&str]) -> (bool, String) {
        let mut output = Vec::new();
        let commands = Commands::new("shop").command(Check::new(app));
        let arguments = ["shop", "check"].into_iter().chain(arguments.iter().copied());
        let ended = commands.run(arguments, &mut output).wait();
        (ended.is_ok(), String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_route_given_twice_is_an_error_with_its_id_and_exit_code() {
        let twice = Urls::new().path("", home).path("", home);
        let (fine, text) = check(App::new().urls(twice), &[]);
        assert!(!fine && text.contains("urls.E001"), "{text}");
    }

    #[test]
    fn deployment_is_checked_where_it_is_asked_for_and_by_tag() {
        let app = || App::new().urls(Urls::new().path("", home));
        let (fine, text) = check(app(), &["--deploy", "--fail-level", "warning"]);
        assert!(!fine && text.contains("security."), "{text}");
        let (fine, text) = check(app(), &["--deploy", "--fail-level", "warning", "--tag", "urls"]);
        assert!(fine && text.contains("check: 0 issues found"), "{text}");
    }
}
