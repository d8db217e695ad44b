//! Connections: lost ones, old ones, copies of a database, and who looks at what they do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nuages_orm::driver::{AsyncConnection, AsyncDriver, BoxFuture, Driver, RowSink};
use nuages_orm::prelude::*;
use nuages_orm::{
    Dialect, Error, Result, Value, assert_num_queries, atomic, count_queries, create_tables,
    pinned_connection, raw,
};
use tokio::join;

use super::common::{Backend, OneInt, on_current_thread, on_runtime, with_database};

#[model]
struct Note {
    id: i64,
    #[field(max_length = 80)]
    text: String,
}

/// A server that loses connections: the named statement is the last thing that a connection hears.
#[derive(Clone, Debug, Default)]
struct Unreliable {
    lost_at: Arc<Mutex<Option<&'static str>>>,
    opened: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Unreliable {
    fn lose_at(&self, statement: &'static str) {
        *self.lost_at.lock().unwrap() = Some(statement);
    }

    fn hear(&self, sql: &str) -> Result<()> {
        self.heard.lock().unwrap().push(sql.to_owned());
        let mut lost_at = self.lost_at.lock().unwrap();
        if lost_at.is_some_and(|lost| sql.starts_with(lost)) {
            *lost_at = None;
            return Err(Error::connection("the cable is cut"));
        }
        Ok(())
    }

    fn times(&self, statement: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|sql| sql.starts_with(statement)).count()
    }
}

impl AsyncDriver for Unreliable {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Box::new(self.clone()) as Box<dyn AsyncConnection>) })
    }
}

impl AsyncConnection for Unreliable {
    fn fetch<'a>(
        &'a mut self,
        sql: &'a str,
        _: &'a [Value],
        rows: &'a mut dyn RowSink,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            // A row comes before the connection goes, so that it must not be there twice.
            rows.row(&OneInt(1))?;
            self.hear(sql)
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str, _: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async { self.hear(sql).map(|()| 1) })
    }

    fn batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { self.hear(sql) })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.hear("ping") })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

async fn unreliable(
    limits: fn(nuages_orm::DatabaseOptions) -> nuages_orm::DatabaseOptions,
) -> (Unreliable, Database) {
    let server = Unreliable::default();
    let options = Database::with_driver(Driver::Async(Arc::new(server.clone())));
    (server, limits(options).connect().await.unwrap())
}

#[test]
fn a_read_whose_connection_is_lost_is_sent_once_more_and_a_write_is_not() {
    on_current_thread(async {
        let (server, db) = unreliable(|options| options).await;
        server.lose_at("SELECT");
        let count = Note::objects().using(&db).count().await.unwrap();
        assert_eq!((count, server.times("SELECT")), (1, 2));

        server.lose_at("UPDATE");
        let update = || Note::objects().using(&db).update(|n| n.text.set("new"));
        let error = update().await.unwrap_err();
        assert!(error.is_commit_unknown() && error.is_connection(), "{error}");
        assert_eq!(server.times("UPDATE"), 1);
        // The next call has a new connection.
        update().await.unwrap();
        assert_eq!(server.opened.load(Ordering::SeqCst), 3);

        // Hand-written SQL may do anything, also where it begins with SELECT.
        server.lose_at("SELECT charge");
        let error = raw("SELECT charge()")
            .using(&db)
            .fetch::<(i64,)>()
            .await
            .unwrap_err();
        assert!(error.is_connection() && !error.is_commit_unknown(), "{error}");
        assert_eq!(server.times("SELECT charge"), 1);
    });
}

#[test]
fn a_begin_is_sent_once_more_and_a_commit_never() {
    on_current_thread(async {
        let (server, db) = unreliable(|options| options).await;
        let buy = || atomic(async || raw("UPDATE stock").execute().await).using(&db);
        server.lose_at("BEGIN");
        buy().await.unwrap();
        assert_eq!((server.times("BEGIN"), server.times("COMMIT")), (2, 1));

        server.lose_at("COMMIT");
        let error = nuages_orm::atomic_retry(async || raw("UPDATE stock").execute().await)
            .using(&db)
            .await
            .unwrap_err();
        assert!(error.is_commit_unknown(), "{error}");
        assert_eq!((server.times("UPDATE"), server.times("COMMIT")), (2, 2));

        // Before the COMMIT nothing has happened.
        server.lose_at("UPDATE");
        let error = buy().await.unwrap_err();
        assert!(error.is_connection() && !error.is_commit_unknown(), "{error}");
        buy().await.unwrap();
    });
}

#[test]
fn connections_are_checked_and_closed_by_age() {
    on_current_thread(async {
        let (server, db) = unreliable(|options| options.lifetime(Duration::ZERO)).await;
        for _ in 0..3 {
            raw("SELECT 1").using(&db).execute().await.unwrap();
        }
        assert_eq!(server.opened.load(Ordering::SeqCst), 4);
        assert_eq!(db.status().idle, 0);

        let (server, db) = unreliable(|options| options.check_after(Duration::ZERO)).await;
        server.lose_at("ping");
        raw("SELECT 1").using(&db).execute().await.unwrap();
        assert_eq!(
            (server.times("ping"), server.opened.load(Ordering::SeqCst)),
            (1, 2)
        );

        let (_, db) = unreliable(|options| options.idle_time(Duration::from_millis(1))).await;
        raw("SELECT 1").using(&db).execute().await.unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while db.status().idle > 0 {
            assert!(std::time::Instant::now() < deadline, "it is never closed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn the_status_counts_who_has_what() {
    with_database(
        Backend::SqliteMemory,
        |options| options.pool_size(2),
        |db| {
            pinned_connection(|| {
                let status = db.status();
                assert_eq!((status.size, status.in_use, status.waiting), (2, 1, 0));
                Ok(())
            })
            .using(&db)
            .wait()
            .unwrap();
            assert_eq!(db.status().in_use, 0);
        },
    );
}

fn notes(db: &Database, texts: &[&str]) {
    create_tables(db, &[Note::meta()]).wait().unwrap();
    for text in texts {
        Note::create().text(*text).using(db).wait().unwrap();
    }
}

async fn first(db: &Database) -> String {
    Note::objects().using(db).first().await.unwrap().unwrap().text
}

#[test]
fn querysets_read_from_replicas_and_transactions_do_not() {
    let connect = || Database::connect("sqlite::memory:").wait().unwrap();
    let (primary, one, two) = (connect(), connect(), connect());
    notes(&primary, &["primary"]);
    notes(&one, &["one"]);
    notes(&two, &["two"]);
    on_runtime(async {
        let db = primary.with_replicas([one, two.clone()]);
        let mut seen = [first(&db).await, first(&db).await];
        seen.sort();
        assert_eq!(seen, ["one", "two"]);
        assert_eq!(first(&db.primary()).await, "primary");
        let inside = atomic(async || Ok(first(&db).await)).using(&db).await.unwrap();
        assert_eq!(inside, "primary");
        let texts: Vec<(String,)> = raw("SELECT text FROM note").using(&db).fetch().await.unwrap();
        assert_eq!(texts[0].0, "primary");
        Note::create().text("written").using(&db).await.unwrap();
        assert_eq!(Note::objects().using(&primary).count().await.unwrap(), 2);
        assert_eq!(Note::objects().using(&two).count().await.unwrap(), 1);

        // One that does not answer is passed over; without any of them, the primary reads.
        two.close().await.unwrap();
        for _ in 0..3 {
            assert_eq!(first(&db).await, "one");
        }
        let alone = primary.with_replicas([two]);
        assert_eq!(first(&alone).await, "primary");
    });
}

#[test]
fn statements_are_counted_over_both_kinds_of_code() {
    with_database(
        Backend::SqliteMemory,
        |options| options,
        |db| {
            notes(&db, &["a"]);
            on_runtime(async {
                db.scope(assert_num_queries(4, async {
                    first(&Database::current().unwrap()).await;
                    nuages_bridge::sync_to_async(|| Note::objects().count().wait())
                        .await
                        .unwrap()
                        .unwrap();
                    nuages_bridge::spawn(async { Note::objects().count().await })
                        .await
                        .unwrap()
                        .unwrap();
                    atomic(async || Note::objects().count().await).await.unwrap();
                }))
                .await;
                let ((), statements) = count_queries(async {
                    let _ = join!(first(&db), first(&db));
                })
                .await;
                assert_eq!(statements.len(), 2);
                assert!(
                    statements.iter().all(|sql| sql.starts_with("SELECT")),
                    "{statements}"
                );
            });
            let counted = std::panic::catch_unwind(|| {
                nuages_orm::assert_num_queries_sync(2, || Note::objects().using(&db).count().wait()).unwrap()
            });
            let message = counted.unwrap_err();
            let message = message.downcast_ref::<String>().unwrap();
            assert!(
                message.contains("1 statements where 2") && message.contains("SELECT"),
                "{message}"
            );
        },
    );
}
