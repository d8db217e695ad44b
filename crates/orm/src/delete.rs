//! Deleting rows, and what points to them: as each relation's `on_delete` says.
//!
//! What has to be known is read first, then everything is written in one transaction. Rows that nothing points to are deleted unread.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::database::{self, Database};
use crate::error::HeldBy;
use crate::meta::{ModelMeta, OnDelete};
use crate::model::Model;
use crate::prefetch::RowKey;
use crate::query::{Delete, Expr, MOST_VALUES, Order, Select, Statement, Update, own};
use crate::registry::{Referrer, referrers};
use crate::transaction::atomic;
use crate::{Error, Kind, Result, Row, Value};

/// How many of the rows that hold others an error names.
const NAMED: usize = 10;

/// What a deletion deleted: how many rows of which models. It compares with the number of all.
///
/// Rows that the database deleted by itself (`DbCascade`) are not among them.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
/// # #[model] struct Book { id: i64, title: String, #[relation(on_delete = Cascade)] author: ForeignKey<Author> }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// let django = Author::create().name("Django Reinhardt").wait()?;
/// for title in ["Nuages", "Minor Swing"] {
///     django.books.create().title(title).wait()?;
/// }
/// let deleted = django.delete().wait()?;
/// assert_eq!(deleted, 3);
/// assert_eq!((deleted.of::<Book>(), deleted.of::<Author>()), (2, 1));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Default)]
pub struct Deleted(Vec<(&'static ModelMeta, u64)>);

impl Deleted {
    /// How many rows in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many rows of this model.
    #[must_use]
    pub fn of<M: Model>(&self) -> u64 {
        let found = self.0.iter().find(|(model, _)| *model == M::meta());
        found.map_or(0, |(_, count)| *count)
    }

    /// The models of which rows were deleted, by name, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(model, count)| (model.name, *count))
    }

    fn add(&mut self, model: &'static ModelMeta, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == model) {
            Some((_, known)) => *known += count,
            None if count > 0 => self.0.push((model, count)),
            None => {}
        }
    }
}

impl PartialEq<u64> for Deleted {
    fn eq(&self, other: &u64) -> bool {
        self.count() == *other
    }
}

impl fmt::Debug for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Which rows are to go.
pub(crate) enum Rows {
    /// The one with this key.
    Key(Value),
    /// Those of the condition; all, if there is none.
    Where(Option<Expr>),
}

/// Deletes rows of a model, and does with what points to them as its relations say.
pub(crate) async fn delete(
    model: &'static ModelMeta,
    rows: Rows,
    using: Option<Database>,
) -> Result<Deleted> {
    if is_leaf(model) {
        let filter = match rows {
            Rows::Key(key) => Some(among(model.primary_key, &[key])),
            Rows::Where(filter) => filter,
        };
        let mut deleted = Deleted::default();
        deleted.add(model, remove(model, filter, using.as_ref()).await?);
        return Ok(deleted);
    }
    let database = database::resolve(using)?;
    let inside = database.clone();
    let whole = async move || {
        let mut collected = Collected::new(&inside);
        let keys = match rows {
            Rows::Key(key) => vec![key],
            Rows::Where(filter) => collected.keys(model, filter, None).await?,
        };
        collected.collect(model, keys).await?;
        collected.delete().await
    };
    atomic(whole).using(&database).await
}

/// Whether nothing has to be done with other rows when one of these goes.
fn is_leaf(model: &'static ModelMeta) -> bool {
    referrers(model).iter().all(|referrer| !acts(referrer))
}

/// Whether it is the framework that does something.
fn acts(referrer: &Referrer) -> bool {
    !matches!(
        referrer.relation.on_delete,
        OnDelete::DoNothing | OnDelete::DbCascade | OnDelete::DbSetNull
    )
}

/// Whether the rows of a model can be deleted without being read: nothing is to be done for them, and none of them may hold another.
fn goes_unread(model: &'static ModelMeta) -> bool {
    let mut keys = model.columns.iter().filter_map(|column| column.references);
    is_leaf(model) && keys.all(|relation| relation.on_delete != OnDelete::Restrict)
}

/// Whether deletions of a model's rows come back to it.
fn is_in_circle(model: &'static ModelMeta) -> bool {
    let mut seen: Vec<&'static ModelMeta> = Vec::new();
    let mut next = vec![model];
    while let Some(model) = next.pop() {
        for referrer in referrers(model) {
            if referrer.relation.on_delete == OnDelete::Cascade && !seen.contains(&referrer.model) {
                seen.push(referrer.model);
                next.push(referrer.model);
            }
        }
    }
    seen.contains(&model)
}

/// The rows that go with those that are to be deleted, and what is to be done with others.
struct Collected<'d> {
    database: &'d Database,
    /// The rows of each model, in the order in which the models were found.
    rows: Vec<Found>,
    /// What goes unread.
    unread: Vec<(&'static ModelMeta, Expr)>,
    updates: Vec<Update>,
}

impl<'d> Collected<'d> {
    fn new(database: &'d Database) -> Self {
        Self {
            database,
            rows: Vec::new(),
            unread: Vec::new(),
            updates: Vec::new(),
        }
    }

    /// The keys of a model's rows.
    async fn keys(
        &self,
        model: &'static ModelMeta,
        filter: Option<Expr>,
        limit: Option<u64>,
    ) -> Result<Vec<Value>> {
        let kind = model
            .column(model.primary_key)
            .map_or(Kind::BigInt, |column| column.kind);
        let mut select = Select::from(model);
        select.columns = vec![own(model.primary_key)];
        select.filter = filter;
        select.limit = limit;
        if limit.is_some() {
            select.order = vec![Order::by(own(model.primary_key), false)];
        }
        let read = move |row: &dyn Row| key(row, kind);
        database::fetch(Some(self.database.clone()), Statement::Select(select), read).await
    }

    /// Collects rows, and what goes with them.
    async fn collect(&mut self, model: &'static ModelMeta, keys: Vec<Value>) -> Result<()> {
        let mut held: Vec<HeldBy> = Vec::new();
        let mut restricted: Vec<(Referrer, Vec<Value>)> = Vec::new();
        let mut next = vec![(model, self.new_keys(model, keys))];
        while let Some((model, keys)) = next.pop() {
            for keys in keys.chunks(MOST_VALUES) {
                let mut unread: Vec<(&'static ModelMeta, Vec<Expr>)> = Vec::new();
                for referrer in referrers(model) {
                    let points = among(referrer.column, keys);
                    let from = referrer.model;
                    match referrer.relation.on_delete {
                        OnDelete::DoNothing | OnDelete::DbCascade | OnDelete::DbSetNull => {}
                        OnDelete::Cascade if goes_unread(from) => {
                            match unread.iter_mut().find(|(known, _)| *known == from) {
                                Some((_, filters)) => filters.push(points),
                                None => unread.push((from, vec![points])),
                            }
                        }
                        OnDelete::Cascade => {
                            let found = self.keys(from, Some(points), None).await?;
                            let new = self.new_keys(from, found);
                            if !new.is_empty() {
                                next.push((from, new));
                            }
                        }
                        OnDelete::Protect => {
                            let found = self.keys(from, Some(points), Some(NAMED as u64 + 1)).await?;
                            if !found.is_empty() {
                                held.push(HeldBy::new(from, referrer.field, found, NAMED));
                            }
                        }
                        OnDelete::Restrict => {
                            let found = self.keys(from, Some(points), None).await?;
                            if !found.is_empty() {
                                restricted.push((*referrer, found));
                            }
                        }
                        OnDelete::SetNull | OnDelete::SetDefault | OnDelete::Set => {
                            let to = referrer.new_value()?;
                            self.updates.push(Update {
                                model: from,
                                set: vec![(referrer.column, Expr::Value(to))],
                                filter: Some(points),
                            });
                        }
                    }
                }
                self.unread.extend(
                    unread
                        .into_iter()
                        .map(|(model, filters)| (model, Expr::Or(filters))),
                );
            }
        }
        // A row that goes itself holds nothing.
        for (referrer, found) in restricted {
            let going = self.rows.iter().find(|(model, ..)| *model == referrer.model);
            let stays = |key: &Value| going.is_none_or(|(_, seen, _)| !seen.contains(&RowKey::of(key)));
            let stay: Vec<Value> = found.into_iter().filter(stays).collect();
            if !stay.is_empty() {
                held.push(HeldBy::new(referrer.model, referrer.field, stay, NAMED));
            }
        }
        if held.is_empty() {
            Ok(())
        } else {
            Err(Error::held(model.name, held))
        }
    }

    /// Those of the keys that were not collected yet.
    fn new_keys(&mut self, model: &'static ModelMeta, keys: Vec<Value>) -> Vec<Value> {
        let at = match self.rows.iter().position(|(known, ..)| *known == model) {
            Some(at) => at,
            None => {
                self.rows.push((model, HashSet::new(), Vec::new()));
                self.rows.len() - 1
            }
        };
        let (_, seen, all) = &mut self.rows[at];
        let new: Vec<Value> = keys
            .into_iter()
            .filter(|key| seen.insert(RowKey::of(key)))
            .collect();
        all.extend(new.iter().cloned());
        new
    }

    /// Does it all: first what points to others, then what is pointed to.
    async fn delete(self) -> Result<Deleted> {
        let using = Some(self.database);
        let mut deleted = Deleted::default();
        for (model, filter) in self.unread {
            deleted.add(model, remove(model, Some(filter), using).await?);
        }
        for update in self.updates {
            database::execute(using.cloned(), Statement::Update(update)).await?;
        }
        let others = self.rows.iter().filter(|(.., keys)| !keys.is_empty()).count() > 1;
        for (model, _, keys) in pointing_first(self.rows) {
            let mut count = 0;
            for keys in keys.chunks(MOST_VALUES) {
                count += remove(model, Some(among(model.primary_key, keys)), using).await?;
            }
            // In a circle, the database takes rows along that it does not count.
            if is_in_circle(model) && (others || keys.len() > 1) {
                count = keys.len() as u64;
            }
            deleted.add(model, count);
        }
        Ok(deleted)
    }
}

/// A model, and the keys of those of its rows that were found.
type Found = (&'static ModelMeta, HashSet<RowKey>, Vec<Value>);

/// Models whose rows point to others before those. In a circle, the order in which they were found, backwards.
fn pointing_first(rows: Vec<Found>) -> Vec<Found> {
    fn visit(
        model: &'static ModelMeta,
        seen: &mut Vec<&'static ModelMeta>,
        order: &mut Vec<&'static ModelMeta>,
    ) {
        if seen.contains(&model) {
            return;
        }
        seen.push(model);
        for referrer in referrers(model) {
            visit(referrer.model, seen, order);
        }
        order.push(model);
    }
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    for (model, ..) in rows.iter().rev() {
        visit(model, &mut seen, &mut order);
    }
    let mut by_model: HashMap<*const ModelMeta, Found> = rows
        .into_iter()
        .map(|found| (std::ptr::from_ref(found.0), found))
        .collect();
    order
        .into_iter()
        .filter_map(|model| by_model.remove(&std::ptr::from_ref(model)))
        .collect()
}

fn among(column: &'static str, keys: &[Value]) -> Expr {
    Expr::In(Box::new(own(column)), keys.to_vec())
}

async fn remove(model: &'static ModelMeta, filter: Option<Expr>, using: Option<&Database>) -> Result<u64> {
    database::execute(using.cloned(), Statement::Delete(Delete { model, filter })).await
}

/// A primary key, whatever its type.
fn key(row: &dyn Row, kind: Kind) -> Result<Value> {
    Ok(match kind {
        Kind::Text => row.get::<String>(0)?.into(),
        Kind::Uuid => row.get::<uuid::Uuid>(0)?.into(),
        Kind::SmallInt => row.get::<i16>(0)?.into(),
        Kind::Int => row.get::<i32>(0)?.into(),
        Kind::BigInt => row.get::<i64>(0)?.into(),
        Kind::Date => row.get::<jiff::civil::Date>(0)?.into(),
        Kind::Timestamp => row.get::<jiff::Timestamp>(0)?.into(),
        other => {
            let problem = format!("rows whose key is a {other:?} can't be collected for a deletion");
            return Err(Error::configuration(problem));
        }
    })
}
