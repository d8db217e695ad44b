//! What an event may carry: the types of ASGI's messages, which any encoding can hold.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;

/// A dictionary of ASGI: a scope, an event, or a part of one.
pub type Map = BTreeMap<String, Value>;

/// A value inside a scope or an event: those types alone that ASGI allows, so that every event can be sent over a wire.
///
/// # Examples
///
/// ```
/// use nuages_protocol::event::Value;
///
/// let value = Value::List(vec![Value::from("bonsoir"), Value::from(3_i64), Value::Null]);
/// assert!(Value::try_from(f64::NAN).is_err());
/// # let _ = value;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing: Python's `None`.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A number that is neither infinite nor NaN.
    Float(Finite),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
    /// A dictionary.
    Map(Map),
}

impl Value {
    /// What kind of value it is, in ASGI's words; for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Str(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// A floating point number that every encoding can hold: neither infinite nor NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Finite(f64);

impl Finite {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A number was infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is not finite; an event holds finite numbers alone")]
pub struct NotFinite;

impl TryFrom<f64> for Finite {
    type Error = NotFinite;

    fn try_from(number: f64) -> Result<Self, NotFinite> {
        if number.is_finite() {
            Ok(Self(number))
        } else {
            Err(NotFinite)
        }
    }
}

impl TryFrom<f64> for Value {
    type Error = NotFinite;

    fn try_from(number: f64) -> Result<Self, NotFinite> {
        number.try_into().map(Self::Float)
    }
}

impl fmt::Display for Finite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool,
    i64 => Int,
    i32 => Int,
    u32 => Int,
    u16 => Int,
    &str => Str,
    String => Str,
    Bytes => Bytes,
    Vec<u8> => Bytes,
    Vec<Value> => List,
    Map => Map,
    Finite => Float,
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(feature = "serde")]
mod encoding {
    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{Error, MapAccess, SeqAccess, Visitor},
    };

    use super::{Bytes, Map, Value, fmt};

    /// Formats without bytes, such as JSON, hold them as a list of numbers, which is read back as bytes where bytes
    /// are expected.
    impl Serialize for Value {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Null => serializer.serialize_unit(),
                Self::Bool(value) => serializer.serialize_bool(*value),
                Self::Int(value) => serializer.serialize_i64(*value),
                Self::Float(value) => serializer.serialize_f64(value.get()),
                Self::Str(value) => serializer.serialize_str(value),
                Self::Bytes(value) => serializer.serialize_bytes(value),
                Self::List(values) => serializer.collect_seq(values),
                Self::Map(values) => serializer.collect_map(values),
            }
        }
    }

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Any)
        }
    }

    struct Any;

    impl<'de> Visitor<'de> for Any {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("null, a boolean, a number, a string, bytes, a list or a map")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
            let value = i64::try_from(value)
                .map_err(|_| E::custom("an integer of an event has 64 bits, one of them its sign"))?;
            Ok(value.into())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
            Value::try_from(value).map_err(E::custom)
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
            Ok(Bytes::copy_from_slice(value).into())
        }

        fn visit_byte_buf<E: Error>(self, value: Vec<u8>) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_unit<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_none<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
            Value::deserialize(deserializer)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = access.next_element()? {
                values.push(value);
            }
            Ok(Value::List(values))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
            let mut values = Map::new();
            while let Some((key, value)) = access.next_entry()? {
                values.insert(key, value);
            }
            Ok(Value::Map(values))
        }
    }
}
