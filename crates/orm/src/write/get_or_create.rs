//! Rows that may be there already: `get_or_create()` and `update_or_create()`.

use super::create::{CreateMode, Creation, Values, create, create_joined};
use crate::condition::Test;
use crate::database::{Database, Target};
use crate::many_to_many::Link;
use crate::model::Model;
use crate::query::{Expr, Operator, Statement, Update};
use crate::queryset::{QuerySet, is_key};
use crate::transaction::atomic;
use crate::{Error, Op, Result};

/// What `get_or_create()` does: it finds a row, or makes it. With it comes whether it was made.
#[derive(Debug)]
pub struct GettingOrCreating;

/// What `update_or_create()` does: it finds a row and changes it, or makes it. With it comes whether it was made.
#[derive(Debug)]
pub struct UpdatingOrCreating;

/// What looks a row up before it makes one.
#[diagnostic::on_unimplemented(
    message = "`create()` looks nothing up, so all columns are given directly",
    label = "only after `get_or_create()` and `update_or_create()`"
)]
#[doc(hidden)]
pub trait LooksUp {}

impl LooksUp for GettingOrCreating {}
impl LooksUp for UpdatingOrCreating {}

impl<M: Model> CreateMode<M> for GettingOrCreating {
    type Output = (M, bool);

    #[track_caller]
    fn op(creation: Creation<M, Self>) -> Op<'static, (M, bool)> {
        let link = creation.link.clone();
        let (lookups, values, using) = parts(creation);
        Op::new(M::OPERATIONS.get_or_create, async move {
            let found = || find::<M>(&lookups, link.as_ref(), using.as_ref()).first();
            if let Some(row) = found().await? {
                return Ok((row, false));
            }
            match insert::<M>(values, link.clone(), using.clone()).await {
                Ok(row) => Ok((row, true)),
                // Somebody else was faster.
                Err(error) if error.is_unique_violation() => match found().await? {
                    Some(row) => Ok((row, false)),
                    None => Err(error),
                },
                Err(error) => Err(error),
            }
        })
    }
}

impl<M: Model> CreateMode<M> for UpdatingOrCreating {
    type Output = (M, bool);

    #[track_caller]
    fn op(creation: Creation<M, Self>) -> Op<'static, (M, bool)> {
        let link = creation.link.clone();
        let (lookups, values, using) = parts(creation);
        let defaults: Values = values
            .iter()
            .filter(|(column, _)| !lookups.iter().any(|(lookup, _)| lookup == column))
            .cloned()
            .collect();
        Op::new(M::OPERATIONS.update_or_create, async move {
            let database = Target::of_writes(using, M::meta())?.database;
            let inside = database.clone();
            let whole = async move || {
                let mut raced = false;
                loop {
                    let found = find::<M>(&lookups, link.as_ref(), Some(&inside))
                        .select_for_update()
                        .first();
                    if let Some(row) = found.await? {
                        return Ok((change(row, &defaults, &inside).await?, false));
                    }
                    match insert::<M>(values.clone(), link.clone(), Some(inside.clone())).await {
                        Ok(row) => return Ok((row, true)),
                        // Somebody else was faster: the row is there now.
                        Err(error) if error.is_unique_violation() && !raced => raced = true,
                        Err(error) => return Err(error),
                    }
                }
            };
            atomic(whole).using(&database).await
        })
    }
}

/// What is looked up, all values, and where.
fn parts<M: Model, K: CreateMode<M>>(creation: Creation<M, K>) -> (Values, Values, Option<Database>) {
    let values = creation.values;
    let lookups = creation.lookups.unwrap_or(values.len()).min(values.len());
    (values[..lookups].to_vec(), values, creation.using)
}

fn find<M: Model>(lookups: &Values, link: Option<&Link>, using: Option<&Database>) -> QuerySet<M> {
    let equal = lookups.iter().map(|(column, value)| {
        let column = Expr::Column {
            path: [].into(),
            column,
        };
        crate::located::binary(column, Operator::Eq, Expr::Value(value.clone()))
    });
    let query = QuerySet::of(Test {
        expr: Expr::And(equal.chain(link.map(Link::condition)).collect()),
        nullable: false,
    });
    match using {
        Some(database) => query.using(database),
        None => query,
    }
}

/// Makes the row; inside a transaction, so that its failure does not break that.
async fn insert<M: Model>(values: Values, link: Option<Link>, using: Option<Database>) -> Result<M> {
    if let Some(link) = link {
        return create_joined(values, using, link).await;
    }
    let target = Target::of_writes(using.clone(), M::meta())?;
    if !target.in_transaction() {
        return create(values, using).await;
    }
    atomic(async move || create(values, using).await)
        .using(&target.database)
        .await
}

async fn change<M: Model>(row: M, values: &Values, database: &Database) -> Result<M> {
    if values.is_empty() {
        return Ok(row);
    }
    let key = is_key::<M>(&row.primary_key());
    let set = values.iter().cloned();
    let update = Update {
        model: M::meta(),
        set: set.map(|(column, value)| (column, Expr::Value(value))).collect(),
        filter: Some(key.clone()),
    };
    crate::database::execute(Some(database.clone()), Statement::Update(update)).await?;
    let changed = QuerySet::of(Test {
        expr: key,
        nullable: false,
    });
    let changed: Option<M> = changed.using(database).first().await?;
    changed.ok_or_else(|| Error::not_found(M::meta().name))
}
