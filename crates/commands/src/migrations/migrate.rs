//! `migrate`: brings the database to the end of the history, or elsewhere.

use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, value_parser};
use nuages_migrations::{Event, Project};
use nuages_orm::Database;
use tokio::sync::mpsc;

use super::{flag, text};
use crate::{Command, Error, Op};

/// Applies migrations, and takes them back.
#[derive(Debug)]
pub struct Migrate {
    project: Arc<Project>,
    database: Database,
}

impl Migrate {
    /// The command for a project and its database.
    #[must_use]
    pub fn new(project: Arc<Project>, database: Database) -> Self {
        Self { project, database }
    }
}

impl Command for Migrate {
    fn name(&self) -> &'static str {
        "migrate"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Applies the migrations that are missing, or goes back to an earlier one")
            .after_help("Examples:\n  migrate\n  migrate shop 0002\n  migrate shop zero\n  migrate --plan")
            .arg(
                Arg::new("app")
                    .value_name("APP")
                    .help("Only this app, and what it depends on"),
            )
            .arg(
                Arg::new("migration")
                    .value_name("MIGRATION")
                    .requires("app")
                    .help("To this migration; `zero` takes all back"),
            )
            .arg(flag("plan", "Changes nothing; prints what would be done"))
            .arg(flag(
                "check",
                "Changes nothing; fails where a migration is not applied",
            ))
            .arg(flag("fake", "Records them as applied, without touching a table"))
            .arg(flag(
                "fake-initial",
                "Records a first migration as applied where its tables are there",
            ))
            .arg(
                Arg::new("lock-timeout")
                    .long("lock-timeout")
                    .value_name("SECONDS")
                    .value_parser(value_parser!(u64))
                    .default_value("60")
                    .help("How long to wait for another process that is migrating"),
            )
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("migrate", async move {
            let mut migrate = self.project.migrate(&self.database);
            match (text(arguments, "app"), text(arguments, "migration")) {
                (Some(app), Some(migration)) => migrate = migrate.to(app, migration),
                (Some(app), None) => migrate = migrate.only(app),
                _ => {}
            }
            if arguments.get_flag("fake") {
                migrate = migrate.fake();
            }
            if arguments.get_flag("fake-initial") {
                migrate = migrate.fake_initial();
            }
            if let Some(&seconds) = arguments.get_one::<u64>("lock-timeout") {
                migrate = migrate.lock_timeout(Duration::from_secs(seconds));
            }
            if arguments.get_flag("plan") || arguments.get_flag("check") {
                let plan = migrate.plan().await?;
                for one in &plan {
                    writeln!(output, "{one}").map_err(Error::output)?;
                    for operation in &one.operations {
                        writeln!(output, "  - {operation}").map_err(Error::output)?;
                    }
                }
                if plan.is_empty() {
                    writeln!(output, "nothing to do").map_err(Error::output)?;
                } else if arguments.get_flag("check") {
                    return Err(Error::other("migrations are not applied: run `migrate`"));
                }
                return Ok(());
            }
            let (sender, mut lines) = mpsc::unbounded_channel();
            let migrate = migrate.progress(move |event| {
                // Nobody listens any more when the command was dropped.
                let _ = sender.send(line(event));
            });
            let mut run = pin!(migrate.run().into_future());
            let done = loop {
                tokio::select! {
                    biased;
                    Some(line) = lines.recv() => show(output, &line)?,
                    done = &mut run => break done,
                }
            };
            while let Ok(line) = lines.try_recv() {
                show(output, &line)?;
            }
            if done?.is_empty() {
                writeln!(output, "nothing to do").map_err(Error::output)?;
            }
            Ok(())
        })
    }
}

fn show(output: &mut (dyn Write + Send), line: &str) -> Result<(), Error> {
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(Error::output)
}

fn line(event: &Event<'_>) -> String {
    match event {
        Event::Begins(planned) if planned.fake => format!("{planned}: recorded only"),
        Event::Begins(planned) => format!("{planned} ..."),
        Event::Operation(number, of, what) => format!("  {number}/{of} {what}"),
        Event::Ended(planned) => format!("{planned} done"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use nuages_migrations::{App, CreateModel, Field, Migration, Model};

    use super::*;
    use crate::Commands;

    #[test]
    fn a_plan_is_shown_and_done_and_then_there_is_nothing_to_do() {
        let operation = CreateModel::new(Model::new("Book").field("id", Field::key()));
        let app = App::new("shop").migration(Migration::new("0001_initial").operation(operation));
        let database = Database::connect("sqlite::memory:").wait().unwrap();
        let commands = Commands::new("shop").migrations(Project::new().app(app), &database);
        let run = |arguments: &[&str]| {
            let mut output = Vec::new();
            let result = commands.run(arguments, &mut output).wait();
            (
                String::from_utf8(output).unwrap(),
                result.map_err(|error| error.to_string()),
            )
        };
        assert!(
            run(&["shop", "migrate", "--plan"])
                .0
                .contains("Create model Book")
        );
        assert!(run(&["shop", "migrate", "--check"]).1.is_err());
        assert!(run(&["shop", "showmigrations"]).0.contains("[ ] 0001_initial"));
        let (text, result) = run(&["shop", "migrate"]);
        assert!(
            result.is_ok() && text.contains("1/1 Create model Book") && text.contains("done"),
            "{text}"
        );
        assert_eq!(
            run(&["shop", "migrate", "--check"]),
            ("nothing to do\n".to_owned(), Ok(()))
        );
        assert!(
            run(&["shop", "showmigrations", "shop"])
                .0
                .contains("[X] 0001_initial")
        );
        let sql = run(&["shop", "sqlmigrate", "shop", "0001", "--database", "postgres"]).0;
        assert!(sql.contains("GENERATED BY DEFAULT AS IDENTITY"), "{sql}");
        assert!(
            run(&["shop", "migrate", "shop", "zero"])
                .0
                .contains("(back) done")
        );
    }
}
