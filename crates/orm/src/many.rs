//! Relations that lead to many rows, as fields of a record.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use crate::condition::IntoCondition;
use crate::database::Database;
use crate::key::Objects;
use crate::loading::NotLoaded;
use crate::located::binary;
use crate::meta::RelationMeta;
use crate::model::{Fields, Model, Record};
use crate::prefetch::{Holds, Prefetched, RowKey};
use crate::query::{Expr, MOST_VALUES, Operator, Statement, Update, own};
use crate::queryset::QuerySet;
use crate::relation::{Forward, MayBeNull, Relation, Reverse};
use crate::transaction::atomic;
use crate::write::{Creating, Creation, GettingOrCreating, Give, Given, UpdatingOrCreating};
use crate::{Op, Result, Value};

/// The rows of the model `M` whose foreign key points here: an author's books. In a model it is written `Many<Book>`; `#[model]` adds the state.
///
/// It holds no rows, but a queryset of them: [`objects`](Self::objects). [`add`](Self::add), [`remove`](Self::remove), [`set`](Self::set) and
/// [`clear`](Self::clear) point the foreign keys of rows here, or no longer; [`create`](Self::create) makes a row that points here.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// #[model]
/// struct Author {
///     id: i64,
///     name: String,
///     #[relation(reverse = Book::author)]
///     books: Many<Book>,
/// }
///
/// #[model]
/// struct Book {
///     id: i64,
///     title: String,
///     stock: i32,
///     #[relation(on_delete = Cascade)]
///     author: ForeignKey<Author>,
/// #   #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # let django = Author::create().name("Django Reinhardt").wait()?;
/// # let boris = Author::create().name("Boris Vian").wait()?;
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
/// #     Book::create().title(title).stock(stock).author(&django).editor(&boris).wait()?;
/// # }
/// let author = Author::objects().get(|a| a.name.eq("Django Reinhardt")).wait()?;
/// assert_eq!(author.books.all().wait()?.len(), 3);
/// let in_stock = author.books.objects().filter(|b| b.stock.gt(0)).order_by(|b| b.title).all().wait()?;
/// assert_eq!(in_stock[0].title, "Belleville");
/// # Ok(()) }) }
/// ```
pub struct Many<M: Model, S = NotLoaded, R = ()> {
    owner: Value,
    relation: &'static RelationMeta,
    state: S,
    using: Option<Database>,
    of: PhantomData<fn() -> (M, R)>,
}

impl<M: Model, S, R> Many<M, S, R> {
    #[doc(hidden)]
    pub fn new(owner: Value, relation: &'static RelationMeta, state: S) -> Self {
        Self {
            owner,
            relation,
            state,
            using: None,
            of: PhantomData,
        }
    }

    pub(crate) fn owner(&self) -> &Value {
        &self.owner
    }

    pub(crate) fn database(&self) -> Option<Database> {
        self.using.clone()
    }

    /// The same relation in this database, whatever the context says.
    #[must_use]
    pub fn using(&self, database: &Database) -> Many<M, NotLoaded, R> {
        let mut many = Many::new(self.owner.clone(), self.relation, NotLoaded::default());
        many.using = Some(database.clone());
        many
    }

    /// The rows, as a queryset.
    pub fn objects(&self) -> QuerySet<M> {
        let query = QuerySet::filtered(binary(
            self.relation.owner(),
            Operator::Eq,
            Expr::Value(self.owner.clone()),
        ));
        match &self.using {
            Some(database) => query.using(database),
            None => query,
        }
    }

    /// Those of the rows that a condition holds for, as a queryset.
    pub fn filter<C: IntoCondition<M>>(
        &self,
        condition: impl FnOnce(&'static Fields<M>) -> C,
    ) -> QuerySet<M> {
        self.objects().filter(condition)
    }

    /// The rows themselves.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::all`].
    #[track_caller]
    pub fn all(&self) -> Op<'static, Vec<M>> {
        self.objects().all()
    }

    /// How many they are.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::count`].
    #[track_caller]
    pub fn count(&self) -> Op<'static, u64> {
        self.objects().count()
    }
}

/// What a foreign key's other side does with the rows that point here.
impl<M: Model, S, R: Reverse<To = M>> Many<M, S, R> {
    /// Makes these rows point here, in one statement. Those that do already stay.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
    /// # #[model] struct Book { id: i64, title: String, #[relation(on_delete = SetNull)] author: Option<ForeignKey<Author>> }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// let django = Author::create().name("Django Reinhardt").wait()?;
    /// let nuages = Book::create().title("Nuages").wait()?;
    /// django.books.add([&nuages]).wait()?;
    /// django.books.create().title("Minor Swing").wait()?;
    /// assert_eq!(django.books.count().wait()?, 2);
    /// django.books.set([&nuages]).wait()?;
    /// assert_eq!(django.books.count().wait()?, 1);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](crate::Error::is_integrity) where a rule of the schema is broken.
    #[track_caller]
    pub fn add(&self, objects: impl Objects<M>) -> Op<'static, ()> {
        let (keys, pointing) = (objects.into_keys(), self.pointing());
        Op::new(M::OPERATIONS.update, async move { pointing.add(keys).await })
    }

    /// Makes a row that points here: a builder like that of the model's `create()`, with the foreign key given.
    #[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn create(&self) -> Given<M, Creating, R::Forward>
    where
        M::Create<Creating>: Give<R::Forward>,
    {
        M::building(self.creation()).given()
    }

    /// Finds a row that points here, or makes it: as the model's `get_or_create()`, with the foreign key given.
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn get_or_create(&self) -> Given<M, GettingOrCreating, R::Forward>
    where
        M::Create<GettingOrCreating>: Give<R::Forward>,
    {
        M::building(self.creation()).given()
    }

    /// Finds a row that points here and changes it, or makes it: as the model's `update_or_create()`, with the foreign key given.
    #[must_use = "nothing happens until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn update_or_create(&self) -> Given<M, UpdatingOrCreating, R::Forward>
    where
        M::Create<UpdatingOrCreating>: Give<R::Forward>,
    {
        M::building(self.creation()).given()
    }

    fn creation<K: crate::write::CreateMode<M>>(&self) -> Creation<M, K> {
        let creation = Creation::new().with(R::Forward::COLUMN, self.owner.clone());
        match &self.using {
            Some(database) => creation.using(database),
            None => creation,
        }
    }

    fn pointing(&self) -> Pointing<M> {
        Pointing {
            owner: self.owner.clone(),
            column: R::Forward::COLUMN,
            using: self.using.clone(),
            model: PhantomData,
        }
    }
}

/// What needs a foreign key that may be NULL.
impl<M: Model, S, R: Reverse<To = M>> Many<M, S, R> {
    /// Makes those of these rows that point here point to nothing, in one statement.
    ///
    /// # Errors
    ///
    /// Those of every statement.
    #[track_caller]
    pub fn remove(&self, objects: impl Objects<M>) -> Op<'static, ()>
    where
        <R::Forward as Relation>::Kind: MayBeNull,
    {
        let (keys, pointing) = (objects.into_keys(), self.pointing());
        Op::new(M::OPERATIONS.update, async move { pointing.remove(keys).await })
    }

    /// Makes these rows point here, and those others that did point to nothing.
    ///
    /// It reads who points here, and writes only what differs.
    ///
    /// # Errors
    ///
    /// Those of every statement.
    #[track_caller]
    pub fn set(&self, objects: impl Objects<M>) -> Op<'static, ()>
    where
        <R::Forward as Relation>::Kind: MayBeNull,
    {
        let (keys, pointing, present) = (objects.into_keys(), self.pointing(), self.objects());
        let using = self.using.clone();
        Op::new(M::OPERATIONS.update, async move {
            let database = crate::database::resolve(using)?;
            let whole = async move || {
                let present: Vec<Value> = present.keys().await?;
                let (gone, new) = difference(present, keys);
                pointing.remove(gone).await?;
                pointing.add(new).await
            };
            atomic(whole).using(&database).await
        })
    }

    /// Makes all rows that point here point to nothing, in one statement.
    ///
    /// # Errors
    ///
    /// Those of every statement.
    #[track_caller]
    pub fn clear(&self) -> Op<'static, ()>
    where
        <R::Forward as Relation>::Kind: MayBeNull,
    {
        let pointing = self.pointing();
        Op::new(M::OPERATIONS.update, async move { pointing.clear().await })
    }
}

/// The rows whose foreign key points to a row.
struct Pointing<M> {
    owner: Value,
    column: &'static str,
    using: Option<Database>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Pointing<M> {
    fn here(&self) -> Expr {
        binary(own(self.column), Operator::Eq, Expr::Value(self.owner.clone()))
    }

    async fn add(&self, keys: Vec<Value>) -> Result<()> {
        self.point(&self.owner, None, keys).await
    }

    async fn remove(&self, keys: Vec<Value>) -> Result<()> {
        self.point(&Value::Null(self.owner.kind()), Some(self.here()), keys)
            .await
    }

    async fn clear(&self) -> Result<()> {
        self.update(&Value::Null(self.owner.kind()), self.here()).await
    }

    /// Points those of these rows for which the condition holds somewhere.
    async fn point(&self, to: &Value, which: Option<Expr>, keys: Vec<Value>) -> Result<()> {
        let filter = |keys: &[Value]| {
            let among = Expr::In(Box::new(own(M::PRIMARY_KEY)), keys.to_vec());
            match &which {
                Some(which) => Expr::And(vec![which.clone(), among]),
                None => among,
            }
        };
        if keys.len() <= MOST_VALUES {
            return match keys.is_empty() {
                true => Ok(()),
                false => self.update(to, filter(&keys)).await,
            };
        }
        let database = crate::database::resolve(self.using.clone())?;
        let whole = async || {
            for keys in keys.chunks(MOST_VALUES) {
                self.update(to, filter(keys)).await?;
            }
            Ok(())
        };
        atomic(whole).using(&database).await
    }

    async fn update(&self, to: &Value, filter: Expr) -> Result<()> {
        let update = Update {
            model: M::meta(),
            set: vec![(self.column, Expr::Value(to.clone()))],
            filter: Some(filter),
        };
        let changed = crate::database::execute(self.using.clone(), Statement::Update(update)).await;
        changed.map(drop)
    }
}

/// What is only among the first, and what is only among the second.
pub(crate) fn difference(present: Vec<Value>, wanted: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
    let set = |keys: &[Value]| -> std::collections::HashSet<RowKey> { keys.iter().map(RowKey::of).collect() };
    let (there, to_be) = (set(&present), set(&wanted));
    let gone = present
        .into_iter()
        .filter(|key| !to_be.contains(&RowKey::of(key)));
    let gone = gone.collect();
    let new = wanted.into_iter().filter(|key| !there.contains(&RowKey::of(key)));
    (gone, new.collect())
}

impl<M: Model, S, R> Holds for Many<M, S, R> {
    type State = S;

    fn parts(&self) -> (&Value, &'static RelationMeta) {
        (&self.owner, self.relation)
    }

    fn fill(&mut self, state: S) {
        self.state = state;
    }
}

impl<M: Model, S, R> fmt::Debug for Many<M, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Many<{}>", M::meta().name)
    }
}

impl<M: Model, S: PartialEq, R> PartialEq for Many<M, S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.owner == other.owner && std::ptr::eq(self.relation, other.relation) && self.state == other.state
    }
}

impl<M: Model, S: Clone, R> Clone for Many<M, S, R> {
    fn clone(&self) -> Self {
        Self {
            using: self.using.clone(),
            ..Self::new(self.owner.clone(), self.relation, self.state.clone())
        }
    }
}

impl<M: Model, S: Eq, R> Eq for Many<M, S, R> {}

/// What [`prefetch_related`](QuerySet::prefetch_related) loaded, as a slice.
impl<M: Model, T: Record<Model = M>, R> Deref for Many<M, Prefetched<T>, R> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.state
    }
}

impl<'a, M: Model, T: Record<Model = M>, R> IntoIterator for &'a Many<M, Prefetched<T>, R> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.state.iter()
    }
}

// Records with the same key have the same rows.
impl<M: Model, S, R> Hash for Many<M, S, R> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
