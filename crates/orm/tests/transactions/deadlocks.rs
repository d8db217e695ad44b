//! Waits for a connection that can't end are refused at once, and name both ends.

use std::time::Duration;

use nuages_bridge::sync_to_async;
use nuages_orm::{Database, Result, atomic, raw};
use tokio::join;
use tokio::sync::Barrier;

use super::common::{Backend, on_current_thread, on_runtime, with_database_url};

fn single(url: &str, name: &str) -> Database {
    // A hang would last for longer than the test may.
    Database::options(url)
        .name(name)
        .pool_size(1)
        .wait_time(Duration::from_secs(600))
        .connect()
        .wait()
        .unwrap()
}

fn is_deadlock(error: &nuages_orm::Error) -> bool {
    error
        .bridge()
        .is_some_and(nuages_bridge::BridgeError::is_deadlock)
}

/// Two pieces of work that take two databases in opposite orders.
fn two_databases_in_opposite_orders(backend: Backend) {
    with_database_url(backend, |url| {
        let (a, b) = (single(url, "stock"), single(url, "orders"));
        on_runtime(async {
            let both = Barrier::new(2);
            let take = async |first: &Database, second: &Database| -> Result<()> {
                atomic(async || {
                    both.wait().await;
                    atomic(async || Ok(())).using(second).await
                })
                .using(first)
                .await
            };
            let (one, other) = join!(take(&a, &b), take(&b, &a));
            // The one that came second is refused, and lets the other go on.
            let error = match (one, other) {
                (Err(error), Ok(())) | (Ok(()), Err(error)) => error,
                results => panic!("one of them is refused: {results:?}"),
            };
            assert!(is_deadlock(&error), "{error}");
            let text = std::error::Error::source(&error).unwrap().to_string();
            assert!(
                text.contains("stock")
                    && text.contains("orders")
                    && text.matches("deadlocks.rs").count() >= 2,
                "{text}"
            );
        });
    });
}

#[test]
fn two_databases_in_opposite_orders_on_sqlite_in_memory() {
    two_databases_in_opposite_orders(Backend::SqliteMemory);
}

#[cfg(feature = "postgres")]
#[test]
fn two_databases_in_opposite_orders_on_postgres() {
    two_databases_in_opposite_orders(Backend::Postgres);
}

#[cfg(feature = "mariadb")]
#[test]
fn two_databases_in_opposite_orders_on_mariadb() {
    two_databases_in_opposite_orders(Backend::MariaDb);
}

/// Sync code that waits inside its transaction, on the thread on which other sync code of the same request wants the only connection.
#[test]
fn a_second_transaction_on_the_thread_of_the_first() {
    with_database_url(Backend::SqliteMemory, |url| {
        let db = single(url, "shop");
        on_current_thread(nuages_bridge::SyncScope::new().run(async {
            let (started, start) = tokio::sync::oneshot::channel();
            let (finish, finished) = tokio::sync::oneshot::channel::<()>();
            let holder = {
                let db = db.clone();
                sync_to_async(move || {
                    atomic(|| {
                        started.send(()).unwrap();
                        nuages_bridge::async_to_sync(finished)?.map_err(nuages_orm::Error::other)
                    })
                    .using(&db)
                    .wait()
                })
            };
            let other = async {
                start.await.unwrap();
                let db = db.clone();
                let refused = sync_to_async(move || atomic(|| Ok(())).using(&db).wait())
                    .await
                    .unwrap();
                finish.send(()).unwrap();
                refused.unwrap_err()
            };
            let (held, error) = join!(holder, other);
            held.unwrap().unwrap();
            assert!(is_deadlock(&error), "{error}");
        }));
    });
}

/// Every thread is held by a request that waits for the connection, whose async holder needs a thread.
#[test]
fn threads_and_connections() {
    with_database_url(Backend::SqliteMemory, |url| {
        let db = single(url, "shop");
        raw("CREATE TABLE note (id integer)")
            .using(&db)
            .execute()
            .wait()
            .unwrap();
        on_runtime(async {
            let (opened, open) = tokio::sync::oneshot::channel();
            let holder = {
                let db = db.clone();
                nuages_bridge::spawn(nuages_bridge::SyncScope::new().run(async move {
                    atomic(async || {
                        opened.send(()).unwrap();
                        // The others are on their way to the threads and into their waits.
                        for _ in 0..100 {
                            tokio::task::yield_now().await;
                        }
                        sync_to_async(|| raw("INSERT INTO note (id) VALUES (1)").execute().wait()).await?
                    })
                    .using(&db)
                    .await
                }))
            };
            open.await.unwrap();
            let waiters: Vec<_> = (0..nuages_bridge::MAX_THREADS.min(64))
                .map(|_| {
                    let db = db.clone();
                    nuages_bridge::spawn(nuages_bridge::SyncScope::new().run(async move {
                        sync_to_async(move || {
                            atomic(|| raw("INSERT INTO note (id) VALUES (2)").execute().wait())
                                .using(&db)
                                .wait()
                        })
                        .await
                    }))
                })
                .collect();
            holder.await.unwrap().unwrap();
            for waiter in waiters {
                waiter.await.unwrap().unwrap().unwrap();
            }
        });
    });
}
