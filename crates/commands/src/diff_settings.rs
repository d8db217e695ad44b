//! `diffsettings`: what was set, and to what.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use nuages_handler::{Settings, SettingsSection};

use crate::{Command, Error, Op};

/// Prints the settings that are not as they are by default, secrets masked.
#[derive(Debug)]
pub struct DiffSettings {
    rows: Vec<(String, String, bool)>,
}

impl DiffSettings {
    /// The command for an application's settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let defaults = Settings::default().known();
        let same = |key: &str, value: &str| {
            defaults
                .iter()
                .any(|setting| setting.key == key && setting.value == value)
        };
        let rows = settings.known().into_iter().map(|setting| {
            let same = same(&setting.key, &setting.value);
            (setting.key, setting.value, same)
        });
        Self { rows: rows.collect() }
    }
}

impl Command for DiffSettings {
    fn name(&self) -> &'static str {
        "diffsettings"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Prints the settings that are not as they are by default, secrets masked")
            .arg(
                Arg::new("all")
                    .long("all")
                    .action(ArgAction::SetTrue)
                    .help("The others too, marked with `=`"),
            )
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("diffsettings", async move {
            let all = arguments.get_flag("all");
            for (key, value, same) in self.rows.iter().filter(|(_, _, same)| all || !same) {
                let mark = if *same { "= " } else { "" };
                writeln!(output, "{mark}{key} = {value}").map_err(Error::output)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Commands;

    #[test]
    fn what_differs_is_printed_and_a_secret_is_not() {
        let settings = Settings {
            debug: true,
            secret_key: "correct horse battery staple".to_owned().into(),
            ..Settings::default()
        };
        let commands = Commands::new("shop").command(DiffSettings::new(&settings));
        let mut output = Vec::new();
        commands
            .run(["shop", "diffsettings"], &mut output)
            .wait()
            .unwrap();
        let text = String::from_utf8(output).unwrap();
        assert!(
            text.contains("debug = true") && text.contains("secret_key = "),
            "{text}"
        );
        assert!(
            !text.contains("horse") && !text.contains("append_slash"),
            "{text}"
        );
        let mut output = Vec::new();
        commands
            .run(["shop", "diffsettings", "--all"], &mut output)
            .wait()
            .unwrap();
        assert!(
            String::from_utf8(output)
                .unwrap()
                .contains("= append_slash = true")
        );
    }
}
