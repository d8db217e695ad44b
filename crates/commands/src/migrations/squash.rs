//! `squashmigrations`: one migration for many.

use std::io::Write;
use std::sync::Arc;

use clap::{Arg, ArgMatches};
use nuages_migrations::Project;

use super::{blocking, text};
use crate::{Command, Error, Op};

/// Writes one migration that does what several do.
#[derive(Debug)]
pub struct SquashMigrations {
    project: Arc<Project>,
}

impl SquashMigrations {
    /// The command for a project.
    #[must_use]
    pub fn new(project: Arc<Project>) -> Self {
        Self { project }
    }
}

impl Command for SquashMigrations {
    fn name(&self) -> &'static str {
        "squashmigrations"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Writes one migration that does what the first ones of an app do")
            .arg(Arg::new("app").value_name("APP").required(true))
            .arg(
                Arg::new("migration")
                    .value_name("MIGRATION")
                    .required(true)
                    .help("The last one of them"),
            )
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("squashmigrations", async move {
            let app = text(arguments, "app").unwrap_or_default();
            let until = text(arguments, "migration").unwrap_or_default();
            let made = self.project.squash(&app, &until)?;
            writeln!(
                output,
                "{app} {}: {} operations",
                made.migration.name(),
                made.migration.operations().len()
            )
            .map_err(Error::output)?;
            let project = Arc::clone(&self.project);
            let files = blocking(move || Ok(project.write(&[made])?)).await?;
            for file in files {
                writeln!(output, "wrote {}", file.display()).map_err(Error::output)?;
            }
            writeln!(
                output,
                "keep the old files until every database has applied all of them or none; then delete them, and the line `.replaces(..)`"
            )
            .map_err(Error::output)
        })
    }
}
