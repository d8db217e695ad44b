//! Sync code for async callers.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crate::context::Context;
use crate::{BridgeError, hops, job, parallel, scope};

/// Runs sync code on a thread that may block, for async code to `.await`.
///
/// The code is **sticky**: within one [`SyncScope`](crate::SyncScope) (a request; without one, within one tokio task) all of it runs on the same thread,
/// one piece after the other, because thread-locals and C libraries demand it. Where a thread waits for this future
/// ([`async_to_sync`](crate::async_to_sync)), it runs on that very thread. [`parallel`](SyncToAsync::parallel) opts out.
///
/// The [`Context`] goes along, and what the code changes in it comes back. A panic crosses, with its payload.
///
/// A fallible `f` is awaited with two question marks: the outer error is the bridge's, the inner one the code's own.
///
/// # Examples
///
/// ```
/// use nuages_bridge::sync_to_async;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = sync_to_async(|| std::fs::read_to_string("Cargo.toml")).await??;
/// assert!(text.contains("[package]"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [Overloaded](BridgeError::is_overloaded) where all threads stay busy for the whole [wait time](crate::WAIT_TIME).
///
/// # Cancel safety
///
/// Dropping the future cancels code that has not started. Code that has started runs on; it can ask [`cancelled`](crate::cancelled).
pub fn sync_to_async<F, T>(f: F) -> SyncToAsync<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    SyncToAsync { f, sticky: true }
}

/// Sync code that waits to be awaited. Made by [`sync_to_async`].
#[must_use = "sync code does not run until it is `.await`ed"]
pub struct SyncToAsync<F> {
    f: F,
    sticky: bool,
}

impl<F> SyncToAsync<F> {
    /// Lets the code run on any thread, beside other code of the same scope. For what needs no thread of its own: hashing, compression, files.
    pub fn parallel(mut self) -> Self {
        self.sticky = false;
        self
    }
}

impl<F> fmt::Debug for SyncToAsync<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncToAsync")
            .field("sticky", &self.sticky)
            .finish_non_exhaustive()
    }
}

impl<F, T> IntoFuture for SyncToAsync<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = Result<T, BridgeError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, BridgeError>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        if self.sticky {
            Box::pin(sticky(self.f))
        } else {
            Box::pin(parallel(self.f))
        }
    }
}

async fn sticky<F, T>(f: F) -> Result<T, BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let mut context = Context::current();
    if let Some(home) = context.home().cloned() {
        let (job, running) = job::prepare(f, context);
        // Where every wait around this code has ended, the code that was to run goes the ordinary way.
        match home.submit(job) {
            Ok(seat) => {
                if !seat.is_this_thread() {
                    hops::count_to_thread();
                }
                return running.finish().await;
            }
            Err(job) => {
                let scope = Context::current()
                    .scope_inner()
                    .cloned()
                    .unwrap_or_else(scope::ambient);
                scope.seat().await?.submit(job);
                hops::count_to_thread();
                return running.finish().await;
            }
        }
    }
    let scope = match context.scope_inner() {
        Some(scope) => std::sync::Arc::clone(scope),
        None => {
            let scope = scope::ambient();
            context.replace_scope(Some(std::sync::Arc::clone(&scope)));
            scope
        }
    };
    let seat = scope.seat().await?;
    let (job, running) = job::prepare(f, context);
    seat.submit(job);
    hops::count_to_thread();
    running.finish().await
}

async fn parallel<F, T>(f: F) -> Result<T, BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (job, running) = job::prepare(f, Context::current());
    parallel::submit(job)?;
    hops::count_to_thread();
    running.finish().await
}
