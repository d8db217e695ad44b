//! The commands that every project has.

use nuages_commands::{Check, Commands, DiffSettings, Routes, Run};
use nuages_handler::App;

use crate::{Serve, Settings};

/// The commands that every project has: `run`, `check`, `routes`, `diffsettings`, `completions`.
///
/// What needs more than the application is added: [`CollectStatic`](crate::commands::CollectStatic), those of the database, and
/// [functions](Commands::function) of one's own.
///
/// # Examples
///
/// ```no_run
/// use std::process::ExitCode;
/// use nuages::prelude::*;
///
/// async fn home() -> &'static str {
///     "bonsoir"
/// }
///
/// #[nuages::main]
/// async fn main() -> Result<ExitCode> {
///     let settings = Settings::from_env()?;
///     let app = App::new().settings(settings.app.clone()).urls(Urls::new().path("", home));
///     Ok(nuages::standard_commands("shop", app, &settings).main().await)
/// }
/// ```
pub fn standard_commands(program: &'static str, app: App, settings: &Settings) -> Commands {
    let served = app.clone();
    Commands::new(program)
        .command(Run::new(&settings.bind, move |address| {
            served.clone().serve(address)
        }))
        .command(Check::new(app.clone()))
        .command(Routes::new(app))
        .command(DiffSettings::new(&settings.app))
}
