//! Values that people write: in a flag, or in a migration's file.

use nuages_orm::{Kind, Value};

/// A value of a type, from its text.
pub(crate) fn parse(kind: Kind, text: &str) -> Option<Value> {
    Some(match kind {
        Kind::Bool => Value::Bool(text.parse().ok()?),
        Kind::SmallInt => Value::SmallInt(text.parse().ok()?),
        Kind::Int => Value::Int(text.parse().ok()?),
        Kind::BigInt => Value::BigInt(text.parse().ok()?),
        Kind::Float => Value::Float(text.parse().ok()?),
        Kind::Decimal => Value::Decimal(text.parse().ok()?),
        Kind::Text => Value::Text(text.to_owned()),
        Kind::Date => Value::Date(text.parse().ok()?),
        Kind::Time => Value::Time(text.parse().ok()?),
        Kind::DateTime => Value::DateTime(text.parse().ok()?),
        Kind::Timestamp => Value::Timestamp(text.parse().ok()?),
        Kind::Uuid => Value::Uuid(text.parse().ok()?),
        Kind::Json => Value::Json(serde_json::from_str(text).ok()?),
        Kind::Bytes => Value::Bytes(bytes(text)?),
        _ => return None,
    })
}

/// The text that [`parse`] reads.
pub(crate) fn show(value: &Value) -> Option<String> {
    Some(match value {
        Value::Bool(value) => value.to_string(),
        Value::SmallInt(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Decimal(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Date(value) => value.to_string(),
        Value::Time(value) => value.to_string(),
        Value::DateTime(value) => value.to_string(),
        Value::Timestamp(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::Json(value) => value.to_string(),
        Value::Bytes(value) => value.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => return None,
    })
}

/// Bytes from two hexadecimal digits each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
