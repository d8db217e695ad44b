//! A bookshop: sync and async views over one ORM, on SQLite or PostgreSQL.
//!
//! ```sh
//! cargo run --example bookshop                  # http://127.0.0.1:8000, data in bookshop.sqlite3
//! cargo run --example bookshop -- routes        # what each route costs in thread hops
//! cargo run --example bookshop -- showmigrations
//! DATABASE_URL=postgres://localhost/shop BIND=127.0.0.1:8080 cargo run --example bookshop
//! ```

#![expect(
    unreachable_pub,
    reason = "the modules of a program are read as those of any application"
)]

mod app;
mod cart;
mod checkout;
mod data;
mod legacy;
mod middleware;
mod migrations;
mod models;
mod views;

use std::process::ExitCode;

use nuages::prelude::*;
use tracing_subscriber::EnvFilter;

#[nuages::main]
async fn main() -> Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let defaults = Settings {
        database_url: "sqlite:bookshop.sqlite3".to_owned(),
        ..Settings::default()
    };
    let settings = Settings::from_env_or(defaults)?;
    let database = Database::connect(&settings.database_url).await?;
    database.make_default();
    let files = StaticFiles::new().dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bookshop/static"));
    let app = app::app(database.clone(), files);

    if std::env::args_os().len() > 1 {
        let commands = nuages::standard_commands("bookshop", app, &settings);
        return Ok(commands.migrations(data::project(), &database).main().await);
    }
    data::project().migrate(&database).run().await?;
    data::load().await?;
    app.serve(settings.bind).await?;
    Ok(ExitCode::SUCCESS)
}
