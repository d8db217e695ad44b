//! Values as SQLite stores them: as Django does.

use jiff::tz::TimeZone;
use rusqlite::ToSql;
use rusqlite::types::{Null, ToSqlOutput, Value as Stored, ValueRef};

use super::decimal;
use crate::text::{date, datetime, micros, time};
use crate::{Error, Result, Value};

/// A value in the form in which it is bound.
pub(super) struct Bound<'a>(ToSqlOutput<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            ToSqlOutput::Borrowed(value) => ToSqlOutput::Borrowed(*value),
            ToSqlOutput::Owned(value) => ToSqlOutput::Borrowed(value.into()),
            _ => ToSqlOutput::from(Null),
        })
    }
}

impl<'a> TryFrom<&'a Value> for Bound<'a> {
    type Error = Error;

    fn try_from(value: &'a Value) -> Result<Self> {
        let text = |text: String| ToSqlOutput::Owned(Stored::Text(text));
        Ok(Self(match value {
            Value::Null(_) => ToSqlOutput::from(Null),
            Value::Bool(value) => ToSqlOutput::from(*value),
            Value::SmallInt(value) => ToSqlOutput::from(*value),
            Value::Int(value) => ToSqlOutput::from(*value),
            Value::BigInt(value) => ToSqlOutput::from(*value),
            Value::Float(value) => ToSqlOutput::from(*value),
            Value::Decimal(value) => ToSqlOutput::Owned(decimal::exact(*value).ok_or_else(|| {
                Error::encode(format!(
                    "{value} has more than the 15 digits that SQLite keeps exactly"
                ))
            })?),
            Value::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Value::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Value::Date(value) => text(date(*value)?),
            Value::Time(value) => text(time(*value)),
            Value::DateTime(value) => text(datetime(*value)?),
            Value::Timestamp(value) => text(datetime(TimeZone::UTC.to_datetime(*value))?),
            Value::Uuid(value) => text(value.simple().to_string()),
            Value::Json(value) => text(value.to_string()),
            Value::Duration(value) => ToSqlOutput::from(micros(*value)?),
            Value::Ip(value) => text(value.to_string()),
            Value::Default(_) | Value::Unfit(..) => {
                return Err(Error::encode("it is no value of its own"));
            }
        }))
    }
}
