//! The pool: lean, since it is on the way of every query. A connection is checked when it was idle for long or when it failed, not each time.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::driver::{Answer, Call, Connection, Driver, Fit, Keep, Turns, current_runtime};
use crate::{Dialect, Error, Result};

/// After so long without use, a server may have closed the connection: it is asked first.
const STALE: Duration = Duration::from_secs(30);

/// Who holds a connection or waits for one: what errors name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    what: &'static str,
    location: Option<&'static Location<'static>>,
}

impl Holder {
    pub(crate) fn new(what: &'static str, location: Option<&'static Location<'static>>) -> Self {
        Self { what, location }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location {
            Some(location) => write!(f, "{} ({location})", self.what),
            None => f.write_str(self.what),
        }
    }
}

/// What a connection is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

#[derive(Debug)]
pub(crate) struct Pool {
    driver: Driver,
    size: u32,
    wait_time: Duration,
    /// A permit is the right to a connection.
    places: Arc<Semaphore>,
    /// A turn is the right to read or write, where the database does not sort that out itself.
    turns: Arc<Semaphore>,
    state: Mutex<State>,
    /// Statements sent so far.
    statements: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Last in, first out: the others get a chance to go stale.
    idle: Vec<Connection>,
    holders: Vec<Held>,
    last: u64,
    closed: bool,
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
}

#[derive(Debug)]
struct Held {
    id: u64,
    holder: Holder,
    writes: bool,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(driver: Driver, size: u32, wait_time: Duration) -> Arc<Self> {
        let size = size.max(1);
        let turns = match driver.turns() {
            Turns::Free | Turns::OneWriter => 1,
            Turns::OneWriterNoReaders => size,
        };
        Arc::new(Self {
            driver,
            size,
            wait_time,
            places: Arc::new(Semaphore::new(size as usize)),
            turns: Arc::new(Semaphore::new(turns as usize)),
            state: Mutex::default(),
            statements: AtomicU64::new(0),
        })
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

    pub(crate) fn wait_time(&self) -> Duration {
        self.wait_time
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
            (Turns::OneWriterNoReaders, Purpose::Write) => self.size,
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
            state.holders.push(Held {
                id,
                holder,
                writes: purpose == Purpose::Write,
                since: Instant::now(),
            });
            id
        };
        let keep = Arc::new(Permits {
            pool: Arc::clone(self),
            id,
            _turn: turn,
            _place: place,
        });
        let mut lease = Lease {
            connection: None,
            in_transaction: false,
            keep,
            pool: Arc::clone(self),
        };
        loop {
            lease.connection = self.state().take_idle();
            match &mut lease.connection {
                None => {
                    drop(self.state().make_room(self.size));
                    lease.connection = Some(self.driver.connect().await?);
                    return Ok(lease);
                }
                Some(connection) if connection.may_be_stale(STALE) => {
                    if connection.ping().await.is_ok() {
                        return Ok(lease);
                    }
                    lease.connection = None;
                }
                Some(_) => return Ok(lease),
            }
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
        match tokio::time::timeout(self.wait_time, Arc::clone(semaphore).acquire_many_owned(n)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Error::closed()),
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
                format!("a connection (the pool has {})", self.size),
                "let those end, or raise `.pool_size(..)`; a task that a transaction waits for needs a connection beside it",
            ),
            Wanted::Turn => (
                "its turn to write (SQLite has one writer at a time)".to_owned(),
                "let that end first; a transaction must not wait for another task that writes",
            ),
        };
        Error::wait_time(holder.to_string(), of, self.wait_time, holders.join(", "), fix)
    }

    /// Refuses new users, waits for the present ones, and closes all connections.
    pub(crate) async fn close(&self) -> Result<()> {
        self.state().closed = true;
        let all = Arc::clone(&self.places).acquire_many_owned(self.size);
        let _all = match tokio::time::timeout(self.wait_time, all).await {
            Ok(Ok(all)) => all,
            // Somebody else closed it.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err(self.waited(Holder::new("`Database::close`", None), Wanted::Place)),
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Place,
    Turn,
}

/// The rights that go with a connection: given back together, once nothing runs on it any more.
struct Permits {
    pool: Arc<Pool>,
    id: u64,
    _turn: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Permits {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        if let Some(at) = state.holders.iter().position(|held| held.id == self.id) {
            state.holders.swap_remove(at);
        }
    }
}

/// A connection on loan. Dropped, it goes back to the pool, or is closed where it is in a state that the next user must not find.
pub(crate) struct Lease {
    connection: Option<Connection>,
    in_transaction: bool,
    keep: Arc<Permits>,
    pool: Arc<Pool>,
}

impl Lease {
    pub(crate) async fn call(&mut self, call: Call) -> Result<Answer> {
        let keep: Keep = Arc::clone(&self.keep) as Keep;
        match &mut self.connection {
            Some(connection) => connection.call(call, &keep).await,
            None => Err(Error::connection("the connection was closed")),
        }
    }

    /// Whether nothing was cut off on it, and it did not fail.
    pub(crate) fn is_usable(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_usable)
    }

    pub(crate) async fn begin(&mut self) -> Result<()> {
        // From the start: whether a statement that was cut off began a transaction is not known.
        self.in_transaction = true;
        let sql = match self.pool.dialect() {
            // Takes the write lock at once. A transaction that reads first and asks for it later can only be refused, if another one wrote meanwhile.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres | Dialect::MariaDb => "BEGIN",
        };
        self.call(Call::batch(sql)).await?;
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        match self.call(Call::batch("COMMIT")).await {
            Ok(_) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(error) => {
                // What failed at COMMIT may have left the transaction open.
                let _ = self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Rolls back. Where even that fails, the connection is closed when it is dropped.
    pub(crate) async fn roll_back(&mut self) -> Result<()> {
        self.call(Call::batch("ROLLBACK")).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Ends a transaction that nobody waits for any more.
    pub(crate) fn abandon(mut self) {
        if !self.is_usable() {
            return;
        }
        // Locks are held until then, so it is done now and not by the next user. Without a runtime the connection is closed, which rolls back too.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = self.roll_back().await {
                    tracing::warn!(%error, "a transaction was abandoned and could not be rolled back; its connection is closed");
                }
            });
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !connection.is_usable() {
            if connection.is_broken() {
                // The server may have gone: the idle ones are not trusted either.
                let _idle = std::mem::take(&mut self.pool.state().idle);
            }
            return;
        }
        if self.in_transaction {
            return;
        }
        let mut state = self.pool.state();
        if !state.closed {
            state.idle.push(connection);
        }
    }
}
