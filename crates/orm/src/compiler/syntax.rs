//! What one SQL writes otherwise than another.

use crate::meta::ColumnMeta;
use crate::query::{Aggregate, Operator, Place};
use crate::{Kind, Result, Value};

/// The differences between dialects.
pub(crate) trait Syntax: Sync {
    /// The `n`th bound value, counted from 1.
    fn placeholder(&self, n: usize, sql: &mut String);

    /// A text match. Returns the pattern to bind, and writes the rest around `place_holder`.
    fn matches(&self, text: &Match<'_>, sql: &mut String, bind: &mut dyn FnMut(Value, &mut String));

    /// Arithmetic whose sides are written already. `kind` is that of the result.
    fn arithmetic(&self, operator: Operator, kind: Option<Kind>, left: &str, right: &str, sql: &mut String);

    /// The name of an aggregate over values of a kind.
    fn aggregate(&self, function: Aggregate, kind: Option<Kind>) -> &'static str;

    /// An expression that becomes the value of a column.
    fn assign(&self, column: &ColumnMeta, expr: &str, sql: &mut String);

    /// A value as the column keeps it.
    fn fit(&self, column: &ColumnMeta, value: Value) -> Result<Value>;

    /// Where NULL goes in an order: last in a rising one, as PostgreSQL has it.
    fn nulls(&self, descending: bool, sql: &mut String);

    /// What an OFFSET without a LIMIT needs.
    fn no_limit(&self, sql: &mut String);

    /// Locks the rows of the table with this alias until the transaction ends.
    fn for_update(&self, alias: usize, sql: &mut String);

    /// Whether decimals come back without their trailing zeros.
    fn needs_places(&self) -> bool;

    /// The type of a column, in CREATE TABLE.
    fn column_type(&self, column: &ColumnMeta) -> String;

    /// What makes an integer key's value, after its type.
    fn automatic_key(&self) -> &'static str;
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
