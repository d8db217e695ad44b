//! Values in the text of a statement, in the form in which the ORM's drivers store them. DDL has no bound values.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use nuages_orm::{Dialect, Value};

use crate::text::literal;

/// A value as SQL.
pub(super) fn sql_value(value: &Value, dialect: Dialect) -> String {
    match value {
        Value::Null(_) => "NULL".to_owned(),
        Value::Bool(value) if dialect == Dialect::Postgres => value.to_string().to_uppercase(),
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::SmallInt(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) => float(*value, dialect),
        Value::Decimal(value) => value.to_string(),
        Value::Text(value) => literal(value),
        Value::Bytes(value) => bytes(value, dialect),
        Value::Date(value) => literal(&value.to_string()),
        Value::Time(value) => literal(&time(*value)),
        Value::DateTime(value) => literal(&datetime(*value)),
        Value::Timestamp(value) => {
            let text = datetime(TimeZone::UTC.to_datetime(*value));
            literal(&if dialect == Dialect::Postgres {
                format!("{text}+00")
            } else {
                text
            })
        }
        Value::Uuid(value) if dialect == Dialect::Postgres => literal(&value.to_string()),
        Value::Uuid(value) => literal(&value.simple().to_string()),
        Value::Json(value) => literal(&value.to_string()),
        // Kinds that are added to the ORM have a text that all databases read.
        other => literal(&format!("{other:?}")),
    }
}

fn float(value: f64, dialect: Dialect) -> String {
    if value.is_finite() {
        // An exponent makes it floating point everywhere.
        return format!("{value:e}");
    }
    match dialect {
        Dialect::Postgres => format!("'{value}'::double precision"),
        _ if value == f64::INFINITY => "9e999".to_owned(),
        _ if value == f64::NEG_INFINITY => "-9e999".to_owned(),
        _ => "NULL".to_owned(),
    }
}

fn bytes(value: &[u8], dialect: Dialect) -> String {
    let mut hex = String::with_capacity(value.len() * 2);
    for byte in value {
        let _ = write!(hex, "{byte:02x}");
    }
    match dialect {
        Dialect::Postgres => format!("'\\x{hex}'::bytea"),
        _ => format!("x'{hex}'"),
    }
}

fn time(time: jiff::civil::Time) -> String {
    let micros = time.subsec_nanosecond() / 1000;
    let whole = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    match micros {
        0 => whole,
        micros => format!("{whole}.{micros:06}"),
    }
}

fn datetime(value: jiff::civil::DateTime) -> String {
    format!("{} {}", value.date(), time(value.time()))
}
