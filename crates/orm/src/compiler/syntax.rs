//! What one SQL writes otherwise than another.

use std::fmt::Write as _;

use super::Bound;
use super::function::Called;
use crate::meta::{ColumnMeta, ModelMeta};
use crate::query::{Aggregate, Conflict, Explain, Lock, Nulls, Operator, Order, Place};
use crate::{Kind, Result, Value};

/// The differences between dialects.
pub(crate) trait Syntax: Sync {
    /// The `n`th bound value, counted from 1.
    fn placeholder(&self, n: usize, sql: &mut String);

    /// A text match. Returns the pattern to bind, and writes the rest around `place_holder`.
    fn matches(&self, text: &Match<'_>, sql: &mut String, bind: &mut dyn FnMut(Value, &mut String));

    /// Arithmetic whose sides are written already. `kind` is that of the result.
    fn arithmetic(&self, operator: Operator, kind: Option<Kind>, left: &str, right: &str, sql: &mut String);

    /// An aggregate over values of a kind, which are written already.
    fn aggregate(
        &self,
        function: Aggregate,
        _kind: Option<Kind>,
        distinct: bool,
        expr: &str,
        sql: &mut String,
    ) {
        let name = match function {
            Aggregate::Count => "COUNT",
            Aggregate::Sum => "SUM",
            Aggregate::Avg => "AVG",
            Aggregate::Min => "MIN",
            Aggregate::Max => "MAX",
            Aggregate::Variance => "VAR_POP",
            Aggregate::SampleVariance => "VAR_SAMP",
        };
        call(name, distinct, expr, sql);
    }

    /// A function.
    fn function(&self, called: &Called<'_>) -> String;

    /// A value as another type.
    fn cast(&self, expr: &str, kind: Kind, sql: &mut String);

    /// An expression that becomes the value of a column.
    fn assign(&self, _column: &ColumnMeta, expr: &str, sql: &mut String) {
        sql.push_str(expr);
    }

    /// A value as the column keeps it.
    fn fit(&self, _column: &ColumnMeta, value: Value) -> Result<Value> {
        Ok(value)
    }

    /// One part of an order. If nothing else is said, NULL goes last in a rising one, as PostgreSQL has it.
    fn order(&self, expr: &str, part: &Order, _nullable: bool, sql: &mut String) {
        sql.push_str(expr);
        sql.push_str(if part.descending { " DESC" } else { " ASC" });
        sql.push_str(match part.nulls {
            Some(Nulls::First) => " NULLS FIRST",
            Some(Nulls::Last) => " NULLS LAST",
            None => "",
        });
    }

    /// What an OFFSET without a LIMIT needs.
    fn no_limit(&self, _sql: &mut String) {}

    /// What ends the query of an EXISTS in one with an OFFSET.
    fn exists_beside_offset(&self) -> &'static str {
        ""
    }

    /// What an INSERT says that gives no column.
    fn default_values(&self) -> &'static str {
        " DEFAULT VALUES"
    }

    /// What an INSERT does with a row that breaks a unique rule.
    fn on_conflict(&self, _model: &ModelMeta, conflict: &Conflict, sql: &mut String) {
        match conflict {
            Conflict::Ignore => sql.push_str(" ON CONFLICT DO NOTHING"),
            Conflict::Update { unique, update } => {
                sql.push_str(" ON CONFLICT (");
                write_names(unique, sql);
                sql.push_str(") DO UPDATE SET ");
                write_each(update, sql, |name, sql| {
                    quote(name, sql);
                    sql.push_str(" = excluded.");
                    quote(name, sql);
                });
            }
        }
    }

    /// The DELETE of a table with an alias, as far as its WHERE.
    fn delete_from(&self, table: &str, alias: usize, sql: &mut String) {
        sql.push_str("DELETE FROM ");
        quote(table, sql);
        let _ = write!(sql, " AS \"t{alias}\"");
    }

    /// Whether a statement may read the table that it changes in a subquery.
    fn reads_what_it_changes(&self) -> bool {
        true
    }

    /// The last touch to a statement.
    fn finish(&self, _sql: &mut String, _values: &mut Vec<Bound>) -> Result<()> {
        Ok(())
    }

    /// Locks the rows of the table with this alias until the transaction ends.
    ///
    /// # Errors
    ///
    /// The database has no such lock: it would be no lock at all.
    fn lock(&self, alias: usize, lock: Lock, sql: &mut String) -> Result<()>;

    /// A statement that tells how another one is run, as far as that one.
    ///
    /// # Errors
    ///
    /// The database has no such format.
    fn explain(&self, explain: Explain) -> Result<String>;

    /// Whether an aggregate of its own making can be computed over a window.
    fn windows(&self, _aggregate: Aggregate, _kind: Option<Kind>) -> bool {
        true
    }

    /// Whether decimals come back without their trailing zeros.
    fn needs_places(&self) -> bool {
        false
    }

    /// The type of a column, in CREATE TABLE.
    fn column_type(&self, column: &ColumnMeta) -> String;

    /// What makes an integer key's value, after its type.
    fn automatic_key(&self) -> &'static str;

    /// What follows the columns of CREATE TABLE.
    fn table_options(&self) -> &'static str {
        ""
    }
}

/// A text match to write.
#[derive(Debug)]
pub(crate) struct Match<'a> {
    pub(crate) expr: &'a str,
    pub(crate) kind: Option<Kind>,
    pub(crate) place: Place,
    pub(crate) pattern: &'a str,
    pub(crate) case_sensitive: bool,
}

impl Place {
    /// The pattern with the dialect's `any` before and behind it, as the place asks for.
    pub(super) fn surround(self, escaped: String, any: char) -> String {
        let (before, behind) = match self {
            Self::Whole => (false, false),
            Self::Anywhere => (true, true),
            Self::Start => (false, true),
            Self::End => (true, false),
        };
        let mut pattern = String::with_capacity(escaped.len() + 2);
        if before {
            pattern.push(any);
        }
        pattern.push_str(&escaped);
        if behind {
            pattern.push(any);
        }
        pattern
    }
}

/// The names, quoted, with commas between them.
pub(super) fn write_names(names: &[&str], sql: &mut String) {
    write_each(names, sql, quote);
}

/// Something for each name, with commas between them.
pub(super) fn write_each(names: &[&str], sql: &mut String, write: impl Fn(&str, &mut String)) {
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            sql.push_str(", ");
        }
        write(name, sql);
    }
}

/// `NAME(DISTINCT expr)`
pub(super) fn call(name: &str, distinct: bool, expr: &str, sql: &mut String) {
    let distinct = if distinct { "DISTINCT " } else { "" };
    let _ = write!(sql, "{name}({distinct}{expr})");
}

/// Takes the meaning from LIKE's own characters, by a backslash.
pub(super) fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Writes a name, quoted.
pub(crate) fn quote(name: &str, sql: &mut String) {
    sql.push('"');
    for c in name.chars() {
        if c == '"' {
            sql.push('"');
        }
        sql.push(c);
    }
    sql.push('"');
}

/// The sign of an operator.
pub(super) fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "=",
        Operator::Ne => "<>",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Gt => ">",
        Operator::Ge => ">=",
        Operator::Add => "+",
        Operator::Sub => "-",
        Operator::Mul => "*",
        Operator::Div => "/",
    }
}

/// Whether an operator compares; otherwise it calculates.
pub(super) fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq | Operator::Ne | Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge
    )
}
