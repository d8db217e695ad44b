//! `collectstatic`: every static file in one folder, under names that browsers may keep forever.

use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, value_parser};
use nuages_views::StaticFiles;

use crate::{Command, Error, Op};

/// Gathers the static files of an application into a folder. See [`StaticFiles::collect`].
#[derive(Debug)]
pub struct CollectStatic {
    files: StaticFiles,
    target: PathBuf,
}

impl CollectStatic {
    /// The command for an application's files, and the folder that they are collected in where none is named.
    pub fn new(files: StaticFiles, target: impl Into<PathBuf>) -> Self {
        Self {
            files,
            target: target.into(),
        }
    }
}

impl Command for CollectStatic {
    fn name(&self) -> &'static str {
        "collectstatic"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Collects the static files in one folder, compressed and named by their contents")
            .arg(
                Arg::new("target")
                    .value_name("FOLDER")
                    .value_parser(value_parser!(PathBuf))
                    .help(format!("Where to; without it {}", self.target.display())),
            )
            .after_help("Examples:\n  collectstatic\n  collectstatic /srv/shop/static")
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("collectstatic", async move {
            let target = arguments.get_one::<PathBuf>("target").unwrap_or(&self.target);
            let collected = self.files.collect(target).await.map_err(Error::other)?;
            writeln!(
                output,
                "{} static files in {}: {} written, {} compressed, {} removed",
                collected.files(),
                target.display(),
                collected.written(),
                collected.compressed(),
                collected.removed()
            )
            .map_err(Error::output)
        })
    }
}
