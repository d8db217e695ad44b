//! A connection to a server, by sqlx: what PostgreSQL and MariaDB have in common.

mod bind;
mod read;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;

use futures_core::Stream;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, ColumnIndex, ConnectOptions, Connection as _, Executor, IntoArguments};
use uuid::Uuid;

pub(super) use self::bind::{add, known, put};
pub(super) use self::read::{Own, ServerRow, Stored};

use super::{AsyncConnection, BoxFuture, RowSink};
use crate::{Error, Result, Row, Value};

/// What one server does otherwise than another.
pub(super) trait Server: sqlx::Database {
    /// What it is called.
    const TITLE: &'static str;

    /// What it stores bytes as.
    const BYTES: &'static [Stored];

    /// What a value of a type is stored as.
    fn stored(info: &Self::TypeInfo) -> Stored;

    /// A boolean; `None` where it is stored as something else, here and below.
    fn bool(value: Self::ValueRef<'_>, stored: Stored) -> Option<Own<bool>>;

    /// An integer of any width.
    fn int(value: Self::ValueRef<'_>, stored: Stored) -> Option<Own<i64>>;

    /// A moment, if it is one that we know.
    fn timestamp(value: Self::ValueRef<'_>, stored: Stored) -> Option<Own<Option<Timestamp>>>;

    /// A UUID.
    fn uuid(value: Self::ValueRef<'_>, stored: Stored) -> Option<Own<Uuid>>;

    /// A JSON document.
    fn json(value: Self::ValueRef<'_>, stored: Stored) -> Option<Own<serde_json::Value>>;

    /// Adds a value that is not the same for all servers to the arguments of a statement.
    fn add_own(value: &Value, arguments: &mut Self::Arguments) -> Result<()>;

    /// The text to prepare, and the values to bind.
    fn prepare(sql: &str, values: &[Value]) -> Result<(String, Self::Arguments)>;

    /// What makes a session as new, if statements can.
    const RESET: Option<&'static str> = None;

    /// The rows that a statement changed.
    fn changed(done: &Self::QueryResult) -> u64;

    /// Its errors, as ours.
    fn error(error: sqlx::Error) -> Error;
}

/// A connection that sqlx speaks for, without sqlx's pool, which asks the server at each release whether it is there.
pub(super) struct ServerConnection<S: Server> {
    connection: S::Connection,
}

impl<S: Server> ServerConnection<S>
where
    for<'c> &'c mut S::Connection: Executor<'c, Database = S>,
    S::Arguments: IntoArguments<S>,
    usize: ColumnIndex<S::Row>,
    for<'r> ServerRow<'r, S>: Row,
{
    /// Connects, and sets up the session.
    pub(super) async fn open<O>(
        options: &O,
        session: Option<&'static str>,
    ) -> Result<Box<dyn AsyncConnection>>
    where
        O: ConnectOptions<Connection = S::Connection>,
    {
        let mut connection = options.connect().await.map_err(Error::connection)?;
        if let Some(session) = session {
            let done = (&mut connection).execute(sqlx::raw_sql(session)).await;
            done.map_err(Error::connection)?;
        }
        Ok(Box::new(Self { connection }))
    }
}

impl<S: Server> AsyncConnection for ServerConnection<S>
where
    for<'c> &'c mut S::Connection: Executor<'c, Database = S>,
    S::Arguments: IntoArguments<S>,
    usize: ColumnIndex<S::Row>,
    for<'r> ServerRow<'r, S>: Row,
{
    fn fetch<'a>(
        &'a mut self,
        sql: &'a str,
        values: &'a [Value],
        sink: &'a mut dyn RowSink,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (sql, arguments) = S::prepare(sql, values)?;
            let mut rows = pin!(sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(&mut self.connection));
            let mut refused = None;
            // To the end also where a row was refused, so that the connection is ready for the next statement.
            while let Some(row) = poll_fn(|cx| rows.as_mut().poll_next(cx)).await {
                let row = row.map_err(S::error)?;
                if refused.is_none() {
                    refused = sink.row(&ServerRow::<S>::new(&row)).err();
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let (sql, arguments) = S::prepare(sql, values)?;
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            let done = (&mut self.connection).execute(query).await.map_err(S::error)?;
            Ok(S::changed(&done))
        })
    }

    fn batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let statements = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            (&mut self.connection)
                .execute(statements)
                .await
                .map_err(S::error)?;
            Ok(())
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.connection.ping().await.map_err(S::error) })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            let Some(sql) = S::RESET else { return Ok(false) };
            self.batch(sql).await?;
            Ok(true)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { self.connection.close().await.map_err(S::error) })
    }
}

impl<S: Server> fmt::Debug for ServerConnection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection").finish_non_exhaustive()
    }
}
