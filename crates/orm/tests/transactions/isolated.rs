//! Tests that take back what they wrote.

use nuages_bridge::sync_to_async;
use nuages_orm::transaction::{isolated, isolated_sync, outside_isolation};
use nuages_orm::{Database, Error, Op, Result, atomic, on_commit, raw};

use super::common::{Backend, on_current_thread, on_runtime, with_database};

fn insert(id: i32) -> Op<'static, u64> {
    raw("INSERT INTO note (id) VALUES ($1)").bind(id).execute()
}

async fn count() -> i64 {
    raw("SELECT COUNT(*) FROM note").fetch::<(i64,)>().await.unwrap()[0].0
}

fn table(db: &Database) {
    raw("CREATE TABLE note (id integer PRIMARY KEY)")
        .using(db)
        .execute()
        .wait()
        .unwrap();
}

/// What users see of no transaction.
async fn as_if_there_was_none() {
    insert(1).await.unwrap();
    // A failure breaks nothing.
    assert!(insert(1).await.unwrap_err().is_unique_violation());
    let (sender, ran) = std::sync::mpsc::channel();
    atomic(async || {
        on_commit(move || sender.send(()));
        sync_to_async(|| insert(2).wait()).await?
    })
    .durable()
    .await
    .unwrap();
    ran.try_recv().unwrap();
    let failed: Result<()> = atomic(async || {
        insert(3).await?;
        Err(Error::other("no"))
    })
    .await;
    assert!(failed.is_err());
    nuages_bridge::spawn(async { insert(4).await })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(count().await, 3);
}

fn takes_everything_back(backend: Backend) {
    with_database(
        backend,
        |options| options.pool_size(2),
        |db| {
            table(&db);
            let runtimes: [fn(Boxed); 2] = [on_runtime, on_current_thread];
            for on in runtimes {
                on(isolated_in(&db));
            }
            let sync = db.clone();
            db.sync_scope(|| {
                isolated_sync(|| {
                    insert(1).wait().unwrap();
                    assert!(insert(1).wait().unwrap_err().is_unique_violation());
                    atomic(|| insert(2).wait()).durable().wait().unwrap();
                });
                let rows: Vec<(i64,)> = raw("SELECT COUNT(*) FROM note").fetch().wait().unwrap();
                assert_eq!(rows, [(0,)]);
            });
            // After a panic, too.
            let panicked = std::panic::catch_unwind(|| {
                sync.sync_scope(|| {
                    isolated_sync(|| -> () {
                        insert(1).wait().unwrap();
                        panic!("planned")
                    })
                })
            });
            assert!(panicked.is_err());
            let rows: Vec<(i64,)> = raw("SELECT COUNT(*) FROM note")
                .using(&sync)
                .fetch()
                .wait()
                .unwrap();
            assert_eq!(rows, [(0,)]);
            assert_eq!(db.status().in_use, 0);
        },
    );
}

type Boxed = std::pin::Pin<Box<dyn Future<Output = ()>>>;

fn isolated_in(db: &Database) -> Boxed {
    let db = db.clone();
    Box::pin(async move {
        db.scope(async {
            isolated(as_if_there_was_none()).await;
            assert_eq!(count().await, 0);
        })
        .await;
    })
}

#[test]
fn takes_everything_back_on_sqlite() {
    takes_everything_back(Backend::SqliteFile);
}

#[cfg(feature = "postgres")]
#[test]
fn takes_everything_back_on_postgres() {
    takes_everything_back(Backend::Postgres);
    with_database(
        Backend::Postgres,
        |options| options,
        |db| {
            table(&db);
            // Two tests at once, which see nothing of each other, and what both share.
            on_runtime(db.scope(async {
                let test = async || {
                    insert(1).await.unwrap();
                    count().await
                };
                let first = isolated(async {
                    outside_isolation(insert(10).into_future()).await.unwrap();
                    test().await
                })
                .await;
                let second = isolated(test()).await;
                assert_eq!((first, second, count().await), (2, 2, 1));
            }));
        },
    );
}

#[cfg(feature = "mariadb")]
#[test]
fn takes_everything_back_on_mariadb() {
    takes_everything_back(Backend::MariaDb);
}
