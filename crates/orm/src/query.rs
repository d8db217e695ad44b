//! The query as an immutable tree. The typed layer above builds it without I/O, a compiler below turns it into SQL; neither knows the other.

use std::sync::Arc;

use crate::meta::{ModelMeta, RelationMeta};
use crate::value::{Kind, Value};

/// The relations that lead from the query's model to a column, outermost first. Empty: the model itself.
pub type Path = Arc<[&'static RelationMeta]>;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Expr {
    /// A column, reached over relations. The compiler joins what the path names, once a path.
    Column {
        /// The way from the query's model.
        path: Path,
        /// The column's name in the table.
        column: &'static str,
    },
    /// In a subquery: a column of the query around it.
    Outer {
        /// The way from the outer query's model.
        path: Path,
        /// The column's name in the table.
        column: &'static str,
    },
    /// A bound value.
    Value(Value),
    /// `left op right`.
    Binary(Box<Expr>, Operator, Box<Expr>),
    /// `NOT expr`.
    Not(Box<Expr>),
    /// All of them (none: true).
    And(Vec<Expr>),
    /// One of them (none: false).
    Or(Vec<Expr>),
    /// `expr IS NULL`, or `IS NOT NULL` where false.
    IsNull(Box<Expr>, bool),
    /// `expr IN (values)`; an empty list is false.
    In(Box<Expr>, Vec<Value>),
    /// A text match; the compiler escapes the pattern's own metacharacters.
    Match {
        /// What is looked at.
        expr: Box<Expr>,
        /// Where the pattern stands.
        place: Place,
        /// The text looked for, as the user gave it.
        pattern: String,
        /// Whether case matters.
        case_sensitive: bool,
    },
    /// An aggregate over the query's groups.
    Aggregate {
        /// Which.
        function: Aggregate,
        /// Over what; `None` is `COUNT(*)`.
        expr: Option<Box<Expr>>,
        /// Each value once.
        distinct: bool,
    },
    /// A subquery that yields one value. Aggregates over to-many relations are made this way, so that no join multiplies rows.
    Subquery(Box<Select>),
    /// Whether a subquery has rows.
    Exists(Box<Select>),
}

/// Operators with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operator {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// Where in a text a pattern has to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the whole text.
    Whole,
    /// Anywhere.
    Anywhere,
    /// At the start.
    Start,
    /// At the end.
    End,
}

/// Aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aggregate {
    /// How many.
    Count,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// One part of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// By what.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
}

/// A SELECT.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Select {
    /// The model whose table is read.
    pub model: &'static ModelMeta,
    /// What each row holds, in order.
    pub columns: Vec<Expr>,
    /// Which rows.
    pub filter: Option<Expr>,
    /// Grouped by; empty: not grouped (an aggregate then spans all rows).
    pub group_by: Vec<Expr>,
    /// Which groups.
    pub having: Option<Expr>,
    /// In which order.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: Option<u64>,
    /// How many are skipped first.
    pub offset: Option<u64>,
    /// Each row once.
    pub distinct: bool,
    /// `FOR UPDATE`: the rows are locked until the transaction's end.
    pub for_update: bool,
}

/// An INSERT of one or more rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Insert {
    /// The model whose table is written.
    pub model: &'static ModelMeta,
    /// The columns given.
    pub columns: Vec<&'static str>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// The columns to return of each row (RETURNING).
    pub returning: Vec<&'static str>,
}

/// An UPDATE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Update {
    /// The model whose table is written.
    pub model: &'static ModelMeta,
    /// The columns and their new values, which may be expressions of the old ones.
    pub set: Vec<(&'static str, Expr)>,
    /// Which rows.
    pub filter: Option<Expr>,
}

/// A DELETE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delete {
    /// The model whose table is written.
    pub model: &'static ModelMeta,
    /// Which rows.
    pub filter: Option<Expr>,
}

/// A statement as the typed layer hands it down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Statement {
    /// Reads rows.
    Select(Select),
    /// Makes rows.
    Insert(Insert),
    /// Changes rows.
    Update(Update),
    /// Removes rows.
    Delete(Delete),
}

impl Select {
    /// Every row of a model, with no column chosen yet.
    #[must_use]
    pub fn from(model: &'static ModelMeta) -> Self {
        Self {
            model,
            columns: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            order: Vec::new(),
            limit: None,
            offset: None,
            distinct: false,
            for_update: false,
        }
    }
}

/// A value's type where a statement needs it and no value is at hand.
#[must_use]
pub fn null(kind: Kind) -> Expr {
    Expr::Value(Value::Null(kind))
}
