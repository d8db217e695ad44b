//! A connection of either kind, and what became of it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

use super::blocking::Worker;
use super::{AsyncConnection, RowSink};
use crate::{Error, Result, Row, Value};

/// A sink whose rows are taken out of it again, by type, once the statement has run.
pub(crate) trait Sink: RowSink + Any {}

impl<S: RowSink + Any> Sink for S {}

/// What a connection is asked to do.
#[derive(Default)]
pub(crate) struct Call {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    pub(crate) want: Want,
    /// It only reads, so that it can be sent again where its answer was lost.
    pub(crate) repeatable: bool,
}

/// What is wanted back.
#[derive(Default)]
pub(crate) enum Want {
    /// Rows, into the sink.
    Rows(Box<dyn Sink>),
    /// How many rows were changed.
    Count,
    /// Nothing; there may be several statements, and there are no values.
    #[default]
    Done,
}

impl Call {
    pub(crate) fn rows(sql: Cow<'static, str>, values: Vec<Value>, sink: Box<dyn Sink>) -> Self {
        Self {
            sql,
            values,
            want: Want::Rows(sink),
            repeatable: false,
        }
    }

    pub(crate) fn count(sql: Cow<'static, str>, values: Vec<Value>) -> Self {
        Self {
            sql,
            values,
            want: Want::Count,
            repeatable: false,
        }
    }

    pub(crate) fn batch(sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sql: sql.into(),
            ..Self::default()
        }
    }

    /// Makes it as if it had never been sent, if that can be.
    pub(crate) fn again(&mut self) -> bool {
        self.repeatable
            && match &mut self.want {
                Want::Rows(sink) => sink.restart(),
                Want::Count | Want::Done => true,
            }
    }
}

/// Counts the rows on their way to their sink.
pub(super) struct Counting<'a> {
    sink: &'a mut dyn Sink,
    pub(super) rows: u64,
}

impl<'a> Counting<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, rows: 0 }
    }
}

impl RowSink for Counting<'_> {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        self.rows += 1;
        self.sink.row(row)
    }
}

/// An open connection, leased to one user at a time.
pub(crate) struct Connection {
    kind: Kind,
    /// A statement was begun and has not ended: if nobody runs it any more, nobody knows what state the connection is in.
    busy: bool,
    broken: bool,
    opened: Instant,
    last_used: Instant,
    /// For one that is awaited: where its I/O is driven.
    home: Option<Home>,
}

enum Kind {
    Async(Box<dyn AsyncConnection>),
    Blocking(Worker),
}

impl Connection {
    pub(super) fn from_async(connection: Box<dyn AsyncConnection>) -> Self {
        Self::new(Kind::Async(connection), Home::here())
    }

    pub(super) fn from_blocking(worker: Worker) -> Self {
        Self::new(Kind::Blocking(worker), None)
    }

    fn new(kind: Kind, home: Option<Home>) -> Self {
        Self {
            kind,
            busy: false,
            broken: false,
            opened: Instant::now(),
            last_used: Instant::now(),
            home,
        }
    }

    /// Runs a statement; gives the number of rows that it changed or gave. Those are in the call's sink then. `keep` is held until the statement has ended, also
    /// where the caller has gone.
    ///
    /// # Cancel safety
    ///
    /// None: a connection whose call was dropped stays [busy](Self::is_usable) and has to be closed.
    pub(crate) async fn call(&mut self, call: &mut Call, keep: &Keep) -> Result<u64> {
        if !self.is_usable() {
            return Err(Error::connection(
                "an earlier statement on this connection was cut off",
            ));
        }
        self.busy = true;
        let result = match &mut self.kind {
            Kind::Async(connection) => match &mut call.want {
                Want::Rows(sink) => {
                    let mut sink = Counting::new(&mut **sink);
                    let fetched = connection.fetch(&call.sql, &call.values, &mut sink).await;
                    fetched.map(|()| sink.rows)
                }
                Want::Count => connection.execute(&call.sql, &call.values).await,
                Want::Done => connection.batch(&call.sql).await.map(|()| 0),
            },
            Kind::Blocking(worker) => worker.call(call, keep).await,
        };
        self.ended(&result);
        result
    }

    /// Makes the session as new.
    pub(crate) async fn reset(&mut self) -> Result<bool> {
        self.busy = true;
        let result = match &mut self.kind {
            Kind::Async(connection) => connection.reset().await,
            Kind::Blocking(_) => Ok(false),
        };
        self.ended(&result);
        result
    }

    fn ended<T>(&mut self, result: &Result<T>) {
        self.busy = false;
        self.last_used = Instant::now();
        if let Err(error) = result
            && error.is_connection()
        {
            self.broken = true;
        }
    }

    /// Whether it can be given to another user.
    pub(crate) fn is_usable(&self) -> bool {
        !self.busy && !self.broken
    }

    /// Whether it failed by itself.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether it was idle for so long that it has to be asked whether it is still there.
    pub(crate) fn may_be_stale(&self, after: Duration) -> bool {
        matches!(self.kind, Kind::Async(_)) && self.last_used.elapsed() > after
    }

    /// Whether it has served for so long, or was idle for so long, that it is to be closed.
    pub(crate) fn has_expired(&self, lifetime: Option<Duration>, idle_time: Option<Duration>) -> bool {
        let past =
            |since: Instant, limit: Option<Duration>| limit.is_some_and(|limit| since.elapsed() >= limit);
        past(self.opened, lifetime) || past(self.last_used, idle_time)
    }

    /// How well it serves code on a runtime.
    pub(crate) fn fit(&self, runtime: Option<runtime::Id>) -> Fit {
        self.home.as_ref().map_or(Fit::Best, |home| home.fit(runtime))
    }

    pub(crate) async fn ping(&mut self) -> Result<()> {
        self.busy = true;
        let result = match &mut self.kind {
            Kind::Async(connection) => connection.ping().await,
            Kind::Blocking(_) => Ok(()),
        };
        self.busy = false;
        result
    }

    /// Closes it, waiting until that is done.
    pub(crate) async fn close(self) -> Result<()> {
        match self.kind {
            Kind::Async(connection) if !self.busy => connection.close().await,
            Kind::Async(_) => Ok(()),
            Kind::Blocking(worker) => {
                worker.close().await;
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("busy", &self.busy)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

/// How well a connection serves the code that wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Not at all, and nobody else: its runtime has ended.
    Dead,
    /// Not at all: its runtime may stand still while this code waits.
    Elsewhere,
    /// Another runtime drives it, at the price of a wake-up between threads.
    Good,
    Best,
}

/// The runtime on which a connection was opened: its I/O is driven there, whoever awaits it.
struct Home {
    runtime: runtime::Id,
    /// Whether it has threads of its own, which drive it at all times.
    driven: bool,
    /// A task that never ends by itself: it has ended when the runtime has.
    sentinel: JoinHandle<()>,
}

impl Home {
    fn here() -> Option<Self> {
        let handle = Handle::try_current().ok()?;
        Some(Self {
            runtime: handle.id(),
            driven: handle.runtime_flavor() != RuntimeFlavor::CurrentThread,
            sentinel: handle.spawn(std::future::pending()),
        })
    }

    fn fit(&self, runtime: Option<runtime::Id>) -> Fit {
        let here = runtime == Some(self.runtime);
        match (self.sentinel.is_finished(), here, self.driven) {
            (true, ..) => Fit::Dead,
            (false, true, _) => Fit::Best,
            (false, false, true) => Fit::Good,
            (false, false, false) => Fit::Elsewhere,
        }
    }
}

/// The runtime of the code that runs here.
pub(crate) fn current_runtime() -> Option<runtime::Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

impl Drop for Home {
    fn drop(&mut self) {
        self.sentinel.abort();
    }
}

/// What a statement needs to be held while it runs: its place in the pool, and its turn to write.
pub(crate) type Keep = std::sync::Arc<dyn Any + Send + Sync>;
