//! A row as sqlx hands it over, of either server.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sqlx::decode::Decode;
use sqlx::{Column as _, ColumnIndex, Database, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use super::Server;
use crate::driver::convert::{date_from_chrono, datetime_from_chrono, time_from_chrono};
use crate::{Error, Result, Row};

/// What a server stores a value as, as far as that differs to us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::driver) enum Stored {
    Bool,
    Int,
    Float32,
    Float64,
    Decimal,
    /// On MariaDB bytes too: a text with a binary collation says that it is binary.
    Text,
    Bytes,
    Date,
    Time,
    DateTime,
    Timestamp,
    Uuid,
    Json,
    Other,
}

/// A row, and the knowledge of how its types widen.
pub(in crate::driver) struct ServerRow<'a, S: Server> {
    row: &'a S::Row,
}

impl<'a, S: Server> ServerRow<'a, S>
where
    usize: ColumnIndex<S::Row>,
{
    pub(super) fn new(row: &'a S::Row) -> Self {
        Self { row }
    }

    /// The value and what it is stored as; `None` for NULL.
    fn value(&self, index: usize) -> Result<Option<(S::ValueRef<'_>, Stored)>> {
        let Ok(value) = self.row.try_get_raw(index) else {
            return Err(Error::decode(format!("{index}"), "the row has no such column"));
        };
        if value.is_null() {
            return Ok(None);
        }
        let stored = S::stored(&value.type_info());
        Ok(Some((value, stored)))
    }

    fn wrong<T>(&self, index: usize, wanted: &str) -> Result<T> {
        let found = self.row.column(index).type_info().name().to_owned();
        Err(Error::decode(
            self.column(index),
            format!("it holds {found}, and {wanted} is expected"),
        ))
    }

    fn column(&self, index: usize) -> &str {
        self.row.columns().get(index).map_or("?", |column| column.name())
    }

    fn decode<'r, T: Decode<'r, S>>(&self, index: usize, value: S::ValueRef<'r>) -> Result<T> {
        T::decode(value).map_err(|error| Error::decode(self.column(index), error))
    }

    fn only<'r, T: Decode<'r, S>>(
        &'r self,
        index: usize,
        allowed: &[Stored],
        wanted: &str,
    ) -> Result<Option<T>> {
        match self.value(index)? {
            None => Ok(None),
            Some((value, stored)) if allowed.contains(&stored) => self.decode(index, value).map(Some),
            Some(_) => self.wrong(index, wanted),
        }
    }

    fn converted<'r, T: Decode<'r, S>, U>(
        &'r self,
        index: usize,
        stored: Stored,
        wanted: &str,
        convert: impl FnOnce(T) -> Option<U>,
    ) -> Result<Option<U>> {
        let Some(value) = self.only::<T>(index, &[stored], wanted)? else {
            return Ok(None);
        };
        self.within(index, wanted, convert(value)).map(Some)
    }

    fn within<T>(&self, index: usize, wanted: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            Error::decode(
                self.column(index),
                format!("it lies outside of what {wanted} can be"),
            )
        })
    }

    /// A value that each server reads in its own way.
    fn own<'r, T>(
        &'r self,
        index: usize,
        wanted: &str,
        read: impl FnOnce(S::ValueRef<'r>, Stored) -> Option<Own<T>>,
    ) -> Result<Option<T>> {
        let Some((value, stored)) = self.value(index)? else {
            return Ok(None);
        };
        match read(value, stored) {
            Some(read) => read
                .map(Some)
                .map_err(|error| Error::decode(self.column(index), error)),
            None => self.wrong(index, wanted),
        }
    }
}

/// What a server read, or why it can't be read.
pub(in crate::driver) type Own<T> = Result<T, sqlx::error::BoxDynError>;

/// What sqlx decodes of a database's values, however long they live.
pub(in crate::driver) trait Reads<S: Database>: for<'r> Decode<'r, S> {}

impl<T, S: Database> Reads<S> for T where T: for<'r> Decode<'r, S> {}

impl<S: Server> Row for ServerRow<'_, S>
where
    usize: ColumnIndex<S::Row>,
    for<'r> &'r str: Decode<'r, S>,
    for<'r> &'r [u8]: Decode<'r, S>,
    f32: Reads<S>,
    f64: Reads<S>,
    Decimal: Reads<S>,
    NaiveDate: Reads<S>,
    NaiveTime: Reads<S>,
    NaiveDateTime: Reads<S>,
{
    fn len(&self) -> usize {
        self.row.len()
    }

    fn name(&self, index: usize) -> &str {
        self.column(index)
    }

    fn is_null(&self, index: usize) -> Result<bool> {
        Ok(self.value(index)?.is_none())
    }

    fn bool(&self, index: usize) -> Result<Option<bool>> {
        self.own(index, "a boolean", S::bool)
    }

    fn int(&self, index: usize) -> Result<Option<i64>> {
        // The sum of integers is a decimal.
        let Some((value, Stored::Decimal)) = self.value(index)? else {
            return self.own(index, "an integer", S::int);
        };
        let decimal: Decimal = self.decode(index, value)?;
        let whole = decimal.to_i64().filter(|_| decimal.is_integer());
        self.within(index, "a 64-bit integer", whole).map(Some)
    }

    fn float(&self, index: usize) -> Result<Option<f64>> {
        let Some((value, stored)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match stored {
            Stored::Float64 => self.decode(index, value)?,
            Stored::Float32 => self.decode::<f32>(index, value)?.into(),
            // The mean of integers.
            Stored::Decimal => {
                let decimal: Decimal = self.decode(index, value)?;
                self.within(index, "a number", decimal.to_f64())?
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "an integer is read where a float is expected"
            )]
            Stored::Int => return Ok(self.int(index)?.map(|whole| whole as f64)),
            _ => return self.wrong(index, "a number"),
        }))
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>> {
        let Some((value, stored)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match stored {
            Stored::Decimal => self.decode(index, value)?,
            Stored::Int => return Ok(self.int(index)?.map(Decimal::from)),
            _ => return self.wrong(index, "a decimal"),
        }))
    }

    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.only(index, &[Stored::Text], "text")
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.only(index, S::BYTES, "bytes")
    }

    fn date(&self, index: usize) -> Result<Option<Date>> {
        self.converted::<NaiveDate, _>(index, Stored::Date, "a date", date_from_chrono)
    }

    fn time(&self, index: usize) -> Result<Option<Time>> {
        self.converted::<NaiveTime, _>(index, Stored::Time, "a time", time_from_chrono)
    }

    fn datetime(&self, index: usize) -> Result<Option<DateTime>> {
        self.converted::<NaiveDateTime, _>(index, Stored::DateTime, "a date and time", datetime_from_chrono)
    }

    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        let moment = self.own(index, "a moment", S::timestamp)?;
        moment
            .map(|moment| self.within(index, "a moment", moment))
            .transpose()
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>> {
        self.own(index, "a UUID", S::uuid)
    }

    fn json(&self, index: usize) -> Result<Option<serde_json::Value>> {
        self.own(index, "JSON", S::json)
    }
}
