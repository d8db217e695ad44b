//! Querysets: queries as values. Building one does no I/O; its last method gives an [`Op`].

mod annotated;
mod combined;
pub(crate) mod core;
mod kept;
mod sets;
mod shape;
mod stream;
mod values;

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

pub use self::annotated::Annotated;
pub use self::combined::{Combined, Rows};
pub(crate) use self::core::Core;
pub(crate) use self::kept::Dialects;
pub use self::kept::{Kept, Parameter, Parameters};
pub use self::stream::{Records, RecordsIter};
pub use self::values::{Groups, Mapped, Values};
use crate::condition::{IntoCondition, Test};
use crate::database::Database;
use crate::expression::Grouped;
use crate::field_type::ColumnType;
use crate::loading::{Follow, Relate};
use crate::model::{Fields, Model, Record, one};
use crate::order::IntoOrder;
use crate::path::{Cons, Nil, Path, Unroll};
use crate::prefetch::{IntoPrefetch, Prefetched};
use crate::query::{Delete, Expr, MOST_VALUES, Operator, Select, Statement, Update};
use crate::relation::{Related, Relation, ToOne};
use crate::selection::Selection;
use crate::write::{Assignments, BulkCreate, Columns, NewRow, bulk_update};
use crate::{Op, Value};

/// A query for records `S`: a model in one of its loading states. `Book::objects()` is the one of all books.
///
/// It is a value: clone it, keep it, pass it on. The methods that give an [`Op`] run it: `.await` it in async code, `.wait()` for it in sync code.
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
/// let books = Book::objects()
///     .select_related(|b| b.author)
///     .filter(|b| b.title.icontains("swing") | b.stock.gt(0))
///     .exclude(|b| b.author.name.eq("Anonymous"))
///     .order_by(|b| (b.author.name, b.title.desc()));
/// assert_eq!(books.clone().count().wait()?, 3);
/// let page = books.slice(0..2).all().wait()?;
/// let lines: Vec<_> = page.iter().map(|book| format!("{} by {}", book.title, book.author.name)).collect();
/// assert_eq!(lines, ["Nuages by Django Reinhardt", "Minor Swing by Django Reinhardt"]);
/// # Ok(()) }) }
/// ```
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct QuerySet<S: Record> {
    core: Core,
    record: PhantomData<fn() -> S>,
}

impl<S: Record> Clone for QuerySet<S> {
    fn clone(&self) -> Self {
        Self::from_core(self.core.clone())
    }
}

impl<S: Record> fmt::Debug for QuerySet<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QuerySet").field(&self.core.select).finish()
    }
}

/// The relations of the path `P`, and then `R`, as a list.
type Hops<P, R> = <P as Unroll<Cons<R, Nil>>>::Out;

/// The record `S` with everything loaded on the way along `P` and over `R`.
type Followed<S, P, R> = <S as Follow<Hops<P, R>>>::Output;

/// The to-many relation of the record `S` that `I` prefetches.
type PrefetchRelation<S, I> = <I as IntoPrefetch<<S as Record>::Model>>::Relation;

/// The record `S` with what `I` prefetches.
type WithMany<S, I> =
    <S as Relate<PrefetchRelation<S, I>>>::In<Prefetched<<I as IntoPrefetch<<S as Record>::Model>>::Row>>;

fn fields<S: Record>() -> &'static Fields<S::Model> {
    S::Model::fields_at()
}

impl<S: Record> QuerySet<S> {
    #[doc(hidden)]
    pub fn new() -> Self {
        Self::from_core(Core::new(S::Model::meta()))
    }

    pub(crate) fn from_core(core: Core) -> Self {
        Self {
            core,
            record: PhantomData,
        }
    }

    pub(crate) fn filtered(expr: Expr) -> Self {
        Self::of(Test {
            expr,
            nullable: false,
        })
    }

    pub(crate) fn of(test: Test) -> Self {
        let mut query = Self::new();
        query.core.filter(test);
        query
    }

    /// Only rows for which the condition holds. Called again, both have to hold.
    pub fn filter<C: IntoCondition<S::Model>>(
        mut self,
        condition: impl FnOnce(&'static Fields<S::Model>) -> C,
    ) -> Self {
        self.core.filter(condition(fields::<S>()).into_condition().test);
        self
    }

    /// Only rows for which the condition does not hold; a row where a NULL makes it unknown is among them.
    pub fn exclude<C: IntoCondition<S::Model>>(
        mut self,
        condition: impl FnOnce(&'static Fields<S::Model>) -> C,
    ) -> Self {
        self.core
            .filter(condition(fields::<S>()).into_condition().test.not());
        self
    }

    /// In this order, instead of the model's own.
    pub fn order_by<O: IntoOrder<S::Model>>(
        mut self,
        order: impl FnOnce(&'static Fields<S::Model>) -> O,
    ) -> Self {
        self.core.order_by(|out| order(fields::<S>()).push_to(out));
        self
    }

    /// No rows, whatever else is asked for; the database is not asked where that is certain.
    pub fn none(mut self) -> Self {
        self.core.filter(Test {
            expr: Expr::Or(Vec::new()),
            nullable: false,
        });
        self
    }

    /// In the opposite of the query's order (else of the model's, else by primary key).
    pub fn reverse(mut self) -> Self {
        self.core.reverse();
        self
    }

    pub(crate) fn into_select(self) -> Select {
        self.core.into_select()
    }

    /// Only the rows at these positions: `20..40`. A slice of a slice counts from the first one's start.
    pub fn slice(mut self, range: impl RangeBounds<u64>) -> Self {
        self.core.slice(range);
        self
    }

    /// Loads what a foreign key points to, in the same query, so that it can be read: `book.author.name`.
    ///
    /// A path loads everything on its way. Called again, it loads another relation too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Country { id: i64, name: String }
    /// # #[model] struct Author { id: i64, name: String, #[relation(on_delete = Protect)] country: ForeignKey<Country> }
    /// # #[model] struct Book {
    /// #     id: i64, title: String, stock: i32,
    /// #     #[relation(on_delete = Protect)] author: ForeignKey<Author>,
    /// #     #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
    /// # }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Country::meta(), Author::meta(), Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # let belgium = Country::create().name("Belgium").wait()?;
    /// # let django = Author::create().name("Django Reinhardt").country(&belgium).wait()?;
    /// # Book::create().title("Nuages").stock(3).author(&django).wait()?;
    /// let books = Book::objects().select_related(|b| b.author.country).select_related(|b| b.editor);
    /// for book in books.all().wait()? {
    ///     assert_eq!((book.author.name.as_str(), book.author.country.name.as_str()), ("Django Reinhardt", "Belgium"));
    ///     if let Some(editor) = &book.editor {
    ///         println!("edited by {}", editor.name);
    ///     }
    /// }
    /// # Ok(()) }) }
    /// ```
    pub fn select_related<P, R>(
        self,
        relation: impl FnOnce(&'static Fields<S::Model>) -> Related<P, R>,
    ) -> QuerySet<Followed<S, P, R>>
    where
        P: Path<Root = S::Model> + Unroll<Cons<R, Nil>>,
        R: Relation<Kind: ToOne>,
        S: Follow<Hops<P, R>>,
    {
        let _ = relation(fields::<S>());
        QuerySet::from_core(self.core)
    }

    /// Loads what a to-many relation leads to, so that it can be read: `author.books.iter()`. One query for all records.
    ///
    /// The rows may be filtered, ordered, and sliced for each record; their relations can be loaded too.
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
    /// let authors = Author::objects()
    ///     .prefetch_related(|a| a.books.filter(|b| b.stock.gt(0)).order_by(|b| b.title))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!(authors[0].books[1].title, "Nuages");
    /// # Ok(()) }) }
    /// ```
    pub fn prefetch_related<I>(
        self,
        relation: impl FnOnce(&'static Fields<S::Model>) -> I,
    ) -> QuerySet<WithMany<S, I>>
    where
        I: IntoPrefetch<<S as Record>::Model>,
        S: Relate<PrefetchRelation<S, I>>,
    {
        let query = relation(fields::<S>()).into_query();
        let mut core = self.core;
        core.plan.add(<PrefetchRelation<S, I>>::meta(), query);
        QuerySet::from_core(core)
    }

    /// The keys of its rows.
    pub(crate) async fn keys(self) -> crate::Result<Vec<Value>> {
        let key = crate::query::own(S::Model::PRIMARY_KEY);
        let read =
            |reader: &mut crate::model::Reader<'_>| Ok(reader.next::<<S::Model as Model>::Key>()?.to_value());
        self.core.fetch(vec![key], read).await
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn into_core(self) -> Core {
        self.core
    }

    /// Runs on this database, whatever the context says.
    pub fn using(mut self, database: &Database) -> Self {
        self.core.using(database);
        self
    }

    /// Columns, or what is computed of them, instead of records.
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
    /// let titles: Vec<String> = Book::objects().values(|b| b.title).order_by(|b| b.title).all().wait()?;
    /// assert_eq!(titles, ["Belleville", "Minor Swing", "Nuages"]);
    /// let by: Option<(String, String)> = Book::objects().values(|b| (b.title, b.author.name)).first().wait()?;
    /// assert_eq!(by, Some(("Nuages".to_owned(), "Django Reinhardt".to_owned())));
    /// let counts: Vec<(String, i64)> =
    ///     Book::objects().values(|b| b.author.name).annotate(|b| b.id.count()).all().wait()?;
    /// assert_eq!(counts, [("Django Reinhardt".to_owned(), 3)]);
    /// # Ok(()) }) }
    /// ```
    pub fn values<V: Selection<S::Model>>(
        self,
        values: impl FnOnce(&'static Fields<S::Model>) -> V,
    ) -> Values<S::Model, V> {
        Values::new(self.core, values(fields::<S>()))
    }

    /// Computes something for each record, and gives it with it: `(Author, i64)`.
    ///
    /// What is computed over a to-many relation is a subquery of its own, so that the numbers are right however many there are.
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
    /// let prolific: Vec<(Author, i64)> = Author::objects()
    ///     .annotate(|a| a.books.filter(|b| b.stock.gt(0)).count())
    ///     .filter(|a, n| n.gt(1) & a.name.startswith("D"))
    ///     .order_by(|a, n| (n.desc(), a.name))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!(prolific.len(), 1);
    /// assert_eq!(prolific[0].1, 2);
    /// # Ok(()) }) }
    /// ```
    pub fn annotate<A: Selection<S::Model>>(
        self,
        annotation: impl FnOnce(&'static Fields<S::Model>) -> A,
    ) -> Annotated<S, A> {
        Annotated::new(self.core, annotation(fields::<S>()))
    }

    /// One row of aggregates over all records of the query: `.aggregate(|b| (b.price.avg(), b.id.count()))`. See [`Aggregates`](crate::Aggregates).
    ///
    /// Of a sliced query, over the records in the slice.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn aggregate<A: Selection<Grouped<S::Model>>>(
        self,
        aggregate: impl FnOnce(&'static Fields<S::Model>) -> A,
    ) -> Op<'static, A::Row> {
        let mut columns = Vec::new();
        aggregate(fields::<S>()).push_to(&mut columns);
        let mut core = self.core;
        Op::leaf(S::Model::OPERATIONS.values, async move {
            core.as_rows();
            let rows = core
                .fetch(columns, |reader| Ok(A::row(A::decode(reader)?)))
                .await?;
            one::<S::Model, _>(rows)
        })
    }

    /// The one record for which the condition holds.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none, [`is_multiple`](crate::Error::is_multiple) if there are more, and those of
    /// every query: no connection, a statement that the database refuses.
    ///
    /// # Cancel safety
    ///
    /// A query that is dropped has no effect; a connection in the middle of one is closed, not reused.
    #[track_caller]
    pub fn get<C: IntoCondition<S::Model>>(
        self,
        condition: impl FnOnce(&'static Fields<S::Model>) -> C,
    ) -> Op<'static, S> {
        self.filter(condition).get_one(S::Model::OPERATIONS.get)
    }

    #[track_caller]
    pub(crate) fn get_by_key(self, key: <S::Model as Model>::Key, name: &'static str) -> Op<'static, S> {
        let mut query = self;
        query.core.filter(Test {
            expr: is_key::<S::Model>(&key),
            nullable: false,
        });
        query.get_one(name)
    }

    #[track_caller]
    fn get_one(self, name: &'static str) -> Op<'static, S> {
        let mut core = self.core;
        Op::leaf(name, async move {
            core.select.order.clear();
            // Two are enough to know that there is more than one.
            core.slice(..2);
            one::<S::Model, _>(core.records::<S>().await?)
        })
    }

    /// The first record in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<S>> {
        let mut core = self.core;
        Op::leaf(S::Model::OPERATIONS.first, async move {
            core.some_order();
            core.slice(..1);
            Ok(core.records::<S>().await?.pop())
        })
    }

    /// The last record in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query; a configuration error for a sliced query.
    #[track_caller]
    pub fn last(self) -> Op<'static, Option<S>> {
        self.reverse().first()
    }

    /// The record that comes first in an order: `.earliest(|b| b.published)`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none, and those of every query.
    #[track_caller]
    pub fn earliest<O: IntoOrder<S::Model>>(
        self,
        order: impl FnOnce(&'static Fields<S::Model>) -> O,
    ) -> Op<'static, S> {
        self.order_by(order).one_at_an_end()
    }

    /// The record that comes last in an order: `.latest(|b| b.published)`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none, and those of every query.
    #[track_caller]
    pub fn latest<O: IntoOrder<S::Model>>(
        self,
        order: impl FnOnce(&'static Fields<S::Model>) -> O,
    ) -> Op<'static, S> {
        self.order_by(order).reverse().one_at_an_end()
    }

    #[track_caller]
    fn one_at_an_end(self) -> Op<'static, S> {
        let mut core = self.core;
        Op::leaf(S::Model::OPERATIONS.get, async move {
            core.slice(..1);
            one::<S::Model, _>(core.records::<S>().await?)
        })
    }

    /// Whether a record is among those of the query.
    ///
    /// # Errors
    ///
    /// Those of every query; a configuration error for a sliced query.
    #[track_caller]
    pub fn contains(mut self, record: &impl Record<Model = S::Model>) -> Op<'static, bool> {
        self.core.filter(Test {
            expr: is_key::<S::Model>(&record.primary_key()),
            nullable: false,
        });
        self.exists()
    }

    /// The records with these keys, by key. A key without a record is left out.
    ///
    /// # Errors
    ///
    /// Those of every query; a configuration error for a sliced query.
    #[track_caller]
    pub fn in_bulk(
        self,
        keys: impl IntoIterator<Item = <S::Model as Model>::Key>,
    ) -> Op<'static, HashMap<<S::Model as Model>::Key, S>> {
        let keys: Vec<Value> = keys.into_iter().map(|key| key.to_value()).collect();
        let core = self.core;
        Op::leaf(S::Model::OPERATIONS.all, async move {
            let mut found = HashMap::new();
            for keys in keys.chunks(MOST_VALUES) {
                let mut core = core.clone();
                let key = Expr::Column {
                    path: [].into(),
                    column: S::Model::PRIMARY_KEY,
                };
                core.filter(Test {
                    expr: Expr::In(Box::new(key), keys.to_vec()),
                    nullable: false,
                });
                let records = core.records::<S>().await?;
                found.extend(records.into_iter().map(|record| (record.primary_key(), record)));
            }
            Ok(found)
        })
    }

    /// The records.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<S>> {
        let mut core = self.core;
        Op::leaf(S::Model::OPERATIONS.all, async move {
            core.default_order();
            core.records::<S>().await
        })
    }

    /// How many records there are. Of a sliced query: how many of them are in the slice.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(self) -> Op<'static, u64> {
        self.core.count::<S::Model>()
    }

    /// Whether there is a record.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(self) -> Op<'static, bool> {
        self.core.exists::<S::Model>()
    }

    /// Changes columns of all rows of the query in one statement; gives how many rows those are.
    ///
    /// New values may be computed of the old ones, so that nothing is lost between reading and writing.
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
    /// let in_stock = Book::objects().filter(|b| b.title.eq("Belleville") & b.stock.gt(0));
    /// let sold = in_stock.clone().update(|b| b.stock.set(b.stock - 1)).wait()?;
    /// assert_eq!(sold, 1);
    /// let sold = in_stock.update(|b| b.stock.set(b.stock - 1)).wait()?;
    /// assert_eq!(sold, 0); // it was the last one
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](crate::Error::is_integrity) where a rule of the schema is broken; a configuration error for a
    /// sliced query.
    #[track_caller]
    pub fn update<A: Assignments<S::Model>>(
        self,
        assignments: impl FnOnce(&'static Fields<S::Model>) -> A,
    ) -> Op<'static, u64> {
        let mut set = Vec::new();
        assignments(fields::<S>()).push_to(&mut set);
        let core = self.core;
        Op::leaf(S::Model::OPERATIONS.update, async move {
            core.execute(|model, filter| Statement::Update(Update { model, set, filter }))
                .await
        })
    }

    /// Makes many rows at once, in as few statements as the database allows, all or none. Gives the records, in the order of the rows.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, name: String }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// let tags = Tag::objects().bulk_create(["swing", "musette"].map(|name| Tag::create().name(name))).wait()?;
    /// assert_eq!((tags[1].id, tags[1].name.as_str()), (2, "musette"));
    /// # Ok(()) }) }
    /// ```
    pub fn bulk_create<R: NewRow<S::Model>>(self, rows: impl IntoIterator<Item = R>) -> BulkCreate<S::Model> {
        let rows = rows.into_iter().map(|row| row.into_creation().values).collect();
        BulkCreate::new(rows, self.core.database())
    }

    /// Writes some columns of many records, each its own values, in as few statements as the database allows, all or none. Gives how many of the records'
    /// rows were there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, name: String }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # Tag::create().name("swing").wait()?;
    /// let mut tags = Tag::objects().all().wait()?;
    /// for tag in &mut tags {
    ///     tag.name = tag.name.to_uppercase();
    /// }
    /// Tag::objects().bulk_update(&tags, |t| t.name).wait()?;
    /// assert_eq!(Tag::objects().first().wait()?.unwrap().name, "SWING");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](crate::Error::is_integrity) where a rule of the schema is broken.
    #[track_caller]
    pub fn bulk_update<R: Record<Model = S::Model>, C: Columns<S::Model>>(
        self,
        records: &[R],
        columns: impl FnOnce(&'static Fields<S::Model>) -> C,
    ) -> Op<'static, u64> {
        let mut names = Vec::new();
        columns(fields::<S>()).push_to(&mut names);
        bulk_update(records, &names, self.core.database())
    }

    /// Deletes all rows of the query; gives how many those are.
    ///
    /// What points to them is deleted, kept from it or set to NULL by the database, as the relation's `on_delete` says.
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](crate::Error::is_integrity) where a row is protected by one that points to it; a configuration
    /// error for a sliced query.
    #[track_caller]
    pub fn delete(self) -> Op<'static, u64> {
        let core = self.core;
        Op::leaf(S::Model::OPERATIONS.delete, async move {
            core.execute(|model, filter| Statement::Delete(Delete { model, filter }))
                .await
        })
    }
}

/// The condition that a row is the one with this key.
pub(crate) fn is_key<M: Model>(key: &M::Key) -> Expr {
    crate::located::binary(
        Expr::Column {
            path: [].into(),
            column: M::PRIMARY_KEY,
        },
        Operator::Eq,
        Expr::Value(key.to_value()),
    )
}

/// Deletes a record's row.
#[doc(hidden)]
#[track_caller]
pub fn delete<S: Record>(record: &S) -> Op<'static, u64> {
    let query = QuerySet::<S::Model>::filtered(is_key::<S::Model>(&record.primary_key()));
    query.delete()
}
