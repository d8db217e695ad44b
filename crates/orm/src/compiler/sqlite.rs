//! SQLite's SQL, with the functions that the driver registers on each connection (`nuages_..`).

use std::fmt::Write as _;

use rust_decimal::RoundingStrategy;

use super::function::{Called, name};
use super::syntax::{Match, Syntax, call, sign};
use crate::meta::ColumnMeta;
use crate::query::{Aggregate, Explain, Function, Lock, Nulls, Operator, Order, Part, Place, Wait};
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

    fn aggregate(
        &self,
        function: Aggregate,
        kind: Option<Kind>,
        distinct: bool,
        expr: &str,
        sql: &mut String,
    ) {
        let name = match (function, kind) {
            (Aggregate::Count, _) => "COUNT",
            (Aggregate::Sum, Some(Kind::Decimal)) => "nuages_sum",
            (Aggregate::Sum, _) => "SUM",
            (Aggregate::Avg, Some(Kind::Decimal)) => "nuages_avg",
            (Aggregate::Avg, _) => "AVG",
            (Aggregate::Min, _) => "MIN",
            (Aggregate::Max, _) => "MAX",
            (Aggregate::Variance, _) => "nuages_variance",
            (Aggregate::SampleVariance, _) => "nuages_sample_variance",
        };
        call(name, distinct, expr, sql);
    }

    fn function(&self, called: &Called<'_>) -> String {
        let arg = |index| called.arg(index);
        let part = |format: &str| format!("CAST(strftime('{format}', {}) AS INTEGER)", arg(0));
        let start = |format: &str| match called.kind {
            Some(Kind::Date) => format!("strftime('{}', {})", format.get(..8).unwrap_or(format), arg(0)),
            _ => format!("strftime('{format}', {})", arg(0)),
        };
        match called.function {
            Function::Lower => called.plain("nuages_lower"),
            Function::Upper => called.plain("nuages_upper"),
            Function::Left => format!("substr({}, 1, {})", arg(0), arg(1)),
            Function::Right => called.plain("nuages_right"),
            Function::Repeat => called.plain("nuages_repeat"),
            Function::Reverse => called.plain("nuages_reverse"),
            Function::LPad => called.plain("nuages_lpad"),
            Function::RPad => called.plain("nuages_rpad"),
            Function::Concat => {
                let args: Vec<_> = called
                    .args
                    .iter()
                    .map(|arg| format!("COALESCE({arg}, '')"))
                    .collect();
                format!("({})", args.join(" || "))
            }
            Function::StrIndex => called.plain("instr"),
            Function::Mod => format!("({} % {})", arg(0), arg(1)),
            Function::Round if called.kind == Some(Kind::Decimal) => called.plain("nuages_round"),
            Function::Ceil => called.plain("nuages_ceil"),
            Function::Floor => called.plain("nuages_floor"),
            Function::Sign => called.sign(),
            Function::Power => called.plain("nuages_power"),
            Function::Sqrt => called.plain("nuages_sqrt"),
            Function::Exp => called.plain("nuages_exp"),
            Function::Ln => called.plain("nuages_ln"),
            Function::Sin => called.plain("nuages_sin"),
            Function::Cos => called.plain("nuages_cos"),
            Function::Tan => called.plain("nuages_tan"),
            Function::ASin => called.plain("nuages_asin"),
            Function::ACos => called.plain("nuages_acos"),
            Function::ATan => called.plain("nuages_atan"),
            Function::Degrees => called.plain("nuages_degrees"),
            Function::Radians => called.plain("nuages_radians"),
            // RANDOM() is an integer of 64 bits.
            Function::Random => "((RANDOM() >> 11) / 9007199254740992.0 + 0.5)".to_owned(),
            Function::Greatest => called.plain("MAX"),
            Function::Least => called.plain("MIN"),
            Function::Now => "strftime('%Y-%m-%d %H:%M:%f', 'now')".to_owned(),
            Function::Extract(wanted) => match wanted {
                Part::Year => part("%Y"),
                Part::IsoYear => part("%G"),
                Part::Quarter => format!("((CAST(strftime('%m', {}) AS INTEGER) + 2) / 3)", arg(0)),
                Part::Month => part("%m"),
                Part::Week => part("%V"),
                Part::Day => part("%d"),
                Part::WeekDay => format!("(CAST(strftime('%w', {}) AS INTEGER) + 1)", arg(0)),
                Part::IsoWeekDay => part("%u"),
                Part::Hour => part("%H"),
                Part::Minute => part("%M"),
                Part::Second => part("%S"),
            },
            Function::Trunc(wanted) => match wanted {
                Part::Year | Part::IsoYear => start("%Y-01-01 00:00:00"),
                Part::Month => start("%Y-%m-01 00:00:00"),
                Part::Quarter => {
                    let time = if called.kind == Some(Kind::Date) {
                        ""
                    } else {
                        " 00:00:00"
                    };
                    format!(
                        "(strftime('%Y', {0}) || printf('-%02d-01{time}', (CAST(strftime('%m', {0}) AS INTEGER) - 1) / 3 * 3 + 1))",
                        arg(0)
                    )
                }
                Part::Week | Part::WeekDay | Part::IsoWeekDay => {
                    let time = if called.kind == Some(Kind::Date) {
                        ""
                    } else {
                        " || ' 00:00:00'"
                    };
                    format!("(date({}, 'weekday 0', '-6 days'){time})", arg(0))
                }
                Part::Day => start("%Y-%m-%d 00:00:00"),
                Part::Hour => start("%Y-%m-%d %H:00:00"),
                Part::Minute => start("%Y-%m-%d %H:%M:00"),
                Part::Second => start("%Y-%m-%d %H:%M:%S"),
            },
            Function::Date => called.plain("date"),
            // With its fraction, which SQLite's own function cuts.
            Function::Time => format!("substr({}, 12)", arg(0)),
            function => called.plain(name(function).unwrap_or_default()),
        }
    }

    fn cast(&self, expr: &str, kind: Kind, sql: &mut String) {
        let to = match kind {
            Kind::Bool | Kind::SmallInt | Kind::Int | Kind::BigInt => "INTEGER",
            Kind::Float => "REAL",
            Kind::Decimal => "NUMERIC",
            Kind::Text | Kind::Uuid | Kind::Json | Kind::Time => "TEXT",
            Kind::Bytes => "BLOB",
            Kind::Date => {
                let _ = write!(sql, "date({expr})");
                return;
            }
            Kind::DateTime | Kind::Timestamp => {
                let _ = write!(sql, "datetime({expr})");
                return;
            }
        };
        let _ = write!(sql, "CAST({expr} AS {to})");
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

    fn order(&self, expr: &str, part: &Order, nullable: bool, sql: &mut String) {
        sql.push_str(expr);
        sql.push_str(if part.descending { " DESC" } else { " ASC" });
        sql.push_str(match (part.nulls, part.descending, nullable) {
            (Some(Nulls::First), ..) | (None, true, true) => " NULLS FIRST",
            (Some(Nulls::Last), ..) | (None, false, true) => " NULLS LAST",
            (None, _, false) => "",
        });
    }

    fn no_limit(&self, sql: &mut String) {
        sql.push_str(" LIMIT -1");
    }

    fn exists_beside_offset(&self) -> &'static str {
        // From 3.51 on, it makes a join of an EXISTS without a LIMIT, and the OFFSET then counts the rows of the join.
        " LIMIT 1"
    }

    fn lock(&self, _alias: usize, lock: Lock, _sql: &mut String) -> Result<()> {
        // A transaction begins with BEGIN IMMEDIATE: nobody else writes until it ends. So the lock is kept; its options are not.
        if lock.wait != Wait::Wait {
            return Err(Error::configuration(
                "SQLite has no row locks: `nowait` and `skip_locked` have no meaning there; its transactions come one after the other",
            ));
        }
        Ok(())
    }

    fn explain(&self, explain: Explain) -> Result<String> {
        if explain != Explain::default() {
            return Err(Error::configuration(
                "SQLite explains a query as text and without running it: call `.explain(Explain::default())`",
            ));
        }
        Ok("EXPLAIN QUERY PLAN ".to_owned())
    }

    fn windows(&self, aggregate: Aggregate, kind: Option<Kind>) -> bool {
        match aggregate {
            Aggregate::Variance | Aggregate::SampleVariance => false,
            Aggregate::Sum | Aggregate::Avg => kind != Some(Kind::Decimal),
            _ => true,
        }
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
