//! A connection on loan from the pool, and what may be done with it.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::driver::{Call, Connection, Keep};
use crate::pool::Pool;
use crate::{Dialect, Error, Result};

/// How much a transaction sees of others that run beside it.
///
/// SQLite has one writer at a time, so that each of its transactions is serializable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Isolation {
    /// What was committed when each of its statements began. The default.
    ReadCommitted,
    /// What was committed when the transaction began. On PostgreSQL a write of what another changed meanwhile is a
    /// [serialization failure](crate::Error::is_serialization_failure).
    RepeatableRead,
    /// As if one transaction ran after the other; what does not fit is refused, and has to be [run again](crate::atomic_retry).
    Serializable,
}

impl Isolation {
    fn sql(self) -> &'static str {
        match self {
            Self::ReadCommitted => "ISOLATION LEVEL READ COMMITTED",
            Self::RepeatableRead => "ISOLATION LEVEL REPEATABLE READ",
            Self::Serializable => "ISOLATION LEVEL SERIALIZABLE",
        }
    }
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) isolation: Option<Isolation>,
    pub(crate) read_only: bool,
}

impl Mode {
    /// What of this mode a transaction does not have that began in another, if anything.
    pub(crate) fn missing_in(self, outer: Self, dialect: Dialect) -> Option<&'static str> {
        if self.read_only && !outer.read_only {
            return Some("a transaction that is read-only");
        }
        let enough = self.isolation <= outer.isolation
            || self.isolation == Some(Isolation::ReadCommitted)
            || dialect == Dialect::Sqlite;
        (!enough).then_some("another isolation")
    }

    fn begin(self, dialect: Dialect) -> String {
        let isolation = self.isolation.map(Isolation::sql);
        match (dialect, self.read_only) {
            // A reader takes no lock, and sees one state of the database.
            (Dialect::Sqlite, true) => "PRAGMA query_only = 1; BEGIN".to_owned(),
            // Takes the write lock at once. A transaction that reads first and asks for it later can only be refused, if another one wrote meanwhile.
            (Dialect::Sqlite, false) => "BEGIN IMMEDIATE".to_owned(),
            (Dialect::Postgres, read_only) => {
                let mut sql = String::from("BEGIN");
                if let Some(isolation) = isolation {
                    sql.push(' ');
                    sql.push_str(isolation);
                }
                if read_only {
                    sql.push_str(" READ ONLY");
                }
                sql
            }
            (Dialect::MariaDb, read_only) => {
                let start = if read_only {
                    "START TRANSACTION READ ONLY"
                } else {
                    "START TRANSACTION"
                };
                match isolation {
                    // For the next transaction alone.
                    Some(isolation) => format!("SET TRANSACTION {isolation}; {start}"),
                    None => start.to_owned(),
                }
            }
        }
    }
}

/// The rights that go with a connection: given back together, once nothing runs on it any more.
pub(crate) struct Permits {
    pool: Arc<Pool>,
    id: u64,
    _turn: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Permits {
    pub(crate) fn new(
        pool: Arc<Pool>,
        id: u64,
        turn: Option<OwnedSemaphorePermit>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            pool,
            id,
            _turn: turn,
            _place: place,
        }
    }
}

impl Drop for Permits {
    fn drop(&mut self) {
        self.pool.ended(self.id);
    }
}

/// A connection on loan. Dropped, it goes back to the pool, or is closed where it is in a state that the next user must not find.
pub(crate) struct Lease {
    connection: Option<Connection>,
    transaction: Option<Mode>,
    /// Its user may have changed the session.
    pinned: bool,
    reused: bool,
    keep: Arc<Permits>,
}

impl Lease {
    pub(crate) fn new(connection: Connection, permits: Permits, reused: bool) -> Self {
        Self {
            connection: Some(connection),
            transaction: None,
            pinned: false,
            reused,
            keep: Arc::new(permits),
        }
    }

    fn pool(&self) -> &Arc<Pool> {
        &self.keep.pool
    }

    /// Whether the connection was open before: the server may have closed it since.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Runs a statement; gives the number of rows that it changed.
    pub(crate) async fn call(&mut self, call: &mut Call) -> Result<u64> {
        if self.transaction.is_none() && self.pool().limits().transaction_pooling {
            return self.call_pooled(call).await;
        }
        self.send(call).await
    }

    /// A pooler gives each transaction another server, and a statement is prepared in one step and run in the next: so each has its own transaction.
    async fn call_pooled(&mut self, call: &mut Call) -> Result<u64> {
        self.begin(Mode::default()).await?;
        match self.send(call).await {
            Ok(count) => {
                self.commit().await?;
                Ok(count)
            }
            Err(error) => {
                let _ = self.roll_back().await;
                Err(error)
            }
        }
    }

    async fn send(&mut self, call: &mut Call) -> Result<u64> {
        let keep: Keep = Arc::clone(&self.keep) as Keep;
        match &mut self.connection {
            Some(connection) => connection.call(call, &keep).await,
            None => Err(Error::connection("the connection was closed")),
        }
    }

    async fn batch(&mut self, sql: impl Into<std::borrow::Cow<'static, str>>) -> Result<()> {
        self.send(&mut Call::batch(sql)).await.map(drop)
    }

    /// Whether nothing was cut off on it, and it did not fail.
    pub(crate) fn is_usable(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_usable)
    }

    pub(crate) async fn begin(&mut self, mode: Mode) -> Result<()> {
        // From the start: whether a statement that was cut off began a transaction is not known.
        self.transaction = Some(mode);
        let dialect = self.pool().dialect();
        if mode == Mode::default() {
            let sql = match dialect {
                Dialect::Sqlite => "BEGIN IMMEDIATE",
                Dialect::Postgres | Dialect::MariaDb => "BEGIN",
            };
            return self.batch(sql).await;
        }
        self.batch(mode.begin(dialect)).await
    }

    /// Commits.
    ///
    /// # Errors
    ///
    /// It was refused, and the transaction is rolled back; or its answer was lost, so that nobody knows.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        match self.batch("COMMIT").await {
            Ok(()) => self.ended().await,
            Err(error) if error.is_lost() && self.pool().dialect() != Dialect::Sqlite => {
                Err(Error::commit_unknown(error))
            }
            Err(error) => {
                // What failed at COMMIT may have left the transaction open.
                let _ = self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Rolls back. Where even that fails, the connection is closed when it is dropped.
    pub(crate) async fn roll_back(&mut self) -> Result<()> {
        self.batch("ROLLBACK").await?;
        self.ended().await
    }

    async fn ended(&mut self) -> Result<()> {
        let read_only = self.transaction.is_some_and(|mode| mode.read_only);
        if read_only && self.pool().dialect() == Dialect::Sqlite {
            self.batch("PRAGMA query_only = 0").await?;
        }
        self.transaction = None;
        Ok(())
    }

    /// Lets its user change the session, so that it is made new before anybody else has it.
    pub(crate) fn pin(&mut self) {
        self.pinned = true;
    }

    /// Ends what [`pin`](Self::pin) began, and gives the connection back.
    pub(crate) async fn unpin(mut self) {
        if self.transaction.is_none()
            && self.is_usable()
            && let Some(connection) = &mut self.connection
            && matches!(connection.reset().await, Ok(true))
        {
            self.pinned = false;
        }
    }

    /// Ends a transaction, or a pinned session, that nobody waits for any more.
    pub(crate) fn abandon(mut self) {
        if !self.is_usable() {
            return;
        }
        // Locks are held until then, so it is done now and not by the next user. Without a runtime the connection is closed, which rolls back too.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if self.transaction.is_some()
                    && let Err(error) = self.roll_back().await
                {
                    tracing::warn!(%error, "a transaction was abandoned and could not be rolled back; its connection is closed");
                } else if self.pinned {
                    self.unpin().await;
                }
            });
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if connection.is_usable() {
            if self.transaction.is_none() && !self.pinned {
                self.pool().give_back(connection);
            }
        } else if connection.is_broken() {
            self.pool().distrust();
        }
    }
}
