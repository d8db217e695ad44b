//! Querysets put together: set operations, and conditions joined.

use std::ops::{BitAnd, BitOr, BitXor};

use super::{QuerySet, fields};
use crate::model::{Fields, Record};
use crate::query::{Expr, SetOperator, Wait, both};
use crate::selection::Selection;

impl<S: Record> QuerySet<S> {
    /// The records of this query and of another one, each once.
    ///
    /// What is a query of its own before stays one: each side keeps its filters and slices. What comes afterwards is about the whole: it can be filtered,
    /// ordered, sliced, counted and aggregated as every query. (Django refuses most of that, and counts some of it wrongly.)
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
    /// let few = Book::objects().filter(|b| b.stock.lt(2));
    /// let newest = Book::objects().order_by(|b| b.id.desc()).slice(..1);
    /// let both = newest.union(few);
    /// assert_eq!(both.clone().count().wait()?, 2);
    /// assert_eq!(both.clone().aggregate(|b| b.stock.sum()).wait()?, Some(1));
    /// let titles: Vec<String> = both.values(|b| b.title).order_by(|b| b.title).all().wait()?;
    /// assert_eq!(titles, ["Belleville", "Minor Swing"]);
    /// # Ok(()) }) }
    /// ```
    pub fn union(self, other: Self) -> Self {
        self.combined(SetOperator::Union, other)
    }

    /// The records of this query and then those of another one: what is in both comes twice.
    pub fn union_all(self, other: Self) -> Self {
        self.combined(SetOperator::UnionAll, other)
    }

    /// The records that are in this query and in another one. See [`union`](Self::union) for what can follow.
    pub fn intersection(self, other: Self) -> Self {
        self.combined(SetOperator::Intersection, other)
    }

    /// The records that are in this query and not in another one. See [`union`](Self::union) for what can follow.
    pub fn difference(self, other: Self) -> Self {
        self.combined(SetOperator::Difference, other)
    }

    fn combined(mut self, operator: SetOperator, other: Self) -> Self {
        self.core.combine(operator, other.core);
        self
    }

    /// Each record once. Only a [`union_all`](Self::union_all) has records twice: conditions on to-many relations multiply none.
    pub fn distinct(mut self) -> Self {
        self.core.select.distinct = true;
        self
    }

    /// One record for each set of these values: the first in the query's order. On every database.
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
    /// let best = Book::objects().order_by(|b| b.stock.desc()).distinct_on(|b| b.author.id);
    /// let titles: Vec<String> = best.all().wait()?.into_iter().map(|book| book.title).collect();
    /// assert_eq!(titles, ["Nuages"]);
    /// # Ok(()) }) }
    /// ```
    pub fn distinct_on<V: Selection<S::Model>>(
        mut self,
        values: impl FnOnce(&'static Fields<S::Model>) -> V,
    ) -> Self {
        let mut columns = Vec::new();
        values(fields::<S>()).push_to(&mut columns);
        self.core.distinct_on(columns);
        self
    }

    /// Locks the rows until the transaction's end: others who want to change or lock them wait.
    ///
    /// It needs an `atomic` around. A transaction of SQLite holds the whole database from its start, so the rows are locked there too; what SQLite does not
    /// have, [`nowait`](Self::nowait) and [`skip_locked`](Self::skip_locked), is an error there.
    pub fn select_for_update(mut self) -> Self {
        self.core.select.lock.get_or_insert_default();
        self
    }

    /// Locks the rows as [`select_for_update`](Self::select_for_update) does; where another transaction holds one, it is an error at once.
    pub fn nowait(mut self) -> Self {
        self.core.select.lock.get_or_insert_default().wait = Wait::Error;
        self
    }

    /// Locks the rows as [`select_for_update`](Self::select_for_update) does, without those that another transaction holds: for a queue of work.
    pub fn skip_locked(mut self) -> Self {
        self.core.select.lock.get_or_insert_default().wait = Wait::Skip;
        self
    }

    /// Locks the rows as [`select_for_update`](Self::select_for_update) does; others may make rows meanwhile that point to these. PostgreSQL; elsewhere the
    /// lock is the stronger one.
    pub fn no_key(mut self) -> Self {
        self.core.select.lock.get_or_insert_default().no_key = true;
        self
    }
}

/// The records for which the conditions of both queries hold.
impl<S: Record> BitAnd for QuerySet<S> {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        self.core.join(other.core, |first, second| match second {
            Some(second) => Some(both(first, second)),
            None => first,
        });
        self
    }
}

/// The records for which the condition of one of the queries holds.
impl<S: Record> BitOr for QuerySet<S> {
    type Output = Self;

    fn bitor(mut self, other: Self) -> Self {
        self.core
            .join(other.core, |first, second| Some(Expr::Or(vec![first?, second?])));
        self
    }
}

/// The records for which the condition of one of the queries holds, and not that of the other.
impl<S: Record> BitXor for QuerySet<S> {
    type Output = Self;

    fn bitxor(mut self, other: Self) -> Self {
        self.core.join(other.core, |first, second| {
            let every = || Expr::And(Vec::new());
            let (first, second) = (first.unwrap_or_else(every), second.unwrap_or_else(every));
            let not = |expr: &Expr| Expr::Not(Box::new(expr.clone()));
            let (only_first, only_second) = ([first.clone(), not(&second)], [not(&first), second]);
            Some(Expr::Or(vec![
                Expr::And(only_first.into()),
                Expr::And(only_second.into()),
            ]))
        });
        self
    }
}
