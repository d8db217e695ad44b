//! The commands of an application, as a library: what `manage.py` does for Django.
//!
//! An application collects its [`Command`]s in [`Commands`] and runs the one that its arguments name, so `cargo run -- routes` works
//! in every project. The `nuages` binary of `nuages-cli` passes its arguments on to exactly that.
//!
//! # Examples
//!
//! ```
//! use nuages_commands::{Commands, Routes};
//! use nuages_handler::{App, Urls};
//!
//! async fn home() -> &'static str { "bonsoir" }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::new().urls(Urls::new().path("", home).name("home"));
//! let commands = Commands::new("shop").command(Routes::new(app));
//!
//! let mut output = Vec::new();
//! commands.run(["shop", "routes"], &mut output).wait()?;
//! assert!(String::from_utf8(output)?.contains("home (async)"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `migrations`: `makemigrations`, `migrate`, `showmigrations`, `sqlmigrate`, `squashmigrations`, `lintmigrations` and `inspectdb`, all of them
//!   added by `Commands::migrations`.
//!
//! # What is left out on purpose
//!
//! No command knows an application's type: each is given what it needs when it is made.

mod check;
#[cfg(feature = "static-files")]
mod collect_static;
mod command;
mod diff_settings;
mod error;
mod forward;
mod function;
#[cfg(feature = "migrations")]
mod migrations;
#[cfg(feature = "scaffold")]
mod new;
mod routes;
mod run;

pub use check::Check;
pub use clap;
#[cfg(feature = "static-files")]
pub use collect_static::CollectStatic;
pub use command::{Command, Commands};
pub use diff_settings::DiffSettings;
pub use error::{Error, Result};
pub use forward::forward;
pub use function::{IntoEnd, IntoWork};
#[cfg(feature = "migrations")]
pub use migrations::{
    InspectDb, LintMigrations, MakeMigrations, Migrate, ShowMigrations, SqlMigrate, SquashMigrations,
};
#[cfg(feature = "scaffold")]
pub use new::{NewProject, StartApp};
pub use routes::Routes;
#[cfg(feature = "reload")]
pub use run::Reload;
pub use run::Run;

/// What running a command returns: `.await` it, or `.wait()` for it.
pub type Op<'a, T> = nuages_bridge::Op<'a, T, Error>;

/// The program in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
