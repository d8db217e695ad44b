//! Sync code for async callers.

mod call;

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::panic::Location;

use tokio::task::LocalKey;

use crate::BridgeError;
use crate::context::Context;

pub use call::SyncToAsyncFuture;
use call::Way;

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
/// [stuck](BridgeError::is_stuck) where other sync code keeps the thread of the scope for that long. Of a [deadlock](BridgeError::is_deadlock) where all
/// threads belong to scopes that wait for what the caller holds. [Past the deadline](BridgeError::is_past_deadline) where the caller's
/// [`Deadline`](crate::Deadline) passes before the code has ended.
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
        way: Way::Sticky,
        location: Location::caller(),
        kind: PhantomData,
    }
}

/// Sync code that waits to be awaited. Made by [`sync_to_async`]; its second parameter says whether it is [`Sticky`] or [`Parallel`].
#[must_use = "sync code does not run until it is `.await`ed"]
pub struct SyncToAsync<F, K = Sticky> {
    f: F,
    way: Way,
    location: &'static Location<'static>,
    kind: PhantomData<fn() -> K>,
}

/// Of [`SyncToAsync`]: the code runs on the thread of its scope.
#[derive(Debug)]
pub enum Sticky {}

/// Of [`SyncToAsync`]: the code runs on any thread.
#[derive(Debug)]
pub enum Parallel {}

/// A piece of sync code that is ready to run, for an [executor](SyncToAsync::executor). Calling it runs the code; dropping it unrun cancels it.
pub type Work = Box<dyn FnOnce() + Send>;

impl<F> SyncToAsync<F, Sticky> {
    /// Lets the code run on any thread, beside other code of the same scope. For what needs no thread of its own: hashing, compression, files.
    pub fn parallel(self) -> SyncToAsync<F, Parallel> {
        SyncToAsync {
            f: self.f,
            way: Way::Parallel,
            location: self.location,
            kind: PhantomData,
        }
    }
}

impl<F> SyncToAsync<F, Parallel> {
    /// Hands the code to a pool of yours instead of the bridge's threads: `spawn` gets it, once a call, and passes it on. The bridge's limits on threads
    /// and queues are not those of that pool; everything else is as ever.
    ///
    /// The code has to leave this thread: on an event loop it refuses to run, with an error. Sticky code has its thread already, so that only parallel
    /// code has this method.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_bridge::{Work, sync_to_async};
    /// use std::sync::mpsc;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), nuages_bridge::BridgeError> {
    /// // A pool of one thread, as rayon's would be of several: `.executor(|work| rayon::spawn(work))`.
    /// let (pool, works) = mpsc::channel::<Work>();
    /// let one = std::thread::spawn(move || works.into_iter().for_each(|work| work()));
    /// let there = one.thread().id();
    ///
    /// let sum = sync_to_async(move || {
    ///     assert_eq!(std::thread::current().id(), there);
    ///     (1..=10).sum::<u32>()
    /// });
    /// let sum = sum.parallel().executor(move |work| pool.send(work).expect("the pool lives")).await?;
    /// assert_eq!(sum, 55);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [Cancelled](BridgeError::is_cancelled) where the pool drops the code unrun.
    pub fn executor(mut self, spawn: impl FnOnce(Work) + Send + 'static) -> Self {
        self.way = Way::Executor(Box::new(spawn));
        self
    }
}

impl<F, K> SyncToAsync<F, K> {
    /// The same with other code around it.
    fn with<G>(self, code: impl FnOnce(F) -> G) -> SyncToAsync<G, K> {
        SyncToAsync {
            f: code(self.f),
            way: self.way,
            location: self.location,
            kind: PhantomData,
        }
    }
}

impl<F, K, T> SyncToAsync<F, K>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    /// Runs the code with the values of this [`Context`] instead of the caller's. Its changes stay in it: the caller sees none of them.
    ///
    /// A context is a snapshot, so pieces of code that were given clones of one don't see each other's changes either. What they are to share goes into a
    /// value that can be shared, such as an `Arc<Mutex<_>>`. The thread is still the caller's.
    pub fn context(self, mut context: Context) -> SyncToAsync<impl FnOnce() -> T + Send + 'static, K> {
        let _stay = context.take_critical();
        self.with(|f| move || context.run(f))
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
    pub fn task_local<V>(
        self,
        key: &'static LocalKey<V>,
    ) -> SyncToAsync<impl FnOnce() -> T + Send + 'static, K>
    where
        V: Clone + Send + 'static,
    {
        let value = key.try_with(Clone::clone).ok();
        self.with(|f| {
            move || match value {
                Some(value) => key.sync_scope(value, f),
                None => f(),
            }
        })
    }
}

impl<F, K> fmt::Debug for SyncToAsync<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncToAsync")
            .field("way", &self.way.name())
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl<F, K, T> IntoFuture for SyncToAsync<F, K>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = Result<T, BridgeError>;
    type IntoFuture = SyncToAsyncFuture<F, T>;

    fn into_future(self) -> Self::IntoFuture {
        SyncToAsyncFuture::new(self.f, self.way, self.location)
    }
}
