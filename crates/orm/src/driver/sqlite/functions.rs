//! The functions that the compiler relies on, registered on each connection. Their names start with `nuages_`.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};
use rust_decimal::{Decimal, RoundingStrategy};

use super::decimal::{nearest, read};
use crate::text::fold;

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("nuages_fold", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Null | ValueRef::Blob(_) => Value::Null,
            ValueRef::Integer(whole) => Value::Text(whole.to_string()),
            ValueRef::Real(real) => Value::Text(real.to_string()),
            ValueRef::Text(text) => Value::Text(fold(&String::from_utf8_lossy(text))),
        })
    })?;
    connection.create_scalar_function("nuages_add", 2, flags, |c| calculate(c, Decimal::checked_add))?;
    connection.create_scalar_function("nuages_subtract", 2, flags, |c| {
        calculate(c, Decimal::checked_sub)
    })?;
    connection.create_scalar_function("nuages_multiply", 2, flags, |c| {
        calculate(c, Decimal::checked_mul)
    })?;
    connection.create_scalar_function("nuages_divide", 2, flags, |c| {
        if decimal(c, 1)?.is_some_and(|divisor| divisor.is_zero()) {
            // As SQLite's own division.
            return Ok(Value::Null);
        }
        calculate(c, Decimal::checked_div)
    })?;
    connection.create_scalar_function("nuages_round", 2, flags, |c| {
        let places: u32 = c.get(1)?;
        let Some(number) = decimal(c, 0)? else {
            return Ok(Value::Null);
        };
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        nearest(number.round_dp_with_strategy(places, strategy)).ok_or_else(overflow)
    })?;
    connection.create_aggregate_function("nuages_sum", 1, flags, Sum)
}

fn overflow() -> Error {
    Error::UserFunctionError("a decimal has more digits than can be calculated with".into())
}

fn decimal(context: &Context<'_>, index: usize) -> Result<Option<Decimal>> {
    let value = context.get_raw(index);
    if value == ValueRef::Null {
        return Ok(None);
    }
    read(value)
        .map(Some)
        .ok_or_else(|| Error::UserFunctionError("what is calculated with is no decimal".into()))
}

fn calculate(context: &Context<'_>, operation: fn(Decimal, Decimal) -> Option<Decimal>) -> Result<Value> {
    let (Some(left), Some(right)) = (decimal(context, 0)?, decimal(context, 1)?) else {
        return Ok(Value::Null);
    };
    operation(left, right).and_then(nearest).ok_or_else(overflow)
}

/// SUM over decimals, exactly.
struct Sum;

impl Aggregate<Option<Decimal>, Value> for Sum {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<Decimal>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Option<Decimal>) -> Result<()> {
        if let Some(next) = decimal(context, 0)? {
            *sum = Some(sum.unwrap_or_default().checked_add(next).ok_or_else(overflow)?);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Option<Decimal>>) -> Result<Value> {
        match sum.flatten() {
            Some(sum) => nearest(sum).ok_or_else(overflow),
            None => Ok(Value::Null),
        }
    }
}
