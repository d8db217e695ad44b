//! The context: what belongs to a request, and follows its work.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::deadlock::Node;
use crate::home::HomeLink;
use crate::scope::ScopeInner;
use crate::sync::thread_local;
use crate::{debug, slow};

/// A value of a [`Local`](crate::Local), by the address of its `static`.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: usize,
    pub(crate) name: &'static str,
    pub(crate) inherited: bool,
    /// Never crosses a hop.
    pub(crate) critical: bool,
    pub(crate) value: Arc<dyn Any + Send + Sync>,
}

/// The values of a context. Few, so that a scan beats a hash; shared until one side writes.
pub(crate) type Values = Option<Arc<Vec<Entry>>>;

/// The values that belong to one piece of work, and where its sync code runs.
///
/// A context is current on a thread while its work runs there. It follows the work through `.await`, onto the threads of
/// [`sync_to_async`](crate::sync_to_async) and back, changes included. It is a cheap handle: a clone is a snapshot, and changing one leaves the other as it was.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{Context, Local};
///
/// static LANGUAGE: Local<String> = Local::new("language");
///
/// LANGUAGE.set("fr".to_owned());
/// let snapshot = Context::current();
/// LANGUAGE.set("nl".to_owned());
/// assert_eq!(snapshot.run(|| LANGUAGE.get()), Some("fr".to_owned()));
/// assert_eq!(LANGUAGE.get(), Some("nl".to_owned()));
/// ```
#[derive(Clone, Default)]
pub struct Context {
    values: Values,
    /// The waiting thread, if any, on which sticky work runs.
    home: Option<Arc<HomeLink>>,
    /// The scope whose leased thread runs sticky work, where no thread waits.
    scope: Option<Arc<ScopeInner>>,
    /// What this work is inside of, for the graph of waits.
    held: Option<Arc<Node>>,
    /// Whether somebody made this context for the work at hand; false: it is what a thread has of itself.
    entered: bool,
}

thread_local! {
    static CURRENT: RefCell<Context> = const {
        RefCell::new(Context { values: None, home: None, scope: None, held: None, entered: false })
    };
}

pub(crate) fn with_current<R>(f: impl FnOnce(&mut Context) -> R) -> R {
    // Asked first, since passing `f` on through a failed `try_with` costs several times what the call itself does.
    if CURRENT.try_with(|_| ()).is_ok() {
        CURRENT.with_borrow_mut(f)
    } else {
        outside_of_any(f)
    }
}

/// Destructors ask for the context too, even those that run when the thread's own storage is gone already.
#[cold]
fn outside_of_any<R>(f: impl FnOnce(&mut Context) -> R) -> R {
    f(&mut Context::default())
}

/// Puts the outer context back into its place, and the inner one into `self.0`, also when the work unwinds.
struct Swap<'a>(&'a mut Context);

impl<'a> Swap<'a> {
    fn new(context: &'a mut Context) -> Self {
        with_current(|current| mem::swap(current, context));
        Self(context)
    }
}

impl Drop for Swap<'_> {
    fn drop(&mut self) {
        with_current(|current| mem::swap(current, self.0));
    }
}

#[cold]
fn extract_critical(values: &mut Arc<Vec<Entry>>) -> Vec<Entry> {
    Arc::make_mut(values)
        .extract_if(.., |entry| entry.critical)
        .collect()
}

impl Context {
    /// A snapshot of the context in which this code runs.
    #[must_use]
    pub fn current() -> Self {
        with_current(|current| current.clone())
    }

    /// A context without values, whose sync work has no thread yet.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A snapshot for what outlives the present work, as the body of a response outlives its view: with the values that a [spawned task](spawn) inherits, and
    /// without the thread that is leased to the present work, which would be kept for as long.
    #[must_use]
    pub fn detached(self) -> Self {
        let mut detached = self.inherited();
        detached.home = None;
        detached.scope = None;
        detached
    }

    /// Runs a future in this context: current whenever the future is polled, and only then. Its changes stay in it.
    pub fn scope<F: Future>(mut self, future: F) -> ContextScope<F> {
        self.entered = true;
        ContextScope {
            context: self,
            sticks: false,
            task: None,
            future: Some(future),
        }
    }

    /// Runs a future in this context and in a [`SyncScope`](crate::SyncScope), or in the one around it: what a server does for each request.
    ///
    /// The same as `context.scope(SyncScope::new().run(future))`, for half of its costs. What the future leaves behind is dropped inside the scope too.
    #[inline]
    pub fn scope_with_thread<F: Future>(mut self, future: F) -> ContextScope<F> {
        self.entered = true;
        ContextScope {
            context: self,
            sticks: true,
            task: None,
            future: Some(future),
        }
    }

    /// Runs sync code in this context. Its changes stay in it.
    pub fn run<R>(mut self, f: impl FnOnce() -> R) -> R {
        self.entered = true;
        self.adopt_threads();
        self.run_mut(f)
    }

    /// As [`run`](Self::run), leaving the changes in `self`.
    pub(crate) fn run_mut<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let _swap = Swap::new(self);
        f()
    }

    /// Made before the wait or the scope around the present code: sync code still goes to their thread.
    fn adopt_threads(&mut self) {
        with_current(|current| self.adopt_threads_of(current));
    }

    fn adopt_threads_of(&mut self, current: &Self) {
        if self.home.is_none() {
            self.home.clone_from(&current.home);
        }
        if self.scope.is_none() {
            self.scope.clone_from(&current.scope);
        }
        if self.held.is_none() {
            self.held.clone_from(&current.held);
        }
    }

    /// Makes this the current context until the value is dropped, with the threads of the one around it.
    fn enter(&mut self, sticks: bool) -> Swap<'_> {
        with_current(|current| {
            self.adopt_threads_of(current);
            if sticks {
                self.scope.get_or_insert_with(ScopeInner::spare);
            }
            mem::swap(current, self);
        });
        Swap(self)
    }

    /// Removes what must not cross a hop, and gives it back.
    pub(crate) fn take_critical(&mut self) -> Option<Vec<Entry>> {
        match &mut self.values {
            Some(values) if values.iter().any(|entry| entry.critical) => Some(extract_critical(values)),
            _ => None,
        }
    }

    /// What [`merge_changes`](Self::merge_changes) compares with.
    pub(crate) fn values(&self) -> Values {
        self.values.clone()
    }

    /// A snapshot for a task of its own: without what only the present work may use.
    pub(crate) fn inherited(mut self) -> Self {
        // Whatever holds something here can end without the task.
        self.held = None;
        if let Some(values) = &mut self.values
            && values.iter().any(|entry| !entry.inherited)
        {
            Arc::make_mut(values).retain(|entry| {
                if !entry.inherited && !entry.critical && debug::is_on() {
                    tracing::warn!(
                        local = entry.name,
                        "a spawned task does not inherit this: it belongs to the code that spawned it"
                    );
                }
                entry.inherited
            });
        }
        self
    }

    /// Whether values set here belong to the work at hand. What a bare tokio task sets would stay on its worker thread instead.
    pub(crate) fn is_of_work(&self) -> bool {
        self.entered || self.home.is_some()
    }

    pub(crate) fn set_entered(&mut self) {
        self.entered = true;
    }

    pub(crate) fn find(&self, key: usize) -> Option<&Entry> {
        self.values.as_ref()?.iter().find(|entry| entry.key == key)
    }

    /// Sets or removes a value; gives back the one before.
    pub(crate) fn replace(&mut self, key: usize, entry: Option<Entry>) -> Option<Entry> {
        if entry.is_none() && self.find(key).is_none() {
            return None;
        }
        let values = Arc::make_mut(self.values.get_or_insert_default());
        let at = values.iter().position(|entry| entry.key == key);
        match (at, entry) {
            (Some(at), Some(entry)) => Some(mem::replace(&mut values[at], entry)),
            (Some(at), None) => Some(values.swap_remove(at)),
            (None, Some(entry)) => {
                values.push(entry);
                None
            }
            (None, None) => None,
        }
    }

    /// Makes in `self` the changes that lie between `before` and `after`, and no others: work that ran beside this one keeps its own.
    ///
    /// Gives back what was replaced, to be dropped outside: its destructors may look at the context.
    #[must_use]
    pub(crate) fn merge_changes(&mut self, before: &Values, after: &Self) -> Option<Vec<Entry>> {
        let unchanged = match (before, &after.values) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            (None, None) => true,
            _ => false,
        };
        (!unchanged).then(|| self.merge(before, after))
    }

    fn merge(&mut self, before: &Values, after: &Self) -> Vec<Entry> {
        let mut replaced = Vec::new();
        let old = |key| before.as_ref()?.iter().find(|entry| entry.key == key);
        for entry in after.values.iter().flat_map(|values| values.iter()) {
            let same = old(entry.key).is_some_and(|old| Arc::ptr_eq(&old.value, &entry.value));
            if !same {
                replaced.extend(self.replace(entry.key, Some(entry.clone())));
            }
        }
        for entry in before.iter().flat_map(|values| values.iter()) {
            if after.find(entry.key).is_none() {
                replaced.extend(self.replace(entry.key, None));
            }
        }
        replaced
    }

    pub(crate) fn home(&self) -> Option<&Arc<HomeLink>> {
        self.home.as_ref()
    }

    pub(crate) fn replace_home(&mut self, home: Option<Arc<HomeLink>>) -> Option<Arc<HomeLink>> {
        mem::replace(&mut self.home, home)
    }

    pub(crate) fn held(&self) -> Option<&Arc<Node>> {
        self.held.as_ref()
    }

    pub(crate) fn replace_held(&mut self, held: Option<Arc<Node>>) -> Option<Arc<Node>> {
        mem::replace(&mut self.held, held)
    }

    pub(crate) fn scope_inner(&self) -> Option<&Arc<ScopeInner>> {
        self.scope.as_ref()
    }

    pub(crate) fn replace_scope(&mut self, scope: Option<Arc<ScopeInner>>) -> Option<Arc<ScopeInner>> {
        mem::replace(&mut self.scope, scope)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .values
            .iter()
            .flat_map(|values| values.iter().map(|entry| entry.name));
        f.debug_set().entries(names).finish()
    }
}

pin_project! {
    /// The future of [`Context::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ContextScope<F> {
        context: Context,
        // Whether it is a scope for sync code, too.
        sticks: bool,
        // The name and the place of a spawned task.
        task: Option<(&'static str, &'static Location<'static>)>,
        // Taken out to be dropped inside the context: destructors may look at it.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for ContextScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.as_ref().get_ref().is_some() {
                let _swap = this.context.enter(*this.sticks);
                this.future.set(None);
            }
        }
    }
}

impl<F> fmt::Debug for ContextScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextScope")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl<F: Future> Future for ContextScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let swap = this.context.enter(*this.sticks);
        match this.future.as_mut().as_pin_mut() {
            Some(future) => {
                let poll = match *this.task {
                    Some((name, location)) => slow::watch(name, location, || future.poll(cx)),
                    None => future.poll(cx),
                };
                if poll.is_ready() {
                    this.future.set(None);
                    drop(swap);
                    if *this.sticks
                        && let Some(scope) = this.context.scope.take()
                    {
                        // Its thread goes to others from here on.
                        ScopeInner::ended(scope);
                    }
                }
                poll
            }
            None => panic!("a `ContextScope` was polled after it had ended"),
        }
    }
}

/// Spawns a task on the running tokio runtime that inherits a snapshot of the current [`Context`].
///
/// Its changes stay its own. What belongs to the spawning code alone, such as a database transaction, does not go along (see
/// [`Local::not_inherited`](crate::Local::not_inherited)). A bare `tokio::spawn` starts without any context.
///
/// # Panics
///
/// Outside a tokio runtime, as `tokio::spawn` does.
#[track_caller]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let name = std::any::type_name::<F>();
    let mut scope = Context::current().inherited().scope(future);
    scope.task = Some((name, Location::caller()));
    tokio::spawn(scope)
}
