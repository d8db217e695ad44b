//! Migrations on the three databases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../orm/tests/common/mod.rs"]
#[allow(
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "each test file uses what it needs"
)]
mod common;

mod detect;
mod executor;
mod inspection;
mod lint;
mod operations;
mod random;
#[expect(unreachable_pub, reason = "the file is as it is written into a project")]
mod written;

use common::{Backend, with_database};
use nuages_migrations::{App, Migration, Project};
use nuages_orm::{Database, FromRow, raw_trusted};

/// Runs a test on each database.
fn on_each(test: impl Fn(&Database)) {
    for backend in [Backend::SqliteFile, Backend::Postgres, Backend::MariaDb] {
        with_database(backend, |options| options, |database| test(&database));
    }
}

/// A project with one app.
fn project(migrations: impl IntoIterator<Item = Migration>) -> Project {
    let app = migrations
        .into_iter()
        .fold(App::new("t"), |app, migration| app.migration(migration));
    Project::new().app(app)
}

fn execute(database: &Database, sql: &str) {
    raw_trusted(sql.to_owned())
        .using(database)
        .execute()
        .wait()
        .unwrap();
}

fn fetch<R: FromRow>(database: &Database, sql: &str) -> Vec<R> {
    raw_trusted(sql.to_owned())
        .using(database)
        .fetch()
        .wait()
        .unwrap()
}
