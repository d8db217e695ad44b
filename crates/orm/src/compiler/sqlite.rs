//! SQLite's SQL, with the functions that the driver registers on each connection (`nuages_..`).

use std::fmt::Write as _;

use rust_decimal::RoundingStrategy;

use super::syntax::{Match, Syntax, sign};
use crate::meta::ColumnMeta;
use crate::query::{Aggregate, Operator, Place};
use crate::text::fold;
use crate::{Error, Kind, Result, Value};

/// SQLite's syntax.
pub(super) struct Sqlite;

impl Syntax for Sqlite {
    fn placeholder(&self, n: usize, sql: &mut String) {
        let _ = write!(sql, "?{n}");
    }

    fn matches(&self, text: &Match<'_>, sql: &mut String, bind: &mut dyn FnMut(Value, &mut String)) {
        // LIKE ignores the case of ASCII letters and of no others. GLOB compares exactly, and folding is the driver's.
        let Match {
            expr,
            place,
            pattern,
            case_sensitive,
            ..
        } = *text;
        let folded;
        let pattern = if case_sensitive {
            sql.push_str(expr);
            pattern
        } else {
            let _ = write!(sql, "nuages_fold({expr})");
            folded = fold(pattern);
            &folded
        };
        let pattern = match place {
            Place::Whole => {
                sql.push_str(" = ");
                pattern.to_owned()
            }
            _ => {
                sql.push_str(" GLOB ");
                place.surround(escape(pattern), '*')
            }
        };
        bind(Value::Text(pattern), sql);
    }

    fn arithmetic(&self, operator: Operator, kind: Option<Kind>, left: &str, right: &str, sql: &mut String) {
        let _ = match (operator, kind) {
            (Operator::Add, Some(Kind::Decimal)) => write!(sql, "nuages_add({left}, {right})"),
            (Operator::Sub, Some(Kind::Decimal)) => write!(sql, "nuages_subtract({left}, {right})"),
            (Operator::Mul, Some(Kind::Decimal)) => write!(sql, "nuages_multiply({left}, {right})"),
            (Operator::Div, Some(Kind::Decimal)) => write!(sql, "nuages_divide({left}, {right})"),
            // A whole number in a floating column may be an INTEGER, whose division would cut.
            (Operator::Div, Some(Kind::Float)) => write!(sql, "(CAST({left} AS REAL) / {right})"),
            _ => write!(sql, "({left} {} {right})", sign(operator)),
        };
    }

    fn aggregate(&self, function: Aggregate, kind: Option<Kind>) -> &'static str {
        match (function, kind) {
            (Aggregate::Count, _) => "COUNT",
            (Aggregate::Sum, Some(Kind::Decimal)) => "nuages_sum",
            (Aggregate::Sum, _) => "SUM",
            (Aggregate::Avg, _) => "AVG",
            (Aggregate::Min, _) => "MIN",
            (Aggregate::Max, _) => "MAX",
        }
    }

    fn assign(&self, column: &ColumnMeta, expr: &str, sql: &mut String) {
        match (column.kind, column.digits) {
            (Kind::Decimal, Some((_, places))) => {
                let _ = write!(sql, "nuages_round({expr}, {places})");
            }
            _ => sql.push_str(expr),
        }
    }

    fn fit(&self, column: &ColumnMeta, value: Value) -> Result<Value> {
        let (Value::Decimal(decimal), Some((digits, places))) = (&value, column.digits) else {
            return Ok(value);
        };
        let rounded = decimal.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        let whole = rounded.trunc().mantissa().unsigned_abs();
        if whole.checked_ilog10().unwrap_or(0) >= digits.saturating_sub(places) && whole > 0 {
            return Err(Error::encode(format!(
                "{decimal} has more than the {digits} digits, {places} of them after the point, of {}",
                column.column
            )));
        }
        Ok(Value::Decimal(rounded))
    }

    fn nulls(&self, descending: bool, sql: &mut String) {
        sql.push_str(if descending { " NULLS FIRST" } else { " NULLS LAST" });
    }

    fn no_limit(&self, sql: &mut String) {
        sql.push_str(" LIMIT -1");
    }

    fn for_update(&self, _alias: usize, _sql: &mut String) {
        // A transaction begins with BEGIN IMMEDIATE: nobody else writes until it ends.
    }

    fn needs_places(&self) -> bool {
        true
    }

    fn column_type(&self, column: &ColumnMeta) -> String {
        // The names that Django gives them. All but text and bytes have a numeric affinity, and keep dates and JSON as text nevertheless.
        match (column.kind, column.max_length) {
            (Kind::Bool, _) => "bool".to_owned(),
            (Kind::SmallInt, _) => "smallint".to_owned(),
            (Kind::Int, _) => "integer".to_owned(),
            (Kind::BigInt, _) if column.automatic => "integer".to_owned(),
            (Kind::BigInt, _) => "bigint".to_owned(),
            (Kind::Float, _) => "real".to_owned(),
            (Kind::Decimal, _) => "decimal".to_owned(),
            (Kind::Text, Some(length)) => format!("varchar({length})"),
            (Kind::Text, None) | (Kind::Json, _) => "text".to_owned(),
            (Kind::Bytes, _) => "BLOB".to_owned(),
            (Kind::Date, _) => "date".to_owned(),
            (Kind::Time, _) => "time".to_owned(),
            (Kind::DateTime | Kind::Timestamp, _) => "datetime".to_owned(),
            (Kind::Uuid, _) => "char(32)".to_owned(),
        }
    }

    fn automatic_key(&self) -> &'static str {
        " PRIMARY KEY AUTOINCREMENT"
    }
}

/// Takes the meaning from GLOB's own characters. It has no escape; a class of one character is itself.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[') {
            escaped.extend(['[', c, ']']);
        } else {
            escaped.push(c);
        }
    }
    escaped
}
