//! What a column's type is in the ORM's words.

use nuages_orm::{Dialect, Kind, constraint_name};

use super::is_json_check;
use crate::schema::{Check, Column};

/// A type, and what comes with it.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) max_length: Option<u32>,
    pub(super) digits: Option<(u32, u32)>,
    /// Checks that are a part of the type.
    pub(super) implied: Vec<String>,
    /// Whether the ORM has no such type.
    pub(super) guessed: bool,
}

pub(super) fn found(dialect: Dialect, column: &Column, is_key: bool, checks: &[Check]) -> Found {
    let lower = column.sql_type.to_lowercase();
    let (name, numbers) = parts(&lower);
    let mut found = Found {
        kind: Kind::Text,
        max_length: None,
        digits: None,
        implied: Vec::new(),
        guessed: false,
    };
    let first = numbers.first().copied();
    found.kind = match name.as_str() {
        "bool" | "boolean" => Kind::Bool,
        "tinyint" if dialect == Dialect::MariaDb && first == Some(1) => Kind::Bool,
        "tinyint" | "smallint" | "smallserial" | "smallint unsigned" => Kind::SmallInt,
        // The number of a row has 64 bits.
        "integer" if dialect == Dialect::Sqlite && is_key => Kind::BigInt,
        "int" | "integer" | "mediumint" | "serial" | "int unsigned" | "integer unsigned" => Kind::Int,
        "bigint" | "bigserial" | "bigint unsigned" => Kind::BigInt,
        "real" | "float" | "double" | "double precision" => Kind::Float,
        "decimal" | "numeric" => {
            found.digits = match numbers.as_slice() {
                [all, after] => Some((*all, *after)),
                [all] => Some((*all, 0)),
                _ if dialect == Dialect::Sqlite => Some((15, 2)),
                _ => Some((38, 10)),
            };
            Kind::Decimal
        }
        "char" if first == Some(32) && dialect != Dialect::Postgres => Kind::Uuid,
        "uuid" => Kind::Uuid,
        "varchar" | "character varying" | "char" | "character" | "nvarchar" => {
            found.max_length = first;
            Kind::Text
        }
        "text" | "longtext" | "mediumtext" | "tinytext" | "clob" => Kind::Text,
        "blob" | "longblob" | "mediumblob" | "bytea" | "varbinary" | "binary" => Kind::Bytes,
        "date" => Kind::Date,
        "time" | "time without time zone" => Kind::Time,
        "timestamp without time zone" => Kind::DateTime,
        "datetime" | "timestamp" | "timestamp with time zone" => Kind::Timestamp,
        "json" | "jsonb" => Kind::Json,
        _ => {
            found.guessed = true;
            Kind::Text
        }
    };
    if let Some(check) = checks.iter().find(|check| is_json_check(check, &column.name)) {
        found.kind = Kind::Json;
        found.implied.push(check.name.clone());
    }
    // The length of a text is a check on SQLite: its table is known by the name of that.
    found.implied.extend(checks.iter().filter_map(|check| {
        let length = found.max_length?;
        let says = check.sql.replace(['"', ' '], "") == format!("length({})<={length}", column.name);
        let table = check.name.strip_suffix(&format!("_{}_max_length", column.name))?;
        (says && check.name == constraint_name(table, &[&column.name], "max_length"))
            .then(|| check.name.clone())
    }));
    found
}

/// `varchar(20)`: `varchar`, and 20.
fn parts(sql_type: &str) -> (String, Vec<u32>) {
    let Some((before, rest)) = sql_type.split_once('(') else {
        return (sql_type.trim().to_owned(), Vec::new());
    };
    let (inner, after) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = inner
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    // What stands behind the digits belongs to the name: `time(6) without time zone`, `int(10) unsigned`.
    let name = format!("{}{}", before.trim(), after.trim_end());
    (name.trim().to_owned(), numbers)
}
