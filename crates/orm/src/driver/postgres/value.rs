//! The values that PostgreSQL takes in its own way: in its binary form, by sqlx.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use sqlx::Postgres;
use sqlx::decode::Decode;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::{Oid, PgInterval};
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, PgValueRef};
use sqlx::types::{Json, Type};
use uuid::Uuid;

use crate::driver::convert::timestamp_to_chrono;
use crate::driver::server::{known, put};
use crate::text::micros;
use crate::{Error, Kind, Result, Value};

/// A type in one letter.
pub(super) fn letter(kind: Kind) -> char {
    match kind {
        Kind::Bool => 'b',
        Kind::SmallInt => 's',
        Kind::Int => 'i',
        Kind::BigInt => 'l',
        Kind::Float => 'f',
        Kind::Decimal => 'n',
        Kind::Text => 't',
        Kind::Bytes => 'y',
        Kind::Date => 'd',
        Kind::Time => 'h',
        Kind::DateTime => 'c',
        Kind::Timestamp => 'z',
        Kind::Uuid => 'u',
        Kind::Json => 'j',
        Kind::Duration => 'e',
        Kind::Ip => 'p',
    }
}

/// Adds a value that is not the same for all servers.
pub(super) fn add_own(value: &Value, arguments: &mut PgArguments) -> Result<()> {
    match value {
        Value::Null(kind) => null(*kind, arguments),
        Value::Timestamp(value) => put::<Postgres, _>(
            known::<Postgres, _>(timestamp_to_chrono(*value), value)?,
            arguments,
        ),
        Value::Uuid(value) => put::<Postgres, _>(*value, arguments),
        Value::Json(value) => put::<Postgres, _>(Json(value), arguments),
        Value::Duration(value) => put::<Postgres, _>(interval(*value)?, arguments),
        Value::Ip(value) => put::<Postgres, _>(Inet(*value), arguments),
        other => Err(Error::encode(format!("PostgreSQL has no place for {other:?}"))),
    }
}

fn null(kind: Kind, arguments: &mut PgArguments) -> Result<()> {
    match kind {
        Kind::Bool => put::<Postgres, _>(None::<bool>, arguments),
        Kind::SmallInt => put::<Postgres, _>(None::<i16>, arguments),
        Kind::Int => put::<Postgres, _>(None::<i32>, arguments),
        Kind::BigInt => put::<Postgres, _>(None::<i64>, arguments),
        Kind::Float => put::<Postgres, _>(None::<f64>, arguments),
        Kind::Decimal => put::<Postgres, _>(None::<Decimal>, arguments),
        Kind::Text => put::<Postgres, _>(None::<&str>, arguments),
        Kind::Bytes => put::<Postgres, _>(None::<&[u8]>, arguments),
        Kind::Date => put::<Postgres, _>(None::<NaiveDate>, arguments),
        Kind::Time => put::<Postgres, _>(None::<NaiveTime>, arguments),
        Kind::DateTime => put::<Postgres, _>(None::<NaiveDateTime>, arguments),
        Kind::Timestamp => put::<Postgres, _>(None::<DateTime<Utc>>, arguments),
        Kind::Uuid => put::<Postgres, _>(None::<Uuid>, arguments),
        Kind::Json => put::<Postgres, _>(None::<Json<()>>, arguments),
        Kind::Duration => put::<Postgres, _>(None::<PgInterval>, arguments),
        Kind::Ip => put::<Postgres, _>(None::<Inet>, arguments),
    }
}

/// In days and the rest of the last one, as Django writes it.
fn interval(span: SignedDuration) -> Result<PgInterval> {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let micros = micros(span)?;
    let days = i32::try_from(micros / DAY).ok();
    Ok(PgInterval {
        months: 0,
        days: known::<Postgres, _>(days, &span)?,
        microseconds: micros % DAY,
    })
}

/// A span of time; a month has 30 days here and a year 365, as for psycopg.
pub(super) fn duration(interval: PgInterval) -> SignedDuration {
    let (years, months) = (i64::from(interval.months / 12), i64::from(interval.months % 12));
    let days = years * 365 + months * 30 + i64::from(interval.days);
    SignedDuration::from_secs(days * 24 * 60 * 60) + SignedDuration::from_micros(interval.microseconds)
}

/// An address as `inet` has it: <https://www.postgresql.org/docs/current/datatype-net-types.html>.
pub(super) struct Inet(pub(super) IpAddr);

/// The numbers of the families in PostgreSQL's binary form, on every system.
const INET: u8 = 2;
const INET6: u8 = 3;

impl Type<Postgres> for Inet {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(super::oid::INET))
    }
}

impl Encode<'_, Postgres> for Inet {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> std::result::Result<IsNull, BoxDynError> {
        match self.0 {
            IpAddr::V4(address) => {
                buffer.extend(&[INET, 32, 0, 4]);
                buffer.extend(&address.octets());
            }
            IpAddr::V6(address) => {
                buffer.extend(&[INET6, 128, 0, 16]);
                buffer.extend(&address.octets());
            }
        }
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for Inet {
    fn decode(value: PgValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        match value.as_bytes()? {
            [INET, 32, _, 4, address @ ..] => Ok(Self(<[u8; 4]>::try_from(address)?.into())),
            [INET6, 128, _, 16, address @ ..] => Ok(Self(<[u8; 16]>::try_from(address)?.into())),
            _ => Err("it is a network and no single address".into()),
        }
    }
}
