//! Which database the rows of a model are in, where there are several.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::meta::ModelMeta;
use crate::query::Statement;
use crate::{Database, Error, Result};

static ROUTER: RwLock<Option<Arc<dyn Router>>> = RwLock::new(None);

/// Whether there is one: if not, nobody need look.
static ROUTED: AtomicBool = AtomicBool::new(false);

/// Sends the statements of models to databases: Django's `DATABASE_ROUTERS`.
///
/// It is asked for each statement of a model that names no database by `.using(&db)`. `None` leaves it to the database that would have been taken otherwise. What
/// it gives counts inside an [`atomic`](crate::atomic) of another database, too: a transaction is one of one database.
///
/// # Examples
///
/// ```
/// use nuages_orm::meta::ModelMeta;
/// use nuages_orm::prelude::*;
/// use nuages_orm::{Router, create_tables, set_router};
///
/// #[model]
/// struct Visit {
///     id: i64,
/// }
///
/// struct Statistics(Database);
///
/// impl Router for Statistics {
///     fn read(&self, model: &'static ModelMeta) -> Option<Database> {
///         (model.name == "Visit").then(|| self.0.clone())
///     }
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// let (shop, statistics) = (Database::connect("sqlite::memory:").wait()?, Database::connect("sqlite::memory:").wait()?);
/// shop.make_default();
/// create_tables(&statistics, &[Visit::meta()]).wait()?;
/// set_router(Statistics(statistics.clone()));
/// Visit::create().wait()?;
/// assert_eq!(Visit::objects().using(&statistics).count().wait()?, 1);
/// # Ok(())
/// # }
/// ```
pub trait Router: Send + Sync + 'static {
    /// Where a model's rows are read.
    fn read(&self, model: &'static ModelMeta) -> Option<Database>;

    /// Where they are written, and locked. Where they are read, unless this says otherwise.
    fn write(&self, model: &'static ModelMeta) -> Option<Database> {
        self.read(model)
    }
}

impl fmt::Debug for dyn Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Router")
    }
}

/// Makes it the router of the process, in place of another.
pub fn set_router(router: impl Router) {
    *ROUTER.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(router));
    ROUTED.store(true, Ordering::Release);
}

fn router() -> Option<Arc<dyn Router>> {
    if !ROUTED.load(Ordering::Acquire) {
        return None;
    }
    ROUTER.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The database of a statement that names none.
pub(crate) fn routed(statement: &Statement) -> Option<Database> {
    let router = router()?;
    match statement {
        Statement::Select(select) if select.lock.is_none() => router.read(select.model),
        statement => router.write(statement.model()),
    }
}

/// The database of writes to a model, where none is named.
pub(crate) fn routed_write(model: &'static ModelMeta) -> Option<Database> {
    router()?.write(model)
}

/// Refuses models whose rows point into another database, which could not hold them to it.
pub(crate) fn check_relations(models: &[&'static ModelMeta]) -> Result<()> {
    let Some(router) = router() else { return Ok(()) };
    for model in models {
        for relation in model.relations.iter().filter(|relation| !relation.many) {
            let to = (relation.to)();
            if router.write(model) != router.write(to) {
                return Err(Error::configuration(format!(
                    "`{}.{}` points from one database into another, where the router sends {}: keep both in one database, or keep the key as a plain column",
                    model.name, relation.name, to.name
                )));
            }
        }
    }
    Ok(())
}
