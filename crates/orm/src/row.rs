//! One row as a driver holds it: read by position, where it lies, before the driver moves on.

use std::net::IpAddr;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{ColumnType, Error, Result};

/// A row of a result. Positions start at 0; NULL is `None`; a wrong type is an error that names the column.
///
/// Implemented by the drivers. The generated code of `#[model]` decodes through it on the thread that holds the row, so that no
/// row is copied or sent between threads first.
pub trait Row {
    /// How many columns it has.
    fn len(&self) -> usize;
    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The name of a column, for errors.
    fn name(&self, index: usize) -> &str;
    /// Whether the value is NULL.
    fn is_null(&self, index: usize) -> Result<bool>;
    /// A boolean.
    fn bool(&self, index: usize) -> Result<Option<bool>>;
    /// An integer of any width, widened.
    fn int(&self, index: usize) -> Result<Option<i64>>;
    /// Floating point.
    fn float(&self, index: usize) -> Result<Option<f64>>;
    /// Exact decimal.
    fn decimal(&self, index: usize) -> Result<Option<Decimal>>;
    /// Text, borrowed from the driver's buffer.
    fn text(&self, index: usize) -> Result<Option<&str>>;
    /// Bytes, borrowed from the driver's buffer.
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>>;
    /// A calendar date.
    fn date(&self, index: usize) -> Result<Option<Date>>;
    /// A time of day.
    fn time(&self, index: usize) -> Result<Option<Time>>;
    /// A date and time without a zone.
    fn datetime(&self, index: usize) -> Result<Option<DateTime>>;
    /// A moment.
    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>>;
    /// A UUID.
    fn uuid(&self, index: usize) -> Result<Option<Uuid>>;
    /// A JSON document.
    fn json(&self, index: usize) -> Result<Option<serde_json::Value>>;
    /// A span of time. Where the database has no type for it, as a number of microseconds.
    fn duration(&self, index: usize) -> Result<Option<SignedDuration>> {
        Ok(self.int(index)?.map(SignedDuration::from_micros))
    }
    /// An address of the internet. Where the database has no type for it, as text.
    fn ip(&self, index: usize) -> Result<Option<IpAddr>> {
        let Some(text) = self.text(index)? else {
            return Ok(None);
        };
        match text.trim().parse() {
            Ok(address) => Ok(Some(address)),
            Err(_) => Err(Error::decode(
                self.name(index),
                format!("{text:?} is no IP address"),
            )),
        }
    }
}

impl dyn Row + '_ {
    /// A value of any type that a column can hold; `Option<T>` where it may be NULL.
    ///
    /// # Errors
    ///
    /// A decode error that names the column: where it is NULL and `T` is no `Option`, or holds another type.
    pub fn get<T: ColumnType>(&self, index: usize) -> Result<T> {
        T::from_row(self, index)
    }
}

/// A row whose decimals get the number of digits after the point that their columns have, where the database does not keep that.
pub(crate) struct Placed<'a> {
    pub(crate) row: &'a dyn Row,
    pub(crate) places: &'a [Option<u32>],
}

impl Row for Placed<'_> {
    fn decimal(&self, index: usize) -> Result<Option<Decimal>> {
        let mut decimal = self.row.decimal(index)?;
        if let (Some(decimal), Some(Some(places))) = (&mut decimal, self.places.get(index))
            && decimal.scale() < *places
        {
            decimal.rescale(*places);
        }
        Ok(decimal)
    }

    fn len(&self) -> usize {
        self.row.len()
    }

    fn name(&self, index: usize) -> &str {
        self.row.name(index)
    }

    fn is_null(&self, index: usize) -> Result<bool> {
        self.row.is_null(index)
    }

    fn bool(&self, index: usize) -> Result<Option<bool>> {
        self.row.bool(index)
    }

    fn int(&self, index: usize) -> Result<Option<i64>> {
        self.row.int(index)
    }

    fn float(&self, index: usize) -> Result<Option<f64>> {
        self.row.float(index)
    }

    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.row.text(index)
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.row.bytes(index)
    }

    fn date(&self, index: usize) -> Result<Option<Date>> {
        self.row.date(index)
    }

    fn time(&self, index: usize) -> Result<Option<Time>> {
        self.row.time(index)
    }

    fn datetime(&self, index: usize) -> Result<Option<DateTime>> {
        self.row.datetime(index)
    }

    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        self.row.timestamp(index)
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>> {
        self.row.uuid(index)
    }

    fn json(&self, index: usize) -> Result<Option<serde_json::Value>> {
        self.row.json(index)
    }

    fn duration(&self, index: usize) -> Result<Option<SignedDuration>> {
        self.row.duration(index)
    }

    fn ip(&self, index: usize) -> Result<Option<IpAddr>> {
        self.row.ip(index)
    }
}
