//! Saving a record.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use nuages_bridge::OpFuture;

use super::create::present;
use super::update::Columns;
use crate::database::{self, Database};
use crate::meta::{AutoNow, ModelMeta};
use crate::model::{Fields, Model, Record};
use crate::query::{Expr, Statement, Update};
use crate::queryset::is_key;
use crate::{Error, Op, Result};

/// A record on its way to its row: what `save()` gives. `.await` it, or `.wait()` for it.
#[must_use = "nothing is saved until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct Save<M: Model> {
    set: Vec<(&'static str, Expr)>,
    key: Expr,
    using: Option<Database>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> fmt::Debug for Save<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Save").field(&self.set).finish()
    }
}

impl<M: Model> Save<M> {
    #[doc(hidden)]
    pub fn new<S: Record<Model = M>>(record: &S) -> Self {
        let model = M::meta();
        Self {
            set: assignments(model, record.column_values())
                .map(|(column, value)| (column, Expr::Value(value)))
                .collect(),
            key: is_key::<M>(&record.primary_key()),
            using: None,
            model: PhantomData,
        }
    }

    /// Only these columns, so that what others wrote to the rest is kept: `book.save().only(|b| (b.title, b.stock))`.
    pub fn only<C: Columns<M>>(mut self, columns: impl FnOnce(&'static Fields<M>) -> C) -> Self {
        let mut only = Vec::new();
        columns(M::fields_at()).push_to(&mut only);
        self.set.retain(|(column, _)| only.contains(column));
        self
    }

    /// In this database, whatever the context says.
    pub fn using(mut self, database: &Database) -> Self {
        self.using = Some(database.clone());
        self
    }

    /// Saves, and waits for it, for sync code.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the row is no longer there, [`is_integrity`](Error::is_integrity) if a rule of the schema is broken.
    #[track_caller]
    pub fn wait(self) -> Result<()> {
        self.op().wait()
    }

    #[track_caller]
    fn op(self) -> Op<'static, ()> {
        let model = M::meta();
        let update = Update {
            model,
            set: self.set,
            filter: Some(self.key),
        };
        Op::leaf(M::OPERATIONS.save, async move {
            if update.set.is_empty() {
                return Ok(());
            }
            match database::execute(self.using, Statement::Update(update)).await? {
                0 => Err(Error::not_found(model.name)),
                _ => Ok(()),
            }
        })
    }
}

impl<M: Model> IntoFuture for Save<M> {
    type Output = Result<()>;
    type IntoFuture = OpFuture<'static, (), Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.op().into_future()
    }
}

/// The columns that a program writes, with their values.
pub(super) fn assignments(
    model: &'static ModelMeta,
    values: Vec<crate::Value>,
) -> impl Iterator<Item = (&'static str, crate::Value)> {
    model
        .columns
        .iter()
        .zip(values)
        .filter(|(column, _)| !column.is_made_by_database() && column.column != model.primary_key)
        .map(|(column, value)| match column.auto_now {
            Some(AutoNow::Saved) => (column.column, present(column.kind)),
            _ => (column.column, value),
        })
}
