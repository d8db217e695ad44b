//! A database for a test: one of each kind, empty, its own.

#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that fails panics, and its runtimes are its own"
)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use nuages_orm::{Database, DatabaseOptions, raw_trusted};

/// What a test runs on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Backend {
    SqliteFile,
    SqliteMemory,
    Postgres,
    MariaDb,
}

/// Runs a test with an empty database, on the calling thread, and tidies up after it.
pub(crate) fn with_database(
    backend: Backend,
    options: impl FnOnce(DatabaseOptions) -> DatabaseOptions,
    test: impl FnOnce(Database),
) {
    with_database_url(backend, |url| {
        test(options(Database::options(url)).connect().wait().unwrap())
    });
}

/// The same, for a test that connects itself.
pub(crate) fn with_database_url(backend: Backend, test: impl FnOnce(&str)) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let unique = format!(
        "nuages_test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    match backend {
        Backend::SqliteMemory => test("sqlite::memory:"),
        Backend::SqliteFile => {
            let folder = tempfile::tempdir().unwrap();
            test(&format!(
                "sqlite:{}",
                folder.path().join("test.sqlite3").display()
            ));
        }
        Backend::Postgres => {
            let Some((url, admin)) = server("PostgreSQL", "NUAGES_TEST_POSTGRES", POSTGRES) else {
                return;
            };
            let separator = if url.contains('?') { '&' } else { '?' };
            let own = format!("{url}{separator}options=-c%20search_path%3D{unique}");
            let drop = format!("DROP SCHEMA {unique} CASCADE");
            on_server(&admin, &format!("CREATE SCHEMA {unique}"), &drop, || test(&own));
        }
        Backend::MariaDb => {
            let Some((url, admin)) = server("MariaDB", "NUAGES_TEST_MYSQL", MARIADB) else {
                return;
            };
            let (server, _) = url.rsplit_once('/').unwrap();
            let own = format!("{server}/{unique}");
            let drop = format!("DROP DATABASE {unique}");
            on_server(&admin, &format!("CREATE DATABASE {unique}"), &drop, || test(&own));
        }
    }
}

const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";
const MARIADB: &str = "mysql://root@127.0.0.1:3306/mysql";

/// Runs a test in a place of its own, which is gone afterwards.
fn on_server(admin: &Database, create: &str, drop: &str, test: impl FnOnce()) {
    let run = |sql: &str| raw_trusted(sql.to_owned()).using(admin).execute().wait().unwrap();
    run(create);
    let outcome = catch_unwind(AssertUnwindSafe(test));
    run(drop);
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// The server for the tests; `None` where there is none, which is no excuse in CI.
fn server(name: &str, variable: &str, default: &str) -> Option<(String, Database)> {
    let url = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    match Database::options(url.as_str()).pool_size(1).connect().wait() {
        Ok(admin) => Some((url, admin)),
        Err(error) if std::env::var("CI").as_deref() == Ok("true") => {
            panic!(
                "no {name} for the tests: {error} ({:?})",
                std::error::Error::source(&error)
            )
        }
        Err(error) => {
            eprintln!("!!! SKIPPED: no {name} at {variable} or {default}: {error} !!!");
            None
        }
    }
}

/// After which a test hangs. The long forms of some take a minute and more.
fn limit() -> std::time::Duration {
    let full = std::env::var("NUAGES_FULL").is_ok_and(|full| full == "1");
    std::time::Duration::from_secs(if full { 900 } else { 60 })
}

/// A multi-thread runtime for async code, as a program has it.
pub(crate) fn on_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(limit(), future).await.expect("it hangs") })
}

/// A runtime on this thread alone.
pub(crate) fn on_current_thread<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(limit(), future).await.expect("it hangs") })
}

/// Makes a test of an async function `fn(Database)` for each backend, on both kinds of runtimes.
macro_rules! async_tests {
    ($($(#[$attribute:meta])* $name:ident $([$($option:tt)*])?;)*) => {$(
        $(#[$attribute])*
        mod $name {
            use super::common::*;

            fn run(backend: Backend, on: fn(std::pin::Pin<Box<dyn Future<Output = ()>>>)) {
                with_database(backend, |options| options$($($option)*)?, |db| on(Box::pin(super::$name(db))));
            }

            #[test]
            fn sqlite_file() {
                run(Backend::SqliteFile, on_runtime);
            }

            #[test]
            fn sqlite_file_current_thread() {
                run(Backend::SqliteFile, on_current_thread);
            }

            #[test]
            fn sqlite_memory() {
                run(Backend::SqliteMemory, on_runtime);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                run(Backend::Postgres, on_runtime);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn postgres_current_thread() {
                run(Backend::Postgres, on_current_thread);
            }

            #[cfg(feature = "mariadb")]
            #[test]
            fn mariadb() {
                run(Backend::MariaDb, on_runtime);
            }

            #[cfg(feature = "mariadb")]
            #[test]
            fn mariadb_current_thread() {
                run(Backend::MariaDb, on_current_thread);
            }
        }
    )*};
}

pub(crate) use async_tests;

macro_rules! no_value {
    ($($name:ident: $type:ty;)*) => {$(
        fn $name(&self, _: usize) -> nuages_orm::Result<Option<$type>> {
            Err(nuages_orm::Error::decode("number", "it is an integer"))
        }
    )*};
}

/// A row of one integer, for drivers that a test makes up.
pub(crate) struct OneInt(pub(crate) i64);

impl nuages_orm::Row for OneInt {
    fn len(&self) -> usize {
        1
    }

    fn name(&self, _: usize) -> &str {
        "number"
    }

    fn is_null(&self, _: usize) -> nuages_orm::Result<bool> {
        Ok(false)
    }

    fn int(&self, _: usize) -> nuages_orm::Result<Option<i64>> {
        Ok(Some(self.0))
    }

    no_value! {
        bool: bool;
        float: f64;
        decimal: rust_decimal::Decimal;
        text: &str;
        bytes: &[u8];
        date: jiff::civil::Date;
        time: jiff::civil::Time;
        datetime: jiff::civil::DateTime;
        timestamp: jiff::Timestamp;
        uuid: uuid::Uuid;
        json: serde_json::Value;
    }
}
