#![doc = include_str!("../README.md")]

pub use nuages_bridge as bridge;
#[cfg(feature = "phase2")]
pub use nuages_commands as commands;
#[cfg(feature = "phase2")]
pub use nuages_handler as handler;
pub use nuages_macros::{facade_main as main, facade_test as test};
#[cfg(feature = "phase3")]
pub use nuages_migrations as migrations;
#[cfg(feature = "phase3")]
pub use nuages_orm as orm;
#[cfg(feature = "phase1")]
pub use nuages_protocol as protocol;
#[cfg(feature = "phase2")]
pub use nuages_views as views;

#[cfg(feature = "phase2")]
mod commands_of;
#[cfg(feature = "phase2")]
mod live_server;
pub mod prelude;
#[cfg(feature = "phase2")]
mod serve;
#[cfg(feature = "phase1")]
mod settings;

#[cfg(feature = "phase2")]
pub use commands_of::standard_commands;
#[cfg(feature = "phase2")]
pub use live_server::LiveServer;
#[cfg(feature = "phase2")]
pub use nuages_handler::{Error, Result};
#[cfg(feature = "phase2")]
pub use serve::Serve;
#[cfg(feature = "phase1")]
pub use settings::{Settings, SettingsError};
