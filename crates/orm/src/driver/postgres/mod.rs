//! PostgreSQL, by sqlx.

mod error;
mod value;

use std::fmt::{self, Write as _};
use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use jiff::Timestamp;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgQueryResult, PgTypeInfo, PgValueRef, Postgres};
use sqlx::types::Json;
use sqlx::{ConnectOptions as _, Decode, ValueRef as _};
use uuid::Uuid;

use super::convert::timestamp_from_chrono;
use super::server::{Own, Server, ServerConnection, Stored, add};
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

/// The object ids of PostgreSQL's own types, fixed for all time.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const UNKNOWN: u32 = 705;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
}

fn decode<'r, T: Decode<'r, Postgres>>(value: PgValueRef<'r>) -> Own<T> {
    T::decode(value)
}

fn oid_of(info: &PgTypeInfo) -> u32 {
    info.oid().map_or(0, |oid| oid.0)
}

impl Server for Postgres {
    const TITLE: &'static str = "PostgreSQL";

    const BYTES: &'static [Stored] = &[Stored::Bytes];

    /// `DISCARD ALL` without the prepared statements, which sqlx knows by their names.
    const RESET: Option<&'static str> = Some(
        "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; DISCARD PLANS",
    );

    fn stored(info: &PgTypeInfo) -> Stored {
        match oid_of(info) {
            oid::BOOL => Stored::Bool,
            oid::INT2 | oid::INT4 | oid::INT8 => Stored::Int,
            oid::FLOAT4 => Stored::Float32,
            oid::FLOAT8 => Stored::Float64,
            oid::NUMERIC => Stored::Decimal,
            oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN => Stored::Text,
            oid::BYTEA => Stored::Bytes,
            oid::DATE => Stored::Date,
            oid::TIME => Stored::Time,
            oid::TIMESTAMP => Stored::DateTime,
            oid::TIMESTAMPTZ => Stored::Timestamp,
            oid::UUID => Stored::Uuid,
            oid::JSON | oid::JSONB => Stored::Json,
            _ => Stored::Other,
        }
    }

    fn bool(value: PgValueRef<'_>, stored: Stored) -> Option<Own<bool>> {
        (stored == Stored::Bool).then(|| decode::<bool>(value))
    }

    fn int(value: PgValueRef<'_>, _: Stored) -> Option<Own<i64>> {
        let oid = oid_of(&value.type_info());
        Some(match oid {
            oid::INT8 => decode::<i64>(value),
            oid::INT4 => decode::<i32>(value).map(i64::from),
            oid::INT2 => decode::<i16>(value).map(i64::from),
            _ => return None,
        })
    }

    fn timestamp(value: PgValueRef<'_>, stored: Stored) -> Option<Own<Option<Timestamp>>> {
        let moment = (stored == Stored::Timestamp).then(|| decode::<DateTime<Utc>>(value))?;
        Some(moment.map(timestamp_from_chrono))
    }

    fn uuid(value: PgValueRef<'_>, stored: Stored) -> Option<Own<Uuid>> {
        (stored == Stored::Uuid).then(|| decode::<Uuid>(value))
    }

    fn json(value: PgValueRef<'_>, stored: Stored) -> Option<Own<serde_json::Value>> {
        let json = (stored == Stored::Json).then(|| decode::<Json<serde_json::Value>>(value))?;
        Some(json.map(|Json(json)| json))
    }

    fn add_own(value: &Value, arguments: &mut PgArguments) -> Result<()> {
        value::add_own(value, arguments)
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
                add::<Self>(value, &mut arguments)?;
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
