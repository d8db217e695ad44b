//! Which thread a piece of work's sync code sticks to: asgiref's `ThreadSensitiveContext`.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::sync::OnceCell;

use crate::BridgeError;
use crate::config::config;
use crate::context::with_current;
use crate::deadlock::Held;
use crate::seat::Seat;
use crate::sync::thread::{self, ThreadId};
use crate::sync::thread_local;
use crate::sync::{Instant, LazyLock, Mutex, MutexGuard, PoisonError, process};
use crate::threads::{self, Lease};

/// A scope: a request, most often. Its sticky sync code runs on one thread, which no other live scope uses.
#[derive(Default)]
pub(crate) struct ScopeInner {
    /// Leased when the first sync code comes; a scope without any starts no thread.
    lease: OnceCell<Lease>,
    /// Whether the thread is to be one that nobody had before and nobody gets after.
    fresh: bool,
}

thread_local! {
    /// The last scope that ended here without any sync code, for the next one: most requests have none.
    static SPARE: Cell<Option<Arc<ScopeInner>>> = const { Cell::new(None) };
}

impl ScopeInner {
    /// A scope that has no thread yet.
    pub(crate) fn spare() -> Arc<Self> {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }

    /// The end of a scope that came from [`spare`](Self::spare).
    pub(crate) fn ended(mut scope: Arc<Self>) {
        let unused = Arc::get_mut(&mut scope).is_some_and(|scope| !scope.lease.initialized() && !scope.fresh);
        if unused {
            let _ = SPARE.try_with(|spare| spare.set(Some(scope)));
        }
    }

    /// The thread, if the scope has one already.
    pub(crate) fn seat(&self) -> Option<&Arc<Seat>> {
        self.lease.get().map(Lease::seat)
    }

    /// The thread, leased for the sync code made there if the scope has none yet.
    pub(crate) async fn seat_for(
        &self,
        location: &'static Location<'static>,
    ) -> Result<Arc<Seat>, BridgeError> {
        let lease = || threads::lease(self.fresh, location);
        let lease = self.lease.get_or_try_init(lease).await?;
        Ok(Arc::clone(lease.seat()))
    }

    /// The thread as something that is held, if the scope has one.
    pub(crate) fn held(&self) -> Option<&Held> {
        self.lease.get().map(Lease::held)
    }
}

/// Keeps the sticky sync code of one piece of work on one thread: thread-locals and C libraries demand it.
///
/// The thread is leased when the first sync code comes, is shared with no other live scope, and goes back when the scope and the sync code in it have
/// ended. A scope inside a scope is the outer one. Under a waiting thread ([`async_to_sync`](crate::async_to_sync), [`Op::wait`](crate::Op::wait))
/// sync code runs on that thread instead. Without a scope, the tokio task is the scope, and its thread is kept while it is used at least every ten
/// seconds (nobody can tell when a bare task ends).
///
/// # Examples
///
/// ```
/// use nuages_bridge::{sync_to_async, SyncScope};
/// use std::thread;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), nuages_bridge::BridgeError> {
/// SyncScope::new()
///     .run(async {
///         let first = sync_to_async(|| thread::current().id()).await?;
///         let second = sync_to_async(|| thread::current().id()).await?;
///         assert_eq!(first, second);
///         Ok(())
///     })
///     .await
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "a scope does nothing until it runs a future"]
pub struct SyncScope {
    fresh: bool,
}

impl SyncScope {
    /// A scope that has no thread yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the scope a thread of its own that no other scope had before or gets afterwards, for code that leaves thread-locals behind or minds those of others.
    ///
    /// It costs the start of a thread. The scope which leases the thread decides: inside another scope, or under a waiting thread, it changes nothing.
    pub fn fresh_thread(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// Runs a future in this scope, or in the one around it.
    pub fn run<F: Future>(self, future: F) -> SyncScopeFuture<F> {
        SyncScopeFuture {
            scope: None,
            fresh: self.fresh,
            future,
        }
    }
}

pin_project! {
    /// The future of [`SyncScope::run`].
    #[must_use = "futures do nothing unless polled"]
    pub struct SyncScopeFuture<F> {
        // Made by the first poll, unless there is a scope around this one.
        scope: Option<Arc<ScopeInner>>,
        fresh: bool,
        #[pin]
        future: F,
    }
}

impl<F> fmt::Debug for SyncScopeFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncScopeFuture").finish_non_exhaustive()
    }
}

impl<F: Future> Future for SyncScopeFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        /// Leaves the scope, also when the future panics.
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                with_current(|current| current.replace_scope(None));
            }
        }
        let this = self.project();
        let entered = with_current(|current| {
            let outermost = current.scope_inner().is_none();
            if outermost {
                let fresh = *this.fresh;
                let scope = this.scope.get_or_insert_with(|| {
                    Arc::new(ScopeInner {
                        fresh,
                        ..ScopeInner::default()
                    })
                });
                current.replace_scope(Some(Arc::clone(scope)));
            }
            outermost
        });
        let _leave = entered.then(|| Leave);
        this.future.poll(cx)
    }
}

/// Who stands for a scope where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Ambient {
    Task(tokio::task::Id),
    Thread(ThreadId),
}

struct Entry {
    scope: Arc<ScopeInner>,
    used: Instant,
}

impl Entry {
    /// Whether none of its sync code is under way.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.scope) == 1
    }
}

process! {
    static AMBIENT: LazyLock<Mutex<HashMap<Ambient, Entry>>> = LazyLock::new(Mutex::default);
}

fn ambient_scopes() -> MutexGuard<'static, HashMap<Ambient, Entry>> {
    AMBIENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A scope as long as a piece of its sync code is under way.
pub(crate) struct InUse {
    scope: Option<Arc<ScopeInner>>,
    ambient: bool,
}

impl Deref for InUse {
    type Target = Arc<ScopeInner>;

    fn deref(&self) -> &Arc<ScopeInner> {
        match &self.scope {
            Some(scope) => scope,
            None => unreachable!("only the end takes it"),
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        drop(self.scope.take());
        if self.ambient {
            threads::give_back_where_awaited();
        }
    }
}

/// The scope of this context or, where it has none, the one of the task.
pub(crate) fn of(context: &crate::Context) -> InUse {
    let explicit = context.scope_inner().cloned();
    let ambient = explicit.is_none();
    InUse {
        scope: Some(explicit.unwrap_or_else(ambient_scope)),
        ambient,
    }
}

/// The scope of the tokio task that runs here or, outside of any, of this thread.
fn ambient_scope() -> Arc<ScopeInner> {
    let key = tokio::task::try_id().map_or_else(|| Ambient::Thread(thread::current().id()), Ambient::Task);
    let mut scopes = ambient_scopes();
    let entry = scopes.entry(key).or_insert_with(|| Entry {
        scope: Arc::default(),
        used: Instant::now(),
    });
    entry.used = Instant::now();
    Arc::clone(&entry.scope)
}

/// Gives back the threads of tasks that have not used theirs for a while.
pub(crate) fn forget_idle_tasks() {
    let mut forgotten = Vec::new();
    ambient_scopes().retain(|_, entry| {
        let keep = !entry.is_idle() || entry.used.elapsed() < config().idle_time;
        if !keep {
            forgotten.push(Arc::clone(&entry.scope));
        }
        keep
    });
    // Outside the lock: a lease's end wakes a thread, which may come here.
    drop(forgotten);
}

/// Gives back the thread of the task that has not used its own for longest, for somebody who waits for one.
pub(crate) fn release_one_idle_task() {
    let mut scopes = ambient_scopes();
    let oldest = scopes
        .iter()
        .filter(|(_, entry)| entry.is_idle())
        .min_by_key(|(_, entry)| entry.used)
        .map(|(key, _)| *key);
    let released = oldest.and_then(|key| scopes.remove(&key));
    drop(scopes);
    drop(released);
}
