//! `routes`: the plan of an application.

use std::io::Write;

use clap::ArgMatches;
use nuages_handler::Plan;

use crate::{Command, Error, Op};

/// Prints every route with its layers, their modes and its hops.
#[derive(Debug)]
pub struct Routes {
    plan: Plan,
}

impl Routes {
    /// The command for an application's plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan }
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
            write!(output, "{}", self.plan).map_err(Error::output)
        })
    }
}
