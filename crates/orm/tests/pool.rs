//! Databases and their pools: how they are named, waited for, closed, and what becomes of connections that fail.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Backend, on_current_thread, on_runtime, with_database};
use nuages_orm::driver::{BlockingConnection, BlockingDriver, Driver, RowSink};
use nuages_orm::{Database, Dialect, Error, Result, Value, atomic, raw};

common::async_tests! {
    who_holds_the_connection_is_named[.pool_size(1).wait_time(std::time::Duration::from_millis(400))];
    closing_waits[.wait_time(std::time::Duration::from_millis(400))];
}

async fn who_holds_the_connection_is_named(db: Database) {
    let (opened, open) = tokio::sync::oneshot::channel();
    let (finish, finished) = tokio::sync::oneshot::channel();
    let holder = async {
        atomic(async || {
            opened.send(()).unwrap();
            finished.await.unwrap();
            Ok(())
        })
        .using(&db)
        .await
    };
    let other = async {
        open.await.unwrap();
        let error = raw("DELETE FROM book").using(&db).execute().await.unwrap_err();
        assert!(error.is_pool_timeout(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("a query waited 400ms") && text.contains("tests/pool.rs:"),
            "{text}"
        );
        finish.send(()).unwrap();
    };
    let (held, ()) = tokio::join!(holder, other);
    held.unwrap();
    raw("SELECT 1").using(&db).execute().await.unwrap();
}

async fn closing_waits(db: Database) {
    let (opened, open) = tokio::sync::oneshot::channel();
    let (finish, finished) = tokio::sync::oneshot::channel();
    let holder = async {
        atomic(async || {
            opened.send(()).unwrap();
            finished.await.unwrap();
            // Those who hold a connection may finish.
            raw("SELECT 1").execute().await
        })
        .using(&db)
        .await
    };
    let closer = async {
        open.await.unwrap();
        let early = db.close().await.unwrap_err();
        assert!(
            early.is_pool_timeout() && early.to_string().contains("Database::close"),
            "{early}"
        );
        finish.send(()).unwrap();
    };
    let (held, ()) = tokio::join!(holder, closer);
    held.unwrap();
    db.close().await.unwrap();
    assert!(
        raw("SELECT 1")
            .using(&db)
            .execute()
            .await
            .unwrap_err()
            .is_connection()
    );
}

#[test]
fn urls_that_name_no_database_are_explained() {
    let error = |url: &str| Database::connect(url).wait().unwrap_err();
    let unknown = error("oracle://me:secret@host/shop");
    assert!(unknown.is_configuration(), "{unknown}");
    assert!(
        unknown.to_string().contains("`oracle:`") && unknown.to_string().contains("sqlite:path"),
        "{unknown}"
    );
    assert!(!format!("{unknown} {unknown:?}").contains("secret"));
    assert!(error("shop.sqlite3").is_configuration());
    assert!(error("sqlite:").is_configuration());
    assert!(error("sqlite:a.sqlite3?mode=ro").is_configuration());
    let missing = error("sqlite:/no/such/folder/shop.sqlite3");
    assert!(missing.is_connection(), "{missing}");
    assert!(format!("{missing:?}").contains("/no/such/folder"), "{missing:?}");
    #[cfg(feature = "postgres")]
    {
        let nobody = error("postgres://me:secret@127.0.0.1:1/shop");
        assert!(nobody.is_connection(), "{nobody}");
        assert!(!format!("{nobody} {nobody:?}").contains("secret"));
    }
}

#[test]
fn sqlite_urls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite3");
    let path = path.display();
    for url in [format!("sqlite:{path}"), format!("sqlite://{path}")] {
        let db = Database::connect(url).wait().unwrap();
        raw("CREATE TABLE IF NOT EXISTS book (id integer)")
            .using(&db)
            .execute()
            .wait()
            .unwrap();
        raw("INSERT INTO book (id) VALUES (1)")
            .using(&db)
            .execute()
            .wait()
            .unwrap();
        db.close().wait().unwrap();
    }
    let db = Database::connect(format!("sqlite:{path}")).wait().unwrap();
    let rows: Vec<(i64,)> = raw("SELECT COUNT(*) FROM book")
        .using(&db)
        .fetch()
        .wait()
        .unwrap();
    assert_eq!(rows, [(2,)]);
    // Two databases in memory are two.
    let (a, b) = (
        Database::connect("sqlite::memory:"),
        Database::connect("sqlite::memory:"),
    );
    let (a, b) = (a.wait().unwrap(), b.wait().unwrap());
    raw("CREATE TABLE book (id integer)")
        .using(&a)
        .execute()
        .wait()
        .unwrap();
    assert!(raw("SELECT id FROM book").using(&b).execute().wait().is_err());
}

#[test]
fn the_nearest_database_counts() {
    let connect = || Database::connect("sqlite::memory:").wait().unwrap();
    let (default, scope, given) = (connect(), connect(), connect());
    default.make_default();
    assert_eq!(Database::current().unwrap(), default);
    scope.sync_scope(|| {
        assert_eq!(Database::current().unwrap(), scope);
        atomic(|| {
            assert_eq!(Database::current().unwrap(), given);
            default.sync_scope(|| assert_eq!(Database::current().unwrap(), default));
            Ok(())
        })
        .using(&given)
        .wait()
        .unwrap();
    });
    let seen = on_runtime(async {
        let inside = scope
            .scope(async {
                nuages_bridge::spawn(async { Database::current() })
                    .await
                    .unwrap()
                    .unwrap()
            })
            .await;
        let bare = scope
            .scope(async {
                tokio::spawn(async { Database::current() })
                    .await
                    .unwrap()
                    .unwrap()
            })
            .await;
        (inside, bare)
    });
    assert_eq!(seen, (scope, default));
}

/// A query that never ends by itself is stopped when nobody waits for it any more.
#[test]
fn dropped_queries_are_interrupted() {
    for backend in [Backend::SqliteFile, Backend::SqliteMemory] {
        with_database(
            backend,
            |options| options.pool_size(1),
            |db| {
                on_current_thread(async {
                    let endless = raw(
                    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n",
                )
                .using(&db)
                .fetch::<(i64,)>();
                    let timeout = tokio::time::timeout(Duration::from_millis(50), endless).await;
                    assert!(timeout.is_err());
                    let rows: Vec<(i64,)> = raw("SELECT 1").using(&db).fetch().await.unwrap();
                    assert_eq!(rows, [(1,)]);
                });
            },
        );
    }
}

#[cfg(feature = "postgres")]
#[test]
fn connections_outlive_no_runtime_and_no_server() {
    with_database(
        Backend::Postgres,
        |options| options.pool_size(2),
        |db| {
            // Each of these runtimes ends with its connections in the pool.
            for _ in 0..3 {
                on_current_thread(async {
                    let (a, b) = tokio::join!(
                        raw("SELECT 1").using(&db).execute().into_future(),
                        raw("SELECT 1").using(&db).execute().into_future()
                    );
                    a.and(b).unwrap();
                });
            }
            on_current_thread(async {
                let pids = || raw("SELECT pg_backend_pid()").using(&db).fetch::<(i32,)>();
                atomic(async || {
                    pids().await?;
                    // A task is outside, so it has the other connection.
                    let other = tokio::spawn(pids().into_future()).await.unwrap()?[0].0;
                    raw("SELECT pg_terminate_backend($1)")
                        .bind(other)
                        .execute()
                        .await?;
                    Ok(())
                })
                .using(&db)
                .await
                .unwrap();
                // At most one call meets the dead connection; none hangs.
                let mut failed = 0;
                for _ in 0..4 {
                    let (a, b) = tokio::join!(pids().into_future(), pids().into_future());
                    for result in [a, b] {
                        if let Err(error) = result {
                            assert!(error.is_connection(), "{error:?}");
                            failed += 1;
                        }
                    }
                }
                assert!(failed <= 1, "{failed} calls failed");
            });
        },
    );
}

/// A driver of a user's own: it answers every query with one row that holds the number of connections that it opened.
#[derive(Debug, Default)]
struct Counting {
    opened: AtomicUsize,
    closed: Arc<AtomicUsize>,
}

struct Counted {
    number: i64,
    closed: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl BlockingDriver for Counting {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn connect(&self) -> Result<Box<dyn BlockingConnection>> {
        let number = self.opened.fetch_add(1, Ordering::SeqCst) + 1;
        let number = i64::try_from(number).map_err(Error::other)?;
        Ok(Box::new(Counted {
            number,
            closed: Arc::clone(&self.closed),
        }))
    }
}

impl BlockingConnection for Counted {
    fn fetch(&mut self, _: &str, _: &[Value], rows: &mut dyn RowSink) -> Result<()> {
        rows.row(&common::OneInt(self.number))
    }

    fn execute(&mut self, sql: &str, _: &[Value]) -> Result<u64> {
        match sql {
            "panic" => panic!("the driver panics"),
            "gone" => Err(Error::connection("the cable is cut")),
            _ => Ok(1),
        }
    }

    fn batch(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_driver_of_your_own() {
    let driver = Arc::new(Counting::default());
    let db = Database::with_driver(Driver::Blocking(Arc::clone(&driver) as _))
        .pool_size(1)
        .connect()
        .wait()
        .unwrap();
    let number = || raw("SELECT 1").using(&db).fetch::<(i64,)>();
    assert_eq!(number().wait().unwrap(), [(1,)]);
    assert_eq!(on_runtime(async { number().await.unwrap() }), [(1,)]);

    // A connection that failed, or on which something panicked, is closed and replaced.
    assert!(
        raw("gone")
            .using(&db)
            .execute()
            .wait()
            .unwrap_err()
            .is_connection()
    );
    assert_eq!(number().wait().unwrap(), [(2,)]);
    let panicked = std::panic::catch_unwind(|| raw("panic").using(&db).execute().wait());
    assert_eq!(
        panicked.unwrap_err().downcast_ref::<&str>(),
        Some(&"the driver panics")
    );
    assert_eq!(number().wait().unwrap(), [(3,)]);
    on_runtime(async {
        let db = db.clone();
        let task = tokio::spawn(async move { raw("panic").using(&db).execute().await });
        assert!(task.await.unwrap_err().is_panic());
    });
    assert_eq!(number().wait().unwrap(), [(4,)]);
    db.close().wait().unwrap();
    assert_eq!(driver.closed.load(Ordering::SeqCst), 4);
}
