//! One open `atomic`, or whatever else keeps a connection for the code inside it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, OnceLock, PoisonError};

use nuages_bridge::Local;
use nuages_bridge::deadlock::Resource;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::hooks::Queued;
use super::isolated::Isolated;
use crate::database::{DATABASE, Database};
use crate::driver::Call;
use crate::lease::{Lease, Mode};
use crate::pool::{Holder, Holds, Purpose};
use crate::{Error, Result};

/// The innermost level around the code that runs. A spawned task is outside: the connection is not its own.
pub(crate) static TRANSACTION: Local<Arc<Level>> = Local::new("transaction").not_inherited();

/// What a level is to the one connection of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keeps it, and each statement is on its own.
    Pinned,
    /// A test's, which takes everything back; to the code inside it is as if there was none.
    Test,
    Transaction,
    /// A savepoint's name has its number.
    Savepoint(u32),
}

/// One open `atomic`: a transaction, or a savepoint in one. Or a pinned connection.
pub(crate) struct Level {
    pub(crate) database: Database,
    /// What `DATABASE` was where this began. If it is another one now, that was set inside, and counts.
    pub(crate) scoped: Option<Database>,
    /// The level around this one, of whichever database.
    outer: Option<Arc<Level>>,
    kind: Kind,
    mode: Mode,
    /// Whether its end is final, as far as its user sees.
    outermost: bool,
    holder: Holder,
    slot: Arc<Mutex<Slot>>,
    /// The same for the graph of who waits for whom, once somebody does.
    resource: OnceLock<Resource>,
    /// The `atomic` was dropped. Who uses the connection just then has to put it back.
    abandoned: AtomicBool,
    /// It is to be taken back, whatever its code returns.
    rollback: AtomicBool,
    /// A part of it failed that is no savepoint of its own.
    poison: SyncMutex<Option<String>>,
    hooks: SyncMutex<Vec<Queued>>,
}

/// Where a level's connection is.
struct Slot {
    /// Present until the level ends, for whoever has the slot locked.
    lease: Option<Lease>,
    /// Where the connection came from, if not from the pool: the locked slot of the level around it.
    parent: Option<Turn>,
    /// What was dropped inside, and is to be taken back before anything else.
    undo: Option<Undo>,
    /// What a failed statement said. PostgreSQL refuses all that follows, so the other databases do too.
    broken: Option<String>,
}

impl Slot {
    fn new(lease: Lease, parent: Option<Turn>) -> Self {
        Self {
            lease: Some(lease),
            parent,
            undo: None,
            broken: None,
        }
    }
}

#[derive(Clone, Copy)]
enum Undo {
    Transaction,
    Savepoint(u32),
}

/// A level's slot, locked.
struct Turn {
    level: Arc<Level>,
    slot: Option<OwnedMutexGuard<Slot>>,
}

/// How a level begins.
pub(crate) struct Begin {
    pub(crate) database: Database,
    pub(crate) mode: Mode,
    pub(crate) durable: bool,
    pub(crate) holder: Holder,
}

/// A connection that code keeps.
pub(super) enum Pin {
    New(Arc<Level>, Holds),
    Around(Arc<Level>),
}

/// The innermost level around this code that has a database's connection.
pub(crate) fn innermost(database: &Database) -> Option<Arc<Level>> {
    let innermost = TRANSACTION.get()?;
    Level::of(&innermost, database)
}

impl Level {
    /// Opens a transaction or, inside one of the same database, a savepoint.
    pub(crate) async fn begin(begin: Begin) -> Result<(Arc<Self>, Holds)> {
        let Begin {
            database,
            mode,
            durable,
            holder,
        } = begin;
        let mut parent = innermost(&database);
        if parent.is_none() {
            parent = Isolated::level(&database).await?;
        }
        let Some(parent) = parent else {
            let (lease, holds) = lease(&database, mode, holder).await?;
            let level = Self::new(
                database,
                Kind::Transaction,
                mode,
                true,
                holder,
                Slot::new(lease, None),
            );
            return Ok((level, holds));
        };
        let outermost = !parent.is_transaction();
        if !outermost {
            if durable {
                return Err(Error::not_durable(holder.to_string(), parent.holder.to_string()));
            }
            if let Some(asked) = mode.missing_in(parent.mode, database.dialect()) {
                return Err(Error::mode_inside(
                    holder.to_string(),
                    asked,
                    parent.holder.to_string(),
                ));
            }
        }
        let mut turn = parent.turn(holder).await?;
        let (kind, mode) = match parent.kind {
            Kind::Pinned => {
                turn.make_ready().await?;
                if let Err(error) = turn.lease()?.begin(mode).await {
                    turn.undo = Some(Undo::Transaction);
                    return Err(error);
                }
                (Kind::Transaction, mode)
            }
            Kind::Test | Kind::Transaction | Kind::Savepoint(_) => {
                let number = parent.number() + 1;
                turn.savepoint(number).await?;
                (Kind::Savepoint(number), parent.mode)
            }
        };
        let Some(lease) = turn.lease.take() else {
            return Err(Error::transaction_ended());
        };
        let holds = Holds::of(parent.resource(), holder);
        let slot = Slot::new(lease, Some(turn));
        Ok((Self::new(database, kind, mode, outermost, holder, slot), holds))
    }

    /// Keeps a connection for the code inside. Inside a level of the same database there is one already.
    pub(super) async fn pin(database: Database, holder: Holder) -> Result<Pin> {
        let around = match innermost(&database) {
            Some(level) => Some(level),
            None => Isolated::level(&database).await?,
        };
        if let Some(level) = around {
            return Ok(Pin::Around(level));
        }
        if database.pool().limits().transaction_pooling {
            return Err(Error::unsupported(
                "a pinned connection",
                "behind `transaction_pooling` each transaction has another session; use `atomic(..)` and `SET LOCAL`",
            ));
        }
        // Whether it will write is not known, and who holds a connection must not wait for a turn then.
        let mut lease = database.pool().lease(Purpose::Write, holder).await?;
        lease.pin();
        let holds = database.pool().held(Purpose::Write, holder);
        let slot = Slot::new(lease, None);
        let level = Self::new(database, Kind::Pinned, Mode::default(), false, holder, slot);
        Ok(Pin::New(level, holds))
    }

    /// Begins the transaction of a test.
    pub(super) async fn of_test(database: Database) -> Result<Arc<Self>> {
        let holder = Holder::new("test");
        let (lease, _) = lease(&database, Mode::default(), holder).await?;
        let slot = Slot::new(lease, None);
        let mut level = Self::new(database, Kind::Test, Mode::default(), false, holder, slot);
        if let Some(level) = Arc::get_mut(&mut level) {
            // It belongs to no piece of work in particular.
            level.outer = None;
            level.scoped = None;
        }
        Ok(level)
    }

    fn new(
        database: Database,
        kind: Kind,
        mode: Mode,
        outermost: bool,
        holder: Holder,
        slot: Slot,
    ) -> Arc<Self> {
        Arc::new(Self {
            database,
            scoped: DATABASE.get(),
            outer: TRANSACTION.get(),
            kind,
            mode,
            outermost,
            holder,
            slot: Arc::new(Mutex::new(slot)),
            resource: OnceLock::new(),
            abandoned: AtomicBool::new(false),
            rollback: AtomicBool::new(false),
            poison: SyncMutex::default(),
            hooks: SyncMutex::default(),
        })
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

    /// The innermost transaction or savepoint, of whichever database, from this level outward.
    pub(super) fn transaction(self: &Arc<Self>) -> Option<Arc<Self>> {
        let mut level = Some(self);
        while let Some(here) = level {
            if here.is_transaction() {
                return Some(Arc::clone(here));
            }
            level = here.outer.as_ref();
        }
        None
    }

    /// Whether its user began it as a transaction.
    pub(crate) fn is_transaction(&self) -> bool {
        matches!(self.kind, Kind::Transaction | Kind::Savepoint(_))
    }

    /// Whether it, or one around it, keeps the connection.
    pub(crate) fn is_pinned(&self) -> bool {
        let mut level = Some(self);
        while let Some(here) = level {
            if here.kind == Kind::Pinned && here.database == self.database {
                return true;
            }
            level = here.outer.as_deref();
        }
        false
    }

    fn number(&self) -> u32 {
        match self.kind {
            Kind::Savepoint(number) => number,
            Kind::Pinned | Kind::Test | Kind::Transaction => 0,
        }
    }

    pub(super) fn holder(&self) -> Holder {
        self.holder
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    fn resource(&self) -> &Resource {
        self.resource
            .get_or_init(|| Resource::new("the connection of the transaction", 1))
    }

    /// Runs a statement on this level's connection, once it is this caller's turn.
    pub(crate) async fn call(self: &Arc<Self>, call: &mut Call, holder: Holder) -> Result<u64> {
        let mut turn = self.turn(holder).await?;
        if self.kind != Kind::Test {
            return turn.call(call).await;
        }
        // To its user there is no transaction that a failure could break.
        turn.savepoint(1).await?;
        let result = turn.call(call).await;
        if result.is_ok() {
            turn.call(&mut release(1)).await?;
        } else {
            turn.broken = None;
            // Where that fails too, later statements find out; this one's own error says more.
            let _ = turn.call(&mut undo(1)).await;
        }
        result
    }

    async fn turn(self: &Arc<Self>, holder: Holder) -> Result<Turn> {
        let slot = match Arc::clone(&self.slot).try_lock_owned() {
            Ok(slot) => slot,
            Err(_) => {
                let wait_time = self.database.pool().limits().wait_time;
                let locked = Arc::clone(&self.slot).lock_owned();
                let locked = self.resource().wait_at(locked, holder.location());
                match tokio::time::timeout(wait_time, locked).await {
                    Ok(locked) => locked?,
                    Err(_) => {
                        return Err(Error::wait_time(
                            holder.to_string(),
                            "its turn in the transaction, whose statements run one after the other"
                                .to_owned(),
                            wait_time,
                            format!("a statement or a savepoint inside {}", self.holder),
                            "a savepoint must not wait for what runs beside it in the same transaction",
                        ));
                    }
                }
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
    /// It could not be committed, and was taken back, or nobody knows. That it could not be taken back is no error here: the connection is closed then.
    pub(crate) async fn end(self: &Arc<Self>, commit: bool) -> Result<()> {
        let commit = commit && !self.rollback.load(Ordering::SeqCst);
        let mut turn = self.turn(self.holder).await?;
        let result = match (commit, self.kind) {
            (_, Kind::Pinned) => turn.make_ready().await,
            (true, Kind::Transaction) => match turn.make_ready().await {
                Ok(()) => turn.lease()?.commit().await,
                Err(error) => {
                    let _ = turn.lease()?.roll_back().await;
                    Err(error)
                }
            },
            (true, Kind::Savepoint(number)) => match turn.call(&mut release(number)).await {
                Ok(_) => Ok(()),
                Err(error) => {
                    turn.undo_savepoint(number).await;
                    Err(error)
                }
            },
            (false, Kind::Transaction) | (_, Kind::Test) => {
                let _ = turn.lease()?.roll_back().await;
                Ok(())
            }
            (false, Kind::Savepoint(number)) => {
                turn.undo_savepoint(number).await;
                Ok(())
            }
        };
        let hooks = std::mem::take(&mut *self.hooks());
        let (lease, parent) = (turn.lease.take(), turn.parent.take());
        drop(turn);
        let committed = commit && result.is_ok();
        match (parent, lease) {
            (Some(mut parent), lease) => {
                parent.lease = lease;
                if committed && !self.outermost {
                    parent.level.hooks().extend(hooks);
                    return result;
                }
            }
            (None, Some(lease)) if self.kind == Kind::Pinned => lease.unpin().await,
            (None, lease) => drop(lease),
        }
        if committed {
            // For whoever ends it: they run outside the transaction.
            *self.hooks() = hooks;
        }
        result
    }

    /// Takes the level back without waiting, because nobody waits for it any more.
    pub(crate) fn abandon(&self) {
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
                parent.undo = Some(match self.kind {
                    Kind::Savepoint(number) => Undo::Savepoint(number),
                    Kind::Pinned | Kind::Test | Kind::Transaction => Undo::Transaction,
                });
            }
            None => lease.abandon(),
        }
    }

    /// A part of it failed: nothing of it is kept.
    pub(super) fn poison(&self, cause: String) {
        self.poisoned().get_or_insert(cause);
    }

    fn poisoned(&self) -> MutexGuard<'_, Option<String>> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is taken back at its end, also if its code returns `Ok`.
    pub(super) fn set_rollback(&self) {
        self.rollback.store(true, Ordering::SeqCst);
    }

    /// Whether what is to run after the commit runs when this level has ended.
    pub(super) fn is_outermost(&self) -> bool {
        self.outermost
    }

    pub(super) fn hooks(&self) -> MutexGuard<'_, Vec<Queued>> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection with a transaction. Where the server has closed it meanwhile, nothing has happened yet, and another one is taken.
async fn lease(database: &Database, mode: Mode, holder: Holder) -> Result<(Lease, Holds)> {
    // A reader of SQLite need not wait for its turn to write.
    let purpose = if mode.read_only {
        Purpose::Read
    } else {
        Purpose::Write
    };
    let pool = database.pool();
    let mut lease = pool.lease(purpose, holder).await?;
    match lease.begin(mode).await {
        Err(error) if error.is_lost() && lease.is_reused() => {
            drop(lease);
            lease = pool.lease(purpose, holder).await?;
            lease.begin(mode).await?;
        }
        begun => begun?,
    }
    Ok((lease, pool.held(purpose, holder)))
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Level")
            .field("kind", &self.kind)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Turn {
    /// Runs a statement, if the transaction can still run any.
    async fn call(&mut self, call: &mut Call) -> Result<u64> {
        self.make_ready().await?;
        let result = self.lease()?.call(call).await;
        if let Err(error) = &result
            && error.breaks_transaction()
            && self.level.kind != Kind::Pinned
        {
            self.broken = Some(chain(error));
        }
        result
    }

    async fn savepoint(&mut self, number: u32) -> Result<()> {
        let mut savepoint = Call::batch(format!("SAVEPOINT nuages_{number}"));
        self.call(&mut savepoint).await.map(drop)
    }

    async fn make_ready(&mut self) -> Result<()> {
        if let Some(cause) = &self.broken {
            return Err(Error::transaction_broken(cause));
        }
        if let Some(cause) = &*self.level.poisoned() {
            return Err(Error::transaction_broken(cause));
        }
        if !self.lease()?.is_usable() {
            return Err(Error::transaction_broken(
                "the connection was closed, because a statement was dropped before it ended",
            ));
        }
        match self.undo {
            None => {}
            Some(Undo::Savepoint(number)) => {
                self.lease()?.call(&mut undo(number)).await?;
                self.undo = None;
            }
            Some(Undo::Transaction) => {
                self.lease()?.roll_back().await?;
                self.undo = None;
            }
        }
        Ok(())
    }

    /// Takes a savepoint back. Where that fails, the whole transaction can only be rolled back.
    async fn undo_savepoint(&mut self, number: u32) {
        let undone = match self.lease() {
            Ok(lease) => lease.call(&mut undo(number)).await.map(drop),
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

fn release(number: u32) -> Call {
    Call::batch(format!("RELEASE SAVEPOINT nuages_{number}"))
}

fn undo(number: u32) -> Call {
    Call::batch(format!(
        "ROLLBACK TO SAVEPOINT nuages_{number}; RELEASE SAVEPOINT nuages_{number}"
    ))
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &Error) -> String {
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
