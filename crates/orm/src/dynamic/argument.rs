//! What fields are compared with, as it comes: typed, or as text out of a URL.

use crate::value::{Kind, Value};
use crate::{Error, Result};

/// What a field is compared with: a value, or several for `in` and `range`.
///
/// Text is read as the field's type wants it, so that what a URL holds can be given as it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Argument {
    /// One value.
    Single(Value),
    /// Several values.
    Several(Vec<Value>),
}

impl<V: Into<Value>> From<V> for Argument {
    fn from(value: V) -> Self {
        Self::Single(value.into())
    }
}

impl Argument {
    /// Several values.
    pub fn many<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Several(values.into_iter().map(Into::into).collect())
    }

    /// The one value.
    pub(super) fn one(self, name: &str) -> Result<Value> {
        match self {
            Self::Single(value) => Ok(value),
            Self::Several(_) => Err(Error::configuration(format!(
                "`{name}` is compared with one value; several go with `__in` and `__range`"
            ))),
        }
    }

    /// The values. Of one text, the parts between commas, as a URL has them.
    pub(super) fn several(self) -> Vec<Value> {
        match self {
            Self::Several(values) => values,
            Self::Single(Value::Text(text)) => text.split(',').map(|part| part.trim().into()).collect(),
            Self::Single(value) => vec![value],
        }
    }
}

/// The value as a field of this kind has it.
pub(super) fn coerce(value: Value, kind: Kind, name: &str) -> Result<Value> {
    if value.is_null() {
        return Ok(Value::Null(kind));
    }
    if value.kind() == kind {
        return Ok(value);
    }
    let refused = |wanted: &str| {
        let given = match &value {
            Value::Text(text) => format!("`{text}`"),
            other => format!("{other:?}"),
        };
        Error::configuration(format!("`{name}` wants {wanted}, and not {given}"))
    };
    let text = match &value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    };
    let integer = match &value {
        Value::SmallInt(value) => Some(i64::from(*value)),
        Value::Int(value) => Some(i64::from(*value)),
        Value::BigInt(value) => Some(*value),
        _ => text.and_then(|text| text.parse().ok()),
    };
    let whole = "a whole number";
    Ok(match kind {
        Kind::Bool => match (text, integer) {
            (_, Some(1)) | (Some("true" | "True" | "on" | "yes"), _) => Value::Bool(true),
            (_, Some(0)) | (Some("false" | "False" | "off" | "no"), _) => Value::Bool(false),
            _ => return Err(refused("true or false")),
        },
        // A number that a column is too narrow for is compared as it is: none is equal to it, and all are less.
        Kind::SmallInt | Kind::Int | Kind::BigInt => {
            let integer = integer.ok_or_else(|| refused(whole))?;
            match kind {
                Kind::SmallInt => i16::try_from(integer).map_or(Value::BigInt(integer), Value::SmallInt),
                Kind::Int => i32::try_from(integer).map_or(Value::BigInt(integer), Value::Int),
                _ => Value::BigInt(integer),
            }
        }
        Kind::Float => match (&value, text) {
            (_, Some(text)) => Value::Float(text.parse().map_err(|_| refused("a number"))?),
            (Value::Decimal(value), _) => {
                Value::Float(value.to_string().parse().map_err(|_| refused("a number"))?)
            }
            _ => {
                let integer = integer.ok_or_else(|| refused("a number"))?;
                Value::Float(integer.to_string().parse().map_err(|_| refused("a number"))?)
            }
        },
        Kind::Decimal => match (&value, text, integer) {
            (_, Some(text), _) => Value::Decimal(text.parse().map_err(|_| refused("a decimal number"))?),
            (Value::Float(value), ..) => {
                let decimal = value.to_string().parse();
                Value::Decimal(decimal.map_err(|_| refused("a decimal number"))?)
            }
            (_, _, Some(integer)) => Value::Decimal(integer.into()),
            _ => return Err(refused("a decimal number")),
        },
        Kind::Text => Value::Text(as_text(&value)),
        Kind::Date => Value::Date(parsed(text).ok_or_else(|| refused("a date, such as 2026-11-20"))?),
        Kind::Time => Value::Time(parsed(text).ok_or_else(|| refused("a time, such as 19:30"))?),
        Kind::DateTime => {
            let wanted = "a date and time, such as 2026-11-20 19:30";
            Value::DateTime(parsed(text).ok_or_else(|| refused(wanted))?)
        }
        Kind::Timestamp => {
            let wanted = "a moment with its zone, such as 2026-11-20T19:30Z";
            Value::Timestamp(parsed(text).ok_or_else(|| refused(wanted))?)
        }
        Kind::Uuid => Value::Uuid(parsed(text).ok_or_else(|| refused("a UUID"))?),
        Kind::Json => match text.map(serde_json::from_str) {
            Some(Ok(json)) => Value::Json(json),
            _ => return Err(refused("JSON")),
        },
        _ => return Err(refused("a value of its own type")),
    })
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// A value as text is looked for in it.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::SmallInt(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Decimal(value) => value.to_string(),
        Value::Date(value) => value.to_string(),
        Value::Time(value) => value.to_string(),
        Value::DateTime(value) => value.to_string(),
        Value::Timestamp(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::Json(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}
