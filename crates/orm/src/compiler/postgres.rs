//! PostgreSQL's SQL.

use std::fmt::Write as _;

use super::function::{Called, name, part_name};
use super::syntax::{Match, Syntax, escape_like, sign};
use crate::meta::ColumnMeta;
use crate::query::{Explain, ExplainFormat, Function, Lock, Operator, Part, Place, Wait};
use crate::{Kind, Result, Value};

/// PostgreSQL's syntax.
pub(super) struct Postgres;

impl Syntax for Postgres {
    fn placeholder(&self, n: usize, sql: &mut String) {
        let _ = write!(sql, "${n}");
    }

    fn matches(&self, text: &Match<'_>, sql: &mut String, bind: &mut dyn FnMut(Value, &mut String)) {
        let Match {
            expr,
            kind,
            place,
            pattern,
            case_sensitive,
        } = *text;
        let cast = if matches!(kind, Some(Kind::Text) | None) {
            ""
        } else {
            "::text"
        };
        let (before, after) = if case_sensitive { ("", "") } else { ("UPPER(", ")") };
        let _ = write!(sql, "{before}{expr}{cast}{after}");
        let pattern = match place {
            Place::Whole => {
                sql.push_str(" = ");
                pattern.to_owned()
            }
            _ => {
                sql.push_str(" LIKE ");
                place.surround(escape_like(pattern), '%')
            }
        };
        sql.push_str(before);
        bind(Value::Text(pattern), sql);
        sql.push_str(after);
    }

    fn arithmetic(&self, operator: Operator, _kind: Option<Kind>, left: &str, right: &str, sql: &mut String) {
        let _ = write!(sql, "({left} {} {right})", sign(operator));
    }

    fn function(&self, called: &Called<'_>) -> String {
        let arg = |index| called.arg(index);
        // A moment is looked at in UTC, whatever the zone of the session.
        let civil = match called.kind {
            Some(Kind::Timestamp) => format!("({} AT TIME ZONE 'UTC')", arg(0)),
            _ => arg(0).to_owned(),
        };
        match called.function {
            Function::Concat => called.plain("CONCAT"),
            Function::StrIndex => called.plain("STRPOS"),
            Function::Mod => format!("({} % {})", arg(0), arg(1)),
            // It rounds doubles to whole numbers only.
            Function::Round if called.kind == Some(Kind::Float) => {
                format!("ROUND({}::numeric, {})::double precision", arg(0), arg(1))
            }
            Function::Sign => called.sign(),
            Function::Power
            | Function::Sqrt
            | Function::Exp
            | Function::Ln
            | Function::Sin
            | Function::Cos
            | Function::Tan
            | Function::ASin
            | Function::ACos
            | Function::ATan
            | Function::Degrees
            | Function::Radians => {
                let args: Vec<_> = called
                    .args
                    .iter()
                    .map(|arg| format!("{arg}::double precision"))
                    .collect();
                format!(
                    "{}({})",
                    name(called.function).unwrap_or_default(),
                    args.join(", ")
                )
            }
            Function::Random => "RANDOM()".to_owned(),
            // It ignores NULLs.
            Function::Greatest => called.unless_null(&called.plain("GREATEST")),
            Function::Least => called.unless_null(&called.plain("LEAST")),
            Function::Now => "CURRENT_TIMESTAMP".to_owned(),
            Function::Extract(Part::Second) => {
                format!("FLOOR(EXTRACT(second FROM {civil}))::integer")
            }
            Function::Extract(Part::WeekDay) => format!("(EXTRACT(dow FROM {civil})::integer + 1)"),
            Function::Extract(part) => format!("EXTRACT({} FROM {civil})::integer", part_name(part)),
            Function::Trunc(part) => {
                let part = part_name(part);
                match called.kind {
                    Some(Kind::Timestamp) => format!("date_trunc('{part}', {}, 'UTC')", arg(0)),
                    Some(Kind::Date) => format!("date_trunc('{part}', {civil}::timestamp)::date"),
                    _ => format!("date_trunc('{part}', {civil})"),
                }
            }
            Function::Date => format!("{civil}::date"),
            Function::Time => format!("{civil}::time"),
            function => called.plain(name(function).unwrap_or_default()),
        }
    }

    fn cast(&self, expr: &str, kind: Kind, sql: &mut String) {
        let to = match kind {
            Kind::Bool => "boolean",
            Kind::SmallInt => "smallint",
            Kind::Int => "integer",
            Kind::BigInt => "bigint",
            Kind::Float => "double precision",
            Kind::Decimal => "numeric",
            Kind::Text => "text",
            Kind::Bytes => "bytea",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::DateTime => "timestamp",
            Kind::Timestamp => "timestamptz",
            Kind::Uuid => "uuid",
            Kind::Json => "jsonb",
        };
        let _ = write!(sql, "CAST({expr} AS {to})");
    }

    fn lock(&self, alias: usize, lock: Lock, sql: &mut String) -> Result<()> {
        let strength = if lock.no_key { "NO KEY UPDATE" } else { "UPDATE" };
        let wait = match lock.wait {
            Wait::Wait => "",
            Wait::Error => " NOWAIT",
            Wait::Skip => " SKIP LOCKED",
        };
        // Only the model's own rows: the other side of an outer join cannot be locked.
        let _ = write!(sql, " FOR {strength} OF \"t{alias}\"{wait}");
        Ok(())
    }

    fn explain(&self, explain: Explain) -> Result<String> {
        let format = match explain.format {
            ExplainFormat::Text => "TEXT",
            ExplainFormat::Json => "JSON",
        };
        Ok(format!("EXPLAIN (ANALYZE {}, FORMAT {format}) ", explain.analyze))
    }

    fn column_type(&self, column: &ColumnMeta) -> String {
        match (column.kind, column.max_length, column.digits) {
            (Kind::Bool, ..) => "boolean".to_owned(),
            (Kind::SmallInt, ..) => "smallint".to_owned(),
            (Kind::Int, ..) => "integer".to_owned(),
            (Kind::BigInt, ..) => "bigint".to_owned(),
            (Kind::Float, ..) => "double precision".to_owned(),
            (Kind::Decimal, _, Some((digits, places))) => format!("numeric({digits}, {places})"),
            (Kind::Decimal, _, None) => "numeric".to_owned(),
            (Kind::Text, Some(length), _) => format!("varchar({length})"),
            (Kind::Text, None, _) => "text".to_owned(),
            (Kind::Bytes, ..) => "bytea".to_owned(),
            (Kind::Date, ..) => "date".to_owned(),
            (Kind::Time, ..) => "time".to_owned(),
            (Kind::DateTime, ..) => "timestamp".to_owned(),
            (Kind::Timestamp, ..) => "timestamp with time zone".to_owned(),
            (Kind::Uuid, ..) => "uuid".to_owned(),
            (Kind::Json, ..) => "jsonb".to_owned(),
        }
    }

    fn automatic_key(&self) -> &'static str {
        " GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    }
}
