//! `lintmigrations`: what locks or breaks a running application.

use std::io::Write;
use std::sync::Arc;

use clap::ArgMatches;
use nuages_migrations::Project;
use nuages_orm::Database;

use super::{dialect, dialect_argument, flag};
use crate::{Command, Error, Op};

/// Warns of migrations that lock or break a running application, and says the safe way.
#[derive(Debug)]
pub struct LintMigrations {
    project: Arc<Project>,
    database: Database,
}

impl LintMigrations {
    /// The command for a project and its database.
    #[must_use]
    pub fn new(project: Arc<Project>, database: Database) -> Self {
        Self { project, database }
    }
}

impl Command for LintMigrations {
    fn name(&self) -> &'static str {
        "lintmigrations"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Warns of migrations that lock or break a running application; fails where there are any")
            .arg(flag("all", "Those too that are applied already"))
            .arg(dialect_argument())
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("lintmigrations", async move {
            let mut warnings = self.project.lint(dialect(arguments, &self.database))?;
            if !arguments.get_flag("all") {
                let status = self.project.status(&self.database).await?;
                warnings.retain(|warning| {
                    !status
                        .iter()
                        .any(|one| one.applied && one.app == warning.app && one.name == warning.migration)
                });
            }
            for warning in &warnings {
                writeln!(output, "{warning}").map_err(Error::output)?;
            }
            match warnings.len() {
                0 => writeln!(output, "nothing to warn of").map_err(Error::output),
                count => Err(Error::other(format!("{count} warnings"))),
            }
        })
    }
}
