//! `sqlmigrate`: what a migration is in SQL.

use std::io::Write;
use std::sync::Arc;

use clap::{Arg, ArgMatches};
use nuages_migrations::Project;
use nuages_orm::Database;

use super::{dialect, dialect_argument, flag, text};
use crate::{Command, Error, Op};

/// Prints the SQL of a migration.
#[derive(Debug)]
pub struct SqlMigrate {
    project: Arc<Project>,
    database: Database,
}

impl SqlMigrate {
    /// The command for a project and its database.
    #[must_use]
    pub fn new(project: Arc<Project>, database: Database) -> Self {
        Self { project, database }
    }
}

impl Command for SqlMigrate {
    fn name(&self) -> &'static str {
        "sqlmigrate"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Prints the SQL of a migration")
            .arg(Arg::new("app").value_name("APP").required(true))
            .arg(Arg::new("migration").value_name("MIGRATION").required(true))
            .arg(flag("backwards", "What takes it back"))
            .arg(dialect_argument())
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("sqlmigrate", async move {
            let app = text(arguments, "app").unwrap_or_default();
            let migration = text(arguments, "migration").unwrap_or_default();
            let dialect = dialect(arguments, &self.database);
            let sql = self
                .project
                .sql(&app, &migration, dialect, arguments.get_flag("backwards"))?;
            write!(output, "{sql}").map_err(Error::output)
        })
    }
}
