//! `routes`: the plan of an application.

use std::io::Write;

use clap::ArgMatches;
use nuages_handler::App;

use crate::{Command, Error, Op};

/// Prints every route with its layers, their modes and its hops.
#[derive(Debug)]
pub struct Routes {
    app: App,
}

impl Routes {
    /// The command for an application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

impl Command for Routes {
    fn name(&self) -> &'static str {
        "routes"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command.about("Prints every route, with its layers and what it costs in thread hops")
    }

    fn run<'a>(&'a self, _arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("routes", async move {
            let plan = self.app.plan().map_err(Error::other)?;
            write!(output, "{plan}").map_err(Error::output)
        })
    }
}
