//! Functions of JSON that SQLite does not have.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};
use serde_json::Value;

pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    // Without spaces, and keys in order: equal documents are equal texts.
    connection.create_scalar_function("nuages_json", 1, flags, |c| {
        Ok(document(c, 0)?.map(|document| document.to_string()))
    })?;
    connection.create_scalar_function("nuages_json_contains", 2, flags, |c| {
        let both = document(c, 0)?.zip(document(c, 1)?);
        Ok(both.map(|(whole, part)| contains(&whole, &part)))
    })?;
    connection.create_scalar_function("nuages_json_get", -1, flags, |c| {
        Ok(at_path(c)?.map(|value| value.to_string()))
    })?;
    connection.create_scalar_function("nuages_json_text", -1, flags, |c| {
        Ok(at_path(c)?.and_then(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }))
    })?;
    connection.create_scalar_function("nuages_join", 2, flags, |c| {
        let separator: String = c.get(1)?;
        let Some(Value::Array(texts)) = document(c, 0)? else {
            return Ok(None);
        };
        let texts: Vec<_> = texts
            .into_iter()
            .filter_map(|text| match text {
                Value::Null => None,
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            })
            .collect();
        Ok((!texts.is_empty()).then(|| texts.join(&separator)))
    })
}

fn document(context: &Context<'_>, index: usize) -> Result<Option<Value>> {
    match context.get_raw(index) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => match serde_json::from_slice(text) {
            Ok(document) => Ok(Some(document)),
            Err(error) => Err(Error::UserFunctionError(error.into())),
        },
        ValueRef::Integer(whole) => Ok(Some(whole.into())),
        ValueRef::Real(real) => Ok(Some(real.into())),
        ValueRef::Blob(_) => Err(Error::UserFunctionError("bytes are no JSON".into())),
    }
}

fn at_path(context: &Context<'_>) -> Result<Option<Value>> {
    let Some(mut value) = document(context, 0)? else {
        return Ok(None);
    };
    for step in 1..context.len() {
        let next = match context.get_raw(step) {
            ValueRef::Text(key) => value
                .get_mut(String::from_utf8_lossy(key).as_ref())
                .map(Value::take),
            ValueRef::Integer(index) => value.as_array_mut().and_then(|array| {
                let length = i64::try_from(array.len()).ok()?;
                let index = if index < 0 { index + length } else { index };
                array.get_mut(usize::try_from(index).ok()?).map(Value::take)
            }),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// As PostgreSQL's `@>`: <https://www.postgresql.org/docs/current/datatype-json.html#JSON-CONTAINMENT>.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|found| contains(found, value))),
        (Value::Array(whole), Value::Array(part)) => part
            .iter()
            .all(|value| whole.iter().any(|found| contains_inside(found, value))),
        (Value::Array(whole), part) if !part.is_object() => whole.contains(part),
        (whole, part) => whole == part,
    }
}

/// An array holds a plain value only at the top.
fn contains_inside(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => contains(whole, part),
        (whole, part) => whole == part,
    }
}
