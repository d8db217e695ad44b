//! What a database knows of the migrations: one row for each that is applied, or half applied.

use std::collections::{BTreeMap, BTreeSet};

use nuages_orm::{Database, Dialect, raw, raw_trusted};

use crate::Result;
use crate::introspect::table_exists;
use crate::project::Id;

pub(crate) const TABLE: &str = "nuages_migrations";

/// What is applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) applied: BTreeSet<Id>,
    /// Of those that are half applied: how many operations are.
    pub(crate) partly: BTreeMap<Id, usize>,
}

impl History {
    pub(crate) async fn read(database: &Database) -> Result<Self> {
        let mut history = Self::default();
        if !table_exists(database, TABLE).await? {
            return Ok(history);
        }
        let rows: Vec<(String, String, Option<i64>)> =
            raw("SELECT app, name, operations_done FROM nuages_migrations")
                .using(database)
                .fetch()
                .await?;
        for (app, name, done) in rows {
            match done.and_then(|done| usize::try_from(done).ok()) {
                None => {
                    history.applied.insert((app, name));
                }
                Some(done) => {
                    history.partly.insert((app, name), done);
                }
            }
        }
        Ok(history)
    }
}

/// Makes the table where it is missing.
pub(crate) async fn prepare(database: &Database) -> Result<()> {
    let sql = match database.dialect() {
        Dialect::MariaDb => {
            "CREATE TABLE IF NOT EXISTS nuages_migrations (app varchar(190) NOT NULL, name varchar(190) NOT NULL, \
             applied datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), operations_done bigint, PRIMARY KEY (app, name)) \
             ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        }
        Dialect::Postgres => {
            "CREATE TABLE IF NOT EXISTS nuages_migrations (app varchar(190) NOT NULL, name varchar(190) NOT NULL, \
             applied timestamp with time zone NOT NULL DEFAULT now(), operations_done bigint, PRIMARY KEY (app, name))"
        }
        _ => {
            "CREATE TABLE IF NOT EXISTS nuages_migrations (app varchar(190) NOT NULL, name varchar(190) NOT NULL, \
             applied datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, operations_done bigint, PRIMARY KEY (app, name))"
        }
    };
    raw(sql).using(database).execute().await?;
    Ok(())
}

/// Records that a migration is applied, or how many of its operations are.
pub(crate) async fn record(database: &Database, id: &Id, done: Option<usize>) -> Result<()> {
    forget(database, id).await?;
    let done = done.map_or_else(|| "NULL".to_owned(), |done| done.to_string());
    raw_trusted(format!(
        "INSERT INTO {TABLE} (app, name, operations_done) VALUES ($1, $2, {done})"
    ))
    .bind(id.0.as_str())
    .bind(id.1.as_str())
    .using(database)
    .execute()
    .await?;
    Ok(())
}

/// Records that a migration is not applied.
pub(crate) async fn forget(database: &Database, id: &Id) -> Result<()> {
    raw("DELETE FROM nuages_migrations WHERE app = $1 AND name = $2")
        .bind(id.0.as_str())
        .bind(id.1.as_str())
        .using(database)
        .execute()
        .await?;
    Ok(())
}
