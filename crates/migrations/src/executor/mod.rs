//! Applying migrations, and taking them back.

mod lock;
mod plan;
mod recorder;
mod run;
mod sql;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nuages_orm::Database;

use crate::Op;
use crate::project::Project;

pub use plan::{Planned, Status};
pub(crate) use recorder::TABLE as RECORD;

/// How long a process waits for another one that is migrating.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// What is told while migrations run.
pub type Progress = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// What happens while migrations run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A migration begins.
    Begins(&'a Planned),
    /// One of its operations begins: its number from 1, of how many, and what it does.
    Operation(usize, usize, &'a str),
    /// A migration has ended.
    Ended(&'a Planned),
}

/// Applies migrations to a database: made by [`Project::migrate`].
#[derive(Clone)]
#[must_use = "nothing is migrated before `.run()`"]
pub struct Migrate<'a> {
    project: &'a Project,
    database: Database,
    app: Option<String>,
    target: Option<String>,
    fake: bool,
    fake_initial: bool,
    lock_timeout: Duration,
    progress: Option<Progress>,
}

impl Project {
    /// Brings a database to the end of the history, or where the builder says.
    pub fn migrate(&self, database: &Database) -> Migrate<'_> {
        Migrate {
            project: self,
            database: database.clone(),
            app: None,
            target: None,
            fake: false,
            fake_initial: false,
            lock_timeout: LOCK_TIMEOUT,
            progress: None,
        }
    }

    /// All migrations with what the database knows of them.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn status<'a>(&'a self, database: &Database) -> Op<'a, Vec<Status>> {
        let database = database.clone();
        Op::new(
            "Project::status",
            async move { plan::status(self, &database).await },
        )
    }
}

impl<'a> Migrate<'a> {
    /// Only one app, and what it depends on.
    pub fn only(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// To this migration of the app: forward, or back to where it was the last one. `zero` takes all of them back. The start of a name is enough.
    pub fn to(mut self, app: impl Into<String>, migration: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self.target = Some(migration.into());
        self
    }

    /// Records them as applied, without touching a table.
    pub fn fake(mut self) -> Self {
        self.fake = true;
        self
    }

    /// Records a first migration as applied where its tables are there already.
    pub fn fake_initial(mut self) -> Self {
        self.fake_initial = true;
        self
    }

    /// How long to wait for another process that is migrating. 60 seconds by default.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Who is told what happens.
    pub fn progress(mut self, progress: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// What would be done.
    ///
    /// # Errors
    ///
    /// The database's; the target is not there; an operation that would be taken back can't be.
    pub fn plan(self) -> Op<'a, Vec<Planned>> {
        Op::new("Migrate::plan", async move {
            let history = recorder::History::read(&self.database).await?;
            plan::plan(&self, &history)
        })
    }

    /// Does it, and says what was done.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan). [`is_locked`](crate::Error::is_locked) where another process was migrating for too long; [`is_failed`](crate::Error::is_failed)
    /// where a migration failed, with the state that left.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the migration at hand is taken back, if it is atomic and the database's DDL is; otherwise how far it got is recorded.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until it is done.
    pub fn run(self) -> Op<'a, Vec<Planned>> {
        Op::new("Migrate::run", run::run(self))
    }

    fn tell(&self, event: &Event<'_>) {
        if let Some(progress) = &self.progress {
            progress(event);
        }
    }
}

impl fmt::Debug for Migrate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrate")
            .field("app", &self.app)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
