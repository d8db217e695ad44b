//! Transactions and connections under concurrency: tasks, threads, dropped futures, small pools.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod common;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::Poll;

use nuages_bridge::{BridgeError, sync_to_async};
use nuages_orm::{BoxError, Database, Dialect, Error, FieldType, Op, Result, atomic, on_commit, raw};
use tokio::join;
use tokio::task::yield_now;

common::async_tests! {
    transaction_over_threads;
    legacy_error_rolls_back;
    sync_body_awaited;
    transaction_over_join;
    sibling_of_transaction;
    transaction_and_spawn;
    dropped_in_transaction;
    dropped_while_sync_code_runs;
    panic_in_transaction;
    savepoints_over_join;
    write_beside_savepoint;
    savepoint_dropped;
    hooks_of_a_dropped_caller;
    pool_of_one[.pool_size(1).wait_time(std::time::Duration::from_secs(1))];
    reads_beside_a_transaction[.pool_size(2)];
    last_copies_async;
    last_copies_threads;
}

fn table(db: &Database) -> Op<'static, u64> {
    raw("CREATE TABLE book (id integer PRIMARY KEY, title varchar(80) NOT NULL UNIQUE, stock integer NOT NULL)")
        .using(db)
        .execute()
}

fn insert(id: i32, title: &str) -> Op<'static, u64> {
    raw("INSERT INTO book (id, title, stock) VALUES ($1, $2, 0)")
        .bind(id)
        .bind(title)
        .execute()
}

async fn titles(db: &Database) -> Vec<String> {
    let rows: Vec<(String,)> = raw("SELECT title FROM book ORDER BY id")
        .using(db)
        .fetch()
        .await
        .unwrap();
    rows.into_iter().map(|row| row.0).collect()
}

/// An error that sync code of another age might return.
fn failed() -> Error {
    Error::other("the invoice printer is on fire")
}

async fn transaction_over_threads(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            insert(1, "async").await?;
            sync_to_async(|| insert(2, "sync").wait()).await??;
            // And back: async code under the sync code, still the same transaction.
            sync_to_async(|| atomic(async || insert(3, "async again").await).wait()).await??;
            sync_to_async(|| insert(4, "parallel").wait())
                .parallel()
                .await??;
            Ok(())
        })
        .await
    })
    .await
    .unwrap();
    assert_eq!(titles(&db).await, ["async", "sync", "async again", "parallel"]);
}

async fn legacy_error_rolls_back(db: Database) {
    table(&db).await.unwrap();
    let result: Result<()> = db
        .scope(async {
            atomic(async || {
                insert(1, "async").await?;
                sync_to_async(|| -> Result<()> {
                    insert(2, "sync").wait()?;
                    Err(failed())
                })
                .await??;
                insert(3, "never").await?;
                Ok(())
            })
            .await
        })
        .await;
    assert!(result.unwrap_err().to_string().contains("on fire"));
    assert!(titles(&db).await.is_empty());
}

async fn sync_body_awaited(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(|| {
            insert(1, "kept").wait()?;
            let inner: Result<()> = atomic(|| {
                insert(2, "taken back").wait()?;
                Err(failed())
            })
            .wait();
            assert!(inner.is_err());
            Ok(())
        })
        .await
    })
    .await
    .unwrap();
    assert_eq!(titles(&db).await, ["kept"]);
}

async fn transaction_over_join(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            let (a, b) = join!(insert(1, "a").into_future(), insert(2, "b").into_future());
            a.and(b)
        })
        .await
        .unwrap();
        let result = atomic(async || {
            let (a, b) = join!(insert(3, "c").into_future(), insert(4, "a").into_future());
            a.and(b)
        })
        .await;
        assert!(result.unwrap_err().is_unique_violation());
    })
    .await;
    assert_eq!(titles(&db).await, ["a", "b"]);
}

async fn sibling_of_transaction(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        // The sibling starts while the transaction is open, and joins it not: it outlives its rollback.
        let (opened, open) = tokio::sync::oneshot::channel();
        let (inside, beside) = join!(
            async {
                atomic(async || {
                    insert(1, "inside").await?;
                    let _ = opened.send(());
                    Err::<(), _>(failed())
                })
                .await
            },
            async {
                open.await.unwrap();
                insert(2, "beside").await
            }
        );
        assert!(inside.is_err());
        beside.unwrap();
    })
    .await;
    assert_eq!(titles(&db).await, ["beside"]);
}

async fn transaction_and_spawn(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        let tasks = Mutex::new(Vec::new());
        let result = atomic(async || {
            insert(1, "inside").await?;
            let spawned = db.clone();
            let bare = tokio::spawn(async move {
                assert!(Database::current().is_err() || Database::current().unwrap() != spawned);
                raw("INSERT INTO book (id, title, stock) VALUES (2, 'bare', 0)")
                    .using(&spawned)
                    .execute()
                    .await
            });
            let ours = nuages_bridge::spawn(async { insert(3, "ours").await });
            tasks.lock().unwrap().extend([bare, ours]);
            Err::<(), _>(failed())
        })
        .await;
        assert!(result.is_err());
        for task in tasks.into_inner().unwrap() {
            task.await.unwrap().unwrap();
        }
    })
    .await;
    assert_eq!(titles(&db).await, ["bare", "ours"]);
}

/// Polls a future at most so many times. `None`: it was not ready by then, and is dropped.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

async fn dropped_in_transaction(db: Database) {
    table(&db).await.unwrap();
    let (mut times, mut rounds) = (0, 5);
    loop {
        let transaction = db.scope(async {
            atomic(async || {
                // What is awaited may be ready at once; the yields make sure that there are points between the statements.
                yield_now().await;
                insert(1, "a").await?;
                yield_now().await;
                atomic(async || {
                    yield_now().await;
                    insert(2, "b").await?;
                    yield_now().await;
                    Ok(())
                })
                .await?;
                yield_now().await;
                let _ = join!(
                    atomic(async || insert(3, "c").await).into_future(),
                    raw("SELECT title FROM book").fetch::<(String,)>().into_future()
                );
                yield_now().await;
                Ok(())
            })
            .await
        });
        let ended = polled(times, transaction).await;
        // All or nothing: cut off behind its commit, it may have happened.
        let kept = titles(&db).await.len();
        assert!(kept == 0 || kept == 3, "{kept} rows after {times} polls");
        // The connections are clean: each can be had, and begin a transaction that writes where the dropped one wrote.
        db.scope(atomic(async || raw("DELETE FROM book").execute().await).into_future())
            .await
            .unwrap();
        if let Some(result) = ended {
            result.unwrap();
            assert_eq!(kept, 3);
            assert!(times > 5, "it was dropped at its awaits: {times}");
            rounds -= 1;
            if rounds == 0 {
                return;
            }
            times = 0;
        }
        times += 1;
    }
}

async fn dropped_while_sync_code_runs(db: Database) {
    table(&db).await.unwrap();
    let (go, gone) = mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let (started, start) = tokio::sync::oneshot::channel();
    let transaction = db.scope(async {
        atomic(async move || {
            insert(1, "a").await?;
            sync_to_async(move || {
                insert(2, "b").wait().unwrap();
                started.send(()).unwrap();
                gone.recv().unwrap();
                tell.send((insert(3, "c").wait(), insert(4, "d").wait())).unwrap();
            })
            .await?;
            Ok(())
        })
        .await
    });
    tokio::select! {
        _ = transaction => panic!("it waits for sync code that waits"),
        started = start => started.unwrap(),
    }
    // The transaction is dropped by now; its sync code goes on.
    go.send(()).unwrap();
    let (first, second) = told.await.unwrap();
    // The first wait says that nobody is there any more, so that `?` unwinds; what still goes on finds no transaction.
    let (first, second) = (first.unwrap_err(), second.unwrap_err());
    let source = std::error::Error::source(&first).and_then(|error| error.downcast_ref::<BridgeError>());
    assert!(source.is_some_and(BridgeError::is_cancelled), "{first}");
    assert!(second.is_transaction_broken(), "{second}");
    assert!(titles(&db).await.is_empty());
    db.scope(atomic(async || insert(1, "a").await).into_future())
        .await
        .unwrap();
}

async fn panic_in_transaction(db: Database) {
    table(&db).await.unwrap();
    let run = |body: fn() -> Result<()>| {
        let db = db.clone();
        tokio::spawn(async move {
            db.scope(async {
                atomic(async || {
                    insert(1, "a").await?;
                    atomic(async || {
                        insert(2, "b").await?;
                        body()
                    })
                    .await
                })
                .await
            })
            .await
        })
    };
    let panicked = run(|| panic!("bonsoir")).await.unwrap_err().into_panic();
    assert_eq!(panicked.downcast_ref::<&str>(), Some(&"bonsoir"));
    assert!(titles(&db).await.is_empty());

    let sync = db.clone();
    let panicked = std::thread::spawn(move || {
        let atomic = || {
            atomic(|| -> Result<()> {
                insert(1, "a").wait()?;
                panic!("encore")
            })
            .wait()
        };
        std::panic::catch_unwind(AssertUnwindSafe(|| sync.sync_scope(atomic))).map(drop)
    })
    .join()
    .unwrap();
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"encore"));
    assert!(titles(&db).await.is_empty());
    run(|| Ok(())).await.unwrap().unwrap();
    assert_eq!(titles(&db).await, ["a", "b"]);
}

async fn savepoints_over_join(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            let one = async |id: i32, fails: bool| {
                atomic(async || {
                    insert(id, &format!("{id}")).await?;
                    yield_now().await;
                    insert(id + 1, &format!("{}", id + 1)).await?;
                    if fails { Err(failed()) } else { Ok(()) }
                })
                .await
            };
            let (a, b, c) = join!(one(1, false), one(3, true), one(5, false));
            assert!(a.is_ok() && b.is_err() && c.is_ok());
            Ok(())
        })
        .await
    })
    .await
    .unwrap();
    assert_eq!(titles(&db).await, ["1", "2", "5", "6"]);
}

async fn write_beside_savepoint(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            let (opened, open) = tokio::sync::oneshot::channel();
            let order = Mutex::new(Vec::new());
            let (savepoint, beside) = join!(
                async {
                    atomic(async || {
                        insert(1, "in the savepoint").await?;
                        let _ = opened.send(());
                        // The sibling has its chance.
                        for _ in 0..10 {
                            yield_now().await;
                        }
                        insert(2, "in the savepoint too").await?;
                        order.lock().unwrap().push("savepoint");
                        Err::<(), _>(failed())
                    })
                    .await
                },
                async {
                    open.await.unwrap();
                    let result = insert(3, "beside").await;
                    order.lock().unwrap().push("beside");
                    result
                }
            );
            assert!(savepoint.is_err());
            beside?;
            assert_eq!(*order.lock().unwrap(), ["savepoint", "beside"]);
            Ok(())
        })
        .await
    })
    .await
    .unwrap();
    assert_eq!(titles(&db).await, ["beside"]);
}

async fn savepoint_dropped(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            insert(1, "before").await?;
            {
                let (deep, deeper) = tokio::sync::oneshot::channel();
                let savepoint = atomic(async move || {
                    insert(2, "in the savepoint").await?;
                    atomic(async move || {
                        insert(3, "deeper").await?;
                        let _ = deep.send(());
                        std::future::pending::<Result<()>>().await
                    })
                    .await
                });
                tokio::select! {
                    _ = savepoint => panic!("it is pending for ever"),
                    arrived = deeper => arrived.unwrap(),
                }
            }
            insert(4, "after").await?;
            Ok(())
        })
        .await
    })
    .await
    .unwrap();
    assert_eq!(titles(&db).await, ["before", "after"]);
}

async fn hooks_of_a_dropped_caller(db: Database) {
    table(&db).await.unwrap();
    let (sender, mut ran) = tokio::sync::mpsc::unbounded_channel();
    let mut times = 1;
    loop {
        let sender = sender.clone();
        let transaction = db.scope(async {
            atomic(async || {
                insert(1, "a").await?;
                on_commit(async move || sender.send(()));
                Ok(())
            })
            .await
        });
        let ended = polled(times, transaction).await.is_some();
        if ended {
            ran.recv().await.unwrap();
            return;
        }
        // Committed means that the hook runs, although nobody waits for it.
        if !titles(&db).await.is_empty() {
            ran.recv().await.unwrap();
            raw("DELETE FROM book").using(&db).execute().await.unwrap();
        }
        times += 1;
    }
}

async fn pool_of_one(db: Database) {
    table(&db).await.unwrap();
    db.scope(async {
        atomic(async || {
            insert(1, "a").await?;
            atomic(async || atomic(async || insert(2, "b").await).await).await?;
            sync_to_async(|| insert(3, "c").wait()).await??;
            Ok(())
        })
        .await
        .unwrap();

        // A task that the transaction waits for cannot get the one connection: an error that names both, and no hang.
        let mut message = String::new();
        let result: Result<()> = atomic(async || {
            insert(4, "d").await?;
            let beside = nuages_bridge::spawn(async { atomic(async || insert(5, "e").await).await });
            let error = beside.await.unwrap().unwrap_err();
            assert!(error.is_pool_timeout(), "{error}");
            message = error.to_string();
            Err(error)
        })
        .await;
        assert!(result.is_err());
        assert_eq!(message.matches("concurrency.rs").count(), 2, "{message}");
        insert(6, "f").await.unwrap();
    })
    .await;
    assert_eq!(titles(&db).await, ["a", "b", "c", "f"]);
}

async fn reads_beside_a_transaction(db: Database) {
    table(&db).await.unwrap();
    insert_using(&db, 1, "committed").await;
    let (opened, open) = tokio::sync::oneshot::channel();
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let in_memory = in_memory(&db).await;
    let reader = async {
        open.await.unwrap();
        // A database in memory has no log: there, the reader waits for the writer.
        if !in_memory {
            assert_eq!(titles(&db).await, ["committed"]);
        }
        finish.send(()).unwrap();
    };
    let writer = db.scope(async {
        atomic(async || {
            insert(2, "not yet").await?;
            opened.send(()).unwrap();
            finished.await.unwrap();
            Ok(())
        })
        .await
    });
    let ((), written) = join!(reader, writer);
    written.unwrap();
    assert_eq!(titles(&db).await, ["committed", "not yet"]);
}

async fn insert_using(db: &Database, id: i32, title: &str) {
    db.scope(insert(id, title).into_future()).await.unwrap();
}

async fn in_memory(db: &Database) -> bool {
    if db.dialect() != Dialect::Sqlite {
        return false;
    }
    let rows: Vec<(String,)> = raw("SELECT file FROM pragma_database_list WHERE name = 'main'")
        .using(db)
        .fetch()
        .await
        .unwrap();
    !rows[0].0.ends_with(".sqlite3")
}

/// Sells one copy, if there is one. Reads first and writes then, as a shop does.
async fn sell(customer: i32) -> Result<bool> {
    atomic(async || {
        let select = match Database::current()?.dialect() {
            Dialect::Postgres | Dialect::MariaDb => raw("SELECT stock FROM book WHERE id = 1 FOR UPDATE"),
            _ => raw("SELECT stock FROM book WHERE id = 1"),
        };
        let rows: Vec<(i32,)> = select.fetch().await?;
        let stock = rows[0].0;
        yield_now().await;
        if stock == 0 {
            return Ok(false);
        }
        raw("UPDATE book SET stock = $1 WHERE id = 1")
            .bind(stock - 1)
            .execute()
            .await?;
        sync_to_async(move || {
            raw("INSERT INTO sale (customer) VALUES ($1)")
                .bind(customer)
                .execute()
                .wait()
        })
        .await??;
        Ok(true)
    })
    .await
}

async fn stock_of_twenty(db: &Database) {
    table(db).await.unwrap();
    raw("CREATE TABLE sale (customer integer PRIMARY KEY)")
        .using(db)
        .execute()
        .await
        .unwrap();
    raw("INSERT INTO book (id, title, stock) VALUES (1, 'Nuages', 20)")
        .using(db)
        .execute()
        .await
        .unwrap();
}

async fn check_sales(db: &Database, sold: usize) {
    assert_eq!(sold, 20);
    let sales: Vec<(i64,)> = raw("SELECT COUNT(*) FROM sale").using(db).fetch().await.unwrap();
    let stock: Vec<(i32,)> = raw("SELECT stock FROM book").using(db).fetch().await.unwrap();
    assert_eq!((sales[0].0, stock[0].0), (20, 0));
}

async fn last_copies_async(db: Database) {
    stock_of_twenty(&db).await;
    let tasks: Vec<_> = (0..50)
        .map(|customer| {
            let db = db.clone();
            tokio::spawn(async move { db.scope(sell(customer)).await })
        })
        .collect();
    let mut sold = 0;
    for task in tasks {
        sold += usize::from(task.await.unwrap().unwrap());
    }
    check_sales(&db, sold).await;
}

async fn last_copies_threads(db: Database) {
    stock_of_twenty(&db).await;
    let threads: Vec<_> = (0..50)
        .map(|customer| {
            let db = db.clone();
            std::thread::spawn(move || {
                db.sync_scope(|| {
                    atomic(|| {
                        let n = raw("UPDATE book SET stock = stock - 1 WHERE id = 1 AND stock > 0")
                            .execute()
                            .wait()?;
                        if n == 1 {
                            raw("INSERT INTO sale (customer) VALUES ($1)")
                                .bind(customer)
                                .execute()
                                .wait()?;
                        }
                        Ok(n == 1)
                    })
                    .wait()
                })
            })
        })
        .collect();
    let join = move || {
        threads
            .into_iter()
            .map(|thread| usize::from(thread.join().unwrap().unwrap()))
            .sum()
    };
    let sold = sync_to_async(join).await.unwrap();
    check_sales(&db, sold).await;
}

/// A text whose decoding waits for nine others like it: so ten queries run at the same time, or none ends.
#[derive(Clone, Debug, PartialEq)]
struct Together;

impl FieldType for Together {
    type Stored = i64;

    fn to_stored(&self) -> i64 {
        1
    }

    fn from_stored(_: i64) -> Result<Self, BoxError> {
        static TEN: std::sync::LazyLock<Barrier> = std::sync::LazyLock::new(|| Barrier::new(10));
        TEN.wait();
        Ok(Self)
    }
}

#[test]
fn parallel_queries_on_sqlite() {
    use common::{Backend, on_current_thread, with_database};

    // Each connection decodes on its own thread, so the barrier blocks no event loop.
    with_database(
        Backend::SqliteFile,
        |options| options,
        |db| {
            on_current_thread(async {
                let query = || async { raw("SELECT 1").using(&db).fetch::<(Together,)>().await.unwrap() };
                let _ = join!(
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query()
                );
            });
        },
    );
}

#[cfg(feature = "postgres")]
#[test]
fn parallel_queries_on_postgres() {
    use common::{Backend, on_current_thread, with_database};

    with_database(
        Backend::Postgres,
        |options| options,
        |db| {
            on_current_thread(async {
                raw("CREATE SEQUENCE arrived").using(&db).execute().await.unwrap();
                // Arrives, and waits until ten have. A sequence is seen by all at once, committed or not, and never goes back.
                raw("CREATE FUNCTION together() RETURNS integer LANGUAGE plpgsql AS $$
                 BEGIN
                     PERFORM nextval('arrived');
                     FOR i IN 1..2000 LOOP
                         IF (SELECT last_value FROM arrived) >= 10 THEN
                             RETURN i;
                         END IF;
                         PERFORM pg_sleep(0.01);
                     END LOOP;
                     RAISE EXCEPTION 'alone';
                 END $$")
                .using(&db)
                .execute()
                .await
                .unwrap();
                let query = || async {
                    raw("SELECT together()")
                        .using(&db)
                        .fetch::<(i32,)>()
                        .await
                        .unwrap()
                };
                let _ = join!(
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query(),
                    query()
                );
            });
        },
    );
}

#[test]
fn a_thread_that_waits_uses_no_other_thread() {
    use common::{Backend, with_database};

    // Decoding happens on the thread that waits: nothing was sent anywhere.
    #[derive(Clone, Debug, PartialEq)]
    struct Here(std::thread::ThreadId);

    impl FieldType for Here {
        type Stored = i64;

        fn to_stored(&self) -> i64 {
            1
        }

        fn from_stored(_: i64) -> Result<Self, BoxError> {
            Ok(Self(std::thread::current().id()))
        }
    }

    with_database(
        Backend::SqliteFile,
        |options| options,
        |db| {
            let here = std::thread::current().id();
            let rows = raw("SELECT 1").using(&db).fetch::<(Here,)>().wait().unwrap();
            assert_eq!(rows[0].0.0, here);
            let inside = db
                .sync_scope(|| atomic(|| raw("SELECT 1").fetch::<(Here,)>().wait()).wait())
                .unwrap();
            assert_eq!(inside[0].0.0, here);
            let rows = common::on_current_thread(async {
                raw("SELECT 1").using(&db).fetch::<(Here,)>().await.unwrap()
            });
            assert_ne!(rows[0].0.0, here);
        },
    );
}

#[test]
fn waiting_on_the_loop_is_refused() {
    use common::{Backend, on_current_thread, with_database};

    with_database(
        Backend::SqliteMemory,
        |options| options,
        |db| {
            on_current_thread(async {
                let error = raw("SELECT 1").using(&db).execute().wait().unwrap_err();
                assert!(error.bridge().unwrap().is_synchronous_only(), "{error}");
                let error = atomic(|| Ok(())).using(&db).wait().unwrap_err();
                assert!(error.is_bridge(), "{error}");
            });
        },
    );
}

#[test]
fn calls_are_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let db = nuages_orm::Database::connect("sqlite::memory:").wait().unwrap();
    let name = String::from("borrowed");
    let future = send(
        atomic(async || {
            let rows: Vec<(String,)> = raw("SELECT $1").bind(name.as_str()).fetch().await?;
            atomic(async || Ok(rows.len() + name.len())).await
        })
        .using(&db)
        .into_future(),
    );
    assert_eq!(nuages_bridge::async_to_sync(future).unwrap().unwrap(), 9);
    let _shared: Arc<Database> = Arc::new(send(db));
}
