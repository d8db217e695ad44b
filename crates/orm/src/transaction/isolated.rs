//! Tests that leave nothing behind: Django's `TestCase`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nuages_bridge::Local;
use tokio::sync::Mutex;

use super::level::Level;
use crate::database::Database;
use crate::{Error, Op, Result};

/// The test around the code that runs, also around what it spawns; none where a part of it stays outside.
static ISOLATED: Local<Option<Arc<Isolated>>> = Local::new("test transaction");

/// Whether this program ever isolates anything: if not, nobody need look.
static USED: AtomicBool = AtomicBool::new(false);

/// The transactions of one test: one a database, begun by its first statement there.
#[derive(Default)]
pub(crate) struct Isolated {
    levels: Mutex<Levels>,
}

#[derive(Default)]
struct Levels {
    open: Vec<Arc<Level>>,
    ended: bool,
}

impl Isolated {
    /// The transaction of the test around this code, if there is one.
    pub(crate) async fn level(database: &Database) -> Result<Option<Arc<Level>>> {
        if !USED.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Some(isolated) = ISOLATED.get().flatten() else {
            return Ok(None);
        };
        let mut levels = isolated.levels.lock().await;
        if levels.ended {
            return Err(Error::transaction_ended());
        }
        if let Some(level) = levels.open.iter().find(|level| level.database == *database) {
            return Ok(Some(Arc::clone(level)));
        }
        let level = Level::of_test(database.clone()).await?;
        levels.open.push(Arc::clone(&level));
        Ok(Some(level))
    }

    async fn end(&self) -> Result<()> {
        let open = {
            let mut levels = self.levels.lock().await;
            levels.ended = true;
            std::mem::take(&mut levels.open)
        };
        for level in open {
            // Where a task of the test still uses it, that one's end takes it back.
            if level.end(false).await.is_err() {
                level.abandon();
            }
        }
        Ok(())
    }
}

impl Drop for Isolated {
    /// After a panic.
    fn drop(&mut self) {
        for level in self.levels.get_mut().open.drain(..) {
            level.abandon();
        }
    }
}

impl fmt::Debug for Isolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolated").finish_non_exhaustive()
    }
}

/// Runs a test, and takes back all that it wrote, to each database.
///
/// To the code inside it is as if there was no transaction: a statement that fails breaks nothing, an `atomic` may be durable, and its `on_commit` hooks run. What the
/// test [spawns](nuages_bridge::spawn) and the requests of its `Client` are inside too, and share the one connection. A bare `tokio::spawn` and a server
/// that is reached by a socket are outside. Other tests see nothing of it, and can run at the same time; on SQLite, which has one writer, they wait.
///
/// What [creates tables](crate::create_tables) stays, so that tests can share it; and so does what [`outside_isolation`] runs.
///
/// # Examples
///
/// ```
/// use nuages_orm::transaction::isolated_sync;
/// use nuages_orm::{Database, Result, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// raw("CREATE TABLE note (id integer)").using(&db).execute().wait()?;
/// isolated_sync(|| {
///     raw("INSERT INTO note (id) VALUES (1)").using(&db).execute().wait()?;
///     assert_eq!(raw("SELECT id FROM note").using(&db).fetch::<(i64,)>().wait()?.len(), 1);
///     Ok::<_, nuages_orm::Error>(())
/// })?;
/// assert!(raw("SELECT id FROM note").using(&db).fetch::<(i64,)>().wait()?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropped, it is taken back too.
pub async fn isolated<F: Future>(test: F) -> F::Output {
    USED.store(true, Ordering::Relaxed);
    let isolated = Arc::new(Isolated::default());
    let output = ISOLATED.scope(Some(Arc::clone(&isolated)), test).await;
    let _ended = isolated.end().await;
    output
}

/// As [`isolated`], for a sync test.
pub fn isolated_sync<R>(test: impl FnOnce() -> R) -> R {
    USED.store(true, Ordering::Relaxed);
    let isolated = Arc::new(Isolated::default());
    let output = ISOLATED.sync_scope(Some(Arc::clone(&isolated)), test);
    let _ended = Op::leaf("end of the test", isolated.end()).wait();
    output
}

/// Runs a part of a test outside of its transaction: data that several tests share, made once.
///
/// On SQLite it has to come before the test's first statement, which takes the turn to write until the test ends.
pub async fn outside_isolation<F: Future>(part: F) -> F::Output {
    ISOLATED.scope(None, part).await
}

/// As [`outside_isolation`], for sync code.
pub fn outside_isolation_sync<R>(part: impl FnOnce() -> R) -> R {
    ISOLATED.sync_scope(None, part)
}
