//! MariaDB's SQL, in the modes that the driver sets: names in double quotes, and no backslash escapes.

use std::fmt::Write as _;

use super::Bound;
use super::function::{Called, name};
use super::json::Joined;
use super::quote;
use super::syntax::{Match, Syntax, call, escape_like, json_path, sign, write_each};
use crate::meta::{ColumnMeta, ModelMeta};
use crate::placeholders;
use crate::query::{
    Aggregate, Conflict, Explain, ExplainFormat, Function, Lock, Nulls, Operator, Order, Part, Place, Step,
    Wait,
};
use crate::{Dialect, Kind, Result, Value};

/// MariaDB's syntax.
pub(super) struct MariaDb;

/// The longest text, in characters, that is kept in the row: four bytes each, 65,535 in all.
const LONGEST_VARCHAR: u32 = 16_383;

/// Text as JSON, in a collation that mixes with those of other texts.
fn json_of(text: &str) -> String {
    format!("JSON_EXTRACT({text} COLLATE utf8mb4_bin, '$')")
}

/// What follows the version in a random UUID: its variant, and bits that say nothing.
const UUID_END: &str =
    "SUBSTR(HEX(RANDOM_BYTES(2)), 2), HEX(FLOOR(8 + RAND() * 4)), SUBSTR(HEX(RANDOM_BYTES(8)), 2)";

impl Syntax for MariaDb {
    fn placeholder(&self, n: usize, sql: &mut String) {
        // As SQLite's. In the end they go by their order.
        let _ = write!(sql, "?{n}");
    }

    fn finish(&self, sql: &mut String, values: &mut Vec<Bound>) -> Result<()> {
        placeholders::compiled(sql, values)
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
        let (before, after) = if case_sensitive { ("", "") } else { ("LOWER(", ")") };
        let _ = match kind {
            Some(Kind::Text) | None => write!(sql, "{before}{expr}{after}"),
            _ => write!(sql, "{before}CAST({expr} AS CHAR){after}"),
        };
        // The case matters by the binary comparison also in a table that somebody else made, whose collation ignores it.
        sql.push_str(if case_sensitive { " LIKE BINARY " } else { " LIKE " });
        let pattern = match place {
            Place::Whole => escape_like(pattern),
            _ => place.surround(escape_like(pattern), '%'),
        };
        sql.push_str(before);
        bind(Value::Text(pattern), sql);
        sql.push_str(after);
        sql.push_str(" ESCAPE '\\'");
    }

    fn arithmetic(&self, operator: Operator, kind: Option<Kind>, left: &str, right: &str, sql: &mut String) {
        let _ = match (operator, kind) {
            // Elsewhere, integers divide to an integer.
            (Operator::Div, Some(Kind::SmallInt | Kind::Int | Kind::BigInt)) => {
                write!(sql, "({left} DIV {right})")
            }
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
        match (function, kind) {
            (Aggregate::Count, _) => call("COUNT", distinct, expr, sql),
            (Aggregate::Sum, _) => call("SUM", distinct, expr, sql),
            (Aggregate::Avg, Some(Kind::Decimal)) => call("AVG", distinct, expr, sql),
            // The mean of integers would be a decimal that is cut.
            (Aggregate::Avg, _) => call("AVG", distinct, &format!("CAST({expr} AS DOUBLE)"), sql),
            (Aggregate::Min | Aggregate::AnyValue, _) => call("MIN", distinct, expr, sql),
            (Aggregate::Max, _) => call("MAX", distinct, expr, sql),
            (Aggregate::Variance, _) => call("VAR_POP", distinct, expr, sql),
            (Aggregate::SampleVariance, _) => call("VAR_SAMP", distinct, expr, sql),
            // Of no values, they are not NULL here, but the bits of all numbers, or none; and they are unsigned.
            (Aggregate::BitAnd | Aggregate::BitOr | Aggregate::BitXor, _) => {
                let name = match function {
                    Aggregate::BitAnd => "BIT_AND",
                    Aggregate::BitOr => "BIT_OR",
                    _ => "BIT_XOR",
                };
                let _ = write!(
                    sql,
                    "CASE WHEN COUNT({expr}) > 0 THEN CAST({name}({expr}) AS SIGNED) END"
                );
            }
            (Aggregate::JsonArray, Some(Kind::Json)) => {
                call(
                    "JSON_ARRAYAGG",
                    distinct,
                    &format!("JSON_EXTRACT({expr}, '$')"),
                    sql,
                );
            }
            (Aggregate::JsonArray, Some(Kind::Bool)) => {
                let boolean = format!(
                    "JSON_EXTRACT(CASE WHEN {expr} THEN 'true' WHEN NOT {expr} THEN 'false' ELSE 'null' END, '$')"
                );
                call("JSON_ARRAYAGG", distinct, &boolean, sql);
            }
            (Aggregate::JsonArray, _) => call("JSON_ARRAYAGG", distinct, expr, sql),
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect::MariaDb
    }

    fn json(
        &self,
        document: &str,
        path: &[Step],
        text: bool,
        sql: &mut String,
        bind: &mut dyn FnMut(Value, &mut String),
    ) {
        let mut found = document.to_owned();
        let mut steps = path;
        while !steps.is_empty() {
            let keys = steps
                .iter()
                .take_while(|step| matches!(step, Step::Key(_)))
                .count();
            if let Some(Step::Index(index)) = steps.first() {
                // Else a document that is no array would be taken for one with a single element. Its own `$[last-1]`
                // found nothing in a query over several rows, so an index from the end is counted out.
                let place = match index {
                    0.. => index.to_string(),
                    index => format!("JSON_LENGTH({found}) - {}", index.unsigned_abs()),
                };
                found = format!(
                    "CASE WHEN JSON_TYPE({found}) = 'ARRAY' AND {place} >= 0 THEN JSON_EXTRACT({found}, CONCAT('$[', {place}, ']')) END"
                );
                steps = &steps[1..];
            } else {
                let mut bound = String::new();
                bind(
                    Value::Text(json_path(&steps[..keys], |_| String::new())),
                    &mut bound,
                );
                found = format!("JSON_EXTRACT({found}, {bound})");
                steps = &steps[keys..];
            }
        }
        if path.is_empty() {
            found = format!("JSON_EXTRACT({found}, '$')");
        }
        if text {
            // JSON's null is no text.
            let _ = write!(
                sql,
                "CASE WHEN JSON_TYPE({found}) <> 'NULL' THEN JSON_UNQUOTE({found}) END"
            );
        } else {
            sql.push_str(&found);
        }
    }

    fn same_json(&self, document: String) -> String {
        format!("JSON_NORMALIZE({document})")
    }

    fn regex(&self, expr: &str, pattern: &str, case_sensitive: bool, sql: &mut String) {
        let how = if case_sensitive { "(?-i)" } else { "(?i)" };
        let _ = write!(sql, "({expr} REGEXP CONCAT('{how}', {pattern}))");
    }

    fn string_agg(&self, joined: &Joined<'_>, sql: &mut String) {
        let Joined {
            expr,
            separator,
            distinct,
            order,
        } = joined;
        let distinct = if *distinct { "DISTINCT " } else { "" };
        let _ = write!(sql, "GROUP_CONCAT({distinct}{expr}{order} SEPARATOR {separator})");
    }

    fn function(&self, called: &Called<'_>) -> String {
        let arg = |index| called.arg(index);
        let format = |format: &str| match called.kind {
            Some(Kind::Date) => format!("CAST(DATE_FORMAT({}, '{format}') AS DATE)", arg(0)),
            _ => format!("CAST(DATE_FORMAT({}, '{format}') AS DATETIME(6))", arg(0)),
        };
        match called.function {
            Function::Length => called.plain("CHAR_LENGTH"),
            Function::Concat => {
                let args: Vec<_> = called
                    .args
                    .iter()
                    .map(|arg| format!("COALESCE({arg}, '')"))
                    .collect();
                format!("CONCAT({})", args.join(", "))
            }
            Function::Sha1 => called.plain("SHA1"),
            Function::Sha224 => format!("SHA2({}, 224)", arg(0)),
            Function::Sha256 => format!("SHA2({}, 256)", arg(0)),
            Function::Sha384 => format!("SHA2({}, 384)", arg(0)),
            Function::Sha512 => format!("SHA2({}, 512)", arg(0)),
            Function::Chr => format!("CHAR({} USING utf32)", arg(0)),
            Function::Ord => format!("ORD(CONVERT({} USING utf32))", arg(0)),
            // Its own functions for these came with version 11.7.
            Function::Uuid4 => format!("LOWER(CONCAT(HEX(RANDOM_BYTES(6)), '4', {UUID_END}))"),
            Function::Uuid7 => {
                let time = "LPAD(HEX(FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)), 12, '0')";
                format!("LOWER(CONCAT({time}, '7', {UUID_END}))")
            }
            Function::JsonObject => {
                format!("JSON_OBJECT({})", called.json_args(json_of))
            }
            Function::JsonArray => {
                format!("JSON_ARRAY({})", called.json_args(json_of))
            }
            Function::JsonContains => called.plain("JSON_CONTAINS"),
            Function::StrIndex => called.plain("INSTR"),
            Function::Mod => format!("({} % {})", arg(0), arg(1)),
            Function::Sign => called.sign(),
            Function::Random => "RAND()".to_owned(),
            Function::Now => "UTC_TIMESTAMP(6)".to_owned(),
            Function::Extract(part) => match part {
                Part::Year => called.plain("YEAR"),
                Part::IsoYear => format!("(YEARWEEK({}, 3) DIV 100)", arg(0)),
                Part::Quarter => called.plain("QUARTER"),
                Part::Month => called.plain("MONTH"),
                Part::Week => format!("WEEK({}, 3)", arg(0)),
                Part::Day => called.plain("DAYOFMONTH"),
                Part::WeekDay => called.plain("DAYOFWEEK"),
                Part::IsoWeekDay => format!("(WEEKDAY({}) + 1)", arg(0)),
                Part::Hour => called.plain("HOUR"),
                Part::Minute => called.plain("MINUTE"),
                Part::Second => called.plain("SECOND"),
            },
            Function::Trunc(part) => match part {
                Part::Year | Part::IsoYear => format("%Y-01-01 00:00:00"),
                Part::Month => format("%Y-%m-01 00:00:00"),
                Part::Quarter => format!(
                    "CAST(MAKEDATE(YEAR({0}), 1) + INTERVAL QUARTER({0}) - 1 QUARTER AS {1})",
                    arg(0),
                    if called.kind == Some(Kind::Date) {
                        "DATE"
                    } else {
                        "DATETIME(6)"
                    }
                ),
                Part::Week | Part::WeekDay | Part::IsoWeekDay => format!(
                    "CAST(SUBDATE(DATE({0}), WEEKDAY({0})) AS {1})",
                    arg(0),
                    if called.kind == Some(Kind::Date) {
                        "DATE"
                    } else {
                        "DATETIME(6)"
                    }
                ),
                Part::Day => format("%Y-%m-%d 00:00:00"),
                Part::Hour => format("%Y-%m-%d %H:00:00"),
                Part::Minute => format("%Y-%m-%d %H:%i:00"),
                Part::Second => format("%Y-%m-%d %H:%i:%s"),
            },
            Function::Date => called.plain("DATE"),
            Function::Time => called.plain("TIME"),
            function => called.plain(name(function).unwrap_or_default()),
        }
    }

    fn cast(&self, expr: &str, kind: Kind, sql: &mut String) {
        let to = match kind {
            Kind::Bool => {
                let _ = write!(sql, "({expr} <> 0)");
                return;
            }
            Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Duration => "SIGNED",
            Kind::Float => "DOUBLE",
            Kind::Decimal => "DECIMAL(38, 10)",
            Kind::Text | Kind::Uuid | Kind::Json | Kind::Ip => "CHAR",
            Kind::Bytes => "BINARY",
            Kind::Date => "DATE",
            Kind::Time => "TIME(6)",
            Kind::DateTime | Kind::Timestamp => "DATETIME(6)",
        };
        let _ = write!(sql, "CAST({expr} AS {to})");
    }

    fn order(&self, expr: &str, part: &Order, nullable: bool, sql: &mut String) {
        let direction = if part.descending { " DESC" } else { " ASC" };
        if nullable {
            let first = match part.nulls {
                Some(nulls) => nulls == Nulls::First,
                None => part.descending,
            };
            let _ = write!(sql, "{expr} IS NULL{}, ", if first { " DESC" } else { " ASC" });
        }
        let _ = write!(sql, "{expr}{direction}");
    }

    fn no_limit(&self, sql: &mut String) {
        sql.push_str(" LIMIT 18446744073709551615");
    }

    fn lock(&self, _alias: usize, lock: Lock, sql: &mut String) -> Result<()> {
        // It has no OF: what is joined is locked too. Without a weaker lock, the stronger one does what was asked for.
        sql.push_str(" FOR UPDATE");
        sql.push_str(match lock.wait {
            Wait::Wait => "",
            Wait::Error => " NOWAIT",
            Wait::Skip => " SKIP LOCKED",
        });
        Ok(())
    }

    fn explain(&self, explain: Explain) -> Result<String> {
        let run = if explain.analyze { "ANALYZE" } else { "EXPLAIN" };
        Ok(match explain.format {
            ExplainFormat::Text => format!("{run} "),
            ExplainFormat::Json => format!("{run} FORMAT=JSON "),
        })
    }

    fn default_values(&self) -> &'static str {
        " () VALUES ()"
    }

    fn on_conflict(&self, model: &ModelMeta, conflict: &Conflict, sql: &mut String) {
        sql.push_str(" ON DUPLICATE KEY UPDATE ");
        match conflict {
            // INSERT IGNORE would take every error for a conflict.
            Conflict::Ignore => {
                quote(model.primary_key, sql);
                sql.push_str(" = ");
                quote(model.table, sql);
                sql.push('.');
                quote(model.primary_key, sql);
            }
            Conflict::Update { update, .. } => write_each(update, sql, |name, sql| {
                quote(name, sql);
                sql.push_str(" = VALUES(");
                quote(name, sql);
                sql.push(')');
            }),
        }
    }

    fn delete_from(&self, table: &str, alias: usize, sql: &mut String) {
        // Only the form for several tables takes an alias in every version.
        let _ = write!(sql, "DELETE \"t{alias}\" FROM ");
        quote(table, sql);
        let _ = write!(sql, " AS \"t{alias}\"");
    }

    fn reads_what_it_changes(&self) -> bool {
        false
    }

    fn column_type(&self, column: &ColumnMeta) -> String {
        match (column.kind, column.max_length, column.digits) {
            (Kind::Bool, ..) => "bool".to_owned(),
            (Kind::SmallInt, ..) => "smallint".to_owned(),
            (Kind::Int, ..) => "integer".to_owned(),
            (Kind::BigInt | Kind::Duration, ..) => "bigint".to_owned(),
            (Kind::Ip, ..) => "char(39)".to_owned(),
            (Kind::Float, ..) => "double precision".to_owned(),
            (Kind::Decimal, _, Some((digits, places))) => format!("numeric({digits}, {places})"),
            (Kind::Decimal, _, None) => "numeric(38, 10)".to_owned(),
            (Kind::Text, Some(length), _) if length <= LONGEST_VARCHAR => format!("varchar({length})"),
            (Kind::Text, ..) => "longtext".to_owned(),
            (Kind::Bytes, ..) => "longblob".to_owned(),
            (Kind::Date, ..) => "date".to_owned(),
            (Kind::Time, ..) => "time(6)".to_owned(),
            (Kind::DateTime | Kind::Timestamp, ..) => "datetime(6)".to_owned(),
            (Kind::Uuid, ..) => "char(32)".to_owned(),
            (Kind::Json, ..) => "json".to_owned(),
        }
    }

    fn automatic_key(&self) -> &'static str {
        " AUTO_INCREMENT PRIMARY KEY"
    }

    fn table_options(&self) -> &'static str {
        // Texts differ where a character does, be it in case, in an accent or by a space at the end, as on the other databases. MySQL has another name for it.
        " ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */"
    }
}
