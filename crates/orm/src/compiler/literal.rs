//! Values written into the text of a definition: CREATE TABLE takes no parameters. In queries, values are bound.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::text::{date, datetime, micros, time};
use crate::{Dialect, Error, Result, Value};

/// The value as SQL.
pub(super) fn literal(dialect: Dialect, value: &Value) -> Result<String> {
    let typed = |text: String, r#type: &str| {
        let quoted = quoted(&text);
        match dialect {
            Dialect::Postgres => format!("{quoted}::{type}"),
            _ => quoted,
        }
    };
    Ok(match value {
        Value::Null(_) => "NULL".to_owned(),
        Value::Bool(true) => "TRUE".to_owned(),
        Value::Bool(false) => "FALSE".to_owned(),
        Value::SmallInt(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) if value.is_finite() => format!("{value:?}"),
        Value::Float(value) => typed(value.to_string(), "double precision"),
        Value::Decimal(value) => value.to_string(),
        Value::Text(value) if value.contains('\0') => {
            return Err(Error::encode("a text in a definition can't hold the character 0"));
        }
        Value::Text(value) => quoted(value),
        Value::Bytes(value) => {
            let hex = value.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            match dialect {
                Dialect::Postgres => format!("'\\x{hex}'::bytea"),
                _ => format!("X'{hex}'"),
            }
        }
        Value::Date(value) => typed(date(*value)?, "date"),
        Value::Time(value) => typed(time(*value), "time"),
        Value::DateTime(value) => typed(datetime(*value)?, "timestamp"),
        Value::Timestamp(value) => {
            let civil = datetime(TimeZone::UTC.to_datetime(*value))?;
            match dialect {
                Dialect::Postgres => format!("'{civil}+00'::timestamptz"),
                _ => quoted(&civil),
            }
        }
        Value::Uuid(value) => typed(value.simple().to_string(), "uuid"),
        Value::Json(value) => typed(value.to_string(), "jsonb"),
        Value::Duration(value) => match dialect {
            Dialect::Postgres => format!("'{} microseconds'::interval", micros(*value)?),
            _ => micros(*value)?.to_string(),
        },
        Value::Ip(value) => typed(value.to_string(), "inet"),
        Value::Default(_) => "DEFAULT".to_owned(),
        Value::Unfit(_, problem) => return Err(Error::encode(problem.as_str())),
    })
}

/// In single quotes. A backslash is a character, in PostgreSQL and SQLite and in the mode that MariaDB's sessions are set to.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
