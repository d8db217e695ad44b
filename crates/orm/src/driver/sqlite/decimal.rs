//! Exact decimals in SQLite.
//!
//! A decimal is stored as Django stores it: as INTEGER where it is whole, else as REAL, so that both read each other's databases and comparisons, orders
//! and indexes are numeric. A REAL gives back every decimal of up to 15 significant digits exactly, so what has more is refused, never rounded
//! silently. Arithmetic on decimals runs through functions that calculate in decimals, so that `0.1 + 0.2` is `0.3`.

use rusqlite::types::{Value, ValueRef};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Digits that a REAL keeps of any decimal.
const DIGITS: u32 = 15;

/// What is stored, or `None` where it would not be exact.
pub(super) fn exact(decimal: Decimal) -> Option<Value> {
    let decimal = decimal.normalize();
    if decimal.scale() == 0
        && let Some(whole) = decimal.to_i64()
    {
        return Some(Value::Integer(whole));
    }
    let digits = decimal
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |log| log + 1);
    if digits > DIGITS {
        return None;
    }
    // By its text: the nearest double, which a calculation with the mantissa might miss by one.
    decimal.to_string().parse().ok().map(Value::Real)
}

/// The result of a calculation: rounded to the digits that are kept.
pub(super) fn nearest(decimal: Decimal) -> Option<Value> {
    exact(decimal).or_else(|| decimal.round_sf(DIGITS).and_then(exact))
}

/// What was stored, by us or by Django.
pub(super) fn read(value: ValueRef<'_>) -> Option<Decimal> {
    match value {
        ValueRef::Integer(whole) => Some(Decimal::from(whole)),
        ValueRef::Real(real) => from_real(real),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?.trim();
            text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
        }
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// The decimal of at most 15 significant digits that is nearest to the double: the one it was made from.
fn from_real(real: f64) -> Option<Decimal> {
    // `-1.23456789012345e-7`
    let text = format!("{real:.*e}", DIGITS as usize - 1);
    let (digits, exponent) = text.split_once('e')?;
    let (whole, fraction) = digits.split_once('.')?;
    let mut mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let mut scale = i32::try_from(DIGITS).ok()? - 1 - exponent.parse::<i32>().ok()?;
    while mantissa % 10 == 0 && scale > 0 {
        mantissa /= 10;
        scale -= 1;
    }
    // What lies behind the last digit that a decimal can have.
    while scale > i32::try_from(Decimal::MAX_SCALE).ok()? {
        mantissa /= 10;
        scale -= 1;
    }
    while scale < 0 {
        mantissa = mantissa.checked_mul(10)?;
        scale += 1;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale.unsigned_abs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(text: &str) -> Option<String> {
        let stored = exact(text.parse().ok()?)?;
        read(ValueRef::from(&stored)).map(|decimal| decimal.to_string())
    }

    #[test]
    fn fifteen_digits_come_back_exactly() {
        for text in [
            "0.1",
            "12.99",
            "-0.01",
            "99999999999.9999",
            "123456789012.345",
            "0",
            "922337203685477580",
            "0.000000000000001",
        ] {
            assert_eq!(back(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_would_be_rounded_is_refused() {
        assert_eq!(back("1234567890123.456"), None);
        assert_eq!(back("79228162514264337593543950335"), None);
    }

    #[test]
    fn what_django_wrote_is_read() {
        assert_eq!(read(ValueRef::Real(12.5)), "12.5".parse().ok());
        assert_eq!(read(ValueRef::Integer(12)), "12".parse().ok());
        assert_eq!(read(ValueRef::Text(b"12.50")), "12.50".parse().ok());
    }
}
