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
use super::level::{Level, TRANSACTION};
use crate::database::{Database, resolve};
use crate::driver::Call;
use crate::pool::Holder;
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

struct Options {
    using: Option<Database>,
    durable: bool,
    location: &'static Location<'static>,
}

impl<'a, B, M, E> Atomic<'a, B, M, E> {
    /// For the views' `atomic`, whose error is another.
    #[track_caller]
    pub(crate) fn new(body: B) -> Self {
        let options = Options {
            using: None,
            durable: false,
            location: Location::caller(),
        };
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
        let level = Op::leaf("atomic", options.begin()).wait()?;
        let running = Running(level);
        let inside = Arc::clone(&running.0);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            sync_frame(|| TRANSACTION.sync_scope(inside, body))
        }));
        let commit = matches!(outcome, Ok(Ok(_)));
        let ended = Op::leaf("atomic", running.0.end(commit)).wait();
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
    async fn begin(self) -> Result<Arc<Level>, Error> {
        let database = resolve(self.using)?;
        Level::begin(
            database,
            self.durable,
            Holder::new("`atomic`", Some(self.location)),
        )
        .await
    }
}

/// The transaction while its body runs. Dropped before its end, it is taken back.
struct Running(Arc<Level>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Running {
    /// Whether its commit is the final one, and something waits for that.
    fn has_hooks(&self) -> bool {
        self.0.is_outermost() && !self.0.hooks().is_empty()
    }

    async fn run_hooks(self) -> Result<(), Error> {
        let hooks = std::mem::take(&mut *self.0.hooks());
        hooks::run(hooks).await;
        Ok(())
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
    let running = Running(options.begin().await?);
    let outcome = {
        let inside = Arc::clone(&running.0);
        let mut body = pin!(TRANSACTION.scope(inside, async_frame(async move { body().await })));
        poll_fn(
            |cx| match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => std::task::Poll::Ready(Err(panic)),
            },
        )
        .await
    };
    let commit = matches!(outcome, Ok(Ok(_)));
    if commit && running.has_hooks() {
        // What was committed has to be followed by its hooks, also if the caller goes away just now.
        let finish = async move {
            running.0.end(true).await?;
            running.run_hooks().await
        };
        return match nuages_bridge::spawn(finish).await {
            Ok(ended) => conclude(outcome, ended),
            Err(error) => Err(Error::other(error).into()),
        };
    }
    let ended = running.0.end(commit).await;
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

/// Runs statements of our own, all or none. In place, where the caller may block.
pub(crate) async fn run_all(database: Database, holder: Holder, calls: Vec<Call>) -> Result<(), Error> {
    let running = Running(Level::begin(database, false, holder).await?);
    for call in calls {
        if let Err(error) = running.0.call(call, holder).await {
            running.0.end(false).await?;
            return Err(error);
        }
    }
    running.0.end(true).await
}
