//! MariaDB, by sqlx. MySQL speaks almost the same, and is not tested.

mod error;
mod value;

use std::fmt;
use std::str::FromStr as _;

use chrono::NaiveDateTime;
use jiff::Timestamp;
use sqlx::mysql::{
    MySql, MySqlArguments, MySqlConnectOptions, MySqlQueryResult, MySqlTypeInfo, MySqlValueRef,
};
use sqlx::{ConnectOptions as _, Decode, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use super::convert::timestamp_from_chrono;
use super::server::{Own, Server, ServerConnection, Stored, add};
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

fn decode<'r, T: Decode<'r, MySql>>(value: MySqlValueRef<'r>) -> Own<T> {
    T::decode(value)
}

impl Server for MySql {
    const TITLE: &'static str = "MariaDB";

    const BYTES: &'static [Stored] = &[Stored::Text];

    fn stored(info: &MySqlTypeInfo) -> Stored {
        match info.name() {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "TINYINT UNSIGNED"
            | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" | "YEAR" => {
                Stored::Int
            }
            "FLOAT" => Stored::Float32,
            "DOUBLE" => Stored::Float64,
            "DECIMAL" => Stored::Decimal,
            "DATE" => Stored::Date,
            "TIME" => Stored::Time,
            "DATETIME" | "TIMESTAMP" => Stored::DateTime,
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "BINARY" | "VARBINARY"
            | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "ENUM" | "SET" | "JSON" => Stored::Text,
            _ => Stored::Other,
        }
    }

    fn bool(value: MySqlValueRef<'_>, stored: Stored) -> Option<Own<bool>> {
        // What compares is an integer here.
        Some(Self::int(value, stored)?.map(|value| value != 0))
    }

    fn int(value: MySqlValueRef<'_>, stored: Stored) -> Option<Own<i64>> {
        if stored != Stored::Int {
            return None;
        }
        let unsigned =
            matches!(value.type_info().name(), name if name.ends_with("UNSIGNED") || name == "YEAR");
        Some(if unsigned {
            decode::<u64>(value).and_then(|value| Ok(i64::try_from(value)?))
        } else {
            decode::<i64>(value)
        })
    }

    fn timestamp(value: MySqlValueRef<'_>, stored: Stored) -> Option<Own<Option<Timestamp>>> {
        let civil = (stored == Stored::DateTime).then(|| decode::<NaiveDateTime>(value))?;
        Some(civil.map(|civil| timestamp_from_chrono(civil.and_utc())))
    }

    fn uuid(value: MySqlValueRef<'_>, stored: Stored) -> Option<Own<Uuid>> {
        let text = (stored == Stored::Text).then(|| decode::<&str>(value))?;
        Some(text.and_then(|text| Ok(Uuid::try_parse(text)?)))
    }

    fn json(value: MySqlValueRef<'_>, stored: Stored) -> Option<Own<serde_json::Value>> {
        let text = (stored == Stored::Text).then(|| decode::<&str>(value))?;
        Some(text.and_then(|text| Ok(serde_json::from_str(text)?)))
    }

    fn add_own(value: &Value, arguments: &mut MySqlArguments) -> Result<()> {
        value::add_own(value, arguments)
    }

    fn prepare(sql: &str, values: &[Value]) -> Result<(String, MySqlArguments)> {
        let mut arguments = MySqlArguments::default();
        for value in values {
            add::<Self>(value, &mut arguments)?;
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
