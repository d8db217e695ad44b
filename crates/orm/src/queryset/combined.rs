//! Set operations on values.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::Core;
use super::values::{Values, decode};
use crate::Op;
use crate::condition::IntoCondition;
use crate::database::Database;
use crate::expression::Grouped;
use crate::model::{Model, one};
use crate::order::IntoOrder;
use crate::query::{Expr, Select, SetOperator, Source};
use crate::selection::Selection;

/// The scope of the rows of a set operation on values: `Rows<M>`, where the first query is one of `M`.
#[derive(Debug)]
pub struct Rows<M>(PhantomData<fn() -> M>);

/// The values of several queries, which may be of different models: what [`union`](Values::union), [`intersection`](Values::intersection) and
/// [`difference`](Values::difference) give.
///
/// Its closures get the values: `|title|`, or `|(title, year)|` for a tuple.
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct Combined<M: Model, V> {
    core: Core,
    of: PhantomData<fn() -> (M, V)>,
}

impl<M: Model, V> Clone for Combined<M, V> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            of: PhantomData,
        }
    }
}

impl<M: Model, V> fmt::Debug for Combined<M, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Combined").field(&self.core.select).finish()
    }
}

impl<M: Model, V: Selection<M>> Values<M, V> {
    /// The rows of this query and of another one with values of the same types, each once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
    /// # #[model] struct Book { id: i64, title: String, stock: i32, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # let django = Author::create().name("Django Reinhardt").wait()?;
    /// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
    /// #     Book::create().title(title).stock(stock).author(&django).wait()?;
    /// # }
    /// let names = Author::objects().values(|a| a.name).union(Book::objects().filter(|b| b.stock.gt(1)).values(|b| b.title));
    /// assert_eq!(names.order_by(|name| name.desc()).all().wait()?, ["Nuages", "Django Reinhardt"]);
    /// # Ok(()) }) }
    /// ```
    pub fn union<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Combined<M, V> {
        combined(self, SetOperator::Union, other)
    }

    /// The rows of this query and then those of another one: what is in both comes twice.
    pub fn union_all<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Combined<M, V> {
        combined(self, SetOperator::UnionAll, other)
    }

    /// The rows that are in this query and in another one, each once.
    pub fn intersection<N: Model, W: Selection<N, Row = V::Row>>(
        self,
        other: Values<N, W>,
    ) -> Combined<M, V> {
        combined(self, SetOperator::Intersection, other)
    }

    /// The rows that are in this query and not in another one, each once.
    pub fn difference<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Combined<M, V> {
        combined(self, SetOperator::Difference, other)
    }
}

fn combined<M: Model, V: Selection<M>, N: Model, W: Selection<N>>(
    first: Values<M, V>,
    operator: SetOperator,
    second: Values<N, W>,
) -> Combined<M, V> {
    let (mut core, columns) = first.into_parts();
    let first = member(
        std::mem::replace(&mut core.select, Select::from(M::meta())),
        columns,
    );
    let (second, columns) = second.into_parts();
    core.select.source = Some(Box::new(Source {
        operator,
        members: vec![first, member(second.select, columns)],
        records: false,
    }));
    Combined {
        core,
        of: PhantomData,
    }
}

fn member(mut select: Select, columns: Vec<Expr>) -> Select {
    if !select.is_sliced() {
        select.order.clear();
    }
    select.columns = columns;
    select.lock = None;
    select
}

impl<M: Model, V: Selection<M>> Combined<M, V> {
    fn again<N: Model, W: Selection<N>>(mut self, operator: SetOperator, other: Values<N, W>) -> Self {
        let (other, columns) = other.into_parts();
        let width = columns.len();
        let mut first = std::mem::replace(&mut self.core.select, Select::from(M::meta()));
        if !first.is_sliced() {
            first.order.clear();
        }
        first.columns = (0..width).map(Expr::Output).collect();
        self.core.select.source = Some(Box::new(Source {
            operator,
            members: vec![first, member(other.select, columns)],
            records: false,
        }));
        self
    }

    /// As [`Values::union`].
    pub fn union<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Self {
        self.again(SetOperator::Union, other)
    }

    /// As [`Values::union_all`].
    pub fn union_all<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Self {
        self.again(SetOperator::UnionAll, other)
    }

    /// As [`Values::intersection`].
    pub fn intersection<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Self {
        self.again(SetOperator::Intersection, other)
    }

    /// As [`Values::difference`].
    pub fn difference<N: Model, W: Selection<N, Row = V::Row>>(self, other: Values<N, W>) -> Self {
        self.again(SetOperator::Difference, other)
    }

    /// Only rows for which the condition holds.
    pub fn filter<C: IntoCondition<Rows<M>>>(
        mut self,
        condition: impl FnOnce(&V::Outputs<Rows<M>>) -> C,
    ) -> Self {
        self.core
            .filter(condition(&V::outputs(&mut 0)).into_condition().test);
        self
    }

    /// In this order.
    pub fn order_by<O: IntoOrder<Rows<M>>>(mut self, order: impl FnOnce(&V::Outputs<Rows<M>>) -> O) -> Self {
        self.core.order_by(|out| order(&V::outputs(&mut 0)).push_to(out));
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

    /// One row of aggregates over all rows: `.aggregate(|title| title.count())`.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn aggregate<A: Selection<Grouped<Rows<M>>>>(
        self,
        aggregate: impl FnOnce(&V::Outputs<Rows<M>>) -> A,
    ) -> Op<'static, A::Row> {
        let mut columns = Vec::new();
        aggregate(&V::outputs(&mut 0)).push_to(&mut columns);
        let mut core = self.core;
        if core.select.is_sliced() {
            let inner = outputs(&core);
            let mut rows = std::mem::replace(&mut core.select, Select::from(M::meta()));
            rows.columns = inner;
            core.select = Select::over_outputs(rows);
        }
        core.select.order.clear();
        Op::leaf(M::OPERATIONS.values, async move {
            let rows = core
                .fetch(columns, |reader| Ok(A::row(A::decode(reader)?)))
                .await?;
            one::<M, _>(rows)
        })
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(self) -> Op<'static, u64> {
        let columns = outputs(&self.core);
        self.core.count_of::<M>(columns)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(self) -> Op<'static, bool> {
        let first = self.slice(..1);
        let columns = outputs(&first.core);
        Op::leaf(M::OPERATIONS.exists, async move {
            Ok(!first.core.fetch(columns, decode::<M, V>).await?.is_empty())
        })
    }

    /// The first row in the query's order, if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<V::Row>> {
        let first = self.slice(..1);
        let columns = outputs(&first.core);
        Op::leaf(M::OPERATIONS.first, async move {
            Ok(first.core.fetch(columns, decode::<M, V>).await?.pop())
        })
    }

    /// The rows.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<V::Row>> {
        let columns = outputs(&self.core);
        Op::leaf(M::OPERATIONS.values, async move {
            self.core.fetch(columns, decode::<M, V>).await
        })
    }
}

/// All columns.
fn outputs(core: &Core) -> Vec<Expr> {
    let member = core
        .select
        .source
        .as_ref()
        .and_then(|source| source.members.first());
    let width = member.map_or(0, |member| member.columns.len());
    (0..width).map(Expr::Output).collect()
}
