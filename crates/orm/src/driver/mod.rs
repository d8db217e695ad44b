//! Drivers: how a database is reached. There are two kinds, and the ORM treats their connections alike.
//!
//! An [`AsyncDriver`] waits without a thread (PostgreSQL, MariaDB). A [`BlockingDriver`] blocks the thread that calls it (SQLite, and any C library): each of its
//! connections gets a thread of its own for the calls of async code, while a sync caller's statement runs in place.

mod blocking;
mod connection;
#[cfg(any(feature = "mariadb", feature = "postgres"))]
mod convert;
#[cfg(feature = "mariadb")]
pub(crate) mod mariadb;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "mariadb", feature = "postgres"))]
mod server;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use self::connection::{Call, Connection, Fit, Keep, Sink, Want, current_runtime};

pub use crate::error::Violation;
use crate::{Dialect, Result, Row, Value};

/// A future, boxed: what the methods of an async driver return, so that they can be called through `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes the rows of a statement, one after the other, where they lie.
pub trait RowSink: Send {
    /// Takes a row.
    ///
    /// # Errors
    ///
    /// The row cannot be decoded. The driver reads the statement to its end, without handing on more rows, and returns this error.
    fn row(&mut self, row: &dyn Row) -> Result<()>;

    /// Forgets the rows that it took, so that the statement can be run again. False where it can't.
    fn restart(&mut self) -> bool {
        false
    }
}

/// Connects to a database without blocking.
pub trait AsyncDriver: fmt::Debug + Send + Sync + 'static {
    /// The SQL that it speaks.
    fn dialect(&self) -> Dialect;

    /// Opens a connection.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>>>;
}

/// A connection that is awaited.
///
/// Its futures need not be cancel-safe: a connection whose future was dropped is closed, not used again.
pub trait AsyncConnection: Send {
    /// Runs a statement and hands its rows to the sink.
    fn fetch<'a>(
        &'a mut self,
        sql: &'a str,
        values: &'a [Value],
        rows: &'a mut dyn RowSink,
    ) -> BoxFuture<'a, Result<()>>;

    /// Runs a statement; gives the number of rows that it changed.
    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>>;

    /// Runs one or more statements without values, such as COMMIT.
    fn batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Asks whether the other end is there, after the connection was idle for long.
    fn ping(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Makes the session as new after a [`pinned_connection`](crate::pinned_connection): settings, temporary tables, locks. False where that can't be done
    /// without a new connection, which is then opened for the next user.
    fn reset(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async { Ok(false) })
    }

    /// Closes the connection as its protocol wants it. A connection that is just dropped closes too.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// Connects to a database by calls that block.
pub trait BlockingDriver: fmt::Debug + Send + Sync + 'static {
    /// The SQL that it speaks.
    fn dialect(&self) -> Dialect;

    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// The database cannot be reached or opened.
    fn connect(&self) -> Result<Box<dyn BlockingConnection>>;

    /// Who may work at the same time.
    fn turns(&self) -> Turns {
        Turns::Free
    }
}

/// A connection whose calls block. It is only ever used by one thread at a time.
pub trait BlockingConnection: Send {
    /// Runs a statement and hands its rows to the sink.
    ///
    /// # Errors
    ///
    /// The database's, or the sink's.
    fn fetch(&mut self, sql: &str, values: &[Value], rows: &mut dyn RowSink) -> Result<()>;

    /// Runs a statement; gives the number of rows that it changed.
    ///
    /// # Errors
    ///
    /// The database's.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64>;

    /// Runs one or more statements without values, such as COMMIT.
    ///
    /// # Errors
    ///
    /// The database's.
    fn batch(&mut self, sql: &str) -> Result<()>;

    /// What stops the statement that runs, called from another thread when nobody waits for it any more.
    fn interrupt(&self) -> Option<Arc<dyn Fn() + Send + Sync>> {
        None
    }
}

/// Who may work on a database at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turns {
    /// The server sorts it out.
    Free,
    /// One writes at a time, others read beside it. Writers queue in the process, where the queue is fair and no thread polls a lock.
    OneWriter,
    /// One writes, and nobody reads meanwhile.
    OneWriterNoReaders,
}

/// A driver of either kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Driver {
    /// One that is awaited.
    Async(Arc<dyn AsyncDriver>),
    /// One that blocks.
    Blocking(Arc<dyn BlockingDriver>),
}

impl Driver {
    /// The driver behind a database's URL, as [`Database::connect`](crate::Database::connect) takes it: for a driver of your own that stands around
    /// it, to count, to log or to fail.
    ///
    /// # Errors
    ///
    /// The URL names no database that this build knows.
    pub fn from_url(url: &str) -> Result<Self> {
        crate::database::driver(url, false)
    }

    /// The SQL that it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Async(driver) => driver.dialect(),
            Self::Blocking(driver) => driver.dialect(),
        }
    }

    pub(crate) fn turns(&self) -> Turns {
        match self {
            Self::Async(_) => Turns::Free,
            Self::Blocking(driver) => driver.turns(),
        }
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        match self {
            Self::Async(driver) => Ok(Connection::from_async(driver.connect().await?)),
            Self::Blocking(driver) => Ok(Connection::from_blocking(
                blocking::Worker::connect(Arc::clone(driver)).await?,
            )),
        }
    }
}
