//! Models, and records: a model in one of its loading states.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use crate::driver::BoxFuture;
use crate::field_type::{ColumnType, FieldType};
use crate::meta::{ModelMeta, RelationMeta};
use crate::prefetch::Plan;
use crate::query::Expr;
use crate::queryset::QuerySet;
use crate::write::{CreateMode, Creation};
use crate::{Error, Result, Row, Value};

/// A table as a Rust type. `#[model]` implements it, for the state in which no relation is loaded.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[model]` above `struct {Self}`"
)]
pub trait Model: Record<Model = Self> {
    /// The type of the primary key.
    type Key: Key;

    /// The columns at the end of a path: what a query's closures get.
    type Fields<P: 'static>: 'static;

    /// The builder of a row.
    #[doc(hidden)]
    type Create<K: CreateMode<Self>>;

    /// The name of the primary key's column.
    const PRIMARY_KEY: &'static str;

    /// What the operations on the model are called in errors and logs.
    #[doc(hidden)]
    const OPERATIONS: &'static Operations;

    /// What is known about it at run time.
    fn meta() -> &'static ModelMeta;

    /// All rows, as a queryset: `Book::objects()`.
    fn objects() -> QuerySet<Self> {
        QuerySet::new()
    }

    /// A row on its way, of which no column is given yet.
    #[doc(hidden)]
    fn building<K: CreateMode<Self>>(creation: Creation<Self, K>) -> Self::Create<K>;

    /// The columns at the end of the path `P`.
    #[doc(hidden)]
    fn fields_at<P: 'static>() -> &'static Self::Fields<P>;
}

/// A model's own columns, as its queries' closures get them.
pub type Fields<M> = <M as Model>::Fields<crate::path::Root<M>>;

/// What can be a primary key.
pub trait Key: FieldType + Eq + Hash + Display + serde::Serialize + serde::de::DeserializeOwned {}

impl<T: FieldType + Eq + Hash + Display + serde::Serialize + serde::de::DeserializeOwned> Key for T {}

/// A model in one of its loading states: `Book`, or `With<Book, book::author>`. What a query gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[model]` above `struct {Self}`"
)]
pub trait Record: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// The model, in the state in which nothing is loaded.
    type Model: Model;

    /// Its primary key.
    fn primary_key(&self) -> <Self::Model as Model>::Key;

    /// Its columns' values, in the order of the model's columns; none, where it has not all of them.
    #[doc(hidden)]
    fn column_values(&self) -> Vec<Value>;

    /// Chooses the columns that `decode` reads.
    #[doc(hidden)]
    fn select(selection: &mut Selected);

    /// Makes it of a row.
    #[doc(hidden)]
    fn decode(reader: &mut Reader<'_>) -> Result<Self>;

    /// Loads the to-many relations that the plan names.
    #[doc(hidden)]
    fn prefetch<'a>(_records: &'a mut [Self], _plan: &'a Plan) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// The names of a model's operations.
#[derive(Debug)]
#[doc(hidden)]
pub struct Operations {
    pub get: &'static str,
    pub first: &'static str,
    pub all: &'static str,
    pub count: &'static str,
    pub exists: &'static str,
    pub create: &'static str,
    pub save: &'static str,
    pub update: &'static str,
    pub delete: &'static str,
    pub values: &'static str,
    pub fetch: &'static str,
    pub get_or_create: &'static str,
    pub update_or_create: &'static str,
    pub bulk_create: &'static str,
    pub bulk_update: &'static str,
}

/// The names of the operations of a model, made at compile time.
#[macro_export]
#[doc(hidden)]
macro_rules! __operations {
    ($model:literal) => {
        &$crate::__private::Operations {
            get: concat!($model, "::get"),
            first: concat!($model, "::first"),
            all: concat!($model, "::all"),
            count: concat!($model, "::count"),
            exists: concat!($model, "::exists"),
            create: concat!($model, "::create"),
            save: concat!($model, "::save"),
            update: concat!($model, "::update"),
            delete: concat!($model, "::delete"),
            values: concat!($model, "::values"),
            fetch: concat!($model, "::fetch"),
            get_or_create: concat!($model, "::get_or_create"),
            update_or_create: concat!($model, "::update_or_create"),
            bulk_create: concat!($model, "::bulk_create"),
            bulk_update: concat!($model, "::bulk_update"),
        }
    };
}

/// The columns that a record is made of, on the way to being selected.
#[derive(Debug, Default)]
#[doc(hidden)]
pub struct Selected {
    path: Vec<&'static RelationMeta>,
    /// Nothing, where they are only counted.
    columns: Option<Vec<Expr>>,
    count: usize,
}

impl Selected {
    /// The columns of a record.
    pub(crate) fn columns_of<S: Record>() -> Vec<Expr> {
        let mut selected = Self {
            columns: Some(Vec::new()),
            ..Self::default()
        };
        S::select(&mut selected);
        selected.columns.unwrap_or_default()
    }

    /// How many columns a record has.
    pub(crate) fn count_of<S: Record>() -> usize {
        let mut selected = Self::default();
        S::select(&mut selected);
        selected.count
    }

    /// All columns of the model at hand.
    pub fn own(&mut self, model: &'static ModelMeta) {
        self.count += model.columns.len();
        if let Some(columns) = &mut self.columns {
            columns.extend(model.columns.iter().map(|column| Expr::Column {
                path: self.path.as_slice().into(),
                column: column.column,
            }));
        }
    }

    /// Some columns of the model at hand.
    pub fn some(&mut self, names: &[&'static str]) {
        self.count += names.len();
        if let Some(columns) = &mut self.columns {
            columns.extend(names.iter().map(|column| Expr::Column {
                path: self.path.as_slice().into(),
                column,
            }));
        }
    }

    /// What a relation's state holds.
    pub fn relation<S: crate::loading::State>(&mut self, relation: &'static RelationMeta) {
        if self.columns.is_none() {
            // Only counted, as for each row in which the relation is missing: the path is of no use.
            return S::select(self);
        }
        self.path.push(relation);
        S::select(self);
        self.path.pop();
    }
}

/// A row, read from left to right.
#[doc(hidden)]
pub struct Reader<'r> {
    row: &'r dyn Row,
    at: usize,
}

impl Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl<'r> Reader<'r> {
    pub(crate) fn new(row: &'r dyn Row) -> Self {
        Self { row, at: 0 }
    }

    /// The next column.
    #[expect(clippy::should_implement_trait, reason = "an iterator has one type of item")]
    pub fn next<C: ColumnType>(&mut self) -> Result<C> {
        let index = self.at;
        self.at += 1;
        C::from_row(self.row, index)
    }

    pub(crate) fn row(&self) -> &'r dyn Row {
        self.row
    }

    /// Whether a column behind the next ones is NULL.
    pub(crate) fn is_null(&self, behind: usize) -> Result<bool> {
        self.row.is_null(self.at + behind)
    }

    pub(crate) fn skip(&mut self, columns: usize) {
        self.at += columns;
    }
}

/// The one record of a result.
pub(crate) fn one<M: Model, T>(rows: Vec<T>) -> Result<T> {
    let mut rows = rows.into_iter();
    match (rows.next(), rows.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(Error::not_found(M::meta().name)),
        (Some(_), Some(_)) => Err(Error::multiple(M::meta().name)),
    }
}
