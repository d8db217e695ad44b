//! Values as SQLite stores them: as Django does.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use rusqlite::ToSql;
use rusqlite::types::{Null, ToSqlOutput, Value as Stored, ValueRef};

use super::decimal;
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
        }))
    }
}

/// `2026-11-20`. Texts of four-digit years sort as the dates do.
fn date(date: Date) -> Result<String> {
    if date.year() < 0 {
        return Err(Error::encode(format!("the date {date} lies before the year 0")));
    }
    Ok(date.to_string())
}

/// `13:05:00`, with six more digits where there are microseconds; what is smaller is cut, as PostgreSQL has no place for it either.
fn time(time: Time) -> String {
    let micros = time.subsec_nanosecond() / 1000;
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    match micros {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        micros => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
    }
}

fn datetime(value: DateTime) -> Result<String> {
    Ok(format!("{} {}", date(value.date())?, time(value.time())))
}
