//! Cancel safety: whatever is dropped, panics, fails or overtakes, at every await point of begin, statement, savepoint, commit and rollback, the books
//! are balanced afterwards and the connections clean.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use nuages_bridge::sync_to_async;
use nuages_orm::driver::Driver;
use nuages_orm::{Database, Dialect, Error, Op, Result, atomic, pinned_connection, raw};
use tokio::join;
use tokio::task::yield_now;

use super::common::{Backend, on_current_thread, on_runtime, with_database_url};
use super::shaky::{Pace, Random, shaky};

/// So many schedules on each kind of pool; `NUAGES_FULL=1` runs twenty times as many.
const SCHEDULES: u64 = 64;

fn schedules() -> u64 {
    let full = std::env::var("NUAGES_FULL").is_ok_and(|full| full == "1");
    if full { SCHEDULES * 20 } else { SCHEDULES }
}

/// A transfer is two rows that cancel each other out: with one of them alone the books are not balanced.
fn entry(id: i32, amount: i64) -> Op<'static, u64> {
    raw("INSERT INTO ledger (id, amount) VALUES ($1, $2)")
        .bind(id)
        .bind(amount)
        .execute()
}

/// One piece of work with its own plan.
#[derive(Clone)]
struct Worker {
    random: Arc<Random>,
    last: Arc<AtomicI32>,
}

type Kept = Result<Vec<i32>>;

impl Worker {
    fn id(&self) -> i32 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    fn one_in(&self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    fn failed(&self) -> Error {
        assert!(!self.one_in(3), "planned panic");
        Error::other("planned failure")
    }

    async fn transfer(&self) -> Result<i32> {
        let id = self.id();
        entry(id, 5).await?;
        if self.one_in(2) {
            yield_now().await;
        }
        entry(id, -5).await?;
        Ok(id)
    }

    /// The async body of an `atomic`; gives the transfers that it kept.
    fn block(&self, depth: u32) -> Pin<Box<dyn Future<Output = Kept> + Send + '_>> {
        Box::pin(async move {
            let mut kept = Vec::new();
            for _ in 0..=self.random.below(3) {
                match self.random.below(8) {
                    0 => yield_now().await,
                    1..=3 => kept.push(self.transfer().await?),
                    4 => {
                        let (a, b) = join!(self.transfer(), self.transfer());
                        kept.extend([a?, b?]);
                    }
                    5 => {
                        let worker = self.clone();
                        kept.extend(sync_to_async(move || worker.sync_block(depth + 1)).await??);
                    }
                    _ if depth < 3 => {
                        let savepoint = atomic(async || self.block(depth + 1).await);
                        let ended = if self.one_in(3) {
                            polled(self.random.below(10), savepoint.into_future()).await
                        } else {
                            Some(savepoint.await)
                        };
                        // What failed or was dropped in it is taken back with it.
                        if let Some(Ok(inside)) = ended {
                            kept.extend(inside);
                        }
                    }
                    _ => {}
                }
            }
            if self.one_in(6) {
                Err(self.failed())
            } else {
                Ok(kept)
            }
        })
    }

    /// The same, as sync code.
    fn sync_block(&self, depth: u32) -> Kept {
        let mut kept = Vec::new();
        for _ in 0..=self.random.below(2) {
            match self.random.below(5) {
                0..=2 => {
                    let id = self.id();
                    entry(id, 3).wait()?;
                    entry(id, -3).wait()?;
                    kept.push(id);
                }
                3 if depth < 3 => {
                    let savepoint = || atomic(|| self.sync_block(depth + 1)).wait();
                    if let Ok(Ok(inside)) = catch_unwind(AssertUnwindSafe(savepoint)) {
                        kept.extend(inside);
                    }
                }
                4 if depth < 3 => kept.extend(atomic(async || self.block(depth + 1).await).wait()?),
                _ => {}
            }
        }
        if self.one_in(8) {
            Err(self.failed())
        } else {
            Ok(kept)
        }
    }
}

/// Polls a future at most so many times. `None`: it was not ready by then, and is dropped.
async fn polled<T>(times: u64, future: impl Future<Output = T>) -> Option<T> {
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

/// What became of one transaction of a schedule.
enum Outcome {
    Kept(Vec<i32>),
    Nothing,
    /// It was dropped: all of it is there, or nothing.
    Unknown,
}

async fn schedule(db: &Database, worker: &Worker) {
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let (db, worker) = (db.clone(), worker.clone());
        tasks.push(tokio::spawn(async move {
            let dropped_after = if worker.one_in(2) {
                worker.random.below(40)
            } else {
                u64::MAX
            };
            let transaction = db.scope(async {
                if worker.one_in(4) {
                    let worker = worker.clone();
                    return atomic(move || worker.sync_block(0)).await;
                }
                atomic(async || worker.block(0).await).await
            });
            polled(dropped_after, transaction).await
        }));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(match task.await {
            Ok(Some(Ok(kept))) => Outcome::Kept(kept),
            Ok(Some(Err(_))) => Outcome::Nothing,
            Ok(None) => Outcome::Unknown,
            Err(panic) => {
                let panic = panic.into_panic();
                let text = panic.downcast_ref::<&str>().copied().unwrap_or("another panic");
                assert_eq!(text, "planned panic");
                Outcome::Nothing
            }
        });
    }
    quiet(db).await;
    let rows: Vec<(i32, i64)> = raw("SELECT id, amount FROM ledger ORDER BY id")
        .using(db)
        .fetch()
        .await
        .unwrap();
    let mut found = Vec::new();
    for pair in rows.chunks(2) {
        assert!(
            pair.len() == 2 && pair[0].0 == pair[1].0 && pair[0].1 + pair[1].1 == 0,
            "half a transfer: {pair:?}"
        );
        found.push(pair[0].0);
    }
    let mut promised = Vec::new();
    let mut unknown = false;
    for outcome in outcomes {
        match outcome {
            Outcome::Kept(kept) => promised.extend(kept),
            Outcome::Nothing => {}
            Outcome::Unknown => unknown = true,
        }
    }
    promised.sort_unstable();
    if unknown {
        let lost: Vec<_> = promised.iter().filter(|id| !found.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    } else {
        assert_eq!(found, promised);
    }
    raw("DELETE FROM ledger").using(db).execute().await.unwrap();
}

/// Waits until what was dropped is taken back.
async fn quiet(db: &Database) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while db.status().in_use > 0 {
        assert!(
            Instant::now() < deadline,
            "a connection never came back: {:?}",
            db.status()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Every connection of the pool is outside of any transaction, and begins one.
async fn clean(db: &Database, size: usize) {
    quiet(db).await;
    let held = tokio::sync::Barrier::new(size);
    let open = match db.dialect() {
        // What is set for a transaction alone is gone by the next statement, unless one is open.
        Dialect::Postgres => {
            "SELECT CASE WHEN COALESCE(current_setting('nuages.open', true), '') = '' THEN 0 ELSE 1 END"
        }
        Dialect::MariaDb => "SELECT @@in_transaction",
        _ => "SELECT 0",
    };
    // SQLite's have one turn to write, so one after the other.
    let at_once = db.dialect() != Dialect::Sqlite;
    let check = async || {
        pinned_connection(async || {
            if at_once {
                held.wait().await;
            }
            if db.dialect() == Dialect::Postgres {
                raw("SELECT set_config('nuages.open', 'yes', true)")
                    .execute()
                    .await?;
            }
            assert_eq!(raw(open).fetch::<(i64,)>().await?, [(0,)]);
            atomic(async || entry(-1, 0).await).await?;
            raw("DELETE FROM ledger").execute().await
        })
        .using(db)
        .await
        .unwrap();
    };
    let mut checks: Vec<_> = (0..size).map(|_| Box::pin(check())).collect();
    poll_fn(|cx| {
        checks.retain_mut(|check| check.as_mut().poll(cx).is_pending());
        if checks.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn table(db: &Database) {
    raw("CREATE TABLE ledger (id integer NOT NULL, amount bigint NOT NULL)")
        .using(db)
        .execute()
        .wait()
        .unwrap();
}

/// Runs schedules on a pool of so many connections.
fn run(backend: Backend, size: u32, first_seed: u64) {
    with_database_url(backend, |url| {
        let pace = Random::new(first_seed);
        let driver = shaky(Driver::from_url(url).unwrap(), Pace::Random(Arc::clone(&pace)));
        let db = Database::with_driver(driver)
            .pool_size(size)
            .wait_time(Duration::from_secs(20))
            .connect()
            .wait()
            .unwrap();
        table(&db);
        let quiet_panics = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("planned panic") {
                quiet_panics(info);
            }
        }));
        let all = async {
            for seed in first_seed..first_seed + schedules() {
                let worker = Worker {
                    random: Random::new(seed),
                    last: Arc::new(AtomicI32::new(1)),
                };
                let db = db.clone();
                let checked = AssertUnwindSafe(async move {
                    tokio::time::timeout(Duration::from_secs(60), schedule(&db, &worker)).await
                });
                match tokio::spawn(checked).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => panic!("schedule {seed} hangs on {backend:?}"),
                    Err(error) => panic!("schedule {seed} on {backend:?}, a pool of {size}: {error}"),
                }
            }
            clean(&db, size as usize).await;
        };
        if first_seed.is_multiple_of(2) {
            on_runtime(all);
        } else {
            on_current_thread(all);
        }
    });
}

#[test]
fn schedules_on_sqlite() {
    run(Backend::SqliteFile, 4, 1000);
}

#[test]
fn schedules_on_sqlite_in_memory_with_one_connection() {
    run(Backend::SqliteMemory, 1, 2001);
}

#[test]
fn schedules_on_sqlite_with_one_connection() {
    run(Backend::SqliteFile, 1, 3001);
}

#[cfg(feature = "postgres")]
#[test]
fn schedules_on_postgres() {
    run(Backend::Postgres, 4, 4000);
}

#[cfg(feature = "postgres")]
#[test]
fn schedules_on_postgres_on_one_thread() {
    run(Backend::Postgres, 4, 5001);
}

#[cfg(feature = "postgres")]
#[test]
fn schedules_on_postgres_with_one_connection() {
    run(Backend::Postgres, 1, 6001);
}

#[cfg(feature = "mariadb")]
#[test]
fn schedules_on_mariadb() {
    run(Backend::MariaDb, 4, 7001);
}

#[cfg(feature = "mariadb")]
#[test]
fn schedules_on_mariadb_with_one_connection() {
    run(Backend::MariaDb, 1, 8000);
}

/// One program, dropped at each of its await points in turn, on a pool of one connection: the next user of that must find it clean.
fn every_point(backend: Backend) {
    with_database_url(backend, |url| {
        let driver = shaky(Driver::from_url(url).unwrap(), Pace::Once);
        let db = Database::with_driver(driver)
            .pool_size(1)
            .connect()
            .wait()
            .unwrap();
        table(&db);
        on_current_thread(async {
            let mut times = 0;
            loop {
                let program = db.scope(async {
                    atomic(async || {
                        entry(1, 1).await?;
                        atomic(async || entry(1, -1).await).await?;
                        let failed: Result<()> = atomic(async || {
                            entry(2, 1).await?;
                            Err(Error::other("planned failure"))
                        })
                        .await;
                        assert!(failed.is_err());
                        Ok(())
                    })
                    .await?;
                    let failed: Result<()> = atomic(async || {
                        entry(3, 1).await?;
                        Err(Error::other("planned failure"))
                    })
                    .await;
                    assert!(failed.is_err());
                    Ok::<_, Error>(())
                });
                let ended = polled(times, program).await;
                clean_books(&db).await;
                if let Some(result) = ended {
                    result.unwrap();
                    assert!(times > 20, "it was dropped at its awaits: {times}");
                    return;
                }
                times += 1;
            }
        });
    });
}

async fn clean_books(db: &Database) {
    let rows: Vec<(i32, i64)> = raw("SELECT id, amount FROM ledger")
        .using(db)
        .fetch()
        .await
        .unwrap();
    assert!(rows.is_empty() || rows == [(1, 1), (1, -1)], "{rows:?}");
    clean(db, 1).await;
}

#[test]
fn dropped_at_every_point_on_sqlite() {
    // Its await points are those of the hand-over to the connection's thread: fewer than twenty, so the program is run by polls alone.
    with_database_url(Backend::SqliteFile, |url| {
        let db = Database::options(url).pool_size(1).connect().wait().unwrap();
        table(&db);
        on_current_thread(async {
            for times in 0..40 {
                let program = db.scope(async {
                    atomic(async || {
                        entry(1, 1).await?;
                        atomic(async || entry(1, -1).await).await
                    })
                    .await
                });
                let ended = polled(times, program).await;
                clean_books(&db).await;
                if let Some(result) = ended {
                    result.unwrap();
                    assert!(times > 4, "it was dropped at its awaits: {times}");
                    return;
                }
            }
            panic!("it did not end");
        });
    });
}

#[cfg(feature = "postgres")]
#[test]
fn dropped_at_every_point_on_postgres() {
    every_point(Backend::Postgres);
}

#[cfg(feature = "mariadb")]
#[test]
fn dropped_at_every_point_on_mariadb() {
    every_point(Backend::MariaDb);
}
