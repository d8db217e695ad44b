//! Relations that lead to many rows, as the closures of a query see them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::condition::{Condition, IntoCondition, Test};
use crate::expression::{Expression, Grouped};
use crate::field_type::ColumnType;
use crate::key::IntoKey;
use crate::located::{Located, related};
use crate::model::{Fields, Model};
use crate::path::{Hop, Path, Readable, ToOnePath};
use crate::query::{Aggregate, Expr, Operator};
use crate::queryset::QuerySet;
use crate::relation::Relation;

/// A to-many relation as the closures of a query see it: `a.books`.
///
/// It is counted by a subquery of its own, so that two counts in one query are both right. It dereferences to the columns of the model that it
/// leads to; a condition on one asks whether there is such a row: `.filter(|a| a.books.title.eq("Nuages"))`.
pub struct RelatedMany<P, R>(PhantomData<fn() -> (P, R)>);

impl<P, R> RelatedMany<P, R> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P, R> Default for RelatedMany<P, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, R> Clone for RelatedMany<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for RelatedMany<P, R> {}

impl<P: Readable<R>, R> fmt::Debug for RelatedMany<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelatedMany")
    }
}

impl<P: 'static, R: Relation> Deref for RelatedMany<P, R> {
    type Target = <R::To as Model>::Fields<Hop<P, R>>;

    fn deref(&self) -> &Self::Target {
        <R::To as Model>::fields_at::<Hop<P, R>>()
    }
}

impl<P: Path, R: Relation> RelatedMany<P, R> {
    /// The key of what it leads to.
    pub(crate) fn located() -> Located {
        Located::of::<Hop<P, R>>(<R::To as Model>::PRIMARY_KEY, false)
    }

    /// It leads to this object, or the object with this key: `.filter(|b| b.tags.eq(&swing))`.
    pub fn eq(self, object: impl IntoKey<R::To>) -> Condition<P::Root> {
        Self::located()
            .compare(Operator::Eq, object.into_key().to_value())
            .into()
    }

    /// It leads to one of these objects.
    pub fn in_<K: IntoKey<R::To>>(self, objects: impl IntoIterator<Item = K>) -> Condition<P::Root> {
        let keys = objects
            .into_iter()
            .map(|object| object.into_key().to_value())
            .collect();
        Self::located().one_of(keys).into()
    }
}

impl<P: ToOnePath, R: Relation> RelatedMany<P, R> {
    /// Those of the rows that a condition holds for.
    pub fn filter<C: IntoCondition<R::To>>(
        self,
        condition: impl FnOnce(&'static Fields<R::To>) -> C,
    ) -> RelatedRows<P, R> {
        RelatedRows::new(None).filter(condition)
    }

    /// How many rows there are.
    pub fn count(self) -> Expression<P::Root, i64> {
        RelatedRows::<P, R>::new(None).count()
    }

    /// Whether there is a row.
    pub fn exists(self) -> Condition<P::Root> {
        RelatedRows::<P, R>::new(None).exists()
    }

    /// What is aggregated over the rows: `a.books.aggregate(|b| b.price.avg())`.
    pub fn aggregate<C: ColumnType>(
        self,
        aggregate: impl FnOnce(&'static Fields<R::To>) -> Expression<Grouped<R::To>, C>,
    ) -> Expression<P::Root, C> {
        RelatedRows::<P, R>::new(None).aggregate(aggregate)
    }
}

/// Some of the rows that a to-many relation leads to: `a.books.filter(|b| b.stock.gt(0))`.
pub struct RelatedRows<P, R> {
    filter: Option<Test>,
    of: PhantomData<fn() -> (P, R)>,
}

impl<P, R> Clone for RelatedRows<P, R> {
    fn clone(&self) -> Self {
        Self::new(self.filter.clone())
    }
}

impl<P, R> fmt::Debug for RelatedRows<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelatedRows")
            .field("filter", &self.filter)
            .finish()
    }
}

impl<P, R> RelatedRows<P, R> {
    fn new(filter: Option<Test>) -> Self {
        Self {
            filter,
            of: PhantomData,
        }
    }
}

impl<P: ToOnePath, R: Relation> RelatedRows<P, R> {
    /// Those of them that a condition holds for, too.
    #[must_use]
    pub fn filter<C: IntoCondition<R::To>>(
        self,
        condition: impl FnOnce(&'static Fields<R::To>) -> C,
    ) -> Self {
        let test = condition(<R::To as Model>::fields_at()).into_condition().test;
        Self::new(Some(match self.filter {
            Some(filter) => filter.and(test),
            None => test,
        }))
    }

    /// How many they are.
    pub fn count(self) -> Expression<P::Root, i64> {
        let mut select = self.select();
        select.columns = vec![Expr::Aggregate {
            function: Aggregate::Count,
            expr: None,
            distinct: false,
            filter: None,
        }];
        Expression::new(Expr::Subquery(Box::new(select)))
    }

    /// What is aggregated over them: `a.books.filter(|b| b.stock.gt(0)).aggregate(|b| b.price.avg())`.
    ///
    /// It is a subquery of its own, so that several in one query are all right.
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
    /// let stocks: Vec<(Author, i64, Option<i32>)> = Author::objects()
    ///     .annotate(|a| (a.books.aggregate(|b| b.stock.sum().coalesce(0)), a.books.aggregate(|b| b.stock.max())))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!((stocks[0].1, stocks[0].2), (4, Some(3)));
    /// # Ok(()) }) }
    /// ```
    pub fn aggregate<C: ColumnType>(
        self,
        aggregate: impl FnOnce(&'static Fields<R::To>) -> Expression<Grouped<R::To>, C>,
    ) -> Expression<P::Root, C> {
        let aggregate = aggregate(<R::To as Model>::fields_at());
        let mut select = self.select();
        select.columns = vec![aggregate.expr];
        Expression::computed(Expr::Subquery(Box::new(select)), aggregate.nullable)
    }

    /// Whether there is one.
    pub fn exists(self) -> Condition<P::Root> {
        Test {
            expr: Expr::Exists(Box::new(self.select())),
            nullable: false,
        }
        .into()
    }

    /// All of them, of every row, as a queryset.
    pub(crate) fn into_queryset(self) -> QuerySet<R::To> {
        match self.filter {
            Some(filter) => QuerySet::of(filter),
            None => QuerySet::new(),
        }
    }

    fn select(self) -> crate::query::Select {
        let mut outer = Vec::new();
        P::hops(&mut outer);
        related(outer, R::meta(), self.filter.map(|test| test.expr))
    }
}
