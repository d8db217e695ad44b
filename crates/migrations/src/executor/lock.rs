//! One process migrates at a time.

use std::time::{Duration, Instant};

use nuages_orm::{Database, Dialect, raw};

use crate::{Error, Result};

/// How often it is asked for the lock.
const INTERVAL: Duration = Duration::from_millis(100);

/// A lock that goes with its session: a process that dies leaves none behind.
#[derive(Debug)]
pub(super) struct Lock {
    /// SQLite has no such locks. There each migration is a transaction that shuts out others, and looks whether it is still to be done.
    session: Option<Database>,
}

impl Lock {
    pub(super) async fn take(database: &Database, timeout: Duration) -> Result<Self> {
        // One lock for each schema, so that the schemas of a database can be migrated side by side.
        let sql = match database.dialect() {
            Dialect::Postgres => {
                "SELECT CASE WHEN pg_try_advisory_lock(hashtext('nuages migrations'), hashtext(current_schema())) THEN 1 ELSE 0 END"
            }
            Dialect::MariaDb => "SELECT COALESCE(GET_LOCK(CONCAT('nuages ', MD5(DATABASE())), 0), 0)",
            _ => return Ok(Self { session: None }),
        };
        let session = database.separate();
        let started = Instant::now();
        loop {
            let rows: Vec<(i64,)> = raw(sql).using(&session).fetch().await?;
            if rows == [(1,)] {
                return Ok(Self {
                    session: Some(session),
                });
            }
            if started.elapsed() >= timeout {
                session.close().await?;
                return Err(Error::locked(format!(
                    "another process has been migrating this database for {timeout:?}: wait for it, or look whether it hangs"
                )));
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    pub(super) async fn release(self) -> Result<()> {
        if let Some(session) = self.session {
            session.close().await?;
        }
        Ok(())
    }
}
