//! Making rows: the concrete core under the builders that `#[model]` makes.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use nuages_bridge::OpFuture;

use super::update::Assign;
use crate::database::{self, Database};
use crate::field_type::ColumnType;
use crate::key::{IntoKey, IntoOptionalKey};
use crate::many_to_many::Link;
use crate::model::{Model, Reader, one};
use crate::query::{Expr, Insert, Statement};
use crate::relation::ValuesOnly;
use crate::transaction::atomic;
use crate::{Error, Op, Result, Value};

/// In the type of what `create()` gives: a column that has its value.
#[derive(Debug)]
pub struct ColumnGiven;

/// In the type of what `create()` gives: a column that still needs a value.
#[derive(Debug)]
pub struct ColumnMissing;

/// What becomes of the columns that a builder was given.
#[doc(hidden)]
pub trait CreateMode<M: Model>: Send + Sync + Sized + 'static {
    /// What comes of it.
    type Output: Send + 'static;

    /// Does it.
    fn op(creation: Creation<M, Self>) -> Op<'static, Self::Output>;
}

/// What `create()` does: it makes a row.
#[derive(Debug)]
pub struct Creating;

impl<M: Model> CreateMode<M> for Creating {
    type Output = M;

    #[track_caller]
    fn op(creation: Creation<M>) -> Op<'static, M> {
        let (values, using) = (creation.values, creation.using);
        match creation.link {
            None => Op::leaf(M::OPERATIONS.create, async move { create(values, using).await }),
            Some(link) => Op::new(M::OPERATIONS.create, async move {
                create_joined(values, using, link).await
            }),
        }
    }
}

/// Columns and their values.
pub(crate) type Values = Vec<(&'static str, Value)>;

/// A row on its way.
#[doc(hidden)]
pub struct Creation<M: Model, K: CreateMode<M> = Creating> {
    pub(crate) values: Values,
    /// How many of the values, from the first on, are what a row is looked up by.
    pub(crate) lookups: Option<usize>,
    pub(crate) using: Option<Database>,
    /// What the row is joined with, once it is there.
    pub(crate) link: Option<Link>,
    future: Option<OpFuture<'static, K::Output, Error>>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, K: CreateMode<M>> fmt::Debug for Creation<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Creation")
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

impl<M: Model, K: CreateMode<M>> Creation<M, K> {
    /// No column has a value yet.
    #[expect(clippy::new_without_default, reason = "only generated code makes it")]
    #[must_use]
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            lookups: None,
            using: None,
            link: None,
            future: None,
            model: PhantomData,
        }
    }

    fn push(&mut self, column: &'static str, value: Value) {
        self.values.retain(|(name, _)| *name != column);
        self.values.push((column, value));
    }

    /// With a column's value that is one already.
    pub(crate) fn with(mut self, column: &'static str, value: Value) -> Self {
        self.push(column, value);
        self
    }

    /// To be joined with a record, once it is there.
    pub(crate) fn joined(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
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

    /// What was given until now is what a row is looked up by.
    #[must_use]
    pub fn looked_up(mut self) -> Self {
        self.lookups.get_or_insert(self.values.len());
        self
    }

    /// In this database.
    #[must_use]
    pub fn using(mut self, database: &Database) -> Self {
        self.using = Some(database.clone());
        self
    }

    /// Does it.
    #[track_caller]
    pub fn op(&mut self) -> Op<'static, K::Output> {
        let empty = Self {
            lookups: self.lookups,
            link: self.link.clone(),
            ..Self::new()
        };
        K::op(std::mem::replace(self, empty))
    }

    /// Polls the operation, which is made at the first time.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<K::Output>> {
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

/// A row with all its columns, as `bulk_create` takes it: what `create()` gives, with every column that has no default.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no complete row of `{M}`",
    label = "not a row that can be created",
    note = "give rows as `{M}::create()` with their columns, and without `.await` or `.wait()`"
)]
pub trait NewRow<M: Model> {
    /// The row.
    #[doc(hidden)]
    fn into_creation(self) -> Creation<M>;
}

/// Writes a row and reads it back.
pub(crate) async fn create<M: Model>(values: Values, using: Option<Database>) -> Result<M> {
    let model = M::meta();
    let (columns, row) = with_defaults(model, values).into_iter().unzip();
    let insert = Insert {
        model,
        columns,
        rows: vec![row],
        conflict: None,
        returning: model.columns.iter().map(|column| column.column).collect(),
    };
    let decode = |row: &dyn crate::Row| M::decode(&mut Reader::new(row));
    one::<M, _>(database::fetch(using, Statement::Insert(insert), decode).await?)
}

/// Writes a row, reads it back, and joins it with a record.
pub(crate) async fn create_joined<M: Model>(
    values: Values,
    using: Option<Database>,
    mut link: Link,
) -> Result<M> {
    let database = database::resolve(using)?;
    link.using = Some(database.clone());
    let whole = async || {
        let row: M = create(values.clone(), link.using.clone()).await?;
        link.insert_new(&[row.primary_key().to_value()]).await?;
        Ok(row)
    };
    atomic(whole).using(&database).await
}

/// What a builder of a row becomes when what the foreign key `R` points to is given.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such foreign key",
    label = "no foreign key `{R}` here"
)]
#[doc(hidden)]
pub trait Give<R>: Sized {
    /// The builder.
    type Out;

    /// Takes it for given.
    fn given(self) -> Self::Out;
}

/// The builder of a row of `M` to which the foreign key `R` was given.
pub type Given<M, K, R> = <<M as Model>::Create<K> as Give<R>>::Out;

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

/// All columns that the database does not fill, in the order of the model, with the defaults of those that have no value.
pub(crate) fn with_defaults(model: &'static crate::meta::ModelMeta, mut values: Values) -> Values {
    let filled = model.columns.iter().filter(|column| !column.automatic);
    filled
        .map(|column| {
            let given = values.iter().position(|(name, _)| *name == column.column);
            let value = match (given, column.default) {
                (Some(given), _) => values.swap_remove(given).1,
                (None, Some(default)) => default(),
                (None, None) => Value::Null(column.kind),
            };
            (column.column, value)
        })
        .collect()
}
