//! Values as a server takes them: in its binary form, by sqlx.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;
use sqlx::encode::Encode;
use sqlx::types::Type;
use sqlx::{Arguments as _, Database};

use super::Server;
use crate::driver::convert::{date_to_chrono, datetime_to_chrono, time_to_chrono};
use crate::{Error, Result, Value};

/// What sqlx encodes for a database.
pub(in crate::driver) trait Writes<S: Database>: for<'v> Encode<'v, S> + Type<S> {}

impl<T, S: Database> Writes<S> for T where T: for<'v> Encode<'v, S> + Type<S> {}

/// Adds a value to the arguments of a statement.
pub(in crate::driver) fn add<S: Server>(value: &Value, arguments: &mut S::Arguments) -> Result<()>
where
    bool: Writes<S>,
    i16: Writes<S>,
    i32: Writes<S>,
    i64: Writes<S>,
    f64: Writes<S>,
    Decimal: Writes<S>,
    NaiveDate: Writes<S>,
    NaiveTime: Writes<S>,
    NaiveDateTime: Writes<S>,
    for<'v> &'v str: Encode<'v, S> + Type<S>,
    for<'v> &'v [u8]: Encode<'v, S> + Type<S>,
{
    match value {
        Value::Bool(value) => put::<S, _>(*value, arguments),
        Value::SmallInt(value) => put::<S, _>(*value, arguments),
        Value::Int(value) => put::<S, _>(*value, arguments),
        Value::BigInt(value) => put::<S, _>(*value, arguments),
        Value::Float(value) => put::<S, _>(*value, arguments),
        Value::Decimal(value) => put::<S, _>(*value, arguments),
        Value::Text(value) => put::<S, _>(value.as_str(), arguments),
        Value::Bytes(value) => put::<S, _>(value.as_slice(), arguments),
        Value::Date(value) => put::<S, _>(known::<S, _>(date_to_chrono(*value), value)?, arguments),
        Value::Time(value) => put::<S, _>(known::<S, _>(time_to_chrono(*value), value)?, arguments),
        Value::DateTime(value) => put::<S, _>(known::<S, _>(datetime_to_chrono(*value), value)?, arguments),
        other => S::add_own(other, arguments),
    }
}

/// Adds what sqlx knows.
pub(in crate::driver) fn put<'v, S, T>(value: T, arguments: &mut S::Arguments) -> Result<()>
where
    S: Server,
    T: Encode<'v, S> + Type<S>,
{
    arguments.add(value).map_err(Error::encode)
}

/// The value on the server's side, if it has a place for it there.
pub(in crate::driver) fn known<S: Server, T>(
    value: Option<T>,
    original: &dyn std::fmt::Display,
) -> Result<T> {
    value.ok_or_else(|| Error::encode(format!("{} has no place for {original}", S::TITLE)))
}
