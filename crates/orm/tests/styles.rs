//! The behaviour of transactions, hooks and hand-written SQL: one text, run in both call styles on each database.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

#[expect(unused_imports, unused_macros, reason = "the styles have their own")]
mod common;

macro_rules! backends {
    ($($name:ident)*) => {$(
        mod $name {
            use $crate::common::Backend;

            #[test]
            fn sqlite_file() {
                super::run(Backend::SqliteFile, super::super::$name);
            }

            #[test]
            fn sqlite_memory() {
                super::run(Backend::SqliteMemory, super::super::$name);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                super::run(Backend::Postgres, super::super::$name);
            }
        }
    )*};
}

mod waited {
    use nuages_orm::Database;

    /// `.wait()` for an Op.
    macro_rules! go {
        ($op:expr) => {
            $op.wait()
        };
    }

    /// A sync closure.
    macro_rules! block {
        ($($body:tt)*) => {
            || { $($body)* }
        };
    }

    macro_rules! tests {
        ($(fn $name:ident($db:ident: Database) $body:block)*) => {
            $(fn $name($db: &Database) -> Result<()> $body)*

            mod run {
                use nuages_orm::{Database, Result};

                use crate::common::{Backend, with_database};

                fn run(backend: Backend, test: fn(&Database) -> Result<()>) {
                    with_database(backend, |options| options, |db| db.sync_scope(|| test(&db)).unwrap());
                }

                backends!($($name)*);
            }
        };
    }

    include!("suite/transactions.rs");
}

mod awaited {
    use nuages_orm::Database;

    /// `.await` an Op.
    macro_rules! go {
        ($op:expr) => {
            $op.await
        };
    }

    /// An async closure.
    macro_rules! block {
        ($($body:tt)*) => {
            async || { $($body)* }
        };
    }

    macro_rules! tests {
        ($(fn $name:ident($db:ident: Database) $body:block)*) => {
            $(fn $name($db: &Database) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
                Box::pin(async move { $body })
            })*

            mod run {
                use std::pin::Pin;

                use nuages_orm::{Database, Result};

                use crate::common::{Backend, on_runtime, with_database};

                type Test = fn(&Database) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;

                fn run(backend: Backend, test: Test) {
                    with_database(backend, |options| options, |db| on_runtime(db.scope(test(&db))).unwrap());
                }

                backends!($($name)*);
            }
        };
    }

    include!("suite/transactions.rs");
}
