//! Records with annotations.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::{Core, QuerySet, fields};
use crate::condition::IntoCondition;
use crate::database::Database;
use crate::expression::Grouped;
use crate::model::{Fields, Model, Record, Selected, one};
use crate::order::IntoOrder;
use crate::query::{Expr, Select};
use crate::selection::{Concat, Selection};
use crate::{Op, Result};

/// A query for records with something computed for each: what [`annotate`](super::QuerySet::annotate) gives.
///
/// Its closures get the columns and the annotation: `|a, n|`, or `|a, (n, m)|` for a tuple.
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct Annotated<S: Record, A> {
    core: Core,
    annotation: A,
    record: PhantomData<fn() -> S>,
}

/// What a row of an annotated query becomes.
type Row<S, A> = <(S,) as Concat<<A as Selection<<S as Record>::Model>>::Tuple>>::Out;

impl<S: Record, A: Clone> Clone for Annotated<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.core.clone(), self.annotation.clone())
    }
}

impl<S: Record, A> fmt::Debug for Annotated<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Annotated").field(&self.core.select).finish()
    }
}

impl<S: Record, A> Annotated<S, A> {
    pub(super) fn new(core: Core, annotation: A) -> Self {
        Self {
            core,
            annotation,
            record: PhantomData,
        }
    }
}

impl<S: Record, A: Selection<S::Model>> Annotated<S, A> {
    /// Only rows for which the condition holds.
    pub fn filter<C: IntoCondition<S::Model>>(
        mut self,
        condition: impl FnOnce(&'static Fields<S::Model>, &A) -> C,
    ) -> Self {
        self.core
            .filter(condition(fields::<S>(), &self.annotation).into_condition().test);
        self
    }

    /// Only rows for which the condition does not hold.
    pub fn exclude<C: IntoCondition<S::Model>>(
        mut self,
        condition: impl FnOnce(&'static Fields<S::Model>, &A) -> C,
    ) -> Self {
        self.core.filter(
            condition(fields::<S>(), &self.annotation)
                .into_condition()
                .test
                .not(),
        );
        self
    }

    /// In this order, instead of the model's own.
    pub fn order_by<O: IntoOrder<S::Model>>(
        mut self,
        order: impl FnOnce(&'static Fields<S::Model>, &A) -> O,
    ) -> Self {
        self.core
            .order_by(|out| order(fields::<S>(), &self.annotation).push_to(out));
        self
    }

    /// Only the rows at these positions.
    pub fn slice(mut self, range: impl RangeBounds<u64>) -> Self {
        self.core.slice(range);
        self
    }

    /// Runs on this database, whatever the context says.
    pub fn using(mut self, database: &Database) -> Self {
        self.core.using(database);
        self
    }

    /// One row of aggregates over all rows, their annotations among them: `.aggregate(|_, n| n.avg())`.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn aggregate<G: Selection<Grouped<S::Model>>>(
        self,
        aggregate: impl FnOnce(&'static Fields<S::Model>, &A::Outputs<S::Model>) -> G,
    ) -> Op<'static, G::Row> {
        let mut columns = Vec::new();
        aggregate(fields::<S>(), &A::outputs(&mut 0)).push_to(&mut columns);
        let mut core = self.core;
        if core.select.is_sliced() {
            core.some_order();
        } else if core.select.distinct_on.is_empty() {
            core.select.order.clear();
        }
        core.select.lock = None;
        // The annotations are computed for each row first, in a query inside.
        let mut rows = std::mem::replace(&mut core.select, Select::from(S::Model::meta()));
        rows.own_columns();
        self.annotation.push_to(&mut rows.columns);
        core.select = Select::over(rows);
        Op::leaf(S::Model::OPERATIONS.values, async move {
            let rows = core
                .fetch(columns, |reader| Ok(G::row(G::decode(reader)?)))
                .await?;
            one::<S::Model, _>(rows)
        })
    }

    /// The records alone, without the annotation, which has chosen or ordered them.
    pub fn records(self) -> QuerySet<S> {
        QuerySet::from_core(self.core)
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(self) -> Op<'static, u64> {
        self.core.count::<S::Model>()
    }

    /// Whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(self) -> Op<'static, bool> {
        self.core.exists::<S::Model>()
    }
}

impl<S: Record, A: Selection<S::Model>> Annotated<S, A>
where
    (S,): Concat<A::Tuple>,
{
    /// The one row for which the condition holds.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::get`](super::QuerySet::get).
    #[track_caller]
    pub fn get<C: IntoCondition<S::Model>>(
        self,
        condition: impl FnOnce(&'static Fields<S::Model>, &A) -> C,
    ) -> Op<'static, Row<S, A>> {
        let (mut core, columns) = self.filter(condition).select();
        Op::leaf(S::Model::OPERATIONS.get, async move {
            core.select.order.clear();
            core.slice(..2);
            one::<S::Model, _>(rows::<S, A>(core, columns).await?)
        })
    }

    /// The first row in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<Row<S, A>>> {
        let (mut core, columns) = self.select();
        Op::leaf(S::Model::OPERATIONS.first, async move {
            core.some_order();
            core.slice(..1);
            Ok(rows::<S, A>(core, columns).await?.pop())
        })
    }

    /// The rows: the record, and then its annotations.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<Row<S, A>>> {
        let (mut core, columns) = self.select();
        Op::leaf(S::Model::OPERATIONS.all, async move {
            core.default_order();
            rows::<S, A>(core, columns).await
        })
    }

    fn select(self) -> (Core, Vec<Expr>) {
        let mut columns = Selected::columns_of::<S>();
        self.annotation.push_to(&mut columns);
        (self.core, columns)
    }
}

async fn rows<S: Record, A: Selection<S::Model>>(core: Core, columns: Vec<Expr>) -> Result<Vec<Row<S, A>>>
where
    (S,): Concat<A::Tuple>,
{
    let rows = core.records_and::<S, A::Tuple>(columns, A::decode).await?;
    Ok(rows
        .into_iter()
        .map(|(record, annotation)| (record,).concat(annotation))
        .collect())
}
