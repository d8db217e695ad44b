//! One connection for several calls.

use std::fmt;
use std::future::{Future, IntoFuture};

use super::atomic::{Atomic, Options};
use super::body::{AsyncBody, Body, SyncBody};
use crate::{Database, Error, Result};

/// Runs code on one connection, for what lives in a session: settings, temporary tables, locks that outlive a transaction.
///
/// Each call outside of this takes a connection from the pool for itself alone, so that what one has set is not there for the next. Inside, all calls
/// share one, and queue for it, sync and async code alike; each is still on its own, and an `atomic` is a transaction on that connection. Before anybody else
/// has the connection it is made new: on PostgreSQL by resetting its session, on the others by opening another one.
///
/// On SQLite the code has the turn to write for as long as it runs. Inside an `atomic` there is one connection already, and that is used.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, Result, pinned_connection, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// pinned_connection(|| {
///     raw("CREATE TEMP TABLE seen (id integer)").execute().wait()?;
///     raw("INSERT INTO seen (id) VALUES (1)").execute().wait()
/// })
/// .using(&db)
/// .wait()?;
/// assert!(raw("SELECT id FROM seen").using(&db).fetch::<(i64,)>().wait().is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The body's own; no connection was to be had; or the database is behind a [pooler](crate::DatabaseOptions::transaction_pooling) of transactions, where
/// there are no sessions.
///
/// # Cancel safety
///
/// Dropped, its connection is made new, or closed where a statement was cut off.
///
/// # Blocking
///
/// As [`atomic`](crate::atomic).
#[track_caller]
pub fn pinned_connection<'a, B, M>(body: B) -> Pinned<'a, B, M>
where
    B: Body<M, Error>,
{
    Pinned(Atomic::with(body, Options::pinned()))
}

/// Code that has not run yet: see [`pinned_connection`].
#[must_use = "it does nothing until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct Pinned<'a, B, M>(Atomic<'a, B, M, Error>);

impl<B, M> Pinned<'_, B, M> {
    /// Of this database, and not the current one.
    pub fn using(mut self, database: &Database) -> Self {
        self.0 = self.0.using(database);
        self
    }
}

impl<F, T> Pinned<'_, F, SyncBody>
where
    F: FnOnce() -> Result<T>,
{
    /// Runs it on this thread, for sync code.
    ///
    /// # Errors
    ///
    /// As [`pinned_connection`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T> {
        self.0.wait()
    }
}

impl<F, Fut, T> Pinned<'_, F, AsyncBody>
where
    F: FnOnce() -> Fut + Send,
    Fut: Future<Output = Result<T>> + Send,
    T: Send,
{
    /// Runs it, for sync code.
    ///
    /// # Errors
    ///
    /// As [`pinned_connection`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T> {
        self.0.wait()
    }
}

impl<'a, B, M> IntoFuture for Pinned<'a, B, M>
where
    Atomic<'a, B, M, Error>: IntoFuture,
{
    type Output = <Atomic<'a, B, M, Error> as IntoFuture>::Output;
    type IntoFuture = <Atomic<'a, B, M, Error> as IntoFuture>::IntoFuture;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl<B, M> fmt::Debug for Pinned<'_, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").finish_non_exhaustive()
    }
}
