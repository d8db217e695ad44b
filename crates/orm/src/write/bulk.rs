//! Many rows at once.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use nuages_bridge::OpFuture;

use super::create::{Values, with_defaults};
use super::save::assignments;
use super::update::Columns;
use crate::database::{self, Database, Target};
use crate::model::{Fields, Model, Reader, Record};
use crate::query::{Conflict, Expr, Insert, MOST_VALUES, Operator, Statement, Update};
use crate::transaction::atomic;
use crate::{Error, Op, Result, Value};

/// Rows on their way: what [`bulk_create`](crate::QuerySet::bulk_create) gives. `.await` it, or `.wait()` for it.
#[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct BulkCreate<M: Model> {
    rows: Vec<Values>,
    batch_size: usize,
    conflict: Option<Conflict>,
    using: Option<Database>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> fmt::Debug for BulkCreate<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkCreate")
            .field("rows", &self.rows.len())
            .field("conflict", &self.conflict)
            .finish_non_exhaustive()
    }
}

impl<M: Model> BulkCreate<M> {
    pub(crate) fn new(rows: Vec<Values>, using: Option<Database>) -> Self {
        Self {
            rows,
            batch_size: usize::MAX,
            conflict: None,
            using,
            model: PhantomData,
        }
    }

    /// How many rows a statement makes at most. As many as the database takes, by default.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.batch_size = rows.max(1);
        self
    }

    /// Leaves out the rows that break a unique rule. What was made is not told: not every database can.
    pub fn ignore_conflicts(mut self) -> BulkIgnore<M> {
        self.conflict = Some(Conflict::Ignore);
        BulkIgnore(self)
    }

    /// Changes the rows that are there: where one has the same `unique` columns, its `update` columns get the new values.
    ///
    /// MariaDB goes by every unique rule, whichever columns are named.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, #[field(max_length = 20, unique)] slug: String, name: String }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// Tag::create().slug("swing").name("swing").wait()?;
    /// let tags = Tag::objects()
    ///     .bulk_create(["swing", "musette"].map(|slug| Tag::create().slug(slug).name(slug.to_uppercase())))
    ///     .update_conflicts(|t| t.slug, |t| t.name)
    ///     .wait()?;
    /// assert_eq!((tags[0].id, tags[0].name.as_str()), (1, "SWING"));
    /// assert_eq!(Tag::objects().count().wait()?, 2);
    /// # Ok(()) }) }
    /// ```
    pub fn update_conflicts<U: Columns<M>, C: Columns<M>>(
        mut self,
        unique: impl FnOnce(&'static Fields<M>) -> U,
        update: impl FnOnce(&'static Fields<M>) -> C,
    ) -> Self {
        let (mut of, mut set) = (Vec::new(), Vec::new());
        unique(M::fields_at()).push_to(&mut of);
        update(M::fields_at()).push_to(&mut set);
        self.conflict = Some(Conflict::Update {
            unique: of,
            update: set,
        });
        self
    }

    /// Makes the rows, and waits for it, for sync code.
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](Error::is_integrity) where a rule of the schema is broken. Then none of the rows is made.
    #[track_caller]
    pub fn wait(self) -> Result<Vec<M>> {
        self.op().wait()
    }

    #[track_caller]
    fn op(self) -> Op<'static, Vec<M>> {
        Op::new(M::OPERATIONS.bulk_create, async move {
            self.run(|insert, using| async move {
                let decode = |row: &dyn crate::Row| M::decode(&mut Reader::new(row));
                database::fetch(Some(using), Statement::Insert(insert), decode).await
            })
            .await
        })
    }

    /// Makes the rows, statement by statement.
    async fn run<T, F>(self, statement: impl Fn(Insert, Database) -> F + Send + 'static) -> Result<Vec<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<Vec<T>>> + Send,
    {
        let model = M::meta();
        let database = Target::of_writes(self.using, model)?.database;
        let columns: Vec<_> = model.columns.iter().filter(|column| !column.automatic).collect();
        let columns: Vec<_> = columns.iter().map(|column| column.column).collect();
        // Without any column, a statement makes one row.
        let batch = match columns.len() {
            0 => 1,
            columns => (MOST_VALUES / columns).max(1).min(self.batch_size),
        };
        let returning = match self.conflict {
            Some(Conflict::Ignore) => Vec::new(),
            _ => model.columns.iter().map(|column| column.column).collect(),
        };
        let rows: Vec<Vec<Value>> = self
            .rows
            .into_iter()
            .map(|values| {
                with_defaults(model, values)
                    .into_iter()
                    .map(|(_, value)| value)
                    .collect()
            })
            .collect();
        let insert = move |rows| Insert {
            model,
            columns: columns.clone(),
            rows,
            conflict: self.conflict.clone(),
            returning: returning.clone(),
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        if rows.len() <= batch {
            return statement(insert(rows), database).await;
        }
        let inside = database.clone();
        let whole = async move || {
            let mut made = Vec::with_capacity(rows.len());
            let mut rows = rows.into_iter().peekable();
            while rows.peek().is_some() {
                let next = rows.by_ref().take(batch).collect();
                made.extend(statement(insert(next), inside.clone()).await?);
            }
            Ok(made)
        };
        atomic(whole).using(&database).await
    }
}

impl<M: Model> IntoFuture for BulkCreate<M> {
    type Output = Result<Vec<M>>;
    type IntoFuture = OpFuture<'static, Vec<M>, Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.op().into_future()
    }
}

/// Rows on their way, without those that break a unique rule. `.await` it, or `.wait()` for it.
#[derive(Debug)]
#[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct BulkIgnore<M: Model>(BulkCreate<M>);

impl<M: Model> BulkIgnore<M> {
    /// How many rows a statement makes at most. As many as the database takes, by default.
    pub fn batch_size(self, rows: usize) -> Self {
        Self(self.0.batch_size(rows))
    }

    /// Makes the rows, and waits for it, for sync code.
    ///
    /// # Errors
    ///
    /// Those of every statement; [`is_integrity`](Error::is_integrity) where a rule of the schema is broken that is no unique one. Then none of the rows is
    /// made.
    #[track_caller]
    pub fn wait(self) -> Result<()> {
        self.op().wait()
    }

    #[track_caller]
    fn op(self) -> Op<'static, ()> {
        Op::new(M::OPERATIONS.bulk_create, async move {
            let run = self.0.run(|insert, using| async move {
                database::execute(Some(using), Statement::Insert(insert)).await?;
                Ok(Vec::<()>::new())
            });
            run.await.map(drop)
        })
    }
}

impl<M: Model> IntoFuture for BulkIgnore<M> {
    type Output = Result<()>;
    type IntoFuture = OpFuture<'static, (), Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.op().into_future()
    }
}

/// Writes some columns of many records; gives how many rows were there.
#[track_caller]
pub(crate) fn bulk_update<S: Record>(
    records: &[S],
    columns: &[&'static str],
    using: Option<Database>,
) -> Op<'static, u64> {
    let model = S::Model::meta();
    // What `only` has read can't be written back: it is not known what the other columns hold.
    let partial = records
        .first()
        .is_some_and(|record| record.column_values().is_empty());
    let key = || Expr::Column {
        path: [].into(),
        column: model.primary_key,
    };
    // Each record binds its key twice, and once more for each column.
    let batch = (MOST_VALUES / (2 * columns.len() + 1)).max(1);
    let updates: Vec<Update> = records
        .chunks(batch)
        .map(|records| {
            let mut set: Vec<(&'static str, Vec<(Expr, Expr)>)> =
                columns.iter().map(|column| (*column, Vec::new())).collect();
            let mut keys = Vec::with_capacity(records.len());
            for record in records {
                let value = crate::ColumnType::to_value(&record.primary_key());
                for (column, new) in assignments(model, record.column_values()) {
                    if let Some((_, whens)) = set.iter_mut().find(|(name, _)| *name == column) {
                        let this = crate::located::binary(key(), Operator::Eq, Expr::Value(value.clone()));
                        whens.push((this, Expr::Value(new)));
                    }
                }
                keys.push(value);
            }
            Update {
                model,
                set: set
                    .into_iter()
                    .filter(|(_, whens)| !whens.is_empty())
                    .map(|(column, whens)| {
                        (
                            column,
                            Expr::Case {
                                whens,
                                otherwise: None,
                            },
                        )
                    })
                    .collect(),
                filter: Some(Expr::In(Box::new(key()), keys)),
            }
        })
        .filter(|update| !update.set.is_empty())
        .collect();
    Op::new(<S::Model as Model>::OPERATIONS.bulk_update, async move {
        if partial {
            return Err(Error::configuration(
                "records that `only` has read can't be written; call `.update(..)` on a query",
            ));
        }
        let database = Target::of_writes(using, S::Model::meta())?.database;
        let inside = database.clone();
        let whole = async move || {
            let mut changed = 0;
            for update in updates {
                changed += database::execute(Some(inside.clone()), Statement::Update(update)).await?;
            }
            Ok(changed)
        };
        atomic(whole).using(&database).await
    })
}
