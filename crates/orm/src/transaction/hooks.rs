//! What is done once the outermost transaction is committed.

use std::fmt::{self, Display};
use std::future::Future;

use nuages_bridge::sync_to_async;
use tokio::runtime::Handle;

use super::level::TRANSACTION;
use crate::driver::BoxFuture;

/// Runs code after the outermost `atomic` around this call has committed, and not at all if it is rolled back.
///
/// For what cannot be taken back: a mail, a message to another program. Hooks run in the order in which they were registered, before the `atomic` returns to its
/// caller, and outside the transaction. A savepoint that is rolled back takes its hooks with it. The transaction is final, so a hook that
/// fails or panics is logged, and the others run.
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
    let hook = hook.queued();
    match TRANSACTION.get() {
        Some(level) => level.hooks().push(hook),
        None => {
            let now = async move { run_one(hook).await };
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
pub enum Queued {
    Sync(Box<dyn FnOnce() -> Option<String> + Send>),
    Async(Box<dyn FnOnce() -> BoxFuture<'static, Option<String>> + Send>),
}

impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}

mod sealed {
    use super::{AsyncHook, Future, HookResult, Queued, SyncHook};

    pub trait Sealed<M> {
        fn queued(self) -> Queued;
    }

    impl<F, R> Sealed<SyncHook> for F
    where
        F: FnOnce() -> R + Send + 'static,
        R: HookResult,
    {
        fn queued(self) -> Queued {
            Queued::Sync(Box::new(move || self().error()))
        }
    }

    impl<F, Fut> Sealed<AsyncHook> for F
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: HookResult> + Send + 'static,
    {
        fn queued(self) -> Queued {
            Queued::Async(Box::new(move || Box::pin(async move { self().await.error() })))
        }
    }
}

/// Runs hooks, one after the other.
pub(super) async fn run(hooks: Vec<Queued>) {
    for hook in hooks {
        run_one(hook).await;
    }
}

async fn run_one(hook: Queued) {
    // In a task of its own, so that a panic ends it and nothing else.
    let ran = nuages_bridge::spawn(async move {
        match hook {
            Queued::Sync(hook) => match sync_to_async(hook).await {
                Ok(error) => error,
                Err(error) => Some(error.to_string()),
            },
            Queued::Async(hook) => hook().await,
        }
    });
    match ran.await {
        Ok(None) => {}
        Ok(Some(error)) => {
            tracing::error!(%error, "an `on_commit` hook failed; its transaction is committed")
        }
        Err(error) => tracing::error!(%error, "an `on_commit` hook panicked; its transaction is committed"),
    }
}
