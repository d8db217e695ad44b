//! Many to many relations: the rows of the table between two models.

use std::fmt;
use std::marker::PhantomData;

use crate::database::{self, Database};
use crate::delete::{Rows, delete};
use crate::key::Objects;
use crate::loading::NotLoaded;
use crate::located::binary;
use crate::many::{Many, difference};
use crate::meta::ThroughMeta;
use crate::model::Model;
use crate::query::{Conflict, Expr, Insert, MOST_VALUES, Operator, Select, Statement, own};
use crate::relation::{ManySides, Relation};
use crate::transaction::atomic;
use crate::write::{
    CreateMode, Creating, Creation, GettingOrCreating, Give, NewRow, UpdatingOrCreating, Values,
    with_defaults,
};
use crate::{ColumnType, Op, Result, Value};

/// The rows of the model `M` that are joined with this one, by a table between the two models: a book's tags. In a model it is written
/// `ManyToMany<Tag>`; `#[model]` adds the state.
///
/// One of the models makes the table: `tags: ManyToMany<Tag>`. The other may have the other side: `#[relation(reverse = Book::tags)] books:
/// ManyToMany<Book>`. Both have the same operations.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// #[model]
/// struct Tag {
///     id: i64,
///     #[field(max_length = 40, unique)]
///     name: String,
///     #[relation(reverse = Book::tags)]
///     books: ManyToMany<Book>,
/// }
///
/// #[model]
/// struct Book {
///     id: i64,
///     title: String,
///     tags: ManyToMany<Tag>,
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Tag::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// let swing = Tag::create().name("swing").wait()?;
/// let nuages = Book::create().title("Nuages").wait()?;
/// nuages.tags.add([&swing]).wait()?;
/// nuages.tags.create().name("slow").wait()?;
/// assert_eq!(nuages.tags.count().wait()?, 2);
/// assert_eq!(swing.books.all().wait()?[0].title, "Nuages");
///
/// let slow = Book::objects().filter(|b| b.tags.name.eq("slow")).prefetch_related(|b| b.tags.order_by(|t| t.name));
/// let names: Vec<String> = slow.all().wait()?[0].tags.iter().map(|tag| tag.name.clone()).collect();
/// assert_eq!(names, ["slow", "swing"]);
/// # Ok(()) }) }
/// ```
pub type ManyToMany<M, S = NotLoaded, R = ()> = Many<M, S, Sides<R>>;

/// In the type of a [`Many`]: it is a side of the many to many relation `R`.
pub struct Sides<R>(PhantomData<fn() -> R>);

impl<R> fmt::Debug for Sides<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sides")
    }
}

/// The table between two models, in the type: its rows, as far as the relation fills them.
#[doc(hidden)]
pub trait Through: 'static {
    /// A row that joins two others, and may still lack columns.
    type Row;

    /// Such a row.
    fn row() -> Self::Row;
}

/// The relation made the table.
#[derive(Debug)]
#[doc(hidden)]
pub struct Automatic;

/// The table is that of the model `M`, which joins the two by the foreign keys `A` and `B`.
#[derive(Debug)]
#[doc(hidden)]
pub struct Own<M, A, B>(PhantomData<(M, A, B)>);

impl Through for Automatic {
    type Row = Self;

    fn row() -> Self {
        Self
    }
}

impl<M: Model, A: 'static, B: 'static> Through for Own<M, A, B>
where
    M::Create<Creating>: Give<A, Out: Give<B>>,
{
    type Row = <<M::Create<Creating> as Give<A>>::Out as Give<B>>::Out;

    fn row() -> Self::Row {
        M::building(Creation::new()).given().given()
    }
}

/// A row of the table `T` between two models that has all its columns but the two foreign keys, which the relation fills.
#[diagnostic::on_unimplemented(
    message = "the model of the table between the two has columns that need a value",
    label = "lacks columns of the through model",
    note = "give them before: `.through_defaults(|membership| membership.joined(today)).add([&django])`"
)]
pub trait ThroughRow<T> {
    /// The values of its columns.
    #[doc(hidden)]
    fn into_values(self) -> Values;
}

impl ThroughRow<Self> for Automatic {
    fn into_values(self) -> Values {
        Values::new()
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, A, B, N: NewRow<M>> ThroughRow<Own<M, A, B>> for N {
    fn into_values(self) -> Values {
        self.into_creation().values
    }
}

/// The row of the table between that the relation `R` fills.
type Row<R> = <<R as ManySides>::Through as Through>::Row;

/// The operations of a many to many relation.
impl<M: Model, S, R: ManySides + Relation<To = M>> Many<M, S, Sides<R>> {
    fn link(&self, values: Values) -> Link {
        Link {
            through: match R::meta().through() {
                Some(through) => through,
                None => unreachable!("a many to many relation has its table"),
            },
            owner: self.owner().clone(),
            values,
            using: self.database(),
        }
    }

    fn plain(&self) -> Joining<M, R>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.through_defaults(|row| row)
    }

    /// What the rows of the table between get beside the two keys, where that is a model of one's own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// #[model]
    /// struct Person {
    ///     id: i64,
    ///     name: String,
    /// }
    ///
    /// #[model]
    /// struct Band {
    ///     id: i64,
    ///     name: String,
    ///     #[relation(through = Membership, through_fields = (band, person))]
    ///     members: ManyToMany<Person>,
    /// }
    ///
    /// #[model]
    /// struct Membership {
    ///     id: i64,
    ///     #[relation(on_delete = Cascade)]
    ///     band: ForeignKey<Band>,
    ///     #[relation(on_delete = Cascade)]
    ///     person: ForeignKey<Person>,
    ///     instrument: String,
    /// }
    ///
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Person::meta(), Band::meta(), Membership::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// let quintette = Band::create().name("Quintette du Hot Club de France").wait()?;
    /// let django = Person::create().name("Django Reinhardt").wait()?;
    /// quintette.members.through_defaults(|m| m.instrument("guitar")).add([&django]).wait()?;
    /// assert_eq!(Membership::objects().get(|m| m.person.eq(&django)).wait()?.instrument, "guitar");
    /// # Ok(()) }) }
    /// ```
    pub fn through_defaults<B: ThroughRow<R::Through>>(
        &self,
        defaults: impl FnOnce(Row<R>) -> B,
    ) -> Joining<M, R> {
        Joining {
            link: self.link(defaults(R::Through::row()).into_values()),
            of: PhantomData,
        }
    }

    /// Joins these objects with the record, in one statement. Those that are joined already stay so.
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](crate::Error::is_integrity) where one of the objects is not there.
    #[track_caller]
    pub fn add(&self, objects: impl Objects<M>) -> Op<'static, ()>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.plain().add(objects)
    }

    /// Joins these objects with the record, and no others.
    ///
    /// It reads which are joined, and writes only what differs.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    pub fn set(&self, objects: impl Objects<M>) -> Op<'static, ()>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.plain().set(objects)
    }

    /// Parts these objects from the record, in one statement.
    ///
    /// # Errors
    ///
    /// Those of every statement.
    #[track_caller]
    pub fn remove(&self, objects: impl Objects<M>) -> Op<'static, ()> {
        let (keys, link) = (objects.into_keys(), self.link(Values::new()));
        Op::new("ManyToMany::remove", async move { link.remove(keys).await })
    }

    /// Parts all objects from the record, in one statement.
    ///
    /// # Errors
    ///
    /// Those of every statement.
    #[track_caller]
    pub fn clear(&self) -> Op<'static, ()> {
        let link = self.link(Values::new());
        Op::new("ManyToMany::clear", async move { link.clear().await })
    }

    /// Makes an object and joins it with the record: a builder like that of the model's `create()`.
    #[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn create(&self) -> M::Create<Creating>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.plain().create()
    }

    /// Finds an object among those joined with the record, or makes it and joins it: as the model's `get_or_create()`.
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn get_or_create(&self) -> M::Create<GettingOrCreating>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.plain().get_or_create()
    }

    /// Finds an object among those joined with the record and changes it, or makes it and joins it: as the model's `update_or_create()`.
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn update_or_create(&self) -> M::Create<UpdatingOrCreating>
    where
        Row<R>: ThroughRow<R::Through>,
    {
        self.plain().update_or_create()
    }
}

/// A many to many relation with the values of the rows between: what [`through_defaults`](Many::through_defaults) gives.
#[must_use = "say what is joined: `.add(..)`, `.set(..)` or `.create()`"]
pub struct Joining<M, R> {
    link: Link,
    of: PhantomData<fn() -> (M, R)>,
}

impl<M, R> fmt::Debug for Joining<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joining").field(&self.link.values).finish()
    }
}

#[expect(
    clippy::should_implement_trait,
    reason = "it joins objects, as `Many::add` does"
)]
impl<M: Model, R: ManySides + Relation<To = M>> Joining<M, R> {
    /// As [`Many::add`].
    ///
    /// # Errors
    ///
    /// As [`Many::add`].
    #[track_caller]
    pub fn add(self, objects: impl Objects<M>) -> Op<'static, ()> {
        let keys = objects.into_keys();
        Op::new(
            "ManyToMany::add",
            async move { self.link.add::<M::Key>(keys).await },
        )
    }

    /// As [`Many::set`].
    ///
    /// # Errors
    ///
    /// As [`Many::add`].
    #[track_caller]
    pub fn set(self, objects: impl Objects<M>) -> Op<'static, ()> {
        let keys = objects.into_keys();
        let link = self.link;
        Op::new("ManyToMany::set", async move {
            let database = database::resolve(link.using.clone())?;
            let whole = async move || {
                let present = link.joined::<M::Key>(link.source(), link.target(), None).await?;
                let (gone, new) = difference(present, keys);
                link.remove(gone).await?;
                // Of a pair that has two rows, one may be there.
                match link.through.symmetrical {
                    true => link.add::<M::Key>(new).await,
                    false => link.insert(&new, &[]).await,
                }
            };
            atomic(whole).using(&database).await
        })
    }

    /// As [`Many::create`].
    #[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn create(self) -> M::Create<Creating> {
        self.building()
    }

    /// As [`Many::get_or_create`].
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn get_or_create(self) -> M::Create<GettingOrCreating> {
        self.building()
    }

    /// As [`Many::update_or_create`].
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn update_or_create(self) -> M::Create<UpdatingOrCreating> {
        self.building()
    }

    fn building<K: CreateMode<M>>(self) -> M::Create<K> {
        let using = self.link.using.clone();
        let creation = Creation::new().joined(self.link);
        M::building(match &using {
            Some(database) => creation.using(database),
            None => creation,
        })
    }
}

/// The rows of the table between two models that join one row with others.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    through: &'static ThroughMeta,
    owner: Value,
    /// What each row has beside the two keys.
    values: Values,
    pub(crate) using: Option<Database>,
}

impl Link {
    fn source(&self) -> &'static str {
        self.through.entry.to_column
    }

    fn target(&self) -> &'static str {
        self.through.exit.from_column
    }

    /// In a query of the other model: it is joined with the record.
    pub(crate) fn condition(&self) -> Expr {
        let source = Expr::Column {
            path: [self.through.back].as_slice().into(),
            column: self.source(),
        };
        binary(source, Operator::Eq, Expr::Value(self.owner.clone()))
    }

    fn is_owner(&self, column: &'static str) -> Expr {
        binary(own(column), Operator::Eq, Expr::Value(self.owner.clone()))
    }

    /// The keys that the record is joined with by rows in which it is `here`, and they are `there`; only of these, if some are named.
    async fn joined<K: ColumnType>(
        &self,
        here: &'static str,
        there: &'static str,
        of: Option<&[Value]>,
    ) -> Result<Vec<Value>> {
        let mut select = Select::from((self.through.model)());
        select.columns = vec![own(there)];
        let read = |row: &dyn crate::Row| Ok(K::from_row(row, 0)?.to_value());
        let Some(of) = of else {
            select.filter = Some(self.is_owner(here));
            return database::fetch(self.using.clone(), Statement::Select(select), read).await;
        };
        let mut joined = Vec::new();
        for keys in of.chunks(MOST_VALUES - 1) {
            let among = Expr::In(Box::new(own(there)), keys.to_vec());
            select.filter = Some(Expr::And(vec![self.is_owner(here), among]));
            let select = Statement::Select(select.clone());
            joined.extend(database::fetch(self.using.clone(), select, read).await?);
        }
        Ok(joined)
    }

    /// Joins the record with these. What is joined already stays so.
    async fn add<K: ColumnType>(&self, keys: Vec<Value>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        // The one rule of such a table tells what is there.
        if self.through.automatic {
            return self.insert_new(&keys).await;
        }
        let database = database::resolve(self.using.clone())?;
        let whole = async || {
            let (source, target) = (self.source(), self.target());
            let there = self.joined::<K>(source, target, Some(&keys)).await?;
            let (_, forward) = difference(there, keys.clone());
            let mut backward = Vec::new();
            if self.through.symmetrical {
                let there = self.joined::<K>(target, source, Some(&keys)).await?;
                (_, backward) = difference(there, keys.clone());
                backward.retain(|key| *key != self.owner);
            }
            self.insert(&forward, &backward).await
        };
        atomic(whole).using(&database).await
    }

    /// Joins the record with these, which it is not joined with, or where a rule of the table tells.
    pub(crate) async fn insert_new(&self, keys: &[Value]) -> Result<()> {
        let backward: Vec<Value> = match self.through.symmetrical {
            true => keys.iter().filter(|key| **key != self.owner).cloned().collect(),
            false => Vec::new(),
        };
        self.insert(keys, &backward).await
    }

    /// Writes the rows that lead from the record to some, and those that lead from some to the record.
    async fn insert(&self, forward: &[Value], backward: &[Value]) -> Result<()> {
        if forward.is_empty() && backward.is_empty() {
            return Ok(());
        }
        let model = (self.through.model)();
        let mut columns = Vec::new();
        let mut rows = Vec::with_capacity(forward.len() + backward.len());
        let mut row = |source: &Value, target: &Value| {
            let mut values = self.values.clone();
            values.retain(|(column, _)| *column != self.source() && *column != self.target());
            values.push((self.source(), source.clone()));
            values.push((self.target(), target.clone()));
            let (names, values): (Vec<_>, Vec<_>) = with_defaults(model, values).into_iter().unzip();
            columns = names;
            rows.push(values);
        };
        forward.iter().for_each(|key| row(&self.owner, key));
        backward.iter().for_each(|key| row(key, &self.owner));
        let insert = |rows: Vec<Vec<Value>>| {
            Statement::Insert(Insert {
                model,
                columns: columns.clone(),
                rows,
                conflict: self.through.automatic.then_some(Conflict::Ignore),
                returning: Vec::new(),
            })
        };
        let batch = (MOST_VALUES / columns.len()).max(1);
        if rows.len() <= batch {
            return database::execute(self.using.clone(), insert(rows))
                .await
                .map(drop);
        }
        let database = database::resolve(self.using.clone())?;
        let whole = async || {
            for rows in rows.chunks(batch) {
                database::execute(self.using.clone(), insert(rows.to_vec())).await?;
            }
            Ok(())
        };
        atomic(whole).using(&database).await
    }

    async fn remove(&self, keys: Vec<Value>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let one_way = |here, there, keys: &[Value]| {
            Expr::And(vec![
                self.is_owner(here),
                Expr::In(Box::new(own(there)), keys.to_vec()),
            ])
        };
        let filter = |keys: &[Value]| {
            let forward = one_way(self.source(), self.target(), keys);
            match self.through.symmetrical {
                true => Expr::Or(vec![forward, one_way(self.target(), self.source(), keys)]),
                false => forward,
            }
        };
        let batch = MOST_VALUES / 2;
        if keys.len() <= batch {
            return self.delete(filter(&keys)).await;
        }
        let database = database::resolve(self.using.clone())?;
        let whole = async || {
            for keys in keys.chunks(batch) {
                self.delete(filter(keys)).await?;
            }
            Ok(())
        };
        atomic(whole).using(&database).await
    }

    async fn clear(&self) -> Result<()> {
        let forward = self.is_owner(self.source());
        self.delete(match self.through.symmetrical {
            true => Expr::Or(vec![forward, self.is_owner(self.target())]),
            false => forward,
        })
        .await
    }

    async fn delete(&self, filter: Expr) -> Result<()> {
        let rows = Rows::Where(Some(filter));
        let deleted = delete((self.through.model)(), rows, self.using.clone()).await;
        deleted.map(drop)
    }
}
