//! The Rust types that a column can hold, and how they become values and come back.
//!
//! Three traits, so that each says one thing: [`Primitive`] is what databases store (sealed), [`FieldType`] is what a user implements for a type of
//! their own, [`ColumnType`] is either of these or an `Option` of it.

use std::fmt::Debug;
use std::net::IpAddr;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::error::BoxError;
use crate::field_info::FieldInfo;
use crate::{Error, Kind, Result, Row, Value};

/// A type that databases store as it is: bool, i16, i32, i64, f64, String, `Vec<u8>`, Decimal, Date, Time, DateTime, Timestamp,
/// `jiff::SignedDuration`, Uuid, `std::net::IpAddr` and `serde_json::Value`.
///
/// Sealed: other types are stored as one of these, see [`FieldType`].
pub trait Primitive: FieldType<Stored = Self> + sealed::Sealed {
    /// The type of the column.
    const KIND: Kind;

    /// The value to bind.
    fn into_value(self) -> Value;

    /// The value that was to be bound; `None` for NULL, and for another type.
    #[doc(hidden)]
    fn from_value(value: &Value) -> Option<Self>;

    /// The value in a row; `None` for NULL.
    ///
    /// # Errors
    ///
    /// A decode error, where the row holds another type there.
    fn read(row: &dyn Row, index: usize) -> Result<Option<Self>>;
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that a column can hold. `Option` of it allows NULL.
///
/// Implement it for a type of your own by saying what it is stored as. It has to be `Clone + Debug + PartialEq`, so that models are. An enum of
/// plain variants derives it, see [`macro@FieldType`](derive@crate::FieldType).
///
/// # Examples
///
/// ```
/// use nuages_orm::{BoxError, FieldType, Kind, Value};
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum Tempo { Lento, Presto }
///
/// impl FieldType for Tempo {
///     type Stored = String;
///
///     fn to_stored(&self) -> String {
///         match self { Tempo::Lento => "lento", Tempo::Presto => "presto" }.to_owned()
///     }
///
///     fn from_stored(stored: String) -> Result<Self, BoxError> {
///         match stored.as_str() {
///             "lento" => Ok(Tempo::Lento),
///             "presto" => Ok(Tempo::Presto),
///             other => Err(format!("no tempo is called {other}").into()),
///         }
///     }
/// }
///
/// assert_eq!(Value::from(Tempo::Presto), Value::Text("presto".to_owned()));
/// assert_eq!(Value::from(None::<Tempo>), Value::Null(Kind::Text));
/// ```
#[diagnostic::on_unimplemented(
    message = "a column cannot hold `{Self}`",
    label = "not a type of a database column",
    note = "columns hold bool, integers, f32, f64, String, Vec<u8>, Decimal, Date, Time, DateTime, Timestamp, SignedDuration, Uuid, IpAddr, Json<T> and `Option` of these",
    note = "derive `FieldType` for an enum, or implement it for a type of your own; a relation is a `ForeignKey<..>` or a `Many<..>`"
)]
pub trait FieldType: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// What the database stores: one of the types it knows.
    type Stored: Primitive;

    /// What a column of this type has, unless the field says otherwise: its length, its range, its choices.
    const INFO: FieldInfo = FieldInfo::new();

    /// The value as it is stored.
    fn to_stored(&self) -> Self::Stored;

    /// The value to bind: for a type with values that have no place in a column, [`Value::Unfit`].
    fn to_bound(&self) -> Value {
        self.to_stored().into_value()
    }

    /// The value that was stored.
    ///
    /// # Errors
    ///
    /// Any, where no value is stored like this. It becomes an [`Error`] that names the column.
    fn from_stored(stored: Self::Stored) -> Result<Self, BoxError>;
}

/// What a model's field can be: a [`FieldType`], or an `Option` of one where the column may be NULL.
#[diagnostic::on_unimplemented(
    message = "a column cannot hold `{Self}`",
    label = "not a type of a database column",
    note = "columns hold bool, integers, f32, f64, String, Vec<u8>, Decimal, Date, Time, DateTime, Timestamp, SignedDuration, Uuid, IpAddr, Json<T> and `Option` of these",
    note = "derive `FieldType` for an enum, or implement it for a type of your own; a relation is a `ForeignKey<..>` or a `Many<..>`"
)]
pub trait ColumnType: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// The type without the `Option`.
    type Base: FieldType;

    /// Another type in place of the base: `Option<U>` where this is an `Option`, else `U`.
    type With<U: FieldType>: ColumnType<Base = U>;

    /// Whether the column may be NULL.
    const NULLABLE: bool;

    /// The type of the column.
    const KIND: Kind = <<Self::Base as FieldType>::Stored as Primitive>::KIND;

    /// What a column of this type has, unless the field says otherwise.
    const INFO: FieldInfo = <Self::Base as FieldType>::INFO;

    /// The value to bind.
    fn to_value(&self) -> Value;

    /// What NULL is.
    fn null() -> Option<Self>;

    /// A value that is not NULL.
    fn from_base(base: Self::Base) -> Self;

    /// The value in a row.
    ///
    /// # Errors
    ///
    /// A decode error, where the row holds another type, or NULL and this type cannot be it.
    fn from_row(row: &dyn Row, index: usize) -> Result<Self> {
        match <<Self::Base as FieldType>::Stored as Primitive>::read(row, index)? {
            Some(stored) => match Self::Base::from_stored(stored) {
                Ok(base) => Ok(Self::from_base(base)),
                Err(problem) => Err(Error::decode(row.name(index), problem)),
            },
            None => Self::null()
                .ok_or_else(|| Error::decode(row.name(index), "it is NULL; read it as an `Option`")),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldType> ColumnType for T {
    type Base = T;
    type With<U: FieldType> = U;
    const NULLABLE: bool = false;

    fn to_value(&self) -> Value {
        self.to_bound()
    }

    fn null() -> Option<Self> {
        None
    }

    fn from_base(base: T) -> Self {
        base
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldType> ColumnType for Option<T> {
    type Base = T;
    type With<U: FieldType> = Option<U>;
    const NULLABLE: bool = true;

    fn to_value(&self) -> Value {
        match self {
            Some(value) => value.to_value(),
            None => Value::Null(T::KIND),
        }
    }

    fn null() -> Option<Self> {
        Some(None)
    }

    fn from_base(base: T) -> Self {
        Some(base)
    }
}

/// Text that a program has in its source can be bound as it is; it is read back as a `String`.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

macro_rules! primitive {
    ($($type:ty, $kind:ident, |$row:ident, $index:ident| $read:expr;)*) => {$(
        impl sealed::Sealed for $type {}

        impl Primitive for $type {
            const KIND: Kind = Kind::$kind;

            fn into_value(self) -> Value {
                Value::$kind(self)
            }

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$kind(value) => Some(value.clone()),
                    _ => None,
                }
            }

            fn read($row: &dyn Row, $index: usize) -> Result<Option<Self>> {
                $read
            }
        }

        #[diagnostic::do_not_recommend]
        impl FieldType for $type {
            type Stored = Self;

            fn to_stored(&self) -> Self {
                self.clone()
            }

            fn from_stored(stored: Self) -> Result<Self, BoxError> {
                Ok(stored)
            }
        }
    )*};
}

primitive! {
    bool, Bool, |row, index| row.bool(index);
    i16, SmallInt, |row, index| narrow(row, index);
    i32, Int, |row, index| narrow(row, index);
    i64, BigInt, |row, index| row.int(index);
    f64, Float, |row, index| row.float(index);
    Decimal, Decimal, |row, index| row.decimal(index);
    String, Text, |row, index| Ok(row.text(index)?.map(ToOwned::to_owned));
    Vec<u8>, Bytes, |row, index| Ok(row.bytes(index)?.map(ToOwned::to_owned));
    Date, Date, |row, index| row.date(index);
    Time, Time, |row, index| row.time(index);
    DateTime, DateTime, |row, index| row.datetime(index);
    Timestamp, Timestamp, |row, index| row.timestamp(index);
    Uuid, Uuid, |row, index| row.uuid(index);
    serde_json::Value, Json, |row, index| row.json(index);
    SignedDuration, Duration, |row, index| row.duration(index);
    IpAddr, Ip, |row, index| row.ip(index);
}

/// An integer of fewer than 64 bits.
fn narrow<T: TryFrom<i64>>(row: &dyn Row, index: usize) -> Result<Option<T>> {
    let Some(wide) = row.int(index)? else {
        return Ok(None);
    };
    match T::try_from(wide) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(Error::decode(
            row.name(index),
            format!("{wide} does not fit into {}", std::any::type_name::<T>()),
        )),
    }
}
