//! What the databases say of each other's work, told apart; and transactions that are run again because of it.

use std::sync::atomic::{AtomicU32, Ordering};

use nuages_orm::transaction::Isolation;
use nuages_orm::{Database, Dialect, Error, Result, atomic, atomic_retry, raw};
use tokio::join;
use tokio::sync::Barrier;

use super::common::{self, Backend, on_runtime, with_database};

common::async_tests! {
    conflicting_transactions_are_run_again;
}

async fn account(db: &Database, id: i32) -> i64 {
    let rows: Vec<(i64,)> = raw("SELECT amount FROM account WHERE id = $1")
        .bind(id)
        .using(db)
        .fetch()
        .await
        .unwrap();
    rows[0].0
}

async fn accounts(db: &Database) {
    raw("CREATE TABLE account (id integer PRIMARY KEY, amount bigint NOT NULL)")
        .using(db)
        .execute()
        .await
        .unwrap();
    raw("INSERT INTO account (id, amount) VALUES (1, 50), (2, 50)")
        .using(db)
        .execute()
        .await
        .unwrap();
}

/// Each takes from one account if both together have enough: write skew, which serializable transactions refuse.
async fn conflicting_transactions_are_run_again(db: Database) {
    accounts(&db).await;
    let both = Barrier::new(2);
    let meet = db.dialect() != Dialect::Sqlite;
    let ran = AtomicU32::new(0);
    let take = async |id: i32| -> Result<bool> {
        let first = AtomicU32::new(0);
        atomic_retry(async || {
            ran.fetch_add(1, Ordering::SeqCst);
            let sum = account_sum().await?;
            if meet && first.swap(1, Ordering::SeqCst) == 0 {
                both.wait().await;
            }
            if sum < 60 {
                return Ok(false);
            }
            raw("UPDATE account SET amount = amount - 60 WHERE id = $1")
                .bind(id)
                .execute()
                .await?;
            Ok(true)
        })
        .isolation(Isolation::Serializable)
        .times(5)
        .using(&db)
        .await
    };
    let (a, b) = join!(take(1), take(2));
    assert_ne!(a.unwrap(), b.unwrap(), "one takes, the other finds too little");
    assert_eq!(account(&db, 1).await + account(&db, 2).await, 40);
    let least = if meet { 3 } else { 2 };
    assert!(ran.load(Ordering::SeqCst) >= least);
}

async fn account_sum() -> Result<i64> {
    let rows: Vec<(i64,)> = raw("SELECT amount FROM account").fetch().await?;
    Ok(rows.iter().map(|row| row.0).sum())
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_tells_its_reasons() {
    with_database(
        Backend::Postgres,
        |options| options,
        |db| {
            on_runtime(async {
                accounts(&db).await;
                let both = Barrier::new(2);
                let deadlock = async |one: i32, other: i32| {
                    atomic(async || {
                        raw("SET LOCAL deadlock_timeout = '20ms'").execute().await?;
                        lock(one).await?;
                        both.wait().await;
                        lock(other).await
                    })
                    .using(&db)
                    .await
                };
                let (a, b) = join!(deadlock(1, 2), deadlock(2, 1));
                let error = a.err().or(b.err()).unwrap();
                assert!(
                    error.is_deadlock() && error.is_contention() && !error.is_locked(),
                    "{error:?}"
                );

                let locked = atomic(async || {
                    lock(1).await?;
                    let other = db.clone();
                    let beside = tokio::spawn(async move {
                        let nowait = async || {
                            raw("SELECT id FROM account WHERE id = 1 FOR UPDATE NOWAIT")
                                .execute()
                                .await
                        };
                        atomic(nowait).using(&other).await
                    });
                    Ok(beside.await.unwrap().unwrap_err())
                })
                .using(&db)
                .await
                .unwrap();
                assert!(locked.is_locked() && locked.is_contention(), "{locked:?}");

                let slow = atomic(async || {
                    raw("SET LOCAL statement_timeout = '20ms'").execute().await?;
                    raw("SELECT pg_sleep(20)").execute().await
                })
                .using(&db)
                .await
                .unwrap_err();
                assert!(
                    slow.is_timeout() && !slow.is_connection() && !slow.is_contention(),
                    "{slow:?}"
                );

                let gone = atomic(async || {
                    raw("SELECT pg_terminate_backend(pg_backend_pid())")
                        .execute()
                        .await
                })
                .using(&db)
                .await
                .unwrap_err();
                assert!(gone.is_connection() && !gone.is_commit_unknown(), "{gone:?}");
            });
        },
    );
}

#[cfg(feature = "mariadb")]
#[test]
fn mariadb_tells_its_reasons() {
    with_database(
        Backend::MariaDb,
        |options| options,
        |db| {
            on_runtime(async {
                accounts(&db).await;
                let both = Barrier::new(2);
                let deadlock = async |one: i32, other: i32| {
                    atomic(async || {
                        lock(one).await?;
                        both.wait().await;
                        lock(other).await
                    })
                    .using(&db)
                    .await
                };
                let (a, b) = join!(deadlock(1, 2), deadlock(2, 1));
                let error: Error = a.err().or(b.err()).unwrap();
                assert!(error.is_deadlock() && error.is_contention(), "{error:?}");
            });
        },
    );
}

async fn lock(id: i32) -> Result<()> {
    raw("UPDATE account SET amount = amount + 1 WHERE id = $1")
        .bind(id)
        .execute()
        .await
        .map(drop)
}
