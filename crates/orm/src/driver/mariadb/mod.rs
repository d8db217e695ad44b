//! MariaDB, by sqlx. MySQL speaks almost the same, and is not tested.

mod error;
mod row;
mod value;

use std::fmt;
use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySql, MySqlArguments, MySqlConnectOptions, MySqlQueryResult, MySqlRow};

use self::row::MariaDbRow;
use super::server::{Server, ServerConnection};
use super::{AsyncConnection, AsyncDriver, BoxFuture};
use crate::{Dialect, Error, Result, Value};

/// What each session is set to, so that a statement means what it means on the other databases.
///
/// Double quotes are for names and a backslash is a character, as the SQL standard has it. What does not fit is an error and not a warning. An UPDATE reads the old
/// values everywhere. Moments are in UTC, and a transaction sees what others have committed, as on PostgreSQL.
const SESSION: &str = "SET NAMES utf8mb4, time_zone = '+00:00', div_precision_increment = 10, \
    sql_mode = CONCAT('ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' /*M!100305 , ',SIMULTANEOUS_ASSIGNMENT' */); \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// A MariaDB server and database.
pub(crate) struct MariaDbDriver {
    options: MySqlConnectOptions,
}

impl MariaDbDriver {
    pub(crate) fn from_url(url: &str) -> Result<Self> {
        // sqlx knows one of the two names.
        let url = match url.split_once(':') {
            Some((_, rest)) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        let options = MySqlConnectOptions::from_str(&url).map_err(|error| {
            Error::configuration(format!(
                "the MariaDB URL cannot be read ({error}); write `mariadb://user:password@host:3306/name`"
            ))
        })?;
        Ok(Self {
            // The session is set up at once, by one round trip of ours. Statements are logged above, where it is known what they are for.
            options: options
                .pipes_as_concat(false)
                .no_engine_substitution(false)
                .timezone(None)
                .set_names(false)
                .disable_statement_logging(),
        })
    }
}

impl fmt::Debug for MariaDbDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the password.
        f.debug_struct("MariaDbDriver")
            .field("host", &self.options.get_host())
            .finish_non_exhaustive()
    }
}

impl AsyncDriver for MariaDbDriver {
    fn dialect(&self) -> Dialect {
        Dialect::MariaDb
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>>> {
        Box::pin(ServerConnection::<MySql>::open(&self.options, Some(SESSION)))
    }
}

impl Server for MySql {
    type Read<'r> = MariaDbRow<'r>;

    fn read(row: &MySqlRow) -> MariaDbRow<'_> {
        MariaDbRow::new(row)
    }

    fn prepare(sql: &str, values: &[Value]) -> Result<(String, MySqlArguments)> {
        let mut arguments = MySqlArguments::default();
        for value in values {
            value::add(value, &mut arguments)?;
        }
        Ok((sql.to_owned(), arguments))
    }

    fn changed(done: &MySqlQueryResult) -> u64 {
        done.rows_affected()
    }

    fn error(error: sqlx::Error) -> Error {
        error::from_sqlx(error)
    }
}
