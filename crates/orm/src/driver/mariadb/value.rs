//! Values as MariaDB takes them: in its binary form, by sqlx.

use rust_decimal::Decimal;
use sqlx::encode::Encode;
use sqlx::mysql::MySqlArguments;
use sqlx::types::Type;
use sqlx::{Arguments as _, MySql};

use crate::driver::convert::{date_to_chrono, datetime_to_chrono, time_to_chrono, timestamp_to_chrono};
use crate::{Error, Kind, Result, Value};

/// Adds a value to the arguments of a statement.
pub(super) fn add(value: &Value, arguments: &mut MySqlArguments) -> Result<()> {
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
        Value::Timestamp(value) => put(known(timestamp_to_chrono(*value), value)?.naive_utc(), arguments),
        // As text without hyphens, which is also what Django keeps.
        Value::Uuid(value) => put(value.simple().encode_lower(&mut [0; 32]) as &str, arguments),
        Value::Json(value) => put(value.to_string(), arguments),
    }
}

/// NULL fits everywhere; a number says least.
fn null(kind: Kind, arguments: &mut MySqlArguments) -> Result<()> {
    match kind {
        Kind::Bool | Kind::SmallInt | Kind::Int | Kind::BigInt => put(None::<i64>, arguments),
        Kind::Float => put(None::<f64>, arguments),
        Kind::Decimal => put(None::<Decimal>, arguments),
        Kind::Bytes => put(None::<&[u8]>, arguments),
        Kind::Text | Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp | Kind::Uuid | Kind::Json => {
            put(None::<&str>, arguments)
        }
    }
}

fn put<'v, T>(value: T, arguments: &mut MySqlArguments) -> Result<()>
where
    T: Encode<'v, MySql> + Type<MySql>,
{
    arguments.add(value).map_err(Error::encode)
}

fn known<T>(value: Option<T>, original: &dyn std::fmt::Display) -> Result<T> {
    value.ok_or_else(|| Error::encode(format!("MariaDB has no place for {original}")))
}
