//! PostgreSQL, by sqlx.

mod error;
mod row;
mod value;

use std::fmt::{self, Write as _};
use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgQueryResult, PgRow, Postgres};

use self::row::PostgresRow;
use super::server::{Server, ServerConnection};
use super::{AsyncConnection, AsyncDriver, BoxFuture};
use crate::{Dialect, Error, Result, Value};

/// A PostgreSQL server and database.
pub(crate) struct PostgresDriver {
    options: PgConnectOptions,
}

impl PostgresDriver {
    /// `pooled` is whether there is a pooler of transactions in between, so that no prepared statement is there for a second use.
    pub(crate) fn from_url(url: &str, pooled: bool) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            Error::configuration(format!(
                "the PostgreSQL URL cannot be read ({error}); write `postgres://user:password@host:5432/name`"
            ))
        })?;
        let options = if pooled {
            options.statement_cache_capacity(0)
        } else {
            options
        };
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
        Box::pin(ServerConnection::<Postgres>::open(&self.options, None))
    }
}

impl Server for Postgres {
    type Read<'r> = PostgresRow<'r>;

    /// `DISCARD ALL` without the prepared statements, which sqlx knows by their names.
    const RESET: Option<&'static str> = Some(
        "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; DISCARD PLANS",
    );

    fn read(row: &PgRow) -> PostgresRow<'_> {
        PostgresRow::new(row)
    }

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

    fn changed(done: &PgQueryResult) -> u64 {
        done.rows_affected()
    }

    fn error(error: sqlx::Error) -> Error {
        error::from_sqlx(error)
    }
}
