//! The values that MariaDB takes in its own way.

use rust_decimal::Decimal;
use sqlx::mysql::{MySql, MySqlArguments};

use crate::driver::convert::timestamp_to_chrono;
use crate::driver::server::{known, put};
use crate::{Error, Kind, Result, Value};

/// Adds a value that is not the same for all servers.
pub(super) fn add_own(value: &Value, arguments: &mut MySqlArguments) -> Result<()> {
    match value {
        Value::Null(kind) => null(*kind, arguments),
        Value::Timestamp(value) => {
            let moment = known::<MySql, _>(timestamp_to_chrono(*value), value)?;
            put::<MySql, _>(moment.naive_utc(), arguments)
        }
        // As text without hyphens, which is also what Django keeps.
        Value::Uuid(value) => put::<MySql, _>(value.simple().encode_lower(&mut [0; 32]) as &str, arguments),
        Value::Json(value) => put::<MySql, _>(value.to_string(), arguments),
        other => Err(Error::encode(format!("MariaDB has no place for {other:?}"))),
    }
}

/// NULL fits everywhere; a number says least.
fn null(kind: Kind, arguments: &mut MySqlArguments) -> Result<()> {
    match kind {
        Kind::Bool | Kind::SmallInt | Kind::Int | Kind::BigInt => put::<MySql, _>(None::<i64>, arguments),
        Kind::Float => put::<MySql, _>(None::<f64>, arguments),
        Kind::Decimal => put::<MySql, _>(None::<Decimal>, arguments),
        Kind::Bytes => put::<MySql, _>(None::<&[u8]>, arguments),
        Kind::Text | Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp | Kind::Uuid | Kind::Json => {
            put::<MySql, _>(None::<&str>, arguments)
        }
    }
}
