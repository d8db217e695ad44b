//! Random data, and random queries by names: what a database gives is what a naive evaluation in memory gives.
//!
//! 200 queries on each database, and 5,000 with `NUAGES_FULL=1`. `NUAGES_SEED=n` runs the case that a failure names.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by panicking, and its models are its own"
)]

#[path = "../common/mod.rs"]
#[allow(
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "each test file uses what it needs"
)]
mod common;

mod data;
mod models;
mod naive;
mod tree;
mod typed;

use nuages_orm::create_tables;

use crate::common::{Backend, with_database};
use crate::data::{Data, Random};

/// Queries for each set of data.
const QUERIES: u64 = 20;

/// Runs `test` with seeds, on new data every so often.
fn with_seeds(backend: Backend, test: impl Fn(&nuages_orm::Database, &Data, &mut Random)) {
    let full = std::env::var("NUAGES_FULL").is_ok_and(|value| value == "1");
    let only: Option<u64> = std::env::var("NUAGES_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let cases = if full { 5_000 } else { 200 };
    with_database(
        backend,
        |options| options,
        |db| {
            let models = models::all();
            create_tables(&db, &models).wait().unwrap();
            db.sync_scope(|| {
                for round in 0..cases / QUERIES {
                    if only.is_some_and(|seed| seed / QUERIES != round) {
                        continue;
                    }
                    let data = Data::random(&models, &mut Random(round));
                    data.write(&db, &models).unwrap();
                    for seed in round * QUERIES..(round + 1) * QUERIES {
                        if only.is_none_or(|only| only == seed) {
                            eprintln!("NUAGES_SEED={seed}");
                            test(&db, &data, &mut Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d)));
                        }
                    }
                }
            });
        },
    );
}

macro_rules! on_each_backend {
    ($($name:ident: $test:path;)*) => {$(
        mod $name {
            use crate::common::Backend;

            #[test]
            fn sqlite() {
                crate::with_seeds(Backend::SqliteMemory, $test);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                crate::with_seeds(Backend::Postgres, $test);
            }

            #[cfg(feature = "mariadb")]
            #[test]
            fn mariadb() {
                crate::with_seeds(Backend::MariaDb, $test);
            }
        }
    )*};
}

on_each_backend! {
    queries_by_names: crate::tree::check;
    typed_queries: crate::typed::check;
}
