//! `inspectdb`: models of a database that is there.

use std::io::Write;

use clap::{Arg, ArgMatches};
use nuages_migrations::{inspect, introspect};
use nuages_orm::Database;

use super::texts;
use crate::{Command, Error, Op};

/// Prints the models of the tables that a database has.
#[derive(Debug)]
pub struct InspectDb {
    database: Database,
}

impl InspectDb {
    /// The command for a database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

impl Command for InspectDb {
    fn name(&self) -> &'static str {
        "inspectdb"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Prints models of the tables that the database has")
            .arg(
                Arg::new("table")
                    .value_name("TABLE")
                    .num_args(0..)
                    .help("Only these tables"),
            )
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("inspectdb", async move {
            let wanted = texts(arguments, "table");
            let mut schema = introspect(&self.database).await?;
            if !wanted.is_empty() {
                schema.tables.retain(|name, _| wanted.contains(name));
            }
            let models = inspect(&schema, self.database.dialect());
            write!(output, "{}", models.source()).map_err(Error::output)
        })
    }
}
