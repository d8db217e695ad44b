//! Other shapes of a query: expressions with names, dates, explanations.

use super::{QuerySet, fields};
use crate::Op;
use crate::compute::{Base, Compute, HasDate, HasTime};
use crate::condition::Test;
use crate::field_type::FieldType;
use crate::model::{Fields, Model, Record, Selected};
use crate::query::{Explain, Expr, Function, Order, Part};

impl<S: Record> QuerySet<S> {
    /// Gives an expression a name, to be used in several places of the query without being part of its records.
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
    /// let prolific: Vec<Author> = Author::objects()
    ///     .alias(|a| a.books.count(), |authors, n| authors.filter(|_| n.gt(1)).order_by(|_| n.desc()))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!(prolific.len(), 1);
    /// # Ok(()) }) }
    /// ```
    pub fn alias<A, Q>(
        self,
        expression: impl FnOnce(&'static Fields<S::Model>) -> A,
        query: impl FnOnce(Self, &A) -> Q,
    ) -> Q {
        query(self, &expression(fields::<S>()))
    }

    /// The different dates of a column, without NULL, the earliest first: `.dates(|b| b.published, Part::Month)` is the first day of each month in which a
    /// book was published.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn dates<E: Compute<Scope = S::Model>>(
        self,
        column: impl FnOnce(&'static Fields<S::Model>) -> E,
        part: Part,
    ) -> Op<'static, Vec<jiff::civil::Date>>
    where
        Base<E>: FieldType<Stored: HasDate>,
    {
        let date = column(fields::<S>()).expression();
        self.truncated(Expr::Function(Function::Date, vec![date.expr]), part)
    }

    /// The different times of a column, without NULL, the earliest first: `.datetimes(|s| s.moment, Part::Hour)`. Moments are looked at in UTC.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn datetimes<E: Compute<Scope = S::Model>>(
        self,
        column: impl FnOnce(&'static Fields<S::Model>) -> E,
        part: Part,
    ) -> Op<'static, Vec<Base<E>>>
    where
        Base<E>: FieldType<Stored: HasDate + HasTime>,
    {
        let time = column(fields::<S>()).expression();
        self.truncated(time.expr, part)
    }

    #[track_caller]
    fn truncated<T: FieldType>(self, expr: Expr, part: Part) -> Op<'static, Vec<T>> {
        let mut core = self.core;
        core.as_rows();
        core.filter(Test {
            expr: Expr::IsNull(Box::new(expr.clone()), false),
            nullable: false,
        });
        let truncated = Expr::Function(Function::Trunc(part), vec![expr]);
        core.select.distinct = true;
        core.select.order = vec![Order::by(truncated.clone(), false)];
        Op::leaf(S::Model::OPERATIONS.values, async move {
            core.fetch(vec![truncated], |reader| reader.next::<T>()).await
        })
    }

    /// Whether the query has an order: its own, or the model's.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        !self.core.select.order.is_empty() || !S::Model::meta().ordering.is_empty()
    }

    /// How the database would run the query: its own words, for people, one line for each step.
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
    /// let plan = Book::objects().filter(|b| b.id.eq(1)).explain(Default::default()).wait()?;
    /// assert!(plan.contains("USING INTEGER PRIMARY KEY"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every query; a configuration error where the database has no such form.
    #[track_caller]
    pub fn explain(self, explain: Explain) -> Op<'static, String> {
        self.core
            .explain(S::Model::OPERATIONS.all, Selected::columns_of::<S>(), explain)
    }
}

impl Explain {
    /// In a form for programs. PostgreSQL and MariaDB.
    #[must_use]
    pub fn json() -> Self {
        Self {
            format: crate::query::ExplainFormat::Json,
            ..Self::default()
        }
    }

    /// The query is run too, and what that took is told. PostgreSQL and MariaDB.
    #[must_use]
    pub fn analyze(mut self) -> Self {
        self.analyze = true;
        self
    }
}
