//! PostgreSQL: an async driver on sqlx's connection, without sqlx's pool, which asks the server at each release whether it is there.

mod convert;
mod error;
mod row;
mod value;

use std::fmt::{self, Write as _};
use std::future::poll_fn;
use std::pin::pin;
use std::str::FromStr as _;

use futures_core::Stream;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use self::error::from_sqlx;
use self::row::PostgresRow;
use super::{AsyncConnection, AsyncDriver, BoxFuture, RowSink};
use crate::{Dialect, Error, Result, Value};

/// A PostgreSQL server and database.
pub(crate) struct PostgresDriver {
    options: PgConnectOptions,
}

impl PostgresDriver {
    pub(crate) fn from_url(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            Error::configuration(format!(
                "the PostgreSQL URL cannot be read ({error}); write `postgres://user:password@host:5432/name`"
            ))
        })?;
        // Statements are logged above, where it is known what they are for.
        Ok(Self {
            options: options.disable_statement_logging(),
        })
    }
}

impl fmt::Debug for PostgresDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the password.
        f.debug_struct("PostgresDriver")
            .field("host", &self.options.get_host())
            .finish_non_exhaustive()
    }
}

impl AsyncDriver for PostgresDriver {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>>> {
        Box::pin(async {
            match PgConnection::connect_with(&self.options).await {
                Ok(connection) => Ok(Box::new(PostgresConnection { connection }) as Box<dyn AsyncConnection>),
                Err(error) => Err(Error::connection(error)),
            }
        })
    }
}

struct PostgresConnection {
    connection: PgConnection,
}

impl AsyncConnection for PostgresConnection {
    fn fetch<'a>(
        &'a mut self,
        sql: &'a str,
        values: &'a [Value],
        sink: &'a mut dyn RowSink,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (sql, arguments) = prepare(sql, values)?;
            let mut rows = pin!(sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(&mut self.connection));
            let mut refused = None;
            // To the end also where a row was refused, so that the connection is ready for the next statement.
            while let Some(row) = poll_fn(|cx| rows.as_mut().poll_next(cx)).await {
                let row = row.map_err(from_sqlx)?;
                if refused.is_none() {
                    refused = sink.row(&PostgresRow::new(&row)).err();
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let (sql, arguments) = prepare(sql, values)?;
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            let done = self.connection.execute(query).await.map_err(from_sqlx)?;
            Ok(done.rows_affected())
        })
    }

    fn batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let statements = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            self.connection.execute(statements).await.map_err(from_sqlx)?;
            Ok(())
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.connection.ping().await.map_err(from_sqlx) })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { self.connection.close().await.map_err(from_sqlx) })
    }
}

/// The statement with its values.
///
/// sqlx keeps prepared statements by their text, with the types of the first use. The types become part of the text, so that another type is
/// another statement and not a value of the wrong size.
fn prepare(sql: &str, values: &[Value]) -> Result<(String, PgArguments)> {
    let mut arguments = PgArguments::default();
    let mut text = String::with_capacity(sql.len() + values.len() + 6);
    text.push_str(sql);
    if !values.is_empty() {
        text.push_str(" --");
        for value in values {
            value::add(value, &mut arguments)?;
            let _ = text.write_char(value::letter(value.kind()));
        }
    }
    Ok((text, arguments))
}
