//! A transaction that is run again when others were in its way.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::time::Duration;

use nuages_bridge::OpFuture;

use super::atomic::{Atomic, Options};
use super::body::{AsyncBody, Body, SyncBody};
use crate::lease::Isolation;
use crate::{Database, Error, Op, Result};

/// How often it is run altogether.
const TIMES: u32 = 3;

/// As [`atomic`](crate::atomic), and again from its beginning where another transaction was in the way (the error
/// [`is_contention`](Error::is_contention)): a failure to serialise, a deadlock, a lock that was not to be had.
///
/// The body runs up to three times, or as often as [`times`](AtomicRetry::times) says, with a short random pause before each other time. So what it does beside
/// the database has to be fit for that; what follows the commit belongs into [`on_commit`](crate::on_commit). It has to be the outermost `atomic`: a savepoint alone
/// can't be run again. A commit whose answer was lost ([`is_commit_unknown`](Error::is_commit_unknown)) is not run again, since it may have happened.
///
/// # Examples
///
/// ```
/// use nuages_orm::transaction::Isolation;
/// use nuages_orm::{Database, Result, atomic_retry, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// # db.sync_scope(|| -> Result<()> {
/// raw("CREATE TABLE day (number integer)").execute().wait()?;
/// let settle = || raw("INSERT INTO day (number) VALUES (1)").execute().wait();
/// atomic_retry(settle).isolation(Isolation::Serializable).times(5).wait()?;
/// # Ok(()) }) }
/// ```
///
/// # Errors
///
/// Those of [`atomic`](crate::atomic); the last one where each time failed.
#[track_caller]
pub fn atomic_retry<'a, B, M>(body: B) -> AtomicRetry<'a, B, M>
where
    B: Body<M, Error>,
{
    let mut options = Options::new("atomic_retry");
    options.durable = true;
    AtomicRetry {
        body,
        options,
        times: TIMES,
        _types: PhantomData,
    }
}

/// A transaction that has not begun: see [`atomic_retry`].
#[must_use = "a transaction does nothing until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct AtomicRetry<'a, B, M> {
    body: B,
    options: Options,
    times: u32,
    _types: PhantomData<Types<'a, M>>,
}

/// What an [`AtomicRetry`] is about, without holding any of it.
type Types<'a, M> = (fn() -> M, &'a ());

impl<B, M> AtomicRetry<'_, B, M> {
    /// In this database, and not the current one.
    pub fn using(mut self, database: &Database) -> Self {
        self.options.using = Some(database.clone());
        self
    }

    /// How often it is run altogether, at most. 3 by default.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// How much it sees of others that run beside it.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.options.mode.isolation = Some(isolation);
        self
    }

    /// Lets it read only.
    pub fn read_only(mut self) -> Self {
        self.options.mode.read_only = true;
        self
    }
}

impl<F, T> AtomicRetry<'_, F, SyncBody>
where
    F: FnMut() -> Result<T>,
{
    /// Runs it on this thread, for sync code.
    ///
    /// # Errors
    ///
    /// As [`atomic_retry`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T> {
        let Self {
            mut body,
            options,
            times,
            ..
        } = self;
        let mut ran = 1;
        loop {
            match Atomic::<_, SyncBody, Error>::with(&mut body, options.clone()).wait() {
                Err(error) if is_worth_another(&error, ran, times) => {
                    Op::leaf("atomic_retry", pause(ran)).wait()?;
                    ran += 1;
                }
                result => return result,
            }
        }
    }
}

impl<F, Fut, T> AtomicRetry<'_, F, AsyncBody>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<T>> + Send,
    T: Send,
{
    /// Runs it, for sync code.
    ///
    /// # Errors
    ///
    /// As [`atomic_retry`] says; on an event loop it is refused before anything runs.
    #[track_caller]
    pub fn wait(self) -> Result<T> {
        let op: Op<'_, T> = Op::new("atomic_retry", run(self.body, self.options, self.times));
        op.wait()
    }
}

impl<'a, F, Fut, T> IntoFuture for AtomicRetry<'a, F, AsyncBody>
where
    F: FnMut() -> Fut + Send + 'a,
    Fut: Future<Output = Result<T>> + Send + 'a,
    T: Send + 'a,
{
    type Output = Result<T>;
    type IntoFuture = OpFuture<'a, T, Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        Op::new("atomic_retry", run(self.body, self.options, self.times)).without_deadline()
    }
}

impl<F, T> IntoFuture for AtomicRetry<'static, F, SyncBody>
where
    F: FnMut() -> Result<T> + Clone + Send + 'static,
    T: Send + 'static,
{
    type Output = Result<T>;
    type IntoFuture = OpFuture<'static, T, Error>;

    /// Each time it runs on the request's thread for sync code, as a clone.
    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        let Self {
            body, options, times, ..
        } = self;
        let body = move || {
            let body = body.clone();
            async move { nuages_bridge::sync_to_async(body).await? }
        };
        Op::new("atomic_retry", run(body, options, times)).without_deadline()
    }
}

impl<B, M> fmt::Debug for AtomicRetry<'_, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicRetry")
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

async fn run<F, Fut, T>(mut body: F, options: Options, times: u32) -> Result<T>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<T>> + Send,
    T: Send,
{
    let mut ran = 1;
    loop {
        match Atomic::<_, AsyncBody, Error>::with(&mut body, options.clone()).await {
            Err(error) if is_worth_another(&error, ran, times) => {
                pause(ran).await?;
                ran += 1;
            }
            result => return result,
        }
    }
}

fn is_worth_another(error: &Error, ran: u32, times: u32) -> bool {
    let again = error.is_contention() && ran < times;
    if again {
        tracing::debug!(%error, ran, "a transaction is run again");
    }
    again
}

/// Up to 10 ms, 20 ms, 40 ms, and so on up to a second: at random, so that those who met don't meet again.
async fn pause(ran: u32) -> Result<()> {
    let most = 10_u64.saturating_mul(1 << ran.saturating_sub(1).min(7)).min(1000);
    let random = uuid::Uuid::now_v7().as_u64_pair().1;
    tokio::time::sleep(Duration::from_millis(random % (most + 1))).await;
    Ok(())
}
