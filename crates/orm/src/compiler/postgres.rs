//! PostgreSQL's SQL.

use std::fmt::Write as _;

use super::function::{Called, name, part_name};
use super::json::Joined;
use super::syntax::{Match, Syntax, call, escape_like, sign};
use crate::meta::ColumnMeta;
use crate::query::{Aggregate, Explain, ExplainFormat, Function, Lock, Operator, Part, Place, Step, Wait};
use crate::{Dialect, Kind, Result, Value};

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
            case_sensitive,
            ..
        } = *text;
        let pattern = &*text.pattern();
        let (before, after) = if case_sensitive { ("", "") } else { ("UPPER(", ")") };
        let _ = match kind {
            Some(Kind::Text) | None => write!(sql, "{before}{expr}{after}"),
            Some(Kind::Uuid) => write!(sql, "{before}REPLACE({expr}::text, '-', ''){after}"),
            _ => write!(sql, "{before}{expr}::text{after}"),
        };
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

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn aggregate(&self, function: Aggregate, _: Option<Kind>, distinct: bool, expr: &str, sql: &mut String) {
        let name = match function {
            Aggregate::Count => "COUNT",
            Aggregate::Sum => "SUM",
            Aggregate::Avg => "AVG",
            Aggregate::Min => "MIN",
            Aggregate::Max => "MAX",
            Aggregate::Variance => "VAR_POP",
            Aggregate::SampleVariance => "VAR_SAMP",
            // It has one by this name from version 16 on.
            Aggregate::AnyValue => {
                let _ = write!(sql, "(ARRAY_AGG({expr}) FILTER (WHERE {expr} IS NOT NULL))[1]");
                return;
            }
            Aggregate::BitAnd => "BIT_AND",
            Aggregate::BitOr => "BIT_OR",
            Aggregate::BitXor => "BIT_XOR",
            Aggregate::JsonArray => "JSONB_AGG",
        };
        call(name, distinct, expr, sql);
    }

    fn json(
        &self,
        document: &str,
        path: &[Step],
        text: bool,
        sql: &mut String,
        bind: &mut dyn FnMut(Value, &mut String),
    ) {
        sql.push('(');
        sql.push_str(document);
        for (index, step) in path.iter().enumerate() {
            let last = index + 1 == path.len();
            sql.push_str(if text && last { " ->> " } else { " -> " });
            match step {
                Step::Key(key) => bind(Value::Text(key.clone()), sql),
                Step::Index(index) => {
                    let index = i32::try_from(*index).unwrap_or(i32::MAX);
                    bind(Value::Int(index), sql);
                }
            }
        }
        if text && path.is_empty() {
            sql.push_str(" #>> '{}'");
        }
        sql.push(')');
    }

    fn same_json(&self, document: String) -> String {
        document
    }

    fn regex(&self, expr: &str, pattern: &str, case_sensitive: bool, sql: &mut String) {
        let operator = if case_sensitive { "~" } else { "~*" };
        let _ = write!(sql, "({expr} {operator} {pattern})");
    }

    fn string_agg(&self, joined: &Joined<'_>, sql: &mut String) {
        let Joined {
            expr,
            separator,
            distinct,
            order,
        } = joined;
        let distinct = if *distinct { "DISTINCT " } else { "" };
        let _ = write!(sql, "STRING_AGG({distinct}{expr}, {separator}{order})");
    }

    fn function(&self, called: &Called<'_>) -> String {
        let arg = |index| called.arg(index);
        // A moment is looked at in UTC, whatever the zone of the session.
        let civil = match called.kind {
            Some(Kind::Timestamp) => format!("({} AT TIME ZONE 'UTC')", arg(0)),
            _ => arg(0).to_owned(),
        };
        match called.function {
            // CONCAT depends on settings of the session, which no index and no generated column may.
            Function::Concat => {
                let args: Vec<_> = called
                    .args
                    .iter()
                    .map(|arg| format!("COALESCE({arg}, '')"))
                    .collect();
                format!("({})", args.join(" || "))
            }
            // In the extension pgcrypto; the others it has itself.
            Function::Sha1 => format!("ENCODE(DIGEST({}, 'sha1'), 'hex')", arg(0)),
            Function::Sha224 | Function::Sha256 | Function::Sha384 | Function::Sha512 => {
                let name = match called.function {
                    Function::Sha224 => "SHA224",
                    Function::Sha256 => "SHA256",
                    Function::Sha384 => "SHA384",
                    _ => "SHA512",
                };
                format!("ENCODE({name}(CONVERT_TO({}, 'UTF8')), 'hex')", arg(0))
            }
            Function::Chr => format!("CHR({}::integer)", arg(0)),
            Function::Ord => called.plain("ASCII"),
            Function::Uuid4 => "GEN_RANDOM_UUID()".to_owned(),
            // Its own function for this came with version 18: the time in front of a random one, with two bits of its version set.
            Function::Uuid7 => "ENCODE(SET_BIT(SET_BIT(OVERLAY(UUID_SEND(GEN_RANDOM_UUID()) PLACING \
                SUBSTRING(INT8SEND((EXTRACT(epoch FROM CLOCK_TIMESTAMP()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"
                .to_owned(),
            Function::JsonObject => called.plain("JSONB_BUILD_OBJECT"),
            Function::JsonArray => called.plain("JSONB_BUILD_ARRAY"),
            Function::JsonContains => format!("({} @> {})", arg(0), arg(1)),
            Function::Log => format!("(LN({1}::double precision) / LN({0}::double precision))", arg(0), arg(1)),
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
            | Function::Cot
            | Function::ATan2
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
            Kind::Duration => "interval",
            Kind::Ip => "inet",
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
            (Kind::Duration, ..) => "interval".to_owned(),
            (Kind::Ip, ..) => "inet".to_owned(),
        }
    }

    fn automatic_key(&self) -> &'static str {
        " GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    }
}
