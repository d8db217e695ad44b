//! Making rows: the concrete core under the builders that `#[model]` makes.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use nuages_bridge::OpFuture;

use crate::database::{self, Database};
use crate::field_type::ColumnType;
use crate::key::{IntoKey, IntoOptionalKey};
use crate::model::{Model, Reader, one};
use crate::query::{Expr, Insert, Statement};
use crate::relation::ValuesOnly;
use crate::update::Assign;
use crate::{Error, Op, Result, Value};

/// In the type of what `create()` gives: a column that has its value.
#[derive(Debug)]
pub struct ColumnGiven;

/// In the type of what `create()` gives: a column that still needs a value.
#[derive(Debug)]
pub struct ColumnMissing;

/// A row on its way.
#[doc(hidden)]
pub struct Creation<M: Model> {
    values: Vec<(&'static str, Value)>,
    using: Option<Database>,
    future: Option<OpFuture<'static, M, Error>>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> fmt::Debug for Creation<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Creation")
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Creation<M> {
    /// No column has a value yet.
    #[expect(clippy::new_without_default, reason = "only generated code makes it")]
    #[must_use]
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            using: None,
            future: None,
            model: PhantomData,
        }
    }

    fn push(&mut self, column: &'static str, value: Value) {
        self.values.retain(|(name, _)| *name != column);
        self.values.push((column, value));
    }

    /// With a column's value.
    #[must_use]
    pub fn set<C: ColumnType>(mut self, column: &'static str, value: impl Assign<ValuesOnly, C>) -> Self {
        self.push(column, assigned(value));
        self
    }

    /// With what a foreign key points to.
    #[must_use]
    pub fn point<T: Model>(mut self, column: &'static str, object: impl IntoKey<T>) -> Self {
        self.push(column, object.into_key().to_value());
        self
    }

    /// With what a nullable foreign key points to.
    #[must_use]
    pub fn point_or_null<T: Model>(mut self, column: &'static str, object: impl IntoOptionalKey<T>) -> Self {
        self.push(column, object.into_optional_key().to_value());
        self
    }

    /// In this database.
    #[must_use]
    pub fn using(mut self, database: &Database) -> Self {
        self.using = Some(database.clone());
        self
    }

    /// Writes the row and reads it back.
    #[track_caller]
    pub fn op(&mut self) -> Op<'static, M> {
        let insert = insert::<M>(std::mem::take(&mut self.values));
        let using = self.using.take();
        Op::leaf(M::OPERATIONS.create, async move {
            let decode = |row: &dyn crate::Row| M::decode(&mut Reader::new(row));
            one::<M, _>(database::fetch(using, Statement::Insert(insert), decode).await?)
        })
    }

    /// Polls the operation, which is made at the first time.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<M>> {
        let mut future = match self.future.take() {
            Some(future) => future,
            None => self.op().into_future(),
        };
        match Pin::new(&mut future).poll(cx) {
            Poll::Pending => {
                self.future = Some(future);
                Poll::Pending
            }
            ready @ Poll::Ready(_) => ready,
        }
    }
}

/// A value that a column is set to where there is no query around.
pub(crate) fn assigned<C: ColumnType>(value: impl Assign<ValuesOnly, C>) -> Value {
    match value.into_assigned() {
        Expr::Value(value) => value,
        other => unreachable!("in the scope of values there is only a value, not {other:?}"),
    }
}

/// A column's default as `#[field(default = ..)]` has it.
#[doc(hidden)]
pub fn default_value<C: ColumnType>(value: impl Assign<ValuesOnly, C>) -> Value {
    assigned(value)
}

/// The row, with the defaults of the columns that have no value.
fn insert<M: Model>(mut values: Vec<(&'static str, Value)>) -> Insert {
    let model = M::meta();
    for column in model.columns {
        if column.automatic || values.iter().any(|(name, _)| *name == column.column) {
            continue;
        }
        let value = match column.default {
            Some(default) => default(),
            None => Value::Null(column.kind),
        };
        values.push((column.column, value));
    }
    let (columns, row) = values.into_iter().unzip();
    Insert {
        model,
        columns,
        rows: vec![row],
        returning: model.columns.iter().map(|column| column.column).collect(),
    }
}
