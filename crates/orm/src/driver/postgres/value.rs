//! Values as PostgreSQL takes them: in its binary form, by sqlx.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::encode::Encode;
use sqlx::postgres::PgArguments;
use sqlx::types::{Json, Type};
use sqlx::{Arguments as _, Postgres};
use uuid::Uuid;

use crate::driver::convert::{date_to_chrono, datetime_to_chrono, time_to_chrono, timestamp_to_chrono};
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

/// Adds a value to the arguments of a statement.
pub(super) fn add(value: &Value, arguments: &mut PgArguments) -> Result<()> {
    match value {
        Value::Null(kind) => null(*kind, arguments),
        Value::Bool(value) => put(*value, arguments),
        Value::SmallInt(value) => put(*value, arguments),
        Value::Int(value) => put(*value, arguments),
        Value::BigInt(value) => put(*value, arguments),
        Value::Float(value) => put(*value, arguments),
        Value::Decimal(value) => put(*value, arguments),
        Value::Text(value) => put(value.as_str(), arguments),
        Value::Bytes(value) => put(value.as_slice(), arguments),
        Value::Date(value) => put(known(date_to_chrono(*value), value)?, arguments),
        Value::Time(value) => put(known(time_to_chrono(*value), value)?, arguments),
        Value::DateTime(value) => put(known(datetime_to_chrono(*value), value)?, arguments),
        Value::Timestamp(value) => put(known(timestamp_to_chrono(*value), value)?, arguments),
        Value::Uuid(value) => put(*value, arguments),
        Value::Json(value) => put(Json(value), arguments),
    }
}

fn null(kind: Kind, arguments: &mut PgArguments) -> Result<()> {
    match kind {
        Kind::Bool => put(None::<bool>, arguments),
        Kind::SmallInt => put(None::<i16>, arguments),
        Kind::Int => put(None::<i32>, arguments),
        Kind::BigInt => put(None::<i64>, arguments),
        Kind::Float => put(None::<f64>, arguments),
        Kind::Decimal => put(None::<Decimal>, arguments),
        Kind::Text => put(None::<&str>, arguments),
        Kind::Bytes => put(None::<&[u8]>, arguments),
        Kind::Date => put(None::<NaiveDate>, arguments),
        Kind::Time => put(None::<NaiveTime>, arguments),
        Kind::DateTime => put(None::<NaiveDateTime>, arguments),
        Kind::Timestamp => put(None::<DateTime<Utc>>, arguments),
        Kind::Uuid => put(None::<Uuid>, arguments),
        Kind::Json => put(None::<Json<()>>, arguments),
    }
}

fn put<'v, T>(value: T, arguments: &mut PgArguments) -> Result<()>
where
    T: Encode<'v, Postgres> + Type<Postgres> + 'v,
{
    arguments.add(value).map_err(Error::encode)
}

fn known<T>(value: Option<T>, original: &dyn std::fmt::Display) -> Result<T> {
    value.ok_or_else(|| Error::encode(format!("PostgreSQL has no place for {original}")))
}
