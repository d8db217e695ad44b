//! Deserialising a record: what is the same for all models.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A record in parts, as they come in.
#[doc(hidden)]
pub trait Parts<'de>: Sized {
    /// The record.
    type Model;
    /// Its name.
    const NAME: &'static str;
    /// The names of its fields.
    const FIELDS: &'static [&'static str];

    /// No part is there yet.
    fn empty() -> Self;

    /// Reads the part at this position of `FIELDS`.
    fn read<A: Source<'de>>(&mut self, field: usize, source: &mut A) -> Result<(), A::Error>;

    /// The record of the parts.
    fn finish<E: Error>(self) -> Result<Self::Model, E>;
}

/// Where the next value comes from.
#[doc(hidden)]
pub trait Source<'de> {
    /// What goes wrong.
    type Error;

    /// The next value; `None` at the end of a sequence.
    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Self::Error>;
}

struct Values<A>(A);

impl<'de, A: MapAccess<'de>> Source<'de> for Values<&mut A> {
    type Error = A::Error;

    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        self.0.next_value().map(Some)
    }
}

struct Elements<A>(A);

impl<'de, A: SeqAccess<'de>> Source<'de> for Elements<A> {
    type Error = A::Error;

    fn next<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        self.0.next_element()
    }
}

/// Reads a record.
#[doc(hidden)]
pub fn deserialize<'de, D: Deserializer<'de>, P: Parts<'de>>(deserializer: D) -> Result<P::Model, D::Error> {
    deserializer.deserialize_struct(P::NAME, P::FIELDS, PartsVisitor::<P>(PhantomData))
}

/// A part that may only be left out where it may be nothing.
#[doc(hidden)]
pub fn required<'de, T: Deserialize<'de>, E: Error>(part: Option<T>, field: &'static str) -> Result<T, E> {
    match part {
        Some(part) => Ok(part),
        // An `Option` that is left out is `None`, as serde's derived implementations have it.
        None => T::deserialize(MissingField(field, PhantomData)),
    }
}

struct MissingField<E>(&'static str, PhantomData<E>);

impl<'de, E: Error> Deserializer<'de> for MissingField<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(Error::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct PartsVisitor<P>(PhantomData<P>);

impl<'de, P: Parts<'de>> Visitor<'de> for PartsVisitor<P> {
    type Value = P::Model;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", P::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<P::Model, A::Error> {
        let mut parts = P::empty();
        while let Some(field) = map.next_key_seed(Field(P::FIELDS))? {
            match field {
                Some(field) => parts.read(field, &mut Values(&mut map))?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        parts.finish()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<P::Model, A::Error> {
        let mut parts = P::empty();
        let mut source = Elements(seq);
        for field in 0..P::FIELDS.len() {
            parts.read(field, &mut source)?;
        }
        parts.finish()
    }
}

/// A field's position, by name or number; `None` for one that is not known.
struct Field(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Field {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Field {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|field| *field == name))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|field| field.as_bytes() == name))
    }

    fn visit_u64<E: Error>(self, position: u64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(position)
            .ok()
            .filter(|position| *position < self.0.len()))
    }
}
