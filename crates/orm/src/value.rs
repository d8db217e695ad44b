//! Values as they go to a database: one enum below the typed layer, so that drivers and compilers are not generic.

use std::net::IpAddr;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::ColumnType;

/// The type of a column, as the typed layer declares it and each dialect spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// True or false.
    Bool,
    /// 16 bits, signed.
    SmallInt,
    /// 32 bits, signed.
    Int,
    /// 64 bits, signed.
    BigInt,
    /// 64-bit floating point.
    Float,
    /// Exact decimal; the column says how many digits.
    Decimal,
    /// Text; the column says how long at most, if at all.
    Text,
    /// Raw bytes.
    Bytes,
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// A date and time without a zone.
    DateTime,
    /// A moment, stored in UTC.
    Timestamp,
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
    /// A span of time, to the microsecond.
    Duration,
    /// An address of the internet, of either version.
    Ip,
}

/// A value bound to a statement, never spliced into its text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// SQL's NULL, with the type that the place expects (PostgreSQL wants to know).
    Null(Kind),
    /// True or false.
    Bool(bool),
    /// An integer of 16 bits.
    SmallInt(i16),
    /// An integer of 32 bits.
    Int(i32),
    /// An integer of 64 bits.
    BigInt(i64),
    /// Floating point.
    Float(f64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A calendar date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and time without a zone.
    DateTime(DateTime),
    /// A moment.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid(Uuid),
    /// A JSON document.
    Json(serde_json::Value),
    /// A span of time.
    Duration(SignedDuration),
    /// An address of the internet.
    Ip(IpAddr),
    /// What the database computes where the column gets no value: its `db_default`.
    Default(Kind),
    /// A value of a Rust type that no column of this kind can hold: binding it is an error, with this text.
    Unfit(Kind, String),
}

impl Value {
    /// Its type, also where it is NULL.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) | Self::Default(kind) | Self::Unfit(kind, _) => *kind,
            Self::Bool(_) => Kind::Bool,
            Self::SmallInt(_) => Kind::SmallInt,
            Self::Int(_) => Kind::Int,
            Self::BigInt(_) => Kind::BigInt,
            Self::Float(_) => Kind::Float,
            Self::Decimal(_) => Kind::Decimal,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Date(_) => Kind::Date,
            Self::Time(_) => Kind::Time,
            Self::DateTime(_) => Kind::DateTime,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Uuid(_) => Kind::Uuid,
            Self::Json(_) => Kind::Json,
            Self::Duration(_) => Kind::Duration,
            Self::Ip(_) => Kind::Ip,
        }
    }

    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }
}

impl<T: ColumnType> From<T> for Value {
    fn from(value: T) -> Self {
        value.to_value()
    }
}
