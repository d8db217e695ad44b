//! A row in SQLite's hands.

use std::fmt::Display;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, tz::TimeZone};
use rusqlite::types::{Type, ValueRef};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::decimal;
use crate::{Error, Result, Row};

/// The row that a statement stands on.
pub(super) struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
}

impl<'a> SqliteRow<'a> {
    pub(super) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row }
    }

    fn value(&self, index: usize) -> Result<ValueRef<'_>> {
        match self.row.get_ref(index) {
            Ok(value) => Ok(value),
            Err(_) => Err(Error::decode(format!("{index}"), "the row has no such column")),
        }
    }

    fn wrong<T>(&self, index: usize, value: ValueRef<'_>, wanted: &str) -> Result<T> {
        let found = match value.data_type() {
            Type::Null => "NULL",
            Type::Integer => "an integer",
            Type::Real => "a floating-point number",
            Type::Text => "text",
            Type::Blob => "bytes",
        };
        Err(Error::decode(
            self.name(index),
            format!("it holds {found}, and {wanted} is expected"),
        ))
    }

    fn parsed<T, E: Display>(
        &self,
        index: usize,
        wanted: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            value @ ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => match parse(text) {
                    Ok(value) => Ok(Some(value)),
                    Err(error) => Err(Error::decode(
                        self.name(index),
                        format!("{text:?} is not {wanted}: {error}"),
                    )),
                },
                Err(_) => self.wrong(index, value, wanted),
            },
            value => self.wrong(index, value, wanted),
        }
    }
}

impl Row for SqliteRow<'_> {
    fn len(&self) -> usize {
        self.row.as_ref().column_count()
    }

    fn name(&self, index: usize) -> &str {
        self.row.as_ref().column_name(index).unwrap_or("?")
    }

    fn is_null(&self, index: usize) -> Result<bool> {
        Ok(self.value(index)? == ValueRef::Null)
    }

    fn bool(&self, index: usize) -> Result<Option<bool>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(0) => Ok(Some(false)),
            ValueRef::Integer(1) => Ok(Some(true)),
            value => self.wrong(index, value, "0 or 1"),
        }
    }

    fn int(&self, index: usize) -> Result<Option<i64>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            value => self.wrong(index, value, "an integer"),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "an integer in a floating column was a float that is whole"
    )]
    fn float(&self, index: usize) -> Result<Option<f64>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Real(value) => Ok(Some(value)),
            ValueRef::Integer(value) => Ok(Some(value as f64)),
            value => self.wrong(index, value, "a number"),
        }
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            value => match decimal::read(value) {
                Some(decimal) => Ok(Some(decimal)),
                None => self.wrong(index, value, "a decimal"),
            },
        }
    }

    fn text(&self, index: usize) -> Result<Option<&str>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(error) => Err(Error::decode(
                    self.name(index),
                    format!("the text is no UTF-8: {error}"),
                )),
            },
            value => self.wrong(index, value, "text"),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        match self.value(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            value => self.wrong(index, value, "bytes"),
        }
    }

    fn date(&self, index: usize) -> Result<Option<Date>> {
        self.parsed(index, "a date", str::parse)
    }

    fn time(&self, index: usize) -> Result<Option<Time>> {
        self.parsed(index, "a time", str::parse)
    }

    fn datetime(&self, index: usize) -> Result<Option<DateTime>> {
        self.parsed(index, "a date and time", str::parse)
    }

    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        self.parsed(index, "a moment in UTC", |text| {
            // Without a zone, as Django and we write it, it is UTC.
            match text.parse::<DateTime>() {
                Ok(datetime) if !text.ends_with('Z') && !text.contains('+') => {
                    TimeZone::UTC.to_timestamp(datetime)
                }
                _ => text.parse(),
            }
        })
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>> {
        match self.value(index)? {
            ValueRef::Blob(bytes) => match Uuid::from_slice(bytes) {
                Ok(uuid) => Ok(Some(uuid)),
                Err(error) => Err(Error::decode(
                    self.name(index),
                    format!("the bytes are no UUID: {error}"),
                )),
            },
            _ => self.parsed(index, "a UUID", Uuid::try_parse),
        }
    }

    fn json(&self, index: usize) -> Result<Option<serde_json::Value>> {
        self.parsed(index, "JSON", |text| serde_json::from_str(text))
    }
}
