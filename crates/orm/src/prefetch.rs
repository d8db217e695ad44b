//! Prefetching: what to-many relations lead to, with one query for all records.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use crate::condition::IntoCondition;
use crate::database::Database;
use crate::driver::BoxFuture;
use crate::loading::State;
use crate::meta::RelationMeta;
use crate::model::{Fields, Model, Reader, Record, Selected};
use crate::order::IntoOrder;
use crate::path::{Root, ToOnePath};
use crate::query::{Expr, MOST_VALUES, PerParent, own};
use crate::queryset::{Core, QuerySet};
use crate::related_many::{RelatedMany, RelatedRows};
use crate::relation::{Related, Relation, ReverseOne};
use crate::{Kind, Result, Row, Value};

/// The state of a to-many relation whose rows came with the record: they are a slice.
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
/// let authors = Author::objects().prefetch_related(|a| a.books.order_by(|b| b.title)).all().wait()?;
/// for author in &authors {
///     let titles: Vec<&str> = author.books.iter().map(|book| book.title.as_str()).collect();
///     assert_eq!(titles, ["Belleville", "Minor Swing", "Nuages"]);
/// }
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Prefetched<T>(Vec<T>);

impl<T> Deref for Prefetched<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Record> State for Prefetched<T> {
    fn select(_: &mut Selected) {}

    fn width() -> usize {
        0
    }

    fn decode(_: &mut Reader<'_>) -> Result<Self> {
        Ok(Self(Vec::new()))
    }

    fn prefetch<'a>(
        query: &'a Query,
        relation: &'static RelationMeta,
        owners: &'a [Value],
        using: Option<&'a Database>,
    ) -> BoxFuture<'a, Result<HashMap<RowKey, Self>>> {
        Box::pin(async move {
            let Some(query) = query.downcast_ref::<QuerySet<T>>() else {
                unreachable!("the state is that of the query's records")
            };
            let kind = owner_kind(relation);
            let mut rows: HashMap<RowKey, Self> = HashMap::new();
            for owners in owners.chunks(MOST_VALUES) {
                let mut core = query.core().clone();
                if let (None, Some(database)) = (core.database(), using) {
                    core.using(database);
                }
                of_owners(&mut core, relation, owners);
                let (keys, records) = core
                    .records_with::<T, RowKey>(relation.owner(), move |row| RowKey::read(row, 0, kind))
                    .await?;
                for (key, record) in keys.into_iter().zip(records) {
                    rows.entry(key).or_insert_with(|| Self(Vec::new())).0.push(record);
                }
            }
            Ok(rows)
        })
    }
}

/// Only the rows of these owners; of a sliced query, the slice of each one's.
fn of_owners(core: &mut Core, relation: &'static RelationMeta, owners: &[Value]) {
    let keys = Expr::In(Box::new(relation.owner()), owners.to_vec());
    let and = |filter: Option<Expr>| match filter {
        Some(filter) => Expr::And(vec![keys.clone(), filter]),
        None => keys.clone(),
    };
    core.default_order();
    let select = &mut core.select;
    let model = select.model;
    if select.limit.is_none() && select.offset.is_none() {
        select.filter = Some(and(select.filter.take()));
        return;
    }
    // A row that several records lead to is in the slice of some of them: there it is the row between the two that counts.
    let key = || match relation.through() {
        Some(through) => Expr::Column {
            path: [through.back].as_slice().into(),
            column: (through.model)().primary_key,
        },
        None => own(model.primary_key),
    };
    let mut slice = select.clone();
    slice.filter = Some(and(slice.filter.take()));
    if slice.order.is_empty() {
        slice.order = vec![crate::query::Order::by(own(model.primary_key), false)];
    }
    slice.columns = vec![key()];
    slice.per_parent = Some(PerParent {
        column: relation.owner(),
        offset: slice.offset.take().unwrap_or(0),
        limit: slice.limit.take(),
    });
    (select.limit, select.offset) = (None, None);
    select.filter = Some(Expr::InSelect(Box::new(key()), Box::new(slice)));
}

/// The type of the column that names the owner.
fn owner_kind(relation: &RelationMeta) -> Kind {
    let (model, name) = match relation.through() {
        Some(through) => ((through.model)(), through.entry.to_column),
        None => ((relation.to)(), relation.to_column),
    };
    model.column(name).map_or(Kind::BigInt, |column| column.kind)
}

/// A key that rows are sorted by, whatever its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub enum RowKey {
    Int(i64),
    Text(String),
    Other(String),
}

impl RowKey {
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::SmallInt(value) => Self::Int((*value).into()),
            Value::Int(value) => Self::Int((*value).into()),
            Value::BigInt(value) => Self::Int(*value),
            Value::Text(value) => Self::Text(value.clone()),
            Value::Uuid(value) => Self::Other(value.to_string()),
            other => Self::Other(format!("{other:?}")),
        }
    }

    fn read(row: &dyn Row, index: usize, kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::Text => Self::Text(row.get::<Option<String>>(index)?.unwrap_or_default()),
            Kind::Uuid => Self::Other(
                row.get::<Option<uuid::Uuid>>(index)?
                    .unwrap_or_default()
                    .to_string(),
            ),
            _ => Self::Int(row.get::<Option<i64>>(index)?.unwrap_or_default()),
        })
    }
}

/// A queryset whose type only the state knows.
#[doc(hidden)]
pub type Query = dyn Any + Send + Sync;

/// What is prefetched with a query's records.
#[derive(Clone, Default)]
#[doc(hidden)]
pub struct Plan {
    queries: Vec<(&'static RelationMeta, Arc<Query>)>,
    using: Option<Database>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.queries.iter().map(|(relation, _)| relation.name);
        f.debug_list().entries(names).finish()
    }
}

impl Plan {
    pub(crate) fn add<T: Record>(&mut self, relation: &'static RelationMeta, query: QuerySet<T>) {
        self.queries.retain(|(planned, _)| *planned != relation);
        self.queries.push((relation, Arc::new(query)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    pub(crate) fn using(mut self, database: Option<Database>) -> Self {
        self.using = database;
        self
    }

    /// Loads a relation, if that is planned.
    pub async fn load<R: Record, H: Holds<State: State>>(
        &self,
        records: &mut [R],
        field: fn(&mut R) -> &mut H,
    ) -> Result<()> {
        let Some(relation) = records.first_mut().map(|record| field(record).parts().1) else {
            return Ok(());
        };
        let planned = self.queries.iter().find(|(planned, _)| *planned == relation);
        let Some((_, query)) = planned else {
            return Ok(());
        };
        let owners: Vec<Value> = records
            .iter_mut()
            .map(|record| field(record).parts().0.clone())
            .collect();
        let rows = H::State::prefetch(&**query, relation, &owners, self.using.as_ref()).await?;
        for (record, owner) in records.iter_mut().zip(&owners) {
            // A record that comes twice has its rows twice.
            if let Some(found) = rows.get(&RowKey::of(owner)) {
                field(record).fill(found.clone());
            }
        }
        Ok(())
    }
}

/// A field that holds what is prefetched.
#[doc(hidden)]
pub trait Holds {
    /// Its state.
    type State;

    /// The key of the record, and the relation.
    fn parts(&self) -> (&Value, &'static RelationMeta);

    /// Takes what was found.
    fn fill(&mut self, state: Self::State);
}

/// What can be prefetched with records of `M`: a to-many relation, some of its rows, or a [`Prefetch`] of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no to-many relation of `{M}`",
    label = "can't be prefetched with `{M}`",
    note = "prefetch what leads to many rows, or the other side of a one to one relation: `.prefetch_related(|a| a.books)`; a foreign key is loaded by `.select_related(..)`"
)]
pub trait IntoPrefetch<M: Model> {
    /// The relation.
    type Relation: Relation<From = M>;
    /// The records that it then leads to.
    type Row: Record<Model = <Self::Relation as Relation>::To>;

    /// The query for them.
    #[doc(hidden)]
    fn into_query(self) -> QuerySet<Self::Row>;
}

impl<M: Model, R: Relation<From = M>> IntoPrefetch<M> for RelatedMany<Root<M>, R> {
    type Relation = R;
    type Row = R::To;

    fn into_query(self) -> QuerySet<R::To> {
        QuerySet::new()
    }
}

impl<M: Model, R: Relation<From = M>> IntoPrefetch<M> for RelatedRows<Root<M>, R> {
    type Relation = R;
    type Row = R::To;

    fn into_query(self) -> QuerySet<R::To> {
        self.into_queryset()
    }
}

impl<M: Model, R: ReverseOne + Relation<From = M>> IntoPrefetch<M> for Related<Root<M>, R> {
    type Relation = R;
    type Row = R::To;

    fn into_query(self) -> QuerySet<R::To> {
        QuerySet::new()
    }
}

/// The rows of a to-many relation by a query of their own: ordered, sliced for each record, with relations that are loaded too.
#[must_use = "it says what `prefetch_related` loads"]
pub struct Prefetch<R, T: Record> {
    query: QuerySet<T>,
    relation: PhantomData<fn() -> R>,
}

impl<R, T: Record> fmt::Debug for Prefetch<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prefetch").field(&self.query).finish()
    }
}

impl<M: Model, R: Relation<From = M>, T: Record<Model = R::To>> IntoPrefetch<M> for Prefetch<R, T> {
    type Relation = R;
    type Row = T;

    fn into_query(self) -> QuerySet<T> {
        self.query
    }
}

impl<P: ToOnePath, R: Relation> RelatedMany<P, R> {
    /// In [`prefetch_related`](QuerySet::prefetch_related): the rows in this order.
    pub fn order_by<O: IntoOrder<R::To>>(
        self,
        order: impl FnOnce(&'static Fields<R::To>) -> O,
    ) -> Prefetch<R, R::To> {
        self.query(|rows| rows.order_by(order))
    }

    /// In [`prefetch_related`](QuerySet::prefetch_related): the rows as a queryset makes them. A slice counts for each record by itself.
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
    ///     .prefetch_related(|a| a.books.query(|books| books.order_by(|b| b.stock.desc()).slice(..2)))
    ///     .all()
    ///     .wait()?;
    /// assert_eq!(authors[0].books.len(), 2);
    /// # Ok(()) }) }
    /// ```
    pub fn query<T: Record<Model = R::To>>(
        self,
        query: impl FnOnce(QuerySet<R::To>) -> QuerySet<T>,
    ) -> Prefetch<R, T> {
        Prefetch {
            query: query(QuerySet::new()),
            relation: PhantomData,
        }
    }
}

impl<P: ToOnePath, R: Relation> RelatedRows<P, R> {
    /// In [`prefetch_related`](QuerySet::prefetch_related): the rows in this order.
    pub fn order_by<O: IntoOrder<R::To>>(
        self,
        order: impl FnOnce(&'static Fields<R::To>) -> O,
    ) -> Prefetch<R, R::To> {
        Prefetch {
            query: self.into_queryset().order_by(order),
            relation: PhantomData,
        }
    }
}

impl<R, T: Record> Prefetch<R, T> {
    /// Those of the rows that a condition holds for.
    pub fn filter<C: IntoCondition<T::Model>>(
        self,
        condition: impl FnOnce(&'static Fields<T::Model>) -> C,
    ) -> Self {
        Self {
            query: self.query.filter(condition),
            relation: PhantomData,
        }
    }
}
