//! A row as sqlx hands it over.

use chrono::{DateTime as ChronoTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sqlx::decode::Decode;
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::types::Json;
use sqlx::{Column as _, Postgres, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use crate::driver::convert::{
    date_from_chrono, datetime_from_chrono, time_from_chrono, timestamp_from_chrono,
};
use crate::{Error, Result, Row};

/// The object ids of PostgreSQL's own types, fixed for all time.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const UNKNOWN: u32 = 705;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
}

/// A row, and the knowledge of how its types widen.
pub(crate) struct PostgresRow<'a> {
    row: &'a PgRow,
}

impl<'a> PostgresRow<'a> {
    pub(super) fn new(row: &'a PgRow) -> Self {
        Self { row }
    }

    /// The value and the id of its type; `None` for NULL.
    fn value(&self, index: usize) -> Result<Option<(PgValueRef<'_>, u32)>> {
        let Ok(value) = self.row.try_get_raw(index) else {
            return Err(Error::decode(format!("{index}"), "the row has no such column"));
        };
        if value.is_null() {
            return Ok(None);
        }
        let oid = value.type_info().oid().map_or(0, |oid| oid.0);
        Ok(Some((value, oid)))
    }

    fn wrong<T>(&self, index: usize, wanted: &str) -> Result<T> {
        let found = self.row.column(index).type_info().name().to_owned();
        Err(Error::decode(
            self.name(index),
            format!("it holds {found}, and {wanted} is expected"),
        ))
    }

    fn decode<'r, T: Decode<'r, Postgres>>(&self, index: usize, value: PgValueRef<'r>) -> Result<T> {
        T::decode(value).map_err(|error| Error::decode(self.name(index), error))
    }

    fn only<'r, T: Decode<'r, Postgres>>(
        &'r self,
        index: usize,
        oids: &[u32],
        wanted: &str,
    ) -> Result<Option<T>> {
        match self.value(index)? {
            None => Ok(None),
            Some((value, oid)) if oids.contains(&oid) => self.decode(index, value).map(Some),
            Some(_) => self.wrong(index, wanted),
        }
    }

    fn converted<'r, T: Decode<'r, Postgres>, U>(
        &'r self,
        index: usize,
        oid: u32,
        wanted: &str,
        convert: fn(T) -> Option<U>,
    ) -> Result<Option<U>> {
        let Some(value) = self.only::<T>(index, &[oid], wanted)? else {
            return Ok(None);
        };
        match convert(value) {
            Some(value) => Ok(Some(value)),
            None => Err(Error::decode(
                self.name(index),
                format!("it lies outside of what {wanted} can be"),
            )),
        }
    }
}

impl Row for PostgresRow<'_> {
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
        self.only(index, &[oid::BOOL], "a boolean")
    }

    fn int(&self, index: usize) -> Result<Option<i64>> {
        let Some((value, oid)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match oid {
            oid::INT8 => self.decode(index, value)?,
            oid::INT4 => self.decode::<i32>(index, value)?.into(),
            oid::INT2 => self.decode::<i16>(index, value)?.into(),
            // The sum of bigints.
            oid::NUMERIC => {
                let decimal: Decimal = self.decode(index, value)?;
                match decimal.to_i64().filter(|_| decimal.is_integer()) {
                    Some(whole) => whole,
                    None => {
                        return Err(Error::decode(
                            self.name(index),
                            format!("{decimal} is no 64-bit integer"),
                        ));
                    }
                }
            }
            _ => return self.wrong(index, "an integer"),
        }))
    }

    fn float(&self, index: usize) -> Result<Option<f64>> {
        let Some((value, oid)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match oid {
            oid::FLOAT8 => self.decode(index, value)?,
            oid::FLOAT4 => self.decode::<f32>(index, value)?.into(),
            oid::INT4 => self.decode::<i32>(index, value)?.into(),
            oid::INT2 => self.decode::<i16>(index, value)?.into(),
            // The mean of integers.
            oid::NUMERIC => match self.decode::<Decimal>(index, value)?.to_f64() {
                Some(float) => float,
                None => return self.wrong(index, "a number"),
            },
            _ => return self.wrong(index, "a number"),
        }))
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>> {
        let Some((value, oid)) = self.value(index)? else {
            return Ok(None);
        };
        Ok(Some(match oid {
            oid::NUMERIC => self.decode(index, value)?,
            oid::INT8 => self.decode::<i64>(index, value)?.into(),
            oid::INT4 => self.decode::<i32>(index, value)?.into(),
            oid::INT2 => self.decode::<i16>(index, value)?.into(),
            _ => return self.wrong(index, "a decimal"),
        }))
    }

    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.only(
            index,
            &[oid::TEXT, oid::VARCHAR, oid::BPCHAR, oid::NAME, oid::UNKNOWN],
            "text",
        )
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.only(index, &[oid::BYTEA], "bytes")
    }

    fn date(&self, index: usize) -> Result<Option<Date>> {
        self.converted::<NaiveDate, _>(index, oid::DATE, "a date", date_from_chrono)
    }

    fn time(&self, index: usize) -> Result<Option<Time>> {
        self.converted::<NaiveTime, _>(index, oid::TIME, "a time", time_from_chrono)
    }

    fn datetime(&self, index: usize) -> Result<Option<DateTime>> {
        self.converted::<NaiveDateTime, _>(index, oid::TIMESTAMP, "a date and time", datetime_from_chrono)
    }

    fn timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        self.converted::<ChronoTime<Utc>, _>(index, oid::TIMESTAMPTZ, "a moment", timestamp_from_chrono)
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>> {
        self.only(index, &[oid::UUID], "a UUID")
    }

    fn json(&self, index: usize) -> Result<Option<serde_json::Value>> {
        let json: Option<Json<serde_json::Value>> = self.only(index, &[oid::JSON, oid::JSONB], "JSON")?;
        Ok(json.map(|json| json.0))
    }
}
