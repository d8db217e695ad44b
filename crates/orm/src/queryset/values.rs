//! Values instead of records, and groups of rows with the same values.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::Core;
use crate::condition::IntoCondition;
use crate::database::Database;
use crate::expression::Grouped;
use crate::model::{Fields, Model, Reader};
use crate::order::IntoOrder;
use crate::query::{Explain, Expr, Select};
use crate::selection::{Concat, Selection};
use crate::{Op, Result};

/// A query for values: what [`values`](super::QuerySet::values) gives.
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct Values<M: Model, V> {
    core: Core,
    values: V,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, V: Clone> Clone for Values<M, V> {
    fn clone(&self) -> Self {
        Self::new(self.core.clone(), self.values.clone())
    }
}

impl<M: Model, V> fmt::Debug for Values<M, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Values").field(&self.core.select).finish()
    }
}

impl<M: Model, V> Values<M, V> {
    pub(super) fn new(core: Core, values: V) -> Self {
        Self {
            core,
            values,
            model: PhantomData,
        }
    }
}

impl<M: Model, V: Selection<M>> Values<M, V> {
    /// Only rows for which the condition holds.
    pub fn filter<C: IntoCondition<M>>(mut self, condition: impl FnOnce(&'static Fields<M>) -> C) -> Self {
        self.core.filter(condition(M::fields_at()).into_condition().test);
        self
    }

    /// In this order, instead of the model's own.
    pub fn order_by<O: IntoOrder<M>>(mut self, order: impl FnOnce(&'static Fields<M>) -> O) -> Self {
        self.core.order_by(|out| order(M::fields_at()).push_to(out));
        self
    }

    /// Equal rows only once.
    pub fn distinct(mut self) -> Self {
        self.core.select.distinct = true;
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

    /// Groups the rows by their values, and computes something over each group: `.annotate(|b| b.id.count())`.
    pub fn annotate<A: Selection<Grouped<M>>>(
        self,
        annotation: impl FnOnce(&'static Fields<M>) -> A,
    ) -> Groups<M, V, A> {
        Groups {
            core: self.core,
            values: self.values,
            annotation: annotation(M::fields_at()),
            model: PhantomData,
        }
    }

    /// The first row in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<V::Row>> {
        let (mut core, columns) = self.into_parts();
        Op::leaf(M::OPERATIONS.first, async move {
            if !core.select.distinct {
                core.some_order();
            }
            core.slice(..1);
            Ok(core.fetch(columns, decode::<M, V>).await?.pop())
        })
    }

    /// The rows.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<V::Row>> {
        let (mut core, columns) = self.into_parts();
        Op::leaf(M::OPERATIONS.values, async move {
            // The model's order may name columns that distinct rows do not have.
            if !core.select.distinct {
                core.default_order();
            }
            core.fetch(columns, decode::<M, V>).await
        })
    }

    /// Only rows for which the condition does not hold.
    pub fn exclude<C: IntoCondition<M>>(mut self, condition: impl FnOnce(&'static Fields<M>) -> C) -> Self {
        self.core
            .filter(condition(M::fields_at()).into_condition().test.not());
        self
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(self) -> Op<'static, u64> {
        let (core, columns) = self.into_parts();
        core.count_of::<M>(columns)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(self) -> Op<'static, bool> {
        let (mut core, columns) = self.into_parts();
        Op::leaf(M::OPERATIONS.exists, async move {
            core.slice(..1);
            Ok(!core.fetch(columns, decode::<M, V>).await?.is_empty())
        })
    }

    /// How the database would run the query. See [`QuerySet::explain`](super::QuerySet::explain).
    ///
    /// # Errors
    ///
    /// Those of every query; a configuration error where the database has no such form.
    #[track_caller]
    pub fn explain(self, explain: Explain) -> Op<'static, String> {
        let (core, columns) = self.into_parts();
        core.explain(M::OPERATIONS.values, columns, explain)
    }

    /// Makes something of each row: a struct with names, or what else a program goes on with.
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
    /// struct Line {
    ///     title: String,
    ///     author: String,
    /// }
    ///
    /// let lines: Vec<Line> = Book::objects()
    ///     .values(|b| (b.title, b.author.name))
    ///     .order_by(|b| b.title)
    ///     .map(|(title, author)| Line { title, author })
    ///     .all()
    ///     .wait()?;
    /// assert_eq!((lines[0].title.as_str(), lines[0].author.as_str()), ("Belleville", "Django Reinhardt"));
    /// # Ok(()) }) }
    /// ```
    pub fn map<T: Send + 'static, F>(self, make: F) -> Mapped<M, V, F>
    where
        F: Fn(V::Row) -> T + Send + 'static,
    {
        Mapped { values: self, make }
    }

    /// The rows of two values as a map from the first to the second; of several with the same key, the last one.
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
    /// let stock = Book::objects().values(|b| (b.title, b.stock)).to_map().wait()?;
    /// assert_eq!(stock["Nuages"], 3);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn to_map<K, T>(self) -> Op<'static, HashMap<K, T>>
    where
        V: Selection<M, Row = (K, T)>,
        K: Eq + Hash + Send + 'static,
        T: Send + 'static,
    {
        let (mut core, columns) = self.into_parts();
        Op::leaf(M::OPERATIONS.values, async move {
            core.select.lock = None;
            Ok(core.fetch(columns, decode::<M, V>).await?.into_iter().collect())
        })
    }

    pub(super) fn into_parts(self) -> (Core, Vec<Expr>) {
        let mut columns = Vec::new();
        self.values.push_to(&mut columns);
        (self.core, columns)
    }

    /// As a query inside another one.
    pub(crate) fn into_select(self) -> Select {
        let (mut core, columns) = self.into_parts();
        core.select.columns = columns;
        core.into_select()
    }
}

pub(super) fn decode<M: Model, V: Selection<M>>(reader: &mut Reader<'_>) -> Result<V::Row> {
    Ok(V::row(V::decode(reader)?))
}

/// A query for what is made of values: what [`map`](Values::map) gives.
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct Mapped<M: Model, V, F> {
    values: Values<M, V>,
    make: F,
}

impl<M: Model, V, F> fmt::Debug for Mapped<M, V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mapped").field(&self.values).finish()
    }
}

impl<M: Model, V: Selection<M>, T: Send + 'static, F: Fn(V::Row) -> T + Send + 'static> Mapped<M, V, F> {
    /// What is made of the first row in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<T>> {
        let (values, make) = (self.values, self.make);
        let (mut core, columns) = values.into_parts();
        Op::leaf(M::OPERATIONS.first, async move {
            if !core.select.distinct {
                core.some_order();
            }
            core.slice(..1);
            Ok(core.fetch(columns, made::<M, V, T>(make)).await?.pop())
        })
    }

    /// What is made of each row.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<T>> {
        let (values, make) = (self.values, self.make);
        let (mut core, columns) = values.into_parts();
        Op::leaf(M::OPERATIONS.values, async move {
            if !core.select.distinct {
                core.default_order();
            }
            core.fetch(columns, made::<M, V, T>(make)).await
        })
    }
}

fn made<M: Model, V: Selection<M>, T>(
    make: impl Fn(V::Row) -> T + Send + 'static,
) -> impl FnMut(&mut Reader<'_>) -> Result<T> + Send + 'static {
    move |reader| Ok(make(decode::<M, V>(reader)?))
}

/// A query for groups of rows: what [`annotate`](Values::annotate) after [`values`](super::QuerySet::values) gives.
///
/// Its closures get the values and the annotation: `|name, n|`, or `|(name, year), (n, m)|` for tuples.
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct Groups<M: Model, V, A> {
    core: Core,
    values: V,
    annotation: A,
    model: PhantomData<fn() -> M>,
}

/// What a group becomes.
type Row<M, V, A> = <<V as Selection<M>>::Tuple as Concat<<A as Selection<Grouped<M>>>::Tuple>>::Out;

impl<M: Model, V: Clone, A: Clone> Clone for Groups<M, V, A> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            values: self.values.clone(),
            annotation: self.annotation.clone(),
            model: PhantomData,
        }
    }
}

impl<M: Model, V, A> fmt::Debug for Groups<M, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Groups").field(&self.core.select).finish()
    }
}

impl<M: Model, V, A> Groups<M, V, A>
where
    V: Selection<M>,
    A: Selection<Grouped<M>>,
    V::Tuple: Concat<A::Tuple>,
{
    /// Only groups for which the condition holds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
    /// # #[model] struct Book {
    /// #     id: i64, title: String, stock: i32,
    /// #     #[relation(on_delete = Protect)] author: ForeignKey<Author>,
    /// #     #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
    /// # }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # let django = Author::create().name("Django Reinhardt").wait()?;
    /// # let boris = Author::create().name("Boris Vian").wait()?;
    /// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
    /// #     Book::create().title(title).stock(stock).author(&django).editor(&boris).wait()?;
    /// # }
    /// let prolific: Vec<(String, i64)> = Book::objects()
    ///     .values(|b| b.author.name)
    ///     .annotate(|b| b.id.count())
    ///     .having(|_, n| n.gt(1))
    ///     .order_by(|name, n| (n.desc(), name.asc()))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!(prolific, [("Django Reinhardt".to_owned(), 3)]);
    /// # Ok(()) }) }
    /// ```
    pub fn having<C: IntoCondition<Grouped<M>>>(mut self, condition: impl FnOnce(&V, &A) -> C) -> Self {
        self.core
            .having(condition(&self.values, &self.annotation).into_condition().test);
        self
    }

    /// In this order.
    pub fn order_by<O: IntoOrder<Grouped<M>>>(mut self, order: impl FnOnce(&V, &A) -> O) -> Self {
        self.core
            .order_by(|out| order(&self.values, &self.annotation).push_to(out));
        self
    }

    /// Only the groups at these positions.
    pub fn slice(mut self, range: impl RangeBounds<u64>) -> Self {
        self.core.slice(range);
        self
    }

    /// Runs on this database, whatever the context says.
    pub fn using(mut self, database: &Database) -> Self {
        self.core.using(database);
        self
    }

    /// The first group in the query's order, if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<Row<M, V, A>>> {
        let (core, columns) = self.slice(..1).select();
        Op::leaf(M::OPERATIONS.first, async move {
            Ok(core.fetch(columns, decode_group::<M, V, A>).await?.pop())
        })
    }

    /// The groups: their values, and then their annotations.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<Row<M, V, A>>> {
        let (core, columns) = self.select();
        Op::leaf(M::OPERATIONS.values, async move {
            core.fetch(columns, decode_group::<M, V, A>).await
        })
    }

    fn select(self) -> (Core, Vec<Expr>) {
        let mut core = self.core;
        let mut columns = Vec::new();
        self.values.push_to(&mut columns);
        core.select.group_by = columns.clone();
        self.annotation.push_to(&mut columns);
        (core, columns)
    }
}

fn decode_group<M: Model, V, A>(reader: &mut Reader<'_>) -> Result<Row<M, V, A>>
where
    V: Selection<M>,
    A: Selection<Grouped<M>>,
    V::Tuple: Concat<A::Tuple>,
{
    let values = V::decode(reader)?;
    Ok(values.concat(A::decode(reader)?))
}
