//! Rows whose columns have names, and values of any type.

use std::sync::Arc;

use super::argument::as_text;
use crate::value::{Kind, Value};
use crate::{Result, Row};

/// A row of a query by names.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicRow {
    pub(super) names: Arc<[String]>,
    pub(super) values: Vec<Value>,
}

impl DynamicRow {
    /// The value with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.names.iter().position(|known| known == name)?;
        self.values.get(index)
    }

    /// The names and their values, in the order that they were asked for in.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.names.iter().map(String::as_str).zip(&self.values)
    }

    /// The values alone.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row as a JSON object: numbers, booleans and NULL as these, decimals, dates and the rest as text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.iter()
            .map(|(name, value)| (name.to_owned(), json(value)))
            .collect()
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null(_) => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::SmallInt(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::BigInt(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Json(value) => value.clone(),
        Value::Bytes(bytes) => bytes.as_slice().into(),
        other => as_text(other).into(),
    }
}

/// The value of a row, as one of this kind.
pub(crate) fn read(row: &dyn Row, index: usize, kind: Kind) -> Result<Value> {
    let value = match kind {
        Kind::Bool => row.bool(index)?.map(Value::Bool),
        Kind::SmallInt => row.get::<Option<i16>>(index)?.map(Value::SmallInt),
        Kind::Int => row.get::<Option<i32>>(index)?.map(Value::Int),
        Kind::BigInt => row.int(index)?.map(Value::BigInt),
        Kind::Float => row.float(index)?.map(Value::Float),
        Kind::Decimal => row.decimal(index)?.map(Value::Decimal),
        Kind::Bytes => row.bytes(index)?.map(|bytes| Value::Bytes(bytes.to_owned())),
        Kind::Date => row.date(index)?.map(Value::Date),
        Kind::Time => row.time(index)?.map(Value::Time),
        Kind::DateTime => row.datetime(index)?.map(Value::DateTime),
        Kind::Timestamp => row.timestamp(index)?.map(Value::Timestamp),
        Kind::Uuid => row.uuid(index)?.map(Value::Uuid),
        Kind::Json => row.json(index)?.map(Value::Json),
        Kind::Text => row.text(index)?.map(|text| Value::Text(text.to_owned())),
    };
    Ok(value.unwrap_or(Value::Null(kind)))
}
