//! Indexes and constraints of a table, as `#[model(indexes = [..], constraints = [..])]` declares them.

use crate::query::{Expr, Order};

/// An index.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IndexMeta {
    /// Its name; without one, the table's and the columns' names make it.
    pub name: Option<&'static str>,
    /// Its columns, and whether each descends; none, where it is of expressions.
    pub columns: &'static [(&'static str, bool)],
    /// What it is of, where that is not just columns. MariaDB has no such indexes, and gets none.
    pub expressions: Option<fn() -> Vec<Order>>,
    /// Only rows for which this holds. MariaDB has no such indexes: there, it is one of all rows.
    pub condition: Option<fn() -> Expr>,
    /// Columns that are kept in it beside those it is of (PostgreSQL).
    pub include: &'static [&'static str],
    /// The operator class of each column (PostgreSQL).
    pub opclasses: &'static [&'static str],
    /// How it is built. Only PostgreSQL has other kinds than the first, and only there are such indexes made.
    pub kind: IndexKind,
}

/// How an index is built: <https://www.postgresql.org/docs/current/indexes-types.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexKind {
    /// Ordered: for comparisons and orders.
    BTree,
    /// Of ranges of blocks: for large tables that are written in order.
    Brin,
    /// Of parts: for arrays, JSON and full text.
    Gin,
    /// Of bounds: for ranges, geometry and nearest neighbours.
    Gist,
    /// Of hashes: for equality.
    Hash,
    /// Of partitions of space.
    SpGist,
    /// Of bits, by the extension `bloom`.
    Bloom,
}

impl IndexMeta {
    /// An index of columns.
    #[must_use]
    pub const fn new(columns: &'static [(&'static str, bool)]) -> Self {
        Self {
            name: None,
            columns,
            expressions: None,
            condition: None,
            include: &[],
            opclasses: &[],
            kind: IndexKind::BTree,
        }
    }

    /// With a name.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Of expressions.
    #[must_use]
    pub const fn expressions(mut self, expressions: fn() -> Vec<Order>) -> Self {
        self.expressions = Some(expressions);
        self
    }

    /// Of some rows.
    #[must_use]
    pub const fn condition(mut self, condition: fn() -> Expr) -> Self {
        self.condition = Some(condition);
        self
    }

    /// With more columns in it.
    #[must_use]
    pub const fn include(mut self, columns: &'static [&'static str]) -> Self {
        self.include = columns;
        self
    }

    /// With an operator class a column.
    #[must_use]
    pub const fn opclasses(mut self, opclasses: &'static [&'static str]) -> Self {
        self.opclasses = opclasses;
        self
    }

    /// Of another kind.
    #[must_use]
    pub const fn kind(mut self, kind: IndexKind) -> Self {
        self.kind = kind;
        self
    }
}

/// A rule that the rows of a table keep, by itself or together.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConstraintMeta {
    /// Its name; without one, the table's and the columns' names make it.
    pub name: Option<&'static str>,
    /// What is told when it is broken.
    pub message: Option<&'static str>,
    /// What it asks for.
    pub rule: ConstraintRule,
    /// Only of rows for which this holds.
    pub condition: Option<fn() -> Expr>,
    /// For a unique rule: when it is looked at (PostgreSQL).
    pub deferrable: Option<Deferrable>,
    /// For a unique rule: columns that its index keeps too (PostgreSQL).
    pub include: &'static [&'static str],
    /// For a unique rule: the operator class of each column (PostgreSQL).
    pub opclasses: &'static [&'static str],
    /// For a unique rule: whether two NULLs are two values. SQL says so, and PostgreSQL can be told otherwise.
    pub nulls_distinct: bool,
    /// For an exclusion: how its index is built.
    pub kind: IndexKind,
}

/// What a constraint asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ConstraintRule {
    /// No two rows have the same values in these columns.
    Unique(&'static [&'static str]),
    /// No two rows have the same values of these expressions.
    UniqueExpressions(fn() -> Vec<Order>),
    /// The condition holds, or is unknown because of a NULL.
    Check(fn() -> Expr),
    /// No two rows compare as true by all of these operators (PostgreSQL).
    Exclude(fn() -> Vec<Order>, &'static [&'static str]),
}

/// When a rule is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deferrable {
    /// At the end of the transaction.
    Deferred,
    /// At each statement, unless the transaction says otherwise.
    Immediate,
}

impl ConstraintMeta {
    /// A rule.
    #[must_use]
    pub const fn new(rule: ConstraintRule) -> Self {
        Self {
            name: None,
            message: None,
            rule,
            condition: None,
            deferrable: None,
            include: &[],
            opclasses: &[],
            nulls_distinct: true,
            kind: IndexKind::Gist,
        }
    }

    /// With a name.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// With a text for people.
    #[must_use]
    pub const fn message(mut self, message: &'static str) -> Self {
        self.message = Some(message);
        self
    }

    /// Of some rows.
    #[must_use]
    pub const fn condition(mut self, condition: fn() -> Expr) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Looked at later.
    #[must_use]
    pub const fn deferrable(mut self, deferrable: Deferrable) -> Self {
        self.deferrable = Some(deferrable);
        self
    }

    /// With more columns in its index.
    #[must_use]
    pub const fn include(mut self, columns: &'static [&'static str]) -> Self {
        self.include = columns;
        self
    }

    /// With an operator class a column.
    #[must_use]
    pub const fn opclasses(mut self, opclasses: &'static [&'static str]) -> Self {
        self.opclasses = opclasses;
        self
    }

    /// Whether two NULLs are two values.
    #[must_use]
    pub const fn nulls_distinct(mut self, distinct: bool) -> Self {
        self.nulls_distinct = distinct;
        self
    }

    /// With an index of another kind.
    #[must_use]
    pub const fn kind(mut self, kind: IndexKind) -> Self {
        self.kind = kind;
        self
    }
}
