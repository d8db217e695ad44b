//! The functions that the compiler relies on, registered on each connection. Their names start with `nuages_`.

use std::fmt::Write as _;

use regex::RegexBuilder;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};
use rust_decimal::{Decimal, RoundingStrategy};

use sha2::Digest;
use uuid::Uuid;

use super::decimal::{nearest, read};
use super::json;
use crate::error::BoxError;
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
    for (name, round) in [
        ("nuages_ceil", Decimal::ceil as fn(&Decimal) -> Decimal),
        ("nuages_floor", Decimal::floor),
    ] {
        connection.create_scalar_function(name, 1, flags, move |c| match c.get_raw(0) {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(whole) => Ok(Value::Integer(whole)),
            _ => {
                let number = decimal(c, 0)?.unwrap_or_default();
                nearest(round(&number)).ok_or_else(overflow)
            }
        })?;
    }
    text(connection, flags)?;
    floats(connection, flags)?;
    hashes(connection, flags)?;
    json::register(connection, flags)?;
    let random = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("nuages_uuid4", 0, random, |_| {
        Ok(Uuid::new_v4().simple().to_string())
    })?;
    connection.create_scalar_function("nuages_uuid7", 0, random, |_| {
        Ok(Uuid::now_v7().simple().to_string())
    })?;
    for (name, fold) in [
        ("nuages_bit_and", std::ops::BitAnd::bitand as fn(i64, i64) -> i64),
        ("nuages_bit_or", std::ops::BitOr::bitor),
        ("nuages_bit_xor", std::ops::BitXor::bitxor),
    ] {
        connection.create_aggregate_function(name, 1, flags, Bits { fold })?;
    }
    connection.create_aggregate_function("nuages_sum", 1, flags, Sum)?;
    connection.create_aggregate_function("nuages_avg", 1, flags, Mean)?;
    connection.create_aggregate_function("nuages_variance", 1, flags, Variance { sample: false })?;
    connection.create_aggregate_function("nuages_sample_variance", 1, flags, Variance { sample: true })
}

/// Functions of texts that SQLite does not have, or has for ASCII only.
fn text(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    type OfText = fn(&str) -> String;
    let plain: [(&str, OfText); 3] = [
        ("nuages_lower", |text| text.to_lowercase()),
        ("nuages_upper", |text| text.to_uppercase()),
        ("nuages_reverse", |text| text.chars().rev().collect()),
    ];
    for (name, function) in plain {
        connection.create_scalar_function(name, 1, flags, move |c| {
            let text: Option<String> = c.get(0)?;
            Ok(text.map(|text| function(&text)))
        })?;
    }
    type WithCount = fn(&str, usize) -> String;
    let counted: [(&str, WithCount); 2] = [
        ("nuages_right", |text, count| {
            let skipped = text.chars().count().saturating_sub(count);
            text.chars().skip(skipped).collect()
        }),
        ("nuages_repeat", |text, count| text.repeat(count)),
    ];
    for (name, function) in counted {
        connection.create_scalar_function(name, 2, flags, move |c| {
            let (text, count): (Option<String>, Option<i64>) = (c.get(0)?, c.get(1)?);
            let (Some(text), Some(count)) = (text, count) else {
                return Ok(None);
            };
            let count = usize::try_from(count).unwrap_or(0);
            if text.len().saturating_mul(count) > LONGEST {
                return Err(Error::UserFunctionError("the text would be too long".into()));
            }
            Ok(Some(function(&text, count)))
        })?;
    }
    for (name, before) in [("nuages_lpad", true), ("nuages_rpad", false)] {
        connection.create_scalar_function(name, 3, flags, move |c| {
            let (text, length, fill): (Option<String>, Option<i64>, Option<String>) =
                (c.get(0)?, c.get(1)?, c.get(2)?);
            let (Some(text), Some(length), Some(fill)) = (text, length, fill) else {
                return Ok(None);
            };
            let length = usize::try_from(length).unwrap_or(0);
            if length > LONGEST {
                return Err(Error::UserFunctionError("the text would be too long".into()));
            }
            Ok(Some(pad(&text, length, &fill, before)))
        })?;
    }
    Ok(())
}

/// The longest text that a function makes, in bytes: what SQLite keeps in one value.
const LONGEST: usize = 1_000_000_000;

fn pad(text: &str, length: usize, fill: &str, before: bool) -> String {
    let missing = length.saturating_sub(text.chars().count());
    let filling: String = fill.chars().cycle().take(missing).collect();
    let padded = if before {
        filling + text
    } else {
        text.to_owned() + &filling
    };
    padded.chars().take(length).collect()
}

/// Functions of floating point. What has no result is NULL, as a division by zero is.
fn floats(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    type OfFloat = fn(f64) -> f64;
    let functions: [(&str, OfFloat); 12] = [
        ("nuages_cot", |angle| angle.tan().recip()),
        ("nuages_sqrt", f64::sqrt),
        ("nuages_exp", f64::exp),
        ("nuages_ln", f64::ln),
        ("nuages_sin", f64::sin),
        ("nuages_cos", f64::cos),
        ("nuages_tan", f64::tan),
        ("nuages_asin", f64::asin),
        ("nuages_acos", f64::acos),
        ("nuages_atan", f64::atan),
        ("nuages_degrees", f64::to_degrees),
        ("nuages_radians", f64::to_radians),
    ];
    let finite = |value: f64| value.is_finite().then_some(value);
    for (name, function) in functions {
        connection.create_scalar_function(name, 1, flags, move |c| {
            let value: Option<f64> = c.get(0)?;
            Ok(value.map(function).and_then(finite))
        })?;
    }
    type OfTwo = fn(f64, f64) -> f64;
    let pairs: [(&str, OfTwo); 3] = [
        ("nuages_power", f64::powf),
        ("nuages_atan2", f64::atan2),
        ("nuages_log", |base, value| value.log(base)),
    ];
    for (name, function) in pairs {
        connection.create_scalar_function(name, 2, flags, move |c| {
            let (left, right): (Option<f64>, Option<f64>) = (c.get(0)?, c.get(1)?);
            let both = left.zip(right);
            Ok(both.map(|(left, right)| function(left, right)).and_then(finite))
        })?;
    }
    Ok(())
}

/// Hashes of texts, in hexadecimal digits.
fn hashes(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    fn hex<D: Digest>(text: &[u8]) -> String {
        D::digest(text).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
    type Hash = fn(&[u8]) -> String;
    let functions: [(&str, Hash); 6] = [
        ("nuages_md5", hex::<md5::Md5>),
        ("nuages_sha1", hex::<sha1::Sha1>),
        ("nuages_sha224", hex::<sha2::Sha224>),
        ("nuages_sha256", hex::<sha2::Sha256>),
        ("nuages_sha384", hex::<sha2::Sha384>),
        ("nuages_sha512", hex::<sha2::Sha512>),
    ];
    for (name, function) in functions {
        connection.create_scalar_function(name, 1, flags, move |c| {
            let text: Option<String> = c.get(0)?;
            Ok(text.map(|text| function(text.as_bytes())))
        })?;
    }
    for (name, insensitive) in [("nuages_regex", false), ("nuages_iregex", true)] {
        connection.create_scalar_function(name, 2, flags, move |c| {
            // Compiled once a statement.
            let regex = c.get_or_create_aux(1, |pattern| -> Result<_, BoxError> {
                Ok(RegexBuilder::new(pattern.as_str()?)
                    .case_insensitive(insensitive)
                    .build()?)
            })?;
            let text: Option<String> = c.get(0)?;
            Ok(text.map(|text| regex.is_match(&text)))
        })?;
    }
    Ok(())
}

/// Bits of all numbers of a group.
struct Bits {
    fold: fn(i64, i64) -> i64,
}

impl Aggregate<Option<i64>, Option<i64>> for Bits {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<i64>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, bits: &mut Option<i64>) -> Result<()> {
        if let Some(next) = context.get::<Option<i64>>(0)? {
            *bits = Some(bits.map_or(next, |bits| (self.fold)(bits, next)));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, bits: Option<Option<i64>>) -> Result<Option<i64>> {
        Ok(bits.flatten())
    }
}

/// AVG over decimals.
struct Mean;

impl Aggregate<(Decimal, u64), Value> for Mean {
    fn init(&self, _: &mut Context<'_>) -> Result<(Decimal, u64)> {
        Ok((Decimal::ZERO, 0))
    }

    fn step(&self, context: &mut Context<'_>, (sum, count): &mut (Decimal, u64)) -> Result<()> {
        if let Some(next) = decimal(context, 0)? {
            *sum = sum.checked_add(next).ok_or_else(overflow)?;
            *count += 1;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, mean: Option<(Decimal, u64)>) -> Result<Value> {
        match mean {
            Some((sum, count)) if count > 0 => {
                let mean = sum.checked_div(count.into()).ok_or_else(overflow)?;
                nearest(mean).ok_or_else(overflow)
            }
            _ => Ok(Value::Null),
        }
    }
}

/// The variance, by Welford's method: <https://en.wikipedia.org/wiki/Algorithms_for_calculating_variance>.
struct Variance {
    sample: bool,
}

#[derive(Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate<Spread, Option<f64>> for Variance {
    fn init(&self, _: &mut Context<'_>) -> Result<Spread> {
        Ok(Spread::default())
    }

    fn step(&self, context: &mut Context<'_>, spread: &mut Spread) -> Result<()> {
        if let Some(next) = context.get::<Option<f64>>(0)? {
            spread.count += 1.0;
            let before = next - spread.mean;
            spread.mean += before / spread.count;
            spread.squares += before * (next - spread.mean);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, spread: Option<Spread>) -> Result<Option<f64>> {
        let spread = spread.unwrap_or_default();
        let count = if self.sample {
            spread.count - 1.0
        } else {
            spread.count
        };
        Ok((count > 0.0).then(|| spread.squares / count))
    }
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
