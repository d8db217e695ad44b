//! What converters took of the path, typed.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use std::fmt;

use super::rejection::PathKind as PathError;
use super::{FromRequest, PathRejection};
use crate::request::Request;

/// What the converters of the route took of the path: one value, a tuple of them from left to right, or a struct by their names.
///
/// Text that does not fit the type, as `abc` of `<str:id>` for a number, is a 404: there is no such page. A type that
/// has another number of values than the route has converters is a 500, since the program is wrong.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Urls};
///
/// fn book(Path(id): Path<i64>) -> String { format!("book {id}") }
/// fn archive(Path((year, month)): Path<(i32, u8)>) -> String { format!("{month} of {year}") }
///
/// #[derive(serde::Deserialize)]
/// struct Page { slug: String }
/// fn page(Path(page): Path<Page>) -> String { page.slug }
///
/// let urls = Urls::new()
///     .path("books/<int:id>/", book)
///     .path("archive/<int:year>/<int:month>/", archive)
///     .path("pages/<slug:slug>/", page);
/// let client = Client::new(App::new().urls(urls));
/// assert_eq!(client.get("/books/3/").wait()?.text(), "book 3");
/// assert_eq!(client.get("/archive/1937/5/").wait()?.text(), "5 of 1937");
/// assert_eq!(client.get("/pages/minor-swing/").wait()?.text(), "minor-swing");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(
    /// What the path says.
    pub T,
);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Rejection = PathRejection;

    fn from_request(request: &Request) -> Result<Self, PathRejection> {
        Ok(Self(T::deserialize(Params(request))?))
    }
}

impl de::Error for PathError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::Value(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Shape(format!("it has no converter called `{field}`"))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::Shape(format!("it has {length} converters, expected is {expected}"))
    }
}

/// All that was taken.
struct Params<'r>(&'r Request);

impl<'r> Params<'r> {
    fn only(&self) -> Result<Text<'r>, PathError> {
        let mut params = self.0.params();
        match (params.next(), params.next()) {
            (Some((_, value)), None) => Ok(Text(value)),
            _ => Err(PathError::Shape(format!(
                "one value is wanted, and it has {} converters",
                self.0.params().len()
            ))),
        }
    }

    fn values(&self) -> impl Iterator<Item = Text<'r>> + use<'r> {
        self.0.params().map(|(_, value)| Text(value))
    }
}

macro_rules! of_the_only_value {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Params<'_> {
    type Error = PathError;

    of_the_only_value! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, PathError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, PathError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, PathError> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_seq(SeqDeserializer::new(self.values()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, PathError> {
        let has = self.0.params().len();
        if has != len {
            return Err(PathError::Shape(format!(
                "{len} values are wanted, and it has {has} converters"
            )));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, PathError> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_map(MapDeserializer::new(
            self.0.params().map(|(name, value)| (name, Text(value))),
        ))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, PathError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_unit()
    }
}

/// One value, as text that becomes whatever is asked for.
#[derive(Clone, Copy)]
struct Text<'r>(&'r str);

impl<'de> IntoDeserializer<'de, PathError> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $kind:ty),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
            match self.0.parse::<$kind>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(PathError::Value(format!("{:?} is no {}", self.0, stringify!($kind)))),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = PathError;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64,
        deserialize_char visit_char char,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PathError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, PathError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, PathError> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
