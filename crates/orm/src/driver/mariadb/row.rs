//! A row as sqlx hands it over.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sqlx::decode::Decode;
use sqlx::mysql::{MySqlRow, MySqlValueRef};
use sqlx::{Column as _, MySql, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use crate::driver::convert::{
    date_from_chrono, datetime_from_chrono, time_from_chrono, timestamp_from_chrono,
};
use crate::{Error, Result, Row};

/// A row, and the knowledge of how its types widen.
pub(crate) struct MariaDbRow<'a> {
    row: &'a MySqlRow,
}

/// The types that sqlx names, as far as they differ to us.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    Int,
    Unsigned,
    Float,
    Decimal,
    Date,
    Time,
    DateTime,
    /// Text and bytes: a text with a binary collation says that it is binary.
    Text,
    Other,
}

impl Type {
    fn of(name: &str) -> Self {
        match name {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => Self::Int,
            "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
            | "BIGINT UNSIGNED" | "YEAR" => Self::Unsigned,
            "FLOAT" | "DOUBLE" => Self::Float,
            "DECIMAL" => Self::Decimal,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "DATETIME" | "TIMESTAMP" => Self::DateTime,
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "BINARY" | "VARBINARY"
            | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "ENUM" | "SET" | "JSON" => Self::Text,
            _ => Self::Other,
        }
    }
}

impl<'a> MariaDbRow<'a> {
    pub(super) fn new(row: &'a MySqlRow) -> Self {
        Self { row }
    }

    /// The value and its type; `None` for NULL.
    fn value(&self, index: usize) -> Result<Option<(MySqlValueRef<'_>, Type)>> {
        let Ok(value) = self.row.try_get_raw(index) else {
            return Err(Error::decode(format!("{index}"), "the row has no such column"));
        };
        if value.is_null() {
            return Ok(None);
        }
        let r#type = Type::of(value.type_info().name());
        Ok(Some((value, r#type)))
    }

    fn wrong<T>(&self, index: usize, wanted: &str) -> Result<T> {
        let found = self.row.column(index).type_info().name().to_owned();
        Err(Error::decode(
            self.name(index),
            format!("it holds {found}, and {wanted} is expected"),
        ))
    }

    fn decode<'r, T: Decode<'r, MySql>>(&self, index: usize, value: MySqlValueRef<'r>) -> Result<T> {
        T::decode(value).map_err(|error| Error::decode(self.name(index), error))
    }

    fn only<'r, T: Decode<'r, MySql>>(
        &'r self,
        index: usize,
        r#type: Type,
        wanted: &str,
    ) -> Result<Option<T>> {
        match self.value(index)? {
            None => Ok(None),
            Some((value, found)) if found == r#type => self.decode(index, value).map(Some),
            Some(_) => self.wrong(index, wanted),
        }
    }

    fn converted<'r, T: Decode<'r, MySql>, U>(
        &'r self,
        index: usize,
        r#type: Type,
        wanted: &str,
        convert: impl FnOnce(T) -> Option<U>,
    ) -> Result<Option<U>> {
        let Some(value) = self.only::<T>(index, r#type, wanted)? else {
            return Ok(None);
        };
        self.within(index, wanted, convert(value)).map(Some)
    }

    fn within<T>(&self, index: usize, wanted: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            Error::decode(
                self.name(index),
                format!("it lies outside of what {wanted} can be"),
            )
        })
    }
}

impl Row for MariaDbRow<'_> {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn name(&self, index: usize) -> &str {
        self.row.columns().get(index).map_or("?", |column| column.name())
    }

    fn is_null(&self, index: usize) -> Result<bool> {
        Ok(self.value(index)?.is_none())
    }

    fn bool(&self, index: usize) -> Result<Option<bool>> {
        // What compares is an integer here.
        Ok(self.int(index)?.map(|value| value != 0))
    }

    fn int(&self, index: usize) -> Result<Option<i64>> {
        let Some((value, r#type)) = self.value(index)? else {
            return Ok(None);
        };
        let wanted = "a 64-bit integer";
        Ok(Some(match r#type {
            Type::Int => self.decode(index, value)?,
            Type::Unsigned => {
                let unsigned: u64 = self.decode(index, value)?;
                self.within(index, wanted, i64::try_from(unsigned).ok())?
            }
            // The sum of integers.
            Type::Decimal => {
                let decimal: Decimal = self.decode(index, value)?;
                self.within(index, wanted, decimal.to_i64().filter(|_| decimal.is_integer()))?
            }
            _ => return self.wrong(index, "an integer"),
        }))
    }

    fn float(&self, index: usize) -> Result<Option<f64>> {
        let Some((value, r#type)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match r#type {
            Type::Float if value.type_info().name() == "FLOAT" => self.decode::<f32>(index, value)?.into(),
            Type::Float => self.decode(index, value)?,
            #[expect(
                clippy::cast_precision_loss,
                reason = "an integer is read where a float is expected"
            )]
            Type::Int => self.decode::<i64>(index, value)? as f64,
            // The mean of integers.
            Type::Decimal => {
                let decimal: Decimal = self.decode(index, value)?;
                self.within(index, "a number", decimal.to_f64())?
            }
            _ => return self.wrong(index, "a number"),
        }))
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>> {
        let Some((value, r#type)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match r#type {
            Type::Decimal => self.decode(index, value)?,
            Type::Int => self.decode::<i64>(index, value)?.into(),
            Type::Unsigned => self.decode::<u64>(index, value)?.into(),
            _ => return self.wrong(index, "a decimal"),
        }))
    }

    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.only(index, Type::Text, "text")
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.only(index, Type::Text, "bytes")
    }

    fn date(&self, index: usize) -> Result<Option<Date>> {
        self.converted::<NaiveDate, _>(index, Type::Date, "a date", date_from_chrono)
    }

    fn time(&self, index: usize) -> Result<Option<Time>> {
        self.converted::<NaiveTime, _>(index, Type::Time, "a time", time_from_chrono)
    }

    fn datetime(&self, index: usize) -> Result<Option<DateTime>> {
        self.converted::<NaiveDateTime, _>(index, Type::DateTime, "a date and time", datetime_from_chrono)
    }

    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        self.converted(index, Type::DateTime, "a moment", |value: NaiveDateTime| {
            timestamp_from_chrono(value.and_utc())
        })
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>> {
        self.converted(index, Type::Text, "a UUID", |text: &str| {
            Uuid::try_parse(text).ok()
        })
    }

    fn json(&self, index: usize) -> Result<Option<serde_json::Value>> {
        let Some(text) = self.only::<&str>(index, Type::Text, "JSON")? else {
            return Ok(None);
        };
        let json = serde_json::from_str(text).map_err(|error| Error::decode(self.name(index), error))?;
        Ok(Some(json))
    }
}
