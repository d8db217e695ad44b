//! The query as an immutable tree. The typed layer above builds it without I/O, a compiler below turns it into SQL; neither knows the other.

use std::sync::Arc;

use crate::Dialect;
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
    /// What stands at a path in a JSON document: JSON, or text. NULL where there is nothing; JSON's own null is not NULL, except as text.
    Json {
        /// The document.
        document: Box<Expr>,
        /// The way into it.
        path: Vec<Step>,
        /// As text: a string without its quotes.
        text: bool,
    },
    /// Whether a text matches a regular expression.
    Regex {
        /// The text.
        expr: Box<Expr>,
        /// The expression, as the database has it.
        pattern: String,
        /// Whether case matters.
        case_sensitive: bool,
    },
    /// Texts of a group as one.
    StringAgg {
        /// The texts.
        expr: Box<Expr>,
        /// What stands between two.
        separator: String,
        /// Each text once.
        distinct: bool,
        /// Only of rows for which this holds.
        filter: Option<Box<Expr>>,
        /// In which order.
        order: Vec<Order>,
    },
    /// SQL that the program itself writes for each database.
    Custom(Custom, Vec<Expr>),
    /// Whether the value is among those of a subquery with one column.
    InSelect(Box<Expr>, Box<Select>),
    /// A subquery that yields one value. Aggregates over to-many relations are made this way, so that no join multiplies rows.
    Subquery(Box<Select>),
    /// Whether a subquery has rows.
    Exists(Box<Select>),
    /// Whether a to-many relation leads to a row for which the condition holds. The condition's columns are those of that row.
    ///
    /// Conditions on the same relation that one `filter` joins by AND are about the same row: `same_row`.
    HasRow {
        /// The way from the query's model to the one that has the relation.
        path: Path,
        /// The relation.
        relation: &'static RelationMeta,
        /// What holds for the row.
        condition: Box<Expr>,
    },
    /// A column that the query's [`Source`] has beside those of the model, counted from 0.
    Output(usize),
    /// A value computed over the rows around each row.
    Window(Box<Window>),
    /// A value that a kept query is given each time it runs, by its position, and its type.
    Parameter(usize, Kind),
}

/// A window function, and over which rows it goes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// Which.
    pub function: WindowFunction,
    /// Of what. An aggregate is one [`Expr::Aggregate`].
    pub args: Vec<Expr>,
    /// The rows with the same values here; empty: all.
    pub partition: Vec<Expr>,
    /// In which order.
    pub order: Vec<Order>,
    /// Which of them, seen from the present row; `None` is what the database does, up to the row and its equals where there is an order.
    pub frame: Option<Frame>,
}

/// Functions of windows, named as in Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowFunction {
    /// The number of the row, from 1.
    RowNumber,
    /// The number of the row, equals having the same one and leaving a gap.
    Rank,
    /// The number of the row, equals having the same one and leaving no gap.
    DenseRank,
    /// The rank as a part of all, from 0 to 1.
    PercentRank,
    /// Which part of the rows is up to the row.
    CumeDist,
    /// In which of so many buckets the row is.
    Ntile(u32),
    /// The value of the row so many before.
    Lag(u32),
    /// The value of the row so many behind.
    Lead(u32),
    /// The value of the first row.
    FirstValue,
    /// The value of the last row.
    LastValue,
    /// The value of the row with this number, from 1.
    NthValue(u32),
    /// The one argument, which is an aggregate.
    Aggregate,
}

/// The rows that a window function sees, from the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// The first of them.
    pub start: FrameBound,
    /// The last of them.
    pub end: FrameBound,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// The values of the one column of the order.
    Range,
}

/// An end of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameBound {
    /// Where the partition starts.
    Start,
    /// So many before the present row.
    Before(u32),
    /// The present row; of a range, its equals too.
    Current,
    /// So many behind the present row.
    Behind(u32),
    /// Where the partition ends.
    End,
}

impl Expr {
    /// Puts other expressions in the place of the columns that the expression is made of. Subqueries are left as they are.
    pub(crate) fn replace_columns(&mut self, replace: &dyn Fn(&Path, &'static str) -> Option<Expr>) {
        let all = |exprs: &mut [Expr]| exprs.iter_mut().for_each(|expr| expr.replace_columns(replace));
        match self {
            Self::Column { path, column } => {
                if let Some(other) = replace(path, column) {
                    *self = other;
                }
            }
            Self::Binary(left, _, right) => {
                left.replace_columns(replace);
                right.replace_columns(replace);
            }
            Self::And(parts) | Self::Or(parts) | Self::Function(_, parts) | Self::Custom(_, parts) => {
                all(parts)
            }
            Self::Not(inner)
            | Self::IsNull(inner, _)
            | Self::In(inner, _)
            | Self::Match { expr: inner, .. }
            | Self::Regex { expr: inner, .. }
            | Self::Json { document: inner, .. }
            | Self::Cast(inner, _)
            | Self::InSelect(inner, _) => inner.replace_columns(replace),
            Self::Case { whens, otherwise } => {
                for (condition, value) in whens {
                    condition.replace_columns(replace);
                    value.replace_columns(replace);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.replace_columns(replace);
                }
            }
            _ => {}
        }
    }
}

/// A step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The value of a key of an object.
    Key(String),
    /// The element of an array: from 0 on, or from its end on where it is negative.
    Index(i64),
}

/// SQL that the program writes: a function or a lookup that the ORM does not have. Two of the same name are the same.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Custom {
    /// What it is called in errors.
    pub name: &'static str,
    /// The type of the result.
    pub kind: Kind,
    /// Writes it around its arguments' SQL; `None` where the database has no such thing.
    pub write: fn(Dialect, &[&str]) -> Option<String>,
}

impl Custom {
    /// One of a name.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, write: fn(Dialect, &[&str]) -> Option<String>) -> Self {
        Self { name, kind, write }
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
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
    /// One of them, no matter which.
    AnyValue,
    /// The bits that all have.
    BitAnd,
    /// The bits that one has.
    BitOr,
    /// The bits that an odd number have.
    BitXor,
    /// All of them as a JSON array, NULLs as null.
    JsonArray,
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
    /// The MD5 of a text, in hexadecimal digits, as those that follow.
    Md5,
    /// The SHA-1 of a text.
    Sha1,
    /// The SHA-224 of a text.
    Sha224,
    /// The SHA-256 of a text.
    Sha256,
    /// The SHA-384 of a text.
    Sha384,
    /// The SHA-512 of a text.
    Sha512,
    /// A text, by the collation of that name.
    Collate,
    /// The character of a code point.
    Chr,
    /// The code point of the first character.
    Ord,
    /// The cotangent.
    Cot,
    /// The angle of a point, from its y and x.
    ATan2,
    /// The logarithm to a base, which comes first.
    Log,
    /// A random UUID, of version 4.
    Uuid4,
    /// A UUID that starts with the time, of version 7.
    Uuid7,
    /// A JSON object of keys and values, by turns.
    JsonObject,
    /// A JSON array.
    JsonArray,
    /// Whether the first JSON document has all that the second one has.
    JsonContains,
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
    /// Where NULLs go; `None` is last in a rising order, and first in a falling one.
    pub nulls: Option<Nulls>,
}

/// Where NULLs go in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Before all values.
    First,
    /// Behind all values.
    Last,
}

impl Order {
    /// By an expression, NULLs where they go if nothing is said.
    #[must_use]
    pub fn by(expr: Expr, descending: bool) -> Self {
        Self {
            expr,
            descending,
            nulls: None,
        }
    }

    /// The other way round.
    pub(crate) fn reverse(&mut self) {
        self.descending = !self.descending;
        self.nulls = match self.nulls {
            Some(Nulls::First) => Some(Nulls::Last),
            Some(Nulls::Last) => Some(Nulls::First),
            None => None,
        };
    }
}

/// A SELECT.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Select {
    /// The model whose table is read.
    pub model: &'static ModelMeta,
    /// The rows of other queries in place of the table's.
    pub source: Option<Box<Source>>,
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
    /// Of the rows with the same values here, the first one.
    pub distinct_on: Vec<Expr>,
    /// The rows are locked until the transaction's end.
    pub lock: Option<Lock>,
    /// Of its one column, only what is at certain places among the rows with the same parent, in the order of the query.
    pub per_parent: Option<PerParent>,
}

/// Rows that come from queries.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// How the queries are put together.
    pub operator: SetOperator,
    /// The queries, at least one, each with as many columns.
    pub members: Vec<Select>,
    /// Whether their first columns are those of the model, in its order. Each further one is an [`Expr::Output`].
    pub records: bool,
}

/// How the rows of queries are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// The rows of all, each once.
    Union,
    /// The rows of all, as often as they are there.
    UnionAll,
    /// The rows that are in all, each once.
    Intersection,
    /// The rows of the first that are in no other, each once.
    Difference,
}

/// A lock of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lock {
    /// What happens where another transaction holds a row.
    pub wait: Wait,
    /// Rows that point here may be made meanwhile.
    pub no_key: bool,
}

/// What happens where a row is locked already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Until the other transaction has ended.
    #[default]
    Wait,
    /// Not at all: it is an error.
    Error,
    /// Not at all: the row is left out.
    Skip,
}

/// How a query is explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explain {
    /// In which form.
    pub format: ExplainFormat,
    /// It is run, and what that took is told. PostgreSQL and MariaDB.
    pub analyze: bool,
}

/// The form of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExplainFormat {
    /// For people.
    #[default]
    Text,
    /// For programs. PostgreSQL and MariaDB.
    Json,
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
#[expect(
    clippy::large_enum_variant,
    reason = "a statement is made once, and seldom moved"
)]
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
            source: None,
            columns: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            order: Vec::new(),
            limit: None,
            offset: None,
            distinct: false,
            distinct_on: Vec::new(),
            lock: None,
            per_parent: None,
        }
    }

    /// Every row that another query has; its columns are the model's own, and then others.
    pub(crate) fn over(rows: Self) -> Self {
        let mut select = Self::from(rows.model);
        select.source = Some(Box::new(Source {
            operator: SetOperator::UnionAll,
            members: vec![rows],
            records: true,
        }));
        select
    }

    /// Every row that another query has, its columns being the outputs.
    pub(crate) fn over_outputs(rows: Self) -> Self {
        let mut select = Self::over(rows);
        if let Some(source) = &mut select.source {
            source.records = false;
        }
        select
    }

    /// Chooses the model's own columns.
    pub(crate) fn own_columns(&mut self) {
        self.columns = self
            .model
            .columns
            .iter()
            .map(|column| own(column.column))
            .collect();
    }

    pub(crate) fn is_sliced(&self) -> bool {
        self.limit.is_some() || self.offset.is_some()
    }
}

/// A column of the query's own model.
pub(crate) fn own(column: &'static str) -> Expr {
    Expr::Column {
        path: [].into(),
        column,
    }
}

/// Both conditions.
pub(crate) fn both(first: Option<Expr>, second: Expr) -> Expr {
    match first {
        None => second,
        Some(Expr::And(mut all)) => {
            match second {
                Expr::And(more) => all.extend(more),
                one => all.push(one),
            }
            Expr::And(all)
        }
        Some(first) => match second {
            Expr::And(mut all) => {
                all.insert(0, first);
                Expr::And(all)
            }
            second => Expr::And(vec![first, second]),
        },
    }
}

/// Makes the conditions on a to-many relation that are joined by AND ask about one row, as those of one `filter` do in Django. Not those of an
/// `exclude`: there each asks for itself, in Django too.
///
/// <https://docs.djangoproject.com/en/stable/topics/db/queries/#spanning-multi-valued-relationships>
pub(crate) fn same_row(expr: Expr) -> Expr {
    match expr {
        Expr::Or(parts) => Expr::Or(parts.into_iter().map(same_row).collect()),
        Expr::And(parts) => {
            let mut merged: Vec<Expr> = Vec::with_capacity(parts.len());
            for part in parts {
                let part = same_row(part);
                let Expr::HasRow {
                    path,
                    relation,
                    condition,
                } = part
                else {
                    merged.push(part);
                    continue;
                };
                let earlier = merged.iter_mut().find_map(|other| match other {
                    Expr::HasRow {
                        path: its_path,
                        relation: its_relation,
                        condition,
                    } if *its_relation == relation && *its_path == path => Some(condition),
                    _ => None,
                });
                match earlier {
                    Some(earlier) => {
                        let first = std::mem::replace(&mut **earlier, Expr::And(Vec::new()));
                        **earlier = both(Some(first), *condition);
                    }
                    None => merged.push(Expr::HasRow {
                        path,
                        relation,
                        condition,
                    }),
                }
            }
            match merged.len() {
                1 => merged.remove(0),
                _ => Expr::And(merged),
            }
        }
        other => other,
    }
}

/// A value's type where a statement needs it and no value is at hand.
#[must_use]
pub fn null(kind: Kind) -> Expr {
    Expr::Value(Value::Null(kind))
}
