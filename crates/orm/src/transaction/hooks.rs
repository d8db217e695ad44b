//! What is done once the outermost transaction is committed.

use std::fmt::{self, Display};
use std::future::Future;

use nuages_bridge::sync_to_async;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use super::level::TRANSACTION;
use crate::driver::BoxFuture;
use crate::{Error, Result};

/// Runs code after the outermost `atomic` around this call has committed, and not at all if it is rolled back.
///
/// For what cannot be taken back: a mail, a message to another program. Hooks run in the order in which they were registered, before the `atomic` returns to its
/// caller, and outside the transaction. A savepoint that is rolled back takes its hooks with it. The transaction is final, so a hook that
/// fails or panics is logged, and the others run; [`on_commit_or_fail`] is for a failure that the caller has to know of.
///
/// Outside any transaction there is nothing to wait for, and the hook is started at once: on a plain thread it has run when this returns, in an async
/// program it runs in a task of its own.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, Result, atomic, on_commit};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// let (sender, mails) = std::sync::mpsc::channel();
/// atomic(|| {
///     let sender = sender.clone();
///     on_commit(async move || sender.send("your order is on its way"));
///     assert!(mails.try_recv().is_err());
///     Ok(())
/// })
/// .using(&db)
/// .wait()?;
/// assert_eq!(mails.try_recv(), Ok("your order is on its way"));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Once the commit was sent, the hooks run to their end, also if the caller of the `atomic` has gone.
pub fn on_commit<M>(hook: impl Hook<M>) {
    register(hook.queued());
}

/// As [`on_commit`], for what the caller has to know of: where the hook fails, the `atomic` gives its error, and the hooks after it don't run.
///
/// That error [`is_after_commit`](Error::is_after_commit): the transaction stays committed. A panic goes on in the caller. Outside any transaction a failure is logged.
pub fn on_commit_or_fail<M>(hook: impl Hook<M>) {
    let mut hook = hook.queued();
    hook.or_fail = true;
    register(hook);
}

fn register(hook: Queued) {
    match TRANSACTION.get().and_then(|level| level.transaction()) {
        Some(level) => level.hooks().push(hook),
        None => {
            let now = async move {
                if let Err(error) = run(vec![hook]).await {
                    tracing::error!(%error, source = ?std::error::Error::source(&error), "an `on_commit` hook failed");
                }
            };
            match Handle::try_current() {
                Ok(_) => drop(nuages_bridge::spawn(now)),
                Err(_) => {
                    if let Err(error) = nuages_bridge::async_to_sync(now) {
                        tracing::error!(%error, "an `on_commit` hook could not run");
                    }
                }
            }
        }
    }
}

/// Marks a hook that is sync code.
#[derive(Debug)]
pub struct SyncHook(());

/// Marks a hook that is async code.
#[derive(Debug)]
pub struct AsyncHook(());

/// Code for [`on_commit`]: a closure or an async closure that owns what it uses, and returns nothing or a `Result`.
#[diagnostic::on_unimplemented(
    message = "`on_commit` cannot run this",
    label = "not a closure that owns what it uses, and returns nothing or a `Result`",
    note = "write `on_commit(async move || ..)`, or `on_commit(move || ..)` for sync code"
)]
pub trait Hook<M>: sealed::Sealed<M> {}

impl<M, F: sealed::Sealed<M>> Hook<M> for F {}

/// What a hook may return: nothing, or a `Result` whose error is logged.
pub trait HookResult: Send + 'static {
    /// The error's text, if there is one.
    fn error(self) -> Option<String>;
}

impl HookResult for () {
    fn error(self) -> Option<String> {
        None
    }
}

impl<T: Send + 'static, E: Display + Send + 'static> HookResult for Result<T, E> {
    fn error(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// A hook that waits for the commit.
pub struct Queued {
    work: Work,
    or_fail: bool,
}

enum Work {
    Sync(Box<dyn FnOnce() -> Option<String> + Send>),
    Async(Box<dyn FnOnce() -> BoxFuture<'static, Option<String>> + Send>),
}

impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.work {
            Work::Sync(_) => "Sync",
            Work::Async(_) => "Async",
        })
    }
}

impl From<Work> for Queued {
    fn from(work: Work) -> Self {
        Self { work, or_fail: false }
    }
}

mod sealed {
    use super::{AsyncHook, Future, HookResult, Queued, SyncHook, Work};

    pub trait Sealed<M> {
        fn queued(self) -> Queued;
    }

    impl<F, R> Sealed<SyncHook> for F
    where
        F: FnOnce() -> R + Send + 'static,
        R: HookResult,
    {
        fn queued(self) -> Queued {
            Work::Sync(Box::new(move || self().error())).into()
        }
    }

    impl<F, Fut> Sealed<AsyncHook> for F
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: HookResult> + Send + 'static,
    {
        fn queued(self) -> Queued {
            Work::Async(Box::new(move || Box::pin(async move { self().await.error() }))).into()
        }
    }
}

/// Runs hooks, one after the other.
///
/// # Errors
///
/// That of the first one whose failure the caller has to know of; those after it are not run.
pub(super) async fn run(hooks: Vec<Queued>) -> Result<()> {
    let mut hooks = hooks.into_iter();
    while let Some(Queued { work, or_fail }) = hooks.next() {
        let failed = match run_one(work).await {
            Ok(None) => continue,
            Ok(Some(error)) => error,
            Err(error) if or_fail && error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => error.to_string(),
        };
        if or_fail {
            let left = hooks.len();
            tracing::error!(error = %failed, left, "an `on_commit_or_fail` hook failed; its transaction is committed, and the hooks after it don't run");
            return Err(Error::hook(failed));
        }
        tracing::error!(error = %failed, "an `on_commit` hook failed; its transaction is committed");
    }
    Ok(())
}

async fn run_one(work: Work) -> Result<Option<String>, JoinError> {
    // In a task of its own, so that a panic ends it and nothing else.
    let ran = nuages_bridge::spawn(async move {
        match work {
            Work::Sync(hook) => match sync_to_async(hook).await {
                Ok(error) => error,
                Err(error) => Some(error.to_string()),
            },
            Work::Async(hook) => hook().await,
        }
    });
    ran.await
}
