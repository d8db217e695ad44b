//! Running a plan.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use nuages_orm::{Database, Dialect, atomic, raw, raw_trusted};

use super::lock::Lock;
use super::recorder::{self, History};
use super::{Event, Migrate, Planned, plan};
use crate::editor::{Rebuild, Step, steps};
use crate::introspect;
use crate::operation::{Hints, Operation};
use crate::project::{Node, apply, in_migration};
use crate::schema::lower;
use crate::state::State;
use crate::{Error, Result};

/// An operation with the states around it.
pub(super) struct Stage<'a> {
    pub(super) operation: &'a Operation,
    before: State,
    after: State,
    hints: Hints,
}

/// What a stage comes down to on a database.
pub(super) enum Action {
    Step(Step),
    Rust(crate::RunRustFn),
}

pub(super) async fn run(migrate: Migrate<'_>) -> Result<Vec<Planned>> {
    let database = migrate.database.clone();
    let lock = Lock::take(&database, migrate.lock_timeout).await?;
    let outcome = run_locked(&migrate, &database).await;
    let released = lock.release().await;
    let done = outcome?;
    released?;
    Ok(done)
}

async fn run_locked(migrate: &Migrate<'_>, database: &Database) -> Result<Vec<Planned>> {
    let mut history = History::read(database).await?;
    let planned = plan::plan(migrate, &history)?;
    recorder::prepare(database).await?;
    let nodes = migrate.project.nodes(&history.applied)?;
    let mut done = Vec::new();
    for mut one in planned {
        let node = nodes
            .iter()
            .find(|node| node.app == one.app && node.migration.name() == one.name);
        let Some(node) = node else { continue };
        let state = state_before(&nodes, node, &history)?;
        if migrate.fake_initial && !one.backwards && is_there(database, node, &state).await? {
            one.fake = true;
        }
        migrate.tell(&Event::Begins(&one));
        if one.fake {
            record(database, node, one.backwards).await?;
        } else {
            run_one(migrate, database, node, state, one.backwards, &history).await?;
        }
        history.partly.remove(&node.id());
        if one.backwards {
            history.applied.remove(&node.id());
            for name in &node.migration.replaces {
                history.applied.remove(&(node.app.to_owned(), name.clone()));
            }
        } else {
            history.applied.insert(node.id());
        }
        migrate.tell(&Event::Ended(&one));
        done.push(one);
    }
    if !migrate.fake {
        adopt_squashed(database, &nodes, &history).await?;
    }
    Ok(done)
}

/// A squashed migration is applied when all that it stands for is.
async fn adopt_squashed(database: &Database, nodes: &[Node<'_>], history: &History) -> Result<()> {
    for node in nodes {
        if plan::is_applied(node, history) && !history.applied.contains(&node.id()) {
            recorder::record(database, &node.id(), None).await?;
        }
    }
    Ok(())
}

/// The state that a migration is applied to: that of all that is applied.
pub(super) fn state_before(nodes: &[Node<'_>], node: &Node<'_>, history: &History) -> Result<State> {
    let mut state = State::new();
    for other in nodes {
        if other.id() != node.id() && plan::is_applied(other, history) {
            apply(other, &mut state)?;
        }
    }
    Ok(state)
}

/// The stages of a migration, in their order forward.
pub(super) fn stages<'a>(node: &Node<'a>, mut state: State) -> Result<Vec<Stage<'a>>> {
    let mut stages = Vec::new();
    for operation in &node.migration.operations {
        let before = state.clone();
        let hints = operation
            .apply(node.app, &mut state)
            .map_err(|error| in_migration(node, operation, error))?;
        stages.push(Stage {
            operation,
            before,
            after: state.clone(),
            hints,
        });
    }
    Ok(stages)
}

impl Stage<'_> {
    pub(super) fn actions(&self, app: &str, dialect: Dialect, backwards: bool) -> Result<Vec<Action>> {
        actions(
            self.operation,
            app,
            dialect,
            backwards,
            (&self.before, &self.after, &self.hints),
        )
    }
}

fn actions(
    operation: &Operation,
    app: &str,
    dialect: Dialect,
    backwards: bool,
    (before, after, hints): (&State, &State, &Hints),
) -> Result<Vec<Action>> {
    let sql = |statements: &[String]| -> Vec<Action> {
        let steps = statements.iter().cloned().map(Step::Sql);
        steps.map(Action::Step).collect()
    };
    Ok(match operation {
        Operation::RunSql(run) if backwards => match &run.backward {
            Some(statements) => sql(statements),
            None => return Err(irreversible(operation)),
        },
        Operation::RunSql(run) => sql(&run.forward),
        Operation::RunRust(run) if backwards => match &run.backward {
            Some(code) => vec![Action::Rust(code.clone())],
            None => return Err(irreversible(operation)),
        },
        Operation::RunRust(run) => vec![Action::Rust(run.forward.clone())],
        Operation::CreateExtension(extension) if dialect == Dialect::Postgres && !backwards => {
            let name = crate::text::quoted(&extension.name);
            sql(&[format!("CREATE EXTENSION IF NOT EXISTS {name}")])
        }
        Operation::ValidateConstraint(validate) if dialect == Dialect::Postgres && !backwards => {
            let model = after.known(&crate::state::full(app, &validate.model))?;
            sql(&[format!(
                "ALTER TABLE {} VALIDATE CONSTRAINT {}",
                crate::text::quoted(&model.table),
                crate::text::quoted(&validate.name)
            )])
        }
        Operation::CreateExtension(_) | Operation::ValidateConstraint(_) => Vec::new(),
        Operation::SeparateDatabaseAndState(separate) => {
            let mut all = Vec::new();
            let mut state = before.clone();
            for operation in &separate.database {
                let before = state.clone();
                let hints = operation.apply(app, &mut state)?;
                let own = actions(operation, app, dialect, backwards, (&before, &state, &hints))?;
                if backwards {
                    all.splice(0..0, own);
                } else {
                    all.extend(own);
                }
            }
            all
        }
        _ => {
            let (before, after) = (lower(before, dialect)?, lower(after, dialect)?);
            let steps = if backwards {
                steps(dialect, &after, &before, &hints.clone().backward())?
            } else {
                steps(dialect, &before, &after, hints)?
            };
            steps.into_iter().map(Action::Step).collect()
        }
    })
}

fn irreversible(operation: &Operation) -> Error {
    Error::irreversible(format!(
        "`{}` can't be taken back: give it a `.reverse(..)`, or `.reverse_nothing()`",
        operation.describe()
    ))
}

async fn run_one(
    migrate: &Migrate<'_>,
    database: &Database,
    node: &Node<'_>,
    state: State,
    backwards: bool,
    history: &History,
) -> Result<()> {
    let dialect = database.dialect();
    let stages = stages(node, state)?;
    let total = stages.len();
    let mut work: Vec<(usize, String, Vec<Action>)> = Vec::with_capacity(total);
    for (at, stage) in stages.iter().enumerate() {
        let actions = stage.actions(node.app, dialect, backwards)?;
        work.push((at, stage.operation.describe(), actions));
    }
    if backwards {
        work.reverse();
    }
    let rebuilds = work
        .iter()
        .flat_map(|(_, _, actions)| actions)
        .any(|action| matches!(action, Action::Step(Step::Rebuild(_))));
    // A session of its own: it may have to be set up in another way, and nothing of that may reach the pool.
    let session = database.separate();
    if rebuilds {
        // Otherwise dropping the old table would delete what points to it.
        raw("PRAGMA foreign_keys = OFF").using(&session).execute().await?;
    }
    let job = Job {
        migrate,
        node,
        work: &work,
        backwards,
        rebuilds,
        session: &session,
    };
    let outcome = if node.migration.atomic && dialect != Dialect::MariaDb {
        job.atomic().await
    } else {
        job.in_parts(history).await
    };
    let closed = session.close().await;
    outcome?;
    closed?;
    Ok(())
}

/// One migration, ready to run.
struct Job<'a> {
    migrate: &'a Migrate<'a>,
    node: &'a Node<'a>,
    /// The place of each operation in the migration, what it does, and how.
    work: &'a [(usize, String, Vec<Action>)],
    backwards: bool,
    rebuilds: bool,
    session: &'a Database,
}

/// What went wrong, where.
struct Failure {
    /// The place of the operation, from 0.
    at: usize,
    operation: String,
    error: Error,
}

impl Job<'_> {
    /// All or nothing.
    async fn atomic(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            // `atomic` has the ORM's error; ours waits here.
            let failure: Mutex<Option<Failure>> = Mutex::new(None);
            let body = async || match self.all().await {
                Ok(()) => Ok(()),
                Err(failed) => {
                    let text = failed.error.to_string();
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                    Err(nuages_orm::Error::other(text))
                }
            };
            let outcome = self
                .session
                .scope(async { atomic(body).using(self.session).await })
                .await;
            let Err(error) = outcome else { return Ok(()) };
            if error.is_contention() && started.elapsed() < self.migrate.lock_timeout {
                continue;
            }
            let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
            let failure = failure.unwrap_or_else(|| Failure {
                at: 0,
                operation: "the transaction".to_owned(),
                error: error.into(),
            });
            return Err(self.failed(
                failure,
                "nothing of it was kept: mend the migration, and run `migrate` again".to_owned(),
            ));
        }
    }

    async fn all(&self) -> Result<(), Failure> {
        let of_the_record = |error: Error| Failure {
            at: 0,
            operation: "its record".to_owned(),
            error,
        };
        // SQLite has no lock but this transaction: another process may have been faster.
        let history = History::read(self.session).await.map_err(of_the_record)?;
        if plan::is_applied(self.node, &history) != self.backwards {
            return Ok(());
        }
        for (at, what, actions) in self.work {
            self.operation(*at, what, actions).await?;
        }
        if self.rebuilds {
            check_foreign_keys(self.session).await.map_err(|error| Failure {
                at: self.work.len().saturating_sub(1),
                operation: "the check of the foreign keys".to_owned(),
                error,
            })?;
        }
        record(self.session, self.node, self.backwards)
            .await
            .map_err(of_the_record)
    }

    /// Operation by operation, with a record after each: MariaDB commits with each statement that changes a table.
    async fn in_parts(&self, history: &History) -> Result<()> {
        let total = self.work.len();
        let id = self.node.id();
        // Of what failed before, in this direction or the other one.
        let done = match (history.partly.get(&id), self.backwards) {
            (Some(&done), _) => done,
            (None, false) => 0,
            (None, true) => total,
        };
        for (at, what, actions) in self.work {
            let is_done = if self.backwards { *at >= done } else { *at < done };
            if is_done {
                continue;
            }
            let run = async { self.operation(*at, what, actions).await };
            if let Err(failure) = self.session.scope(run).await {
                let (count, back) = if self.backwards {
                    (total - failure.at - 1, " back")
                } else {
                    (failure.at, "")
                };
                let part = if self.session.dialect() == Dialect::MariaDb {
                    "; MariaDB commits each statement, so look whether a part of this one is there"
                } else {
                    ""
                };
                let state = format!(
                    "the {count} operations before it are done{back} and recorded{part}. Mend it, and run `migrate` again: it goes on there"
                );
                return Err(self.failed(failure, state));
            }
            let now = if self.backwards { *at } else { at + 1 };
            recorder::record(self.session, &id, Some(now)).await?;
        }
        if self.rebuilds {
            check_foreign_keys(self.session).await?;
        }
        record(self.session, self.node, self.backwards).await
    }

    async fn operation(&self, at: usize, what: &str, actions: &[Action]) -> Result<(), Failure> {
        let number = if self.backwards {
            self.work.len() - at
        } else {
            at + 1
        };
        self.migrate
            .tell(&Event::Operation(number, self.work.len(), what));
        for action in actions {
            let outcome = match action {
                Action::Step(Step::Sql(sql)) => execute(self.session, sql).await,
                Action::Step(Step::Rebuild(rebuild)) => self.rebuild(rebuild).await,
                Action::Rust(code) => code().await,
            };
            outcome.map_err(|error| Failure {
                at,
                operation: what.to_owned(),
                error,
            })?;
        }
        Ok(())
    }

    async fn rebuild(&self, rebuild: &Rebuild) -> Result<()> {
        let on: Vec<(i64,)> = raw("PRAGMA foreign_keys").using(self.session).fetch().await?;
        if on != [(0,)] {
            return Err(Error::state(
                "the connection was lost and made anew, so that making the table anew would delete what points to it: run `migrate` again",
            ));
        }
        let known: Vec<(String, String, String)> = raw(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = $1 AND type IN ('trigger', 'index') AND sql IS NOT NULL",
        )
        .bind(rebuild.table.name.as_str())
        .using(self.session)
        .fetch()
        .await?;
        let indexes = &rebuild.table.indexes;
        let restored: Vec<String> = known
            .into_iter()
            .filter(|(kind, name, _)| {
                kind == "trigger"
                    || !rebuild.known_indexes.contains(name)
                        && !indexes.iter().any(|index| index.name == *name)
            })
            .map(|(_, _, sql)| sql)
            .collect();
        for sql in rebuild.statements_with(&restored) {
            execute(self.session, &sql).await?;
        }
        Ok(())
    }

    fn failed(&self, failure: Failure, state: String) -> Error {
        let migration = format!("{} {}", self.node.app, self.node.migration.name());
        Error::failed(migration, failure.operation, state, failure.error)
    }
}

async fn execute(session: &Database, sql: &str) -> Result<()> {
    tracing::debug!(sql, "migrate");
    raw_trusted(sql.to_owned()).using(session).execute().await?;
    Ok(())
}

/// What a table made anew may have left without the row that it points to.
async fn check_foreign_keys(session: &Database) -> Result<()> {
    let orphans: Vec<(String, Option<i64>, String, i64)> =
        raw("PRAGMA foreign_key_check").using(session).fetch().await?;
    let Some((table, row, parent, _)) = orphans.first() else {
        return Ok(());
    };
    Err(Error::state(format!(
        "{} rows point to rows that are not there, the first in {table} (row {}) to {parent}. Foreign keys are not enforced in a migration that makes a \
         table of SQLite anew: do the work on the data in a migration of its own",
        orphans.len(),
        row.unwrap_or_default()
    )))
}

async fn record(database: &Database, node: &Node<'_>, backwards: bool) -> Result<()> {
    if backwards {
        for name in &node.migration.replaces {
            recorder::forget(database, &(node.app.to_owned(), name.clone())).await?;
        }
        recorder::forget(database, &node.id()).await
    } else {
        recorder::record(database, &node.id(), None).await
    }
}

/// Whether all tables and columns that a first migration makes are there.
async fn is_there(database: &Database, node: &Node<'_>, state: &State) -> Result<bool> {
    let is_first = !node
        .migration
        .after
        .iter()
        .any(|(app, _)| app.as_deref().is_none_or(|app| app == node.app));
    if !is_first {
        return Ok(false);
    }
    let mut after = state.clone();
    apply(node, &mut after)?;
    let wanted = lower(&after, database.dialect())?;
    let known = lower(state, database.dialect())?;
    for (name, table) in &wanted.tables {
        if known.tables.contains_key(name) {
            continue;
        }
        let columns = introspect::column_names(database, name).await?;
        if !table.columns.iter().all(|column| columns.contains(&column.name)) {
            return Ok(false);
        }
    }
    Ok(true)
}
