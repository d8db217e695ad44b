//! Saving a record.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use nuages_bridge::OpFuture;

use super::create::present;
use super::update::Columns;
use crate::database::{self, Database};
use crate::field_type::ColumnType as _;
use crate::meta::{AutoNow, ModelMeta};
use crate::model::{Fields, Model, Record};
use crate::query::{Expr, Statement, Update};
use crate::queryset::is_key;
use crate::signals::{self, Event, Signal};
use crate::{Error, Op, Result};

/// A record on its way to its row: what `save()` gives. `.await` it, or `.wait()` for it.
#[must_use = "nothing is saved until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct Save<M: Model> {
    set: Vec<(&'static str, Expr)>,
    key: Expr,
    /// As `set`, and the key besides.
    key_value: crate::Value,
    only: bool,
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
            key_value: record.primary_key().to_value(),
            only: false,
            using: None,
            model: PhantomData,
        }
    }

    /// Only these columns, so that what others wrote to the rest is kept: `book.save().only(|b| (b.title, b.stock))`.
    pub fn only<C: Columns<M>>(mut self, columns: impl FnOnce(&'static Fields<M>) -> C) -> Self {
        let mut only = Vec::new();
        columns(M::fields_at()).push_to(&mut only);
        self.set.retain(|(column, _)| only.contains(column));
        self.only = true;
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
        if signals::listened(model) {
            let columns: Vec<_> = update.set.iter().map(|(column, _)| *column).collect();
            let values = update.set.iter().filter_map(|(column, expr)| match expr {
                Expr::Value(value) => Some((*column, value.clone())),
                _ => None,
            });
            let event = Arc::new(Event {
                values: values.chain([(model.primary_key, self.key_value)]).collect(),
                created: false,
                update_fields: self.only.then_some(columns),
                using: self.using.clone(),
            });
            return Op::new(M::OPERATIONS.save, async move {
                if update.set.is_empty() {
                    return Ok(());
                }
                signals::send(Signal::PreSave, model, &event).await?;
                if database::execute(self.using, Statement::Update(update)).await? == 0 {
                    return Err(Error::not_found(model.name));
                }
                signals::send(Signal::PostSave, model, &event).await
            });
        }
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

/// Checks a record as its fields and the rules of its table want it.
#[doc(hidden)]
#[track_caller]
pub fn full_clean<S: Record>(record: &S) -> Op<'static, ()> {
    let model = S::Model::meta();
    let columns = model.columns.iter().map(|column| column.column);
    let values = columns.zip(record.column_values()).collect();
    let key = record.primary_key().to_value();
    Op::new(S::Model::OPERATIONS.full_clean, async move {
        crate::validate::full_clean(model, values, Some(key), None).await
    })
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
