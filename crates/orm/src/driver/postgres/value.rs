//! The values that PostgreSQL takes in its own way: in its binary form, by sqlx.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::types::Json;
use uuid::Uuid;

use crate::driver::convert::timestamp_to_chrono;
use crate::driver::server::{known, put};
use crate::{Error, Kind, Result, Value};

/// A type in one letter.
pub(super) fn letter(kind: Kind) -> char {
    match kind {
        Kind::Bool => 'b',
        Kind::SmallInt => 's',
        Kind::Int => 'i',
        Kind::BigInt => 'l',
        Kind::Float => 'f',
        Kind::Decimal => 'n',
        Kind::Text => 't',
        Kind::Bytes => 'y',
        Kind::Date => 'd',
        Kind::Time => 'h',
        Kind::DateTime => 'c',
        Kind::Timestamp => 'z',
        Kind::Uuid => 'u',
        Kind::Json => 'j',
    }
}

/// Adds a value that is not the same for all servers.
pub(super) fn add_own(value: &Value, arguments: &mut PgArguments) -> Result<()> {
    match value {
        Value::Null(kind) => null(*kind, arguments),
        Value::Timestamp(value) => put::<Postgres, _>(
            known::<Postgres, _>(timestamp_to_chrono(*value), value)?,
            arguments,
        ),
        Value::Uuid(value) => put::<Postgres, _>(*value, arguments),
        Value::Json(value) => put::<Postgres, _>(Json(value), arguments),
        other => Err(Error::encode(format!("PostgreSQL has no place for {other:?}"))),
    }
}

fn null(kind: Kind, arguments: &mut PgArguments) -> Result<()> {
    match kind {
        Kind::Bool => put::<Postgres, _>(None::<bool>, arguments),
        Kind::SmallInt => put::<Postgres, _>(None::<i16>, arguments),
        Kind::Int => put::<Postgres, _>(None::<i32>, arguments),
        Kind::BigInt => put::<Postgres, _>(None::<i64>, arguments),
        Kind::Float => put::<Postgres, _>(None::<f64>, arguments),
        Kind::Decimal => put::<Postgres, _>(None::<Decimal>, arguments),
        Kind::Text => put::<Postgres, _>(None::<&str>, arguments),
        Kind::Bytes => put::<Postgres, _>(None::<&[u8]>, arguments),
        Kind::Date => put::<Postgres, _>(None::<NaiveDate>, arguments),
        Kind::Time => put::<Postgres, _>(None::<NaiveTime>, arguments),
        Kind::DateTime => put::<Postgres, _>(None::<NaiveDateTime>, arguments),
        Kind::Timestamp => put::<Postgres, _>(None::<DateTime<Utc>>, arguments),
        Kind::Uuid => put::<Postgres, _>(None::<Uuid>, arguments),
        Kind::Json => put::<Postgres, _>(None::<Json<()>>, arguments),
    }
}
