//! The query as an immutable tree. The typed layer above builds it without I/O, a compiler below turns it into SQL; neither knows the other.

use std::sync::Arc;

use crate::meta::{ModelMeta, RelationMeta};
use crate::value::{Kind, Value};

/// Values in one statement. Each database takes more: SQLite 32,766, the others 65,535.
pub(crate) const MOST_VALUES: usize = 30_000;

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
        /// Only rows for which this holds.
        filter: Option<Box<Expr>>,
    },
    /// A function of the database, of so many arguments as it takes.
    Function(Function, Vec<Expr>),
    /// `CASE WHEN .. THEN .. ELSE .. END`: the value of the first condition that holds.
    Case {
        /// Conditions and values, at least one.
        whens: Vec<(Expr, Expr)>,
        /// The value where none holds; `None` is NULL.
        otherwise: Option<Box<Expr>>,
    },
    /// The value as another type.
    Cast(Box<Expr>, Kind),
    /// Whether the value is among those of a subquery with one column.
    InSelect(Box<Expr>, Box<Select>),
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
    /// The variance of all there are.
    Variance,
    /// The variance of a sample of those there are.
    SampleVariance,
}

/// Functions, named as in Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// Text in lower case.
    Lower,
    /// Text in upper case.
    Upper,
    /// Characters in a text.
    Length,
    /// Text without the spaces around it.
    Trim,
    /// Text without the spaces before it.
    LTrim,
    /// Text without the spaces behind it.
    RTrim,
    /// The first characters.
    Left,
    /// The last characters.
    Right,
    /// So many characters from a position, counted from 1.
    Substr,
    /// Text with one text in place of another.
    Replace,
    /// Texts one behind the other; NULL is the empty text.
    Concat,
    /// Text several times over.
    Repeat,
    /// Text from its end to its start.
    Reverse,
    /// Text made as long by characters before it.
    LPad,
    /// Text made as long by characters behind it.
    RPad,
    /// Where a text starts in another one, counted from 1; else 0.
    StrIndex,
    /// Without the sign.
    Abs,
    /// The next integer up.
    Ceil,
    /// The next integer down.
    Floor,
    /// To so many digits after the point, half of them away from zero.
    Round,
    /// -1, 0 or 1.
    Sign,
    /// The rest of a division.
    Mod,
    /// To the power of.
    Power,
    /// The square root.
    Sqrt,
    /// `e` to the power of.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// The tangent.
    Tan,
    /// The angle of a sine.
    ASin,
    /// The angle of a cosine.
    ACos,
    /// The angle of a tangent.
    ATan,
    /// Radians as degrees.
    Degrees,
    /// Degrees as radians.
    Radians,
    /// A number between 0 and 1, another one for each row.
    Random,
    /// The first that is not NULL.
    Coalesce,
    /// NULL where two are equal, else the first.
    NullIf,
    /// The largest; NULL where one is.
    Greatest,
    /// The smallest; NULL where one is.
    Least,
    /// The moment at which the statement runs.
    Now,
    /// A part of a date or time, as a number. In UTC where it is a moment.
    Extract(Part),
    /// A date or time with the smaller parts at their start. In UTC where it is a moment.
    Trunc(Part),
    /// The date of a date and time.
    Date,
    /// The time of a date and time.
    Time,
}

/// Parts of dates and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The year.
    Year,
    /// The year that the week belongs to (ISO 8601).
    IsoYear,
    /// The quarter, 1 to 4.
    Quarter,
    /// The month, 1 to 12.
    Month,
    /// The week of the year (ISO 8601), 1 to 53.
    Week,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the week, Sunday 1 to Saturday 7.
    WeekDay,
    /// The day of the week (ISO 8601), Monday 1 to Sunday 7.
    IsoWeekDay,
    /// The hour, 0 to 23.
    Hour,
    /// The minute, 0 to 59.
    Minute,
    /// The second, 0 to 59.
    Second,
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
    /// Of its one column, only what is at certain places among the rows with the same parent, in the order of the query.
    pub per_parent: Option<PerParent>,
}

/// A slice for each parent.
#[derive(Clone, Debug, PartialEq)]
pub struct PerParent {
    /// The column that names the parent.
    pub column: Expr,
    /// How many rows are skipped first.
    pub offset: u64,
    /// How many at most.
    pub limit: Option<u64>,
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
    /// What happens where a row with the same unique columns is there; `None` is an error.
    pub conflict: Option<Conflict>,
    /// The columns to return of each row (RETURNING).
    pub returning: Vec<&'static str>,
}

/// What an INSERT does with a row that breaks a unique rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// It leaves the row out.
    Ignore,
    /// It changes the row that is there.
    Update {
        /// The columns that the two have in common.
        unique: Vec<&'static str>,
        /// The columns that get the new values.
        update: Vec<&'static str>,
    },
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

impl Statement {
    /// The model whose table it reads or writes.
    #[must_use]
    pub fn model(&self) -> &'static ModelMeta {
        match self {
            Self::Select(select) => select.model,
            Self::Insert(insert) => insert.model,
            Self::Update(update) => update.model,
            Self::Delete(delete) => delete.model,
        }
    }
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
            per_parent: None,
        }
    }
}

/// A value's type where a statement needs it and no value is at hand.
#[must_use]
pub fn null(kind: Kind) -> Expr {
    Expr::Value(Value::Null(kind))
}
