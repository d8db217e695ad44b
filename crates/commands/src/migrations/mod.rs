//! The commands of migrations.

mod inspect;
mod lint;
mod make;
mod migrate;
mod show;
mod sql;
mod squash;

use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches};
use nuages_migrations::Project;
use nuages_orm::{Database, Dialect};

use crate::{Commands, Error, Result};

pub use inspect::InspectDb;
pub use lint::LintMigrations;
pub use make::MakeMigrations;
pub use migrate::Migrate;
pub use show::ShowMigrations;
pub use sql::SqlMigrate;
pub use squash::SquashMigrations;

impl Commands {
    /// Adds the commands of migrations: `makemigrations`, `migrate`, `showmigrations`, `sqlmigrate`, `squashmigrations`, `lintmigrations`, `inspectdb`.
    pub fn migrations(self, project: Project, database: &Database) -> Self {
        let project = Arc::new(project);
        self.command(MakeMigrations::new(Arc::clone(&project)))
            .command(Migrate::new(Arc::clone(&project), database.clone()))
            .command(ShowMigrations::new(Arc::clone(&project), database.clone()))
            .command(SqlMigrate::new(Arc::clone(&project), database.clone()))
            .command(SquashMigrations::new(Arc::clone(&project)))
            .command(LintMigrations::new(project, database.clone()))
            .command(InspectDb::new(database.clone()))
    }
}

impl From<nuages_migrations::Error> for Error {
    fn from(error: nuages_migrations::Error) -> Self {
        Self::other(error)
    }
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn text(arguments: &ArgMatches, name: &str) -> Option<String> {
    arguments.get_one::<String>(name).cloned()
}

fn texts(arguments: &ArgMatches, name: &str) -> Vec<String> {
    let values = arguments.get_many::<String>(name);
    values.map(|values| values.cloned().collect()).unwrap_or_default()
}

fn dialect_argument() -> Arg {
    Arg::new("database")
        .long("database")
        .value_name("KIND")
        .value_parser(["sqlite", "postgres", "mariadb"])
        .help("For this kind of database, and not for the one that is connected")
}

fn dialect(arguments: &ArgMatches, database: &Database) -> Dialect {
    match text(arguments, "database").as_deref() {
        Some("sqlite") => Dialect::Sqlite,
        Some("postgres") => Dialect::Postgres,
        Some("mariadb") => Dialect::MariaDb,
        _ => database.dialect(),
    }
}

/// Runs what reads files, or waits for a person, where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    nuages_bridge::sync_to_async(work).parallel().await?
}
