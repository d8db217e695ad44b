//! The keys of a dictionary, read and written with ASGI's defaults.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::event::{EventError, Map, Value};

/// A dictionary that is read key by key. A key that nobody asks for is left alone: later versions have more of them.
pub(super) struct Fields {
    kind: String,
    map: Map,
}

impl Fields {
    /// A dictionary with a `type`.
    pub(super) fn read(value: Value) -> Result<Self, EventError> {
        let Value::Map(map) = value else {
            return Err(EventError::new(format!(
                "{} is no scope or event, which are maps with a `type`",
                value.kind()
            )));
        };
        let mut fields = Self {
            kind: "the map".to_owned(),
            map,
        };
        fields.kind = fields.required("type", as_string)?;
        Ok(fields)
    }

    /// A dictionary inside another.
    pub(super) fn inside(kind: impl Into<String>, map: Map) -> Self {
        Self {
            kind: kind.into(),
            map,
        }
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The type, and all keys that were not taken.
    pub(super) fn into_parts(self) -> (String, Map) {
        (self.kind, self.map)
    }

    /// A key that has to be there, and not null.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Value) -> Result<T, &'static str>,
    ) -> Result<T, EventError> {
        self.optional(key, read)?
            .ok_or_else(|| EventError::new(format!("`{}` has no `{key}`", self.kind)))
    }

    /// A key that may be missing or null.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Value) -> Result<T, &'static str>,
    ) -> Result<Option<T>, EventError> {
        let value = match self.map.remove(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        let found = value.kind();
        let read = read(value);
        read.map(Some)
            .map_err(|wanted| EventError::new(format!("`{key}` of `{}` is {found}, not {wanted}", self.kind)))
    }

    pub(super) fn bytes(&mut self, key: &str) -> Result<Bytes, EventError> {
        self.optional(key, as_bytes).map(Option::unwrap_or_default)
    }

    pub(super) fn string(&mut self, key: &str) -> Result<String, EventError> {
        self.optional(key, as_string).map(Option::unwrap_or_default)
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<bool, EventError> {
        self.optional(key, as_bool).map(Option::unwrap_or_default)
    }

    pub(super) fn headers(&mut self, key: &str) -> Result<HeaderMap, EventError> {
        self.optional(key, as_headers).map(Option::unwrap_or_default)
    }
}

pub(super) fn as_string(value: Value) -> Result<String, &'static str> {
    match value {
        Value::Str(text) => Ok(text),
        _ => Err("a string"),
    }
}

pub(super) fn as_bool(value: Value) -> Result<bool, &'static str> {
    match value {
        Value::Bool(value) => Ok(value),
        _ => Err("a boolean"),
    }
}

pub(super) fn as_map(value: Value) -> Result<Map, &'static str> {
    match value {
        Value::Map(map) => Ok(map),
        _ => Err("a map"),
    }
}

pub(super) fn as_list(value: Value) -> Result<Vec<Value>, &'static str> {
    match value {
        Value::List(list) => Ok(list),
        _ => Err("a list"),
    }
}

/// A number that fits.
pub(super) fn as_number<T: TryFrom<i64>>(value: Value) -> Result<T, &'static str> {
    match value {
        Value::Int(number) => T::try_from(number).map_err(|_| "an integer of that range"),
        _ => Err("an integer"),
    }
}

/// Bytes, or the list of numbers as which formats without bytes write them.
pub(super) fn as_bytes(value: Value) -> Result<Bytes, &'static str> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::List(list) => list
            .into_iter()
            .map(as_number::<u8>)
            .collect::<Result<Vec<_>, _>>()
            .map_or(Err("bytes"), |bytes| Ok(bytes.into())),
        _ => Err("bytes"),
    }
}

pub(super) fn as_headers(value: Value) -> Result<HeaderMap, &'static str> {
    const WANTED: &str = "a list of pairs of bytes, each a valid header";
    let mut headers = HeaderMap::new();
    for pair in as_list(value).map_err(|_| WANTED)? {
        let mut pair = as_list(pair).map_err(|_| WANTED)?.into_iter();
        let (Some(name), Some(value), None) = (pair.next(), pair.next(), pair.next()) else {
            return Err(WANTED);
        };
        let name = as_bytes(name).map_err(|_| WANTED)?;
        let value = as_bytes(value).map_err(|_| WANTED)?;
        headers.append(
            HeaderName::from_bytes(&name).map_err(|_| WANTED)?,
            HeaderValue::from_maybe_shared(value).map_err(|_| WANTED)?,
        );
    }
    Ok(headers)
}

/// Writes a dictionary with a `type`.
pub(super) struct Written(Map);

impl Written {
    pub(super) fn new(kind: &str) -> Self {
        Self(Map::from([("type".to_owned(), kind.into())]))
    }

    #[must_use]
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// The keys of a custom scope or event; its own `type` stays what it is.
    #[must_use]
    pub(super) fn with_all(mut self, fields: &Map) -> Self {
        for (key, value) in fields {
            self.0.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}

impl From<Written> for Value {
    fn from(written: Written) -> Self {
        Self::Map(written.0)
    }
}

pub(super) fn headers(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| header(name, value))
        .collect::<Vec<_>>()
        .into()
}

pub(super) fn header(name: &HeaderName, value: &HeaderValue) -> Value {
    let pair = [name.as_str().as_bytes(), value.as_bytes()];
    pair.map(|bytes| Value::Bytes(Bytes::copy_from_slice(bytes)))
        .to_vec()
        .into()
}

pub(super) fn path(path: &Path) -> Result<Value, EventError> {
    path.to_str().map(Value::from).ok_or_else(|| {
        EventError::new(format!(
            "`{}` is no text, so no event can carry it",
            path.display()
        ))
    })
}
