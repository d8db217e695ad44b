//! `showmigrations`: which are applied.

use std::io::Write;
use std::sync::Arc;

use clap::{Arg, ArgMatches};
use nuages_migrations::Project;
use nuages_orm::Database;

use super::texts;
use crate::{Command, Error, Op};

/// Lists the migrations, and whether each is applied.
#[derive(Debug)]
pub struct ShowMigrations {
    project: Arc<Project>,
    database: Database,
}

impl ShowMigrations {
    /// The command for a project and its database.
    #[must_use]
    pub fn new(project: Arc<Project>, database: Database) -> Self {
        Self { project, database }
    }
}

impl Command for ShowMigrations {
    fn name(&self) -> &'static str {
        "showmigrations"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Lists the migrations, and whether each is applied")
            .arg(
                Arg::new("app")
                    .value_name("APP")
                    .num_args(0..)
                    .help("Only these apps"),
            )
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("showmigrations", async move {
            let wanted = texts(arguments, "app");
            let status = self.project.status(&self.database).await?;
            for app in self.project.apps() {
                if !wanted.is_empty() && !wanted.iter().any(|name| name == app.name()) {
                    continue;
                }
                writeln!(output, "{}", app.name()).map_err(Error::output)?;
                let mut own = status.iter().filter(|one| one.app == app.name()).peekable();
                if own.peek().is_none() {
                    writeln!(output, "  (no migrations)").map_err(Error::output)?;
                }
                for one in own {
                    let mark = if one.applied { 'X' } else { ' ' };
                    let note = match (one.partly, one.squashes) {
                        (Some(done), _) => format!(" ({done} of its operations are applied: run `migrate`)"),
                        (None, 0) => String::new(),
                        (None, count) => format!(" ({count} squashed migrations)"),
                    };
                    writeln!(output, "  [{mark}] {}{note}", one.name).map_err(Error::output)?;
                }
            }
            Ok(())
        })
    }
}
