//! The pool: lean, since it is on the way of every query. A connection is checked when it was idle for long or when it failed, not each time.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use nuages_bridge::deadlock::{Held, Resource};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::driver::{Connection, Driver, Fit, Turns, current_runtime};
use crate::lease::{Lease, Permits};
use crate::{Dialect, Error, Result};

/// Who holds a connection or waits for one: what errors name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    what: &'static str,
    /// What a query is about.
    model: Option<&'static str>,
    location: &'static Location<'static>,
}

impl Holder {
    #[track_caller]
    pub(crate) fn new(what: &'static str) -> Self {
        Self::at(what, Location::caller())
    }

    pub(crate) fn at(what: &'static str, location: &'static Location<'static>) -> Self {
        Self {
            what,
            model: None,
            location,
        }
    }

    #[track_caller]
    pub(crate) fn query(model: Option<&'static str>) -> Self {
        Self {
            what: "a query",
            model,
            location: Location::caller(),
        }
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    fn hold(&self, resource: &Resource) -> Held {
        resource.hold_at(self.what, self.location)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.what, self.model) {
            ("a query", Some(model)) => write!(f, "a query of {model}"),
            ("a query", None) => f.write_str("a query"),
            (what, _) => write!(f, "`{what}` ({})", self.location),
        }
    }
}

/// What a connection is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// What a pool was told; `DatabaseOptions` says what it means.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) name: String,
    pub(crate) size: u32,
    pub(crate) wait_time: Duration,
    pub(crate) check_after: Duration,
    pub(crate) idle_time: Option<Duration>,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) slow_query: Option<Duration>,
    pub(crate) log_values: bool,
    pub(crate) transaction_pooling: bool,
}

#[derive(Debug)]
pub(crate) struct Pool {
    driver: Driver,
    limits: Limits,
    /// A permit is the right to a connection.
    places: Arc<Semaphore>,
    /// A turn is the right to read or write, where the database does not sort that out itself.
    turns: Arc<Semaphore>,
    /// The same for the graph of who waits for whom.
    connections: Resource,
    writer: Resource,
    waiting: AtomicUsize,
    state: Mutex<State>,
    /// Statements sent so far.
    statements: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Last in, first out: the others get a chance to go stale.
    idle: Vec<Connection>,
    holders: Vec<Taken>,
    last: u64,
    closed: bool,
    /// A task closes what is idle for too long.
    tidied: bool,
}

impl State {
    /// The idle connection that serves best here, the last used one of several.
    fn take_idle(&mut self) -> Option<Connection> {
        let here = current_runtime();
        let fits = self
            .idle
            .iter()
            .map(|connection| connection.fit(here))
            .enumerate();
        let (at, fit) = fits.max_by_key(|&(_, fit)| fit)?;
        (fit >= Fit::Good).then(|| self.idle.remove(at))
    }

    /// Takes out those that are dead, and those that have to give way to a new one.
    fn make_room(&mut self, size: u32) -> Vec<Connection> {
        let here = current_runtime();
        let mut gone: Vec<_> = self
            .idle
            .extract_if(.., |connection| connection.fit(here) == Fit::Dead)
            .collect();
        let room = (size as usize).saturating_sub(self.holders.len());
        if self.idle.len() > room {
            gone.extend(self.idle.drain(..self.idle.len() - room));
        }
        gone
    }

    fn take_expired(&mut self, limits: &Limits) -> Vec<Connection> {
        let expired = |connection: &mut Connection| connection.has_expired(limits.lifetime, limits.idle_time);
        self.idle.extract_if(.., expired).collect()
    }
}

#[derive(Debug)]
struct Taken {
    id: u64,
    holder: Holder,
    writes: bool,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(driver: Driver, limits: Limits) -> Arc<Self> {
        let limits = Limits {
            size: limits.size.max(1),
            ..limits
        };
        let size = limits.size as usize;
        let turns = match driver.turns() {
            Turns::Free | Turns::OneWriter => 1,
            Turns::OneWriterNoReaders => size,
        };
        Arc::new(Self {
            driver,
            places: Arc::new(Semaphore::new(size)),
            turns: Arc::new(Semaphore::new(turns)),
            connections: Resource::new(format!("a connection to {}", limits.name), size),
            writer: Resource::new(format!("the turn to write to {}", limits.name), 1),
            waiting: AtomicUsize::new(0),
            state: Mutex::default(),
            statements: AtomicU64::new(0),
            limits,
        })
    }

    /// A pool of one connection to the same database, which is not closed between two uses.
    pub(crate) fn separate(&self) -> Arc<Self> {
        let limits = Limits {
            size: 1,
            idle_time: None,
            lifetime: None,
            ..self.limits.clone()
        };
        Self::new(self.driver.clone(), limits)
    }

    pub(crate) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.driver.dialect()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let state = self.state();
        PoolStatus {
            size: self.limits.size as usize,
            idle: state.idle.len(),
            in_use: state.holders.len(),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many turns somebody needs.
    fn turns_for(&self, purpose: Purpose) -> u32 {
        match (self.driver.turns(), purpose) {
            (Turns::Free, _) | (Turns::OneWriter, Purpose::Read) => 0,
            (Turns::OneWriter, Purpose::Write) | (Turns::OneWriterNoReaders, Purpose::Read) => 1,
            (Turns::OneWriterNoReaders, Purpose::Write) => self.limits.size,
        }
    }

    /// Leases a connection.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it gives up its place in the queues.
    pub(crate) async fn lease(self: &Arc<Self>, purpose: Purpose, holder: Holder) -> Result<Lease> {
        // The turn first: who waits to write holds no connection that a reader could use.
        let turn = match self.turns_for(purpose) {
            0 => None,
            n => Some(self.permit(&self.turns, n, holder, Wanted::Turn).await?),
        };
        let place = self.permit(&self.places, 1, holder, Wanted::Place).await?;
        let id = {
            let mut state = self.state();
            if state.closed {
                return Err(Error::closed());
            }
            state.last += 1;
            let id = state.last;
            state.holders.push(Taken {
                id,
                holder,
                writes: purpose == Purpose::Write,
                since: Instant::now(),
            });
            id
        };
        let permits = Permits::new(Arc::clone(self), id, turn, place);
        loop {
            let idle = self.state().take_idle();
            match idle {
                None => {
                    drop(self.state().make_room(self.limits.size));
                    return Ok(Lease::new(self.connect().await?, permits, false));
                }
                Some(connection) if connection.has_expired(self.limits.lifetime, None) => drop(connection),
                Some(mut connection) if connection.may_be_stale(self.limits.check_after) => {
                    if connection.ping().await.is_ok() {
                        return Ok(Lease::new(connection, permits, true));
                    }
                }
                Some(connection) => return Ok(Lease::new(connection, permits, true)),
            }
        }
    }

    async fn connect(&self) -> Result<Connection> {
        match tokio::time::timeout(self.limits.wait_time, self.driver.connect()).await {
            Ok(connected) => connected,
            Err(_) => Err(Error::connection(format!(
                "{} did not answer within {:?}",
                self.limits.name, self.limits.wait_time
            ))),
        }
    }

    /// What the code of a transaction holds while it runs, for the graph of who waits for whom.
    pub(crate) fn held(&self, purpose: Purpose, holder: Holder) -> Holds {
        let alone = match (self.driver.turns(), purpose) {
            (Turns::OneWriter | Turns::OneWriterNoReaders, Purpose::Write) => Some(holder.hold(&self.writer)),
            _ => None,
        };
        Holds {
            connection: Some(holder.hold(&self.connections)),
            alone,
        }
    }

    async fn permit(
        &self,
        semaphore: &Arc<Semaphore>,
        n: u32,
        holder: Holder,
        wanted: Wanted,
    ) -> Result<OwnedSemaphorePermit> {
        match Arc::clone(semaphore).try_acquire_many_owned(n) {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(Error::closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        let _waiting = Waiting::new(&self.waiting);
        let resource = match wanted {
            Wanted::Place => &self.connections,
            Wanted::Turn => &self.writer,
        };
        let acquired = resource.wait_at(Arc::clone(semaphore).acquire_many_owned(n), holder.location);
        match tokio::time::timeout(self.limits.wait_time, acquired).await {
            Ok(Ok(Ok(permit))) => Ok(permit),
            Ok(Ok(Err(_))) => Err(Error::closed()),
            Ok(Err(deadlock)) => Err(deadlock.into()),
            Err(_) => Err(self.waited(holder, wanted)),
        }
    }

    fn waited(&self, holder: Holder, wanted: Wanted) -> Error {
        let holders: Vec<_> = self
            .state()
            .holders
            .iter()
            .filter(|held| wanted == Wanted::Place || held.writes || self.turns_for(Purpose::Read) > 0)
            .map(|held| format!("{} for {:.1?}", held.holder, held.since.elapsed()))
            .collect();
        let (of, fix) = match wanted {
            Wanted::Place => (
                format!(
                    "a connection to {} (the pool has {})",
                    self.limits.name, self.limits.size
                ),
                "let those end, or raise `.pool_size(..)`; a task that a transaction waits for needs a connection beside it",
            ),
            Wanted::Turn => (
                format!(
                    "its turn to write to {} (SQLite has one writer at a time)",
                    self.limits.name
                ),
                "let that end first; a transaction must not wait for another task that writes",
            ),
        };
        Error::wait_time(
            holder.to_string(),
            of,
            self.limits.wait_time,
            holders.join(", "),
            fix,
        )
    }

    /// Takes a connection back that the next user can have as it is.
    pub(crate) fn give_back(self: &Arc<Self>, connection: Connection) {
        if connection.has_expired(self.limits.lifetime, None) {
            return;
        }
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.idle.push(connection);
        let (Some(idle_time), false) = (self.limits.idle_time, state.tidied) else {
            return;
        };
        // Without a runtime, nothing is driven beside the calls themselves.
        if let Ok(runtime) = Handle::try_current() {
            state.tidied = true;
            drop(state);
            runtime.spawn(tidy(Tidying(Arc::downgrade(self)), idle_time));
        }
    }

    /// A connection failed by itself: the server may have gone, so the idle ones are not trusted either.
    pub(crate) fn distrust(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        drop(idle);
    }

    /// A user's rights have ended.
    pub(crate) fn ended(&self, id: u64) {
        let mut state = self.state();
        if let Some(at) = state.holders.iter().position(|held| held.id == id) {
            state.holders.swap_remove(at);
        }
    }

    /// Refuses new users, waits for the present ones, and closes all connections.
    pub(crate) async fn close(&self) -> Result<()> {
        self.state().closed = true;
        let all = Arc::clone(&self.places).acquire_many_owned(self.limits.size);
        let _all = match tokio::time::timeout(self.limits.wait_time, all).await {
            Ok(Ok(all)) => all,
            // Somebody else closed it.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err(self.waited(Holder::new("Database::close"), Wanted::Place)),
        };
        let idle = std::mem::take(&mut self.state().idle);
        for connection in idle {
            connection.close().await?;
        }
        self.places.close();
        self.turns.close();
        Ok(())
    }
}

/// A pool at this moment, for monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// How many connections there may be.
    pub size: usize,
    /// Open, and with nobody.
    pub idle: usize,
    /// With a query or a transaction.
    pub in_use: usize,
    /// Calls that wait for one, or for their turn to write.
    pub waiting: usize,
}

/// Counts a call that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says that nobody tidies any more, also where the runtime ended the task.
struct Tidying(Weak<Pool>);

impl Drop for Tidying {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.state().tidied = false;
        }
    }
}

/// Closes connections that were idle for too long, until there are no idle ones.
async fn tidy(tidying: Tidying, idle_time: Duration) {
    loop {
        tokio::time::sleep(idle_time).await;
        let Some(pool) = tidying.0.upgrade() else { return };
        let (expired, done) = {
            let mut state = pool.state();
            (state.take_expired(&pool.limits), state.idle.is_empty())
        };
        for connection in expired {
            // It says goodbye where its protocol has one; what goes wrong with that is of no interest to anybody.
            let _closed = connection.close().await;
        }
        if done {
            return;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Place,
    Turn,
}

/// What code holds while it runs, as the bridge's graph of waits knows it.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    connection: Option<Held>,
    alone: Option<Held>,
}

impl Holds {
    /// The connection of the transaction around a savepoint, which waits for this one's end.
    pub(crate) fn of(resource: &Resource, holder: Holder) -> Self {
        Self {
            connection: Some(holder.hold(resource)),
            alone: None,
        }
    }

    /// Runs a future that has to end before what is held can be given back.
    pub(crate) async fn scope<F: Future>(&self, future: F) -> F::Output {
        match (&self.connection, &self.alone) {
            (Some(connection), Some(alone)) => connection.scope(alone.scope(future)).await,
            (Some(connection), None) => connection.scope(future).await,
            (None, _) => future.await,
        }
    }

    /// As [`scope`](Self::scope), for sync code.
    pub(crate) fn sync_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        match (&self.connection, &self.alone) {
            (Some(connection), Some(alone)) => connection.sync_scope(|| alone.sync_scope(f)),
            (Some(connection), None) => connection.sync_scope(f),
            (None, _) => f(),
        }
    }
}
