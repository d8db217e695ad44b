//! One open `atomic`.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use nuages_bridge::Local;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::hooks::Queued;
use crate::database::{DATABASE, Database};
use crate::driver::{Answer, Call};
use crate::pool::{Holder, Lease, Purpose};
use crate::{Error, Result};

/// The innermost `atomic` around the code that runs. A spawned task is outside: the connection is not its own.
pub(crate) static TRANSACTION: Local<Arc<Level>> = Local::new("transaction").not_inherited();

/// One open `atomic`: a transaction, or a savepoint in one.
pub(crate) struct Level {
    pub(crate) database: Database,
    /// What `DATABASE` was where this began. If it is another one now, that was set inside, and counts.
    pub(crate) scoped: Option<Database>,
    /// The `atomic` around this one, of whichever database.
    outer: Option<Arc<Level>>,
    /// 0 for the transaction itself; a savepoint's name has its number.
    depth: u32,
    holder: Holder,
    slot: Arc<Mutex<Slot>>,
    /// The `atomic` was dropped. Who uses the connection just then has to put it back.
    abandoned: AtomicBool,
    hooks: SyncMutex<Vec<Queued>>,
}

/// Where a level's connection is.
struct Slot {
    /// Present until the level ends, for whoever has the slot locked.
    lease: Option<Lease>,
    /// For a savepoint: the locked slot of the level around it.
    parent: Option<Turn>,
    /// A savepoint was dropped, and what it did is to be undone before anything else.
    undo: Option<u32>,
    /// What a failed statement said. PostgreSQL refuses all that follows, so the other databases do too.
    broken: Option<String>,
}

/// A level's slot, locked.
struct Turn {
    level: Arc<Level>,
    slot: Option<OwnedMutexGuard<Slot>>,
}

impl Level {
    /// Opens a transaction or, inside one of the same database, a savepoint.
    pub(super) async fn begin(database: Database, durable: bool, holder: Holder) -> Result<Arc<Self>> {
        let scoped = DATABASE.get();
        let outer = TRANSACTION.get();
        let parent = outer.as_ref().and_then(|outer| Self::of(outer, &database));
        let (slot, depth) = match parent {
            None => {
                let mut lease = database.pool().lease(Purpose::Write, holder).await?;
                lease.begin().await?;
                (
                    Slot {
                        lease: Some(lease),
                        parent: None,
                        undo: None,
                        broken: None,
                    },
                    0,
                )
            }
            Some(parent) if durable => {
                return Err(Error::not_durable(holder.to_string(), parent.holder.to_string()));
            }
            Some(parent) => {
                let depth = parent.depth + 1;
                let mut turn = parent.turn(holder).await?;
                turn.call(Call::batch(format!("SAVEPOINT nuages_{depth}")))
                    .await?;
                let lease = turn.lease.take();
                (
                    Slot {
                        lease,
                        parent: Some(turn),
                        undo: None,
                        broken: None,
                    },
                    depth,
                )
            }
        };
        Ok(Arc::new(Self {
            database,
            scoped,
            outer,
            depth,
            holder,
            slot: Arc::new(Mutex::new(slot)),
            abandoned: AtomicBool::new(false),
            hooks: SyncMutex::default(),
        }))
    }

    /// The innermost level of a database, from this one outward.
    pub(crate) fn of(innermost: &Arc<Self>, database: &Database) -> Option<Arc<Self>> {
        let mut level = Some(innermost);
        while let Some(here) = level {
            if here.database == *database {
                return Some(Arc::clone(here));
            }
            level = here.outer.as_ref();
        }
        None
    }

    /// Runs a statement in this transaction, once it is this caller's turn.
    pub(crate) async fn call(self: &Arc<Self>, call: Call, holder: Holder) -> Result<Answer> {
        self.turn(holder).await?.call(call).await
    }

    async fn turn(self: &Arc<Self>, holder: Holder) -> Result<Turn> {
        let slot = match Arc::clone(&self.slot).try_lock_owned() {
            Ok(slot) => slot,
            Err(_) => {
                let wait_time = self.database.pool().wait_time();
                let locked = tokio::time::timeout(wait_time, Arc::clone(&self.slot).lock_owned()).await;
                locked.map_err(|_| {
                    Error::wait_time(
                        holder.to_string(),
                        "its turn in the transaction, whose statements run one after the other".to_owned(),
                        wait_time,
                        format!("a statement or a savepoint inside {}", self.holder),
                        "a savepoint must not wait for what runs beside it in the same transaction",
                    )
                })?
            }
        };
        if slot.lease.is_none() || self.abandoned.load(Ordering::SeqCst) {
            return Err(Error::transaction_ended());
        }
        Ok(Turn {
            level: Arc::clone(self),
            slot: Some(slot),
        })
    }

    /// Ends the level: commits it, or takes it back.
    ///
    /// # Errors
    ///
    /// It could not be committed, and was taken back. That it could not be taken back is no error here: the connection is closed then.
    pub(super) async fn end(self: &Arc<Self>, commit: bool) -> Result<()> {
        let mut turn = self.turn(self.holder).await?;
        let result = match (commit, self.depth) {
            (true, 0) => match turn.make_ready().await {
                Ok(()) => turn.lease()?.commit().await,
                Err(error) => {
                    let _ = turn.lease()?.roll_back().await;
                    Err(error)
                }
            },
            (true, depth) => match turn
                .call(Call::batch(format!("RELEASE SAVEPOINT nuages_{depth}")))
                .await
            {
                Ok(_) => Ok(()),
                Err(error) => {
                    turn.undo_savepoint(depth).await;
                    Err(error)
                }
            },
            (false, 0) => {
                let _ = turn.lease()?.roll_back().await;
                Ok(())
            }
            (false, depth) => {
                turn.undo_savepoint(depth).await;
                Ok(())
            }
        };
        let hooks = std::mem::take(&mut *self.hooks());
        let (lease, parent) = (turn.lease.take(), turn.parent.take());
        if let Some(mut parent) = parent {
            parent.lease = lease;
            if commit && result.is_ok() {
                parent.level.hooks().extend(hooks);
            }
        } else if commit && result.is_ok() {
            // For whoever ends it: they run outside the transaction.
            *self.hooks() = hooks;
        }
        result
    }

    /// Takes the level back without waiting, because nobody waits for it any more.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
        // If it is locked, a statement runs whose own end comes back here: see the drop of `Turn`.
        let Ok(mut slot) = Arc::clone(&self.slot).try_lock_owned() else {
            return;
        };
        let Some(lease) = slot.lease.take() else { return };
        self.hooks().clear();
        match slot.parent.take() {
            Some(mut parent) => {
                parent.lease = Some(lease);
                parent.undo = Some(self.depth);
            }
            None => lease.abandon(),
        }
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.depth == 0
    }

    pub(super) fn hooks(&self) -> std::sync::MutexGuard<'_, Vec<Queued>> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Level")
            .field("depth", &self.depth)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Turn {
    /// Runs a statement, if the transaction can still run any.
    async fn call(&mut self, call: Call) -> Result<Answer> {
        self.make_ready().await?;
        let result = self.lease()?.call(call).await;
        if let Err(error) = &result
            && error.breaks_transaction()
        {
            self.broken = Some(chain(error));
        }
        result
    }

    async fn make_ready(&mut self) -> Result<()> {
        if let Some(cause) = &self.broken {
            return Err(Error::transaction_broken(cause));
        }
        if !self.lease()?.is_usable() {
            return Err(Error::transaction_broken(
                "the connection was closed, because a statement was dropped before it ended",
            ));
        }
        if let Some(depth) = self.undo {
            self.lease()?.call(undo(depth)).await?;
            self.undo = None;
        }
        Ok(())
    }

    /// Takes a savepoint back. Where that fails, the whole transaction can only be rolled back.
    async fn undo_savepoint(&mut self, depth: u32) {
        let undone = match self.lease() {
            Ok(lease) => lease.call(undo(depth)).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let (Err(error), Some(parent)) = (undone, &mut self.parent) {
            parent.broken.get_or_insert_with(|| chain(&error));
        }
    }

    fn lease(&mut self) -> Result<&mut Lease> {
        self.lease.as_mut().ok_or_else(Error::transaction_ended)
    }
}

fn undo(depth: u32) -> Call {
    Call::batch(format!(
        "ROLLBACK TO SAVEPOINT nuages_{depth}; RELEASE SAVEPOINT nuages_{depth}"
    ))
}

/// An error with its causes, in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl Deref for Turn {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        match &self.slot {
            Some(slot) => slot,
            None => unreachable!("a turn's slot is only taken when it is dropped"),
        }
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut Slot {
        match &mut self.slot {
            Some(slot) => slot,
            None => unreachable!("a turn's slot is only taken when it is dropped"),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.slot.take());
        // After the slot is free, so that either this or the drop of the `atomic` finds it free and the flag set.
        if self.level.abandoned.load(Ordering::SeqCst) {
            self.level.abandon();
        }
    }
}
