//! `atomic`: all of it happens, or nothing.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use nuages_bridge::{OpFuture, async_frame, sync_frame, sync_to_async};

use super::body::{AsyncBody, Body, SyncBody};
use super::hooks;
use super::isolated::outside_isolation;
use super::level::{Begin, Level, Pin, TRANSACTION, innermost};
use crate::database::{Database, resolve};
use crate::driver::Call;
use crate::lease::{Isolation, Mode};
use crate::pool::{Holder, Holds};
use crate::{Error, Op};

/// Runs code in a transaction: all that it writes is kept, or nothing.
///
/// `Ok` commits. An `Err`, a panic and a dropped future roll back. The body is sync or async code, and whatever runs inside it joins the transaction, also
/// sync code that async code calls by `sync_to_async`, and the other way round. Nothing is passed by hand. Inside another `atomic` of the same database
/// it is a savepoint: it may fail alone.
///
/// Only what runs inside the block joins. What runs beside it, in a `join!` around it or in a spawned task, is outside. Calls that are
/// joined inside share the one connection and queue for it.
///
/// A statement that failed breaks the transaction on every database, as it does on PostgreSQL: what follows is refused, and an `Ok` does not
/// commit. Wrap what may fail in an `atomic` of its own.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, Result, atomic, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// db.make_default();
/// raw("CREATE TABLE account (id integer PRIMARY KEY, amount integer)").execute().wait()?;
///
/// atomic(|| {
///     raw("INSERT INTO account (id, amount) VALUES ($1, $2)").bind(1).bind(50_i64).execute().wait()?;
///     Ok(())
/// })
/// .wait()?;
///
/// let failed = atomic(async || {
///     raw("UPDATE account SET amount = amount - $1").bind(70_i64).execute().await?;
///     Err::<(), _>(nuages_orm::Error::other("not enough"))
/// })
/// .wait();
/// assert!(failed.is_err());
/// let left: Vec<(i64,)> = raw("SELECT amount FROM account").fetch().wait()?;
/// assert_eq!(left, [(50,)]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The body's own, and those of the database at its begin and end.
///
/// # Cancel safety
///
/// Dropped, the transaction is rolled back, and its connection goes back to the pool when that is done; one on which a statement was cut off is closed. Once
/// the commit was sent it may have happened. The body has to be one that can be dropped at its awaits, as all async code.
///
/// # Blocking
///
/// `.wait()` takes bodies of both kinds; a sync one runs on the calling thread. `.await` takes async bodies, and sync ones that are `'static`, which run on
/// the request's thread for sync code.
///
/// On SQLite a transaction begins with `BEGIN IMMEDIATE`: there is one at a time, so what it read stays true until it ends.
#[track_caller]
pub fn atomic<'a, B, M>(body: B) -> Atomic<'a, B, M, Error>
where
    B: Body<M, Error>,
{
    Atomic::new(body)
}

/// A transaction that has not begun: see [`atomic`].
#[must_use = "a transaction does nothing until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct Atomic<'a, B, M, E> {
    body: B,
    options: Options,
    _types: PhantomData<Types<'a, M, E>>,
}

/// What an [`Atomic`] is about, without holding any of it.
type Types<'a, M, E> = (fn() -> (M, E), &'a ());

#[derive(Clone)]
pub(super) struct Options {
    pub(super) using: Option<Database>,
    pub(super) mode: Mode,
    pub(super) durable: bool,
    /// Whether it may fail alone inside another one.
    savepoint: bool,
    /// No transaction at all, but a connection that is kept.
    pinned: bool,
    what: &'static str,
    location: &'static Location<'static>,
}

impl Options {
    #[track_caller]
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            using: None,
            mode: Mode::default(),
            durable: false,
            savepoint: true,
            pinned: false,
            what,
            location: Location::caller(),
        }
    }

    #[track_caller]
    pub(super) fn pinned() -> Self {
        Self {
            pinned: true,
            ..Self::new("pinned_connection")
        }
    }
}

impl<'a, B, M, E> Atomic<'a, B, M, E> {
    /// For the views' `atomic`, whose error is another.
    #[track_caller]
    pub(crate) fn new(body: B) -> Self {
        Self::with(body, Options::new("atomic"))
    }

    pub(super) fn with(body: B, options: Options) -> Self {
        Self {
            body,
            options,
            _types: PhantomData,
        }
    }

    /// In this database, and not the current one.
    pub fn using(mut self, database: &Database) -> Self {
        self.options.using = Some(database.clone());
        self
    }

    /// Refuses to run inside another `atomic`: once this one returns `Ok`, its commit is final.
    pub fn durable(mut self) -> Self {
        self.options.durable = true;
        self
    }

    /// How much it sees of others that run beside it. Inside another `atomic` it has what that has, and it is an error where that is less.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.options.mode.isolation = Some(isolation);
        self
    }

    /// Lets it read only: the database refuses its writes. On SQLite it then waits for no writer. Inside another `atomic` it is an error if that one may write.
    pub fn read_only(mut self) -> Self {
        self.options.mode.read_only = true;
        self
    }

    /// Makes no savepoint inside another `atomic`, which saves two round trips: it merges with that one, and where it fails, nothing of both is kept.
    pub fn no_savepoint(mut self) -> Self {
        self.options.savepoint = false;
        self
    }
}

impl<B, M, E> fmt::Debug for Atomic<'_, B, M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Atomic")
            .field("durable", &self.options.durable)
            .finish_non_exhaustive()
    }
}

impl<'a, F, T, E> Atomic<'a, F, SyncBody, E>
where
    F: FnOnce() -> Result<T, E>,
    E: From<Error>,
{
    /// Runs it on this thread, for sync code.
    ///
    /// # Errors
    ///
    /// As [`atomic`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T, E> {
        let Self { body, options, .. } = self;
        let (mut running, holds) = Op::leaf("atomic", options.begin()).wait()?;
        let inside = Arc::clone(&running.inside);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            holds.sync_scope(|| sync_frame(|| TRANSACTION.sync_scope(inside, body)))
        }));
        drop(holds);
        let commit = matches!(outcome, Ok(Ok(_)));
        let ended = Op::leaf("atomic", running.end(commit)).wait();
        let result = conclude(outcome, ended)?;
        if running.has_hooks() {
            Op::new("on_commit", running.run_hooks()).wait()?;
        }
        Ok(result)
    }
}

impl<'a, F, Fut, T, E> Atomic<'a, F, AsyncBody, E>
where
    F: FnOnce() -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
    T: Send,
    E: From<Error> + Send,
{
    /// Runs it, for sync code.
    ///
    /// # Errors
    ///
    /// As [`atomic`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T, E> {
        let Self { body, options, .. } = self;
        // The inner result goes through as a value, so that the user's error need not know the bridge's.
        let op: Op<'_, Result<T, E>> = Op::new("atomic", async { Ok(run(body, options).await) });
        op.wait()?
    }
}

impl<'a, F, Fut, T, E> IntoFuture for Atomic<'a, F, AsyncBody, E>
where
    F: FnOnce() -> Fut + Send + 'a,
    Fut: Future<Output = Result<T, E>> + Send + 'a,
    T: Send + 'a,
    E: From<Error> + Send + 'a,
{
    type Output = Result<T, E>;
    type IntoFuture = OpFuture<'a, T, E>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        let Self { body, options, .. } = self;
        nuages_bridge::Op::new("atomic", run(body, options)).without_deadline()
    }
}

impl<F, T, E> IntoFuture for Atomic<'static, F, SyncBody, E>
where
    F: FnOnce() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    type Output = Result<T, E>;
    type IntoFuture = OpFuture<'static, T, E>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        let Self { body, options, .. } = self;
        let body = async move || match sync_to_async(body).await {
            Ok(result) => result,
            Err(error) => Err(Error::from(error).into()),
        };
        nuages_bridge::Op::new("atomic", run(body, options)).without_deadline()
    }
}

impl Options {
    async fn begin(self) -> Result<(Running, Holds), Error> {
        let database = resolve(self.using)?;
        let holder = Holder::at(self.what, self.location);
        if self.pinned {
            return Ok(match Level::pin(database, holder).await? {
                Pin::New(level, holds) => (Running::own(level), holds),
                Pin::Around(level) => (Running::inside(level, Part::Nothing), Holds::default()),
            });
        }
        if !self.savepoint
            && let Some(around) = innermost(&database).filter(|level| level.is_transaction())
        {
            if self.durable {
                return Err(Error::not_durable(
                    holder.to_string(),
                    around.holder().to_string(),
                ));
            }
            if let Some(asked) = self.mode.missing_in(around.mode(), database.dialect()) {
                return Err(Error::mode_inside(
                    holder.to_string(),
                    asked,
                    around.holder().to_string(),
                ));
            }
            return Ok((Running::inside(around, Part::Merged), Holds::default()));
        }
        let begin = Begin {
            database,
            mode: self.mode,
            durable: self.durable,
            holder,
        };
        let (level, holds) = Level::begin(begin).await?;
        Ok((Running::own(level), holds))
    }
}

/// The transaction while its body runs. Dropped before its end, it is taken back.
struct Running {
    level: Arc<Level>,
    part: Part,
    /// What the body finds around it.
    inside: Arc<Level>,
}

/// What of a level this is.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    All,
    /// It has the end of the transaction around it.
    Merged,
    /// It has nothing to end.
    Nothing,
}

impl Drop for Running {
    fn drop(&mut self) {
        match self.part {
            Part::All => self.level.abandon(),
            Part::Merged => self
                .level
                .poison("an `atomic` without a savepoint was dropped".to_owned()),
            Part::Nothing => {}
        }
    }
}

impl Running {
    fn own(level: Arc<Level>) -> Self {
        Self {
            inside: Arc::clone(&level),
            level,
            part: Part::All,
        }
    }

    fn inside(level: Arc<Level>, part: Part) -> Self {
        Self {
            // The innermost level may be one of another database.
            inside: TRANSACTION.get().unwrap_or_else(|| Arc::clone(&level)),
            level,
            part,
        }
    }

    async fn end(&mut self, commit: bool) -> Result<(), Error> {
        match std::mem::replace(&mut self.part, Part::Nothing) {
            Part::All => {
                // Until it has ended, a drop has to take it back.
                self.part = Part::All;
                self.level.end(commit).await
            }
            Part::Merged if !commit => {
                self.level
                    .poison("an `atomic` without a savepoint failed inside it".to_owned());
                Ok(())
            }
            Part::Merged | Part::Nothing => Ok(()),
        }
    }

    /// Whether its commit is the final one, and something waits for that.
    fn has_hooks(&self) -> bool {
        self.part == Part::All && self.level.is_outermost() && !self.level.hooks().is_empty()
    }

    async fn run_hooks(self) -> Result<(), Error> {
        let hooks = std::mem::take(&mut *self.level.hooks());
        hooks::run(hooks).await
    }
}

async fn run<F, Fut, T, E>(body: F, options: Options) -> Result<T, E>
where
    F: FnOnce() -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
    T: Send,
    E: From<Error> + Send,
{
    // Declared before the body, so dropped after it: while the body unwinds, its transaction is still there.
    let (mut running, holds) = options.begin().await?;
    let outcome = {
        let inside = Arc::clone(&running.inside);
        let body = TRANSACTION.scope(inside, async_frame(async move { body().await }));
        let mut body = pin!(holds.scope(body));
        poll_fn(
            |cx| match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => std::task::Poll::Ready(Err(panic)),
            },
        )
        .await
    };
    drop(holds);
    let commit = matches!(outcome, Ok(Ok(_)));
    if commit && running.has_hooks() {
        // What was committed has to be followed by its hooks, also if the caller goes away just now.
        let finish = async move {
            running.end(true).await?;
            running.run_hooks().await
        };
        return match nuages_bridge::spawn(finish).await {
            Ok(ended) => conclude(outcome, ended),
            Err(error) => Err(Error::other(error).into()),
        };
    }
    let ended = running.end(commit).await;
    conclude(outcome, ended)
}

/// What the caller gets. A panic goes on, and the body's own error counts more than that of the rollback.
fn conclude<T, E: From<Error>>(
    outcome: thread::Result<Result<T, E>>,
    ended: Result<(), Error>,
) -> Result<T, E> {
    match outcome {
        Err(panic) => resume_unwind(panic),
        Ok(Err(error)) => Err(error),
        Ok(Ok(value)) => {
            ended?;
            Ok(value)
        }
    }
}

/// Runs statements of our own, all or none. In place, where the caller may block. Also in a test they are there to stay.
pub(crate) async fn run_all(database: Database, holder: Holder, calls: Vec<Call>) -> Result<(), Error> {
    outside_isolation(async {
        let begin = Begin {
            database,
            mode: Mode::default(),
            durable: false,
            holder,
        };
        let (level, _holds) = Level::begin(begin).await?;
        let mut running = Running::own(level);
        for mut call in calls {
            if let Err(error) = running.level.call(&mut call, holder).await {
                running.end(false).await?;
                return Err(error);
            }
        }
        running.end(true).await
    })
    .await
}

/// Has the innermost `atomic` around this call take back all that it did, although its code returns `Ok`: a rehearsal, a preview.
///
/// Its `on_commit` hooks don't run. Statements that come after this go on as before.
///
/// # Examples
///
/// ```
/// use nuages_orm::transaction::set_rollback;
/// use nuages_orm::{Database, Result, atomic, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// # db.sync_scope(|| -> Result<()> {
/// raw("CREATE TABLE note (id integer)").execute().wait()?;
/// let deleted = atomic(|| {
///     set_rollback()?;
///     raw("INSERT INTO note (id) VALUES (1)").execute().wait()
/// })
/// .wait()?;
/// assert_eq!(deleted, 1);
/// assert!(raw("SELECT id FROM note").fetch::<(i64,)>().wait()?.is_empty());
/// # Ok(()) }) }
/// ```
///
/// # Errors
///
/// There is no `atomic` around.
pub fn set_rollback() -> Result<(), Error> {
    let level = TRANSACTION.get().and_then(|level| level.transaction());
    let level = level.ok_or_else(|| Error::no_transaction("set_rollback"))?;
    level.set_rollback();
    Ok(())
}
