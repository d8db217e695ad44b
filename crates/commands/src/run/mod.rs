//! `run`: serves the application, and starts it anew when its source changes.

#[cfg(feature = "reload")]
mod build;
#[cfg(feature = "reload")]
mod failure;
#[cfg(feature = "reload")]
mod reload;
#[cfg(feature = "reload")]
mod sources;

use std::io::Write;

use clap::{Arg, ArgMatches};

#[cfg(feature = "reload")]
pub use self::reload::Reload;
use crate::{Command, Op};

type Serve = dyn Fn(String) -> Op<'static, ()> + Send + Sync;

/// Serves the application.
///
/// With the feature `reload` it watches the project's source while it serves: after a change it builds and starts the
/// program anew (see [`Reload`]). `--no-reload` serves just what was built, as in production.
pub struct Run {
    address: String,
    serve: Box<Serve>,
}

impl Run {
    /// The command, with the address where none is named, such as `127.0.0.1:8000`, and what serves there.
    pub fn new<F, E>(address: impl Into<String>, serve: F) -> Self
    where
        F: Fn(String) -> nuages_bridge::Op<'static, (), E> + Send + Sync + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + From<nuages_bridge::BridgeError> + Send + 'static,
    {
        let serve = std::sync::Arc::new(serve);
        Self {
            address: address.into(),
            serve: Box::new(move |address| {
                let serve = std::sync::Arc::clone(&serve);
                Op::new(
                    "run",
                    async move { serve(address).await.map_err(crate::Error::other) },
                )
            }),
        }
    }
}

impl Command for Run {
    fn name(&self) -> &'static str {
        "run"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        let command = command
            .about("Serves the application, until Ctrl-C")
            .arg(
                Arg::new("address")
                    .value_name("ADDRESS")
                    .help(format!("Where to listen; without it {}", self.address)),
            )
            .after_help("Examples:\n  run\n  run 0.0.0.0:8080");
        #[cfg(feature = "reload")]
        let command = command.arg(
            Arg::new("no-reload")
                .long("no-reload")
                .action(clap::ArgAction::SetTrue)
                .help("Serves just this program: does not watch its source"),
        );
        command
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("run", async move {
            let address = arguments.get_one::<String>("address").unwrap_or(&self.address);
            #[cfg(feature = "reload")]
            if !arguments.get_flag("no-reload") {
                return Reload::new(address).run(output).await;
            }
            let _ = output;
            (self.serve)(address.clone()).await
        })
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
