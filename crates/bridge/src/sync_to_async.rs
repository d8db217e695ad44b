//! Sync code for async callers.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;

use tokio::task::LocalKey;

use crate::context::Context;
use crate::{BridgeError, hops, job, parallel, scope, shutdown};

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
/// [Overloaded](BridgeError::is_overloaded) where all threads stay busy for the whole [wait time](crate::WAIT_TIME), and
/// [stuck](BridgeError::is_stuck) where other sync code keeps the thread of the scope for that long.
///
/// # Cancel safety
///
/// Dropping the future cancels code that has not started. Code that has started runs on; it can ask [`cancelled`](crate::cancelled), and what it
/// waits for through the bridge is dropped, so that it gets an error there. [`shield`](crate::shield) protects what has to finish.
#[track_caller]
pub fn sync_to_async<F, T>(f: F) -> SyncToAsync<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    SyncToAsync {
        f,
        sticky: true,
        location: Location::caller(),
    }
}

/// Sync code that waits to be awaited. Made by [`sync_to_async`].
#[must_use = "sync code does not run until it is `.await`ed"]
pub struct SyncToAsync<F> {
    f: F,
    sticky: bool,
    location: &'static Location<'static>,
}

impl<F> SyncToAsync<F> {
    /// Lets the code run on any thread, beside other code of the same scope. For what needs no thread of its own: hashing, compression, files.
    pub fn parallel(mut self) -> Self {
        self.sticky = false;
        self
    }
}

impl<F, T> SyncToAsync<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    /// Runs the code with the values of this [`Context`] instead of the caller's. Its changes stay in it: the caller sees none of them.
    ///
    /// A context is a snapshot, so pieces of code that were given clones of one don't see each other's changes either. What they are to share goes into a
    /// value that can be shared, such as an `Arc<Mutex<_>>`. The thread is still the caller's.
    pub fn context(self, mut context: Context) -> SyncToAsync<impl FnOnce() -> T + Send + 'static> {
        let _stay = context.take_critical();
        let f = self.f;
        SyncToAsync {
            f: move || context.run(f),
            sticky: self.sticky,
            location: self.location,
        }
    }

    /// Carries a variable of `tokio::task_local!` along: the code sees a clone of the value that it has here, if it has one.
    ///
    /// On the way back, under [`async_to_sync`](crate::async_to_sync), a task-local is seen without help: the future is polled on the same thread.
    /// Variables of your own crates are better [`Local`](crate::Local)s, which need no carrying.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_bridge::sync_to_async;
    ///
    /// tokio::task_local! { static TENANT: &'static str; }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), nuages_bridge::BridgeError> {
    /// TENANT
    ///     .scope("acme", async {
    ///         let tenant = sync_to_async(|| TENANT.get()).task_local(&TENANT).await?;
    ///         assert_eq!(tenant, "acme");
    ///         Ok(())
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn task_local<V>(self, key: &'static LocalKey<V>) -> SyncToAsync<impl FnOnce() -> T + Send + 'static>
    where
        V: Clone + Send + 'static,
    {
        let value = key.try_with(Clone::clone).ok();
        let f = self.f;
        SyncToAsync {
            f: move || match value {
                Some(value) => key.sync_scope(value, f),
                None => f(),
            },
            sticky: self.sticky,
            location: self.location,
        }
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
            Box::pin(sticky(self.f, self.location))
        } else {
            Box::pin(parallel(self.f, self.location))
        }
    }
}

async fn sticky<F, T>(f: F, location: &'static Location<'static>) -> Result<T, BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let mut context = Context::current();
    shutdown::check(context.home().is_some())?;
    if let Some(home) = context.home().cloned() {
        let (job, running) = job::prepare(f, context, location);
        // Where every wait around this code has ended, the code that was to run goes the ordinary way.
        match home.submit(job) {
            Ok(seat) => {
                if !seat.is_this_thread() {
                    hops::count_to_thread();
                }
                return running.finish(Some(&seat)).await;
            }
            Err(job) => {
                let scope = Context::current()
                    .scope_inner()
                    .cloned()
                    .unwrap_or_else(scope::ambient);
                let seat = scope.seat().await?;
                seat.submit(job);
                hops::count_to_thread();
                return running.finish(Some(seat)).await;
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
    let (job, running) = job::prepare(f, context, location);
    seat.submit(job);
    hops::count_to_thread();
    running.finish(Some(seat)).await
}

async fn parallel<F, T>(f: F, location: &'static Location<'static>) -> Result<T, BridgeError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let context = Context::current();
    shutdown::check(context.home().is_some())?;
    let holder = context.held().is_some();
    let home = context.home().cloned();
    let (job, running) = job::prepare(f, context, location);
    let seat = parallel::submit(job, holder, home.as_ref())?;
    if seat.as_ref().is_none_or(|seat| !seat.is_this_thread()) {
        hops::count_to_thread();
    }
    running.finish(seat.as_deref()).await
}
