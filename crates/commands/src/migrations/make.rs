//! `makemigrations`: what the models say, and the migrations don't yet.

use std::io::{IsTerminal as _, Write};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches};
use nuages_migrations::{Answers, Made, Project, Question};

use super::{blocking, flag, text, texts};
use crate::{Command, Error, Op, Result};

/// Writes the migrations that lead to the models.
#[derive(Debug)]
pub struct MakeMigrations {
    project: Arc<Project>,
}

impl MakeMigrations {
    /// The command for a project.
    #[must_use]
    pub fn new(project: Arc<Project>) -> Self {
        Self { project }
    }
}

/// What the arguments say.
struct Asked {
    name: Option<String>,
    renames: Vec<String>,
    fills: Vec<String>,
    no_input: bool,
    empty: Option<String>,
    merge: bool,
}

impl Command for MakeMigrations {
    fn name(&self) -> &'static str {
        "makemigrations"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        let list = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name(value)
                .action(ArgAction::Append)
                .help(help)
        };
        command
            .about("Writes the migrations that lead to the models")
            .after_help(
                "Examples:\n  makemigrations\n  makemigrations --rename shop.Book.name:title --fill shop.Book.stock=0\n  makemigrations --check",
            )
            .arg(Arg::new("name").long("name").value_name("NAME").help("The name of the migration, without its number"))
            .arg(list("rename", "OLD:NEW", "A rename: shop.Book.name:title, or shop.Writer:Author"))
            .arg(list("fill", "FIELD=VALUE", "What the rows get that are there already: shop.Book.stock=0"))
            .arg(Arg::new("empty").long("empty").value_name("APP").help("A migration without operations, to fill by hand"))
            .arg(flag("merge", "Joins migrations that were made side by side"))
            .arg(flag("check", "Writes nothing; fails where a migration is missing"))
            .arg(flag("dry-run", "Writes nothing; prints what would be written"))
            .arg(flag("no-input", "Asks nothing"))
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        let asked = Asked {
            name: text(arguments, "name"),
            renames: texts(arguments, "rename"),
            fills: texts(arguments, "fill"),
            no_input: arguments.get_flag("no-input") || arguments.get_flag("check"),
            empty: text(arguments, "empty"),
            merge: arguments.get_flag("merge"),
        };
        let (check, dry) = (arguments.get_flag("check"), arguments.get_flag("dry-run"));
        Op::new("makemigrations", async move {
            let project = Arc::clone(&self.project);
            let made = blocking(move || make(&project, asked)).await?;
            if made.is_empty() {
                return writeln!(output, "nothing to do").map_err(Error::output);
            }
            for one in &made {
                writeln!(output, "{} {}", one.app, one.migration.name()).map_err(Error::output)?;
                for operation in one.migration.operations() {
                    writeln!(output, "  - {}", operation.describe()).map_err(Error::output)?;
                }
            }
            if check {
                return Err(Error::other("migrations are missing: run `makemigrations`"));
            }
            if dry {
                for one in &made {
                    write!(output, "\n{}", self.project.source(one)?).map_err(Error::output)?;
                }
                return Ok(());
            }
            let project = Arc::clone(&self.project);
            let files = blocking(move || Ok(project.write(&made)?)).await?;
            for file in files {
                writeln!(output, "wrote {}", file.display()).map_err(Error::output)?;
            }
            Ok(())
        })
    }
}

fn make(project: &Project, asked: Asked) -> Result<Vec<Made>> {
    if asked.merge {
        return Ok(project.merges()?);
    }
    if let Some(app) = &asked.empty {
        let name = asked.name.as_deref().unwrap_or("custom");
        return Ok(vec![project.empty(app, name)?]);
    }
    let mut answers = Answers::new();
    if let Some(name) = asked.name {
        answers = answers.name(name);
    }
    for rename in &asked.renames {
        answers = answers
            .rename(rename)
            .map_err(|error| Error::usage(format!("{error}\n")))?;
    }
    for fill in &asked.fills {
        answers = answers
            .fill(fill)
            .map_err(|error| Error::usage(format!("{error}\n")))?;
    }
    if !asked.no_input && std::io::stdin().is_terminal() {
        answers = answers.ask(ask);
    }
    Ok(project.changes(&mut answers)?)
}

/// Asks on the terminal. The question goes to the standard error, since the output may be a file.
fn ask(question: &Question) -> Option<String> {
    let hint = match question {
        Question::Fill(..) => "> ",
        _ => "[y/N] ",
    };
    eprint!("{question} {hint}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    let line = line.trim_end_matches(['\n', '\r']);
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use nuages_migrations::{App, CreateModel, Field, Migration, Model};

    use super::*;
    use crate::Commands;

    fn run(arguments: &[&str], project: Project) -> Result<String> {
        let commands = Commands::new("shop").command(MakeMigrations::new(Arc::new(project)));
        let mut output = Vec::new();
        commands.run(arguments, &mut output).wait()?;
        Ok(String::from_utf8(output).unwrap())
    }

    fn app() -> App {
        let operation = CreateModel::new(Model::new("Book").field("id", Field::key()));
        App::new("shop").migration(Migration::new("0001_initial").operation(operation))
    }

    #[test]
    fn what_is_missing_is_written_once_and_checked_before() {
        let folder = tempfile::tempdir().unwrap();
        let project = || Project::new().app(app().folder(folder.path()));
        // The model is gone, so its table goes.
        let text = run(&["shop", "makemigrations", "--dry-run"], project()).unwrap();
        assert!(text.contains("DeleteModel::new(\"Book\")"), "{text}");
        let error = run(&["shop", "makemigrations", "--check"], project()).unwrap_err();
        assert!(error.to_string().contains("makemigrations"));
        assert!(folder.path().read_dir().unwrap().next().is_none());

        let text = run(&["shop", "makemigrations"], project()).unwrap();
        assert!(
            text.contains("wrote ") && text.contains("shop 0002_delete_book"),
            "{text}"
        );
        let file = std::fs::read_to_string(folder.path().join("m0002_delete_book.rs")).unwrap();
        assert!(file.contains(".after(\"0001_initial\")"), "{file}");
        let module = std::fs::read_to_string(folder.path().join("mod.rs")).unwrap();
        assert!(
            module.contains("mod m0001_initial;\nmod m0002_delete_book;"),
            "{module}"
        );
    }

    #[test]
    fn a_wrong_flag_is_a_usage_error() {
        let error = run(
            &["shop", "makemigrations", "--rename", "title"],
            Project::new().app(app()),
        )
        .unwrap_err();
        assert!(error.is_usage());
    }
}
