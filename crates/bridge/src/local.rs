//! Context variables: asgiref's `Local`, Python's `ContextVar`.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::context::{Context, Entry, with_current};
use crate::{frame, scope_local};

/// A variable of the [`Context`](crate::Context): one `static`, another value in every piece of work.
///
/// Values are shared by the sync and the async parts of one request, in both directions. A new thread, and a bare `tokio::spawn`, see none.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{async_to_sync, sync_to_async, Local};
///
/// static USER: Local<String> = Local::new("user");
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async_to_sync(async {
///     sync_to_async(|| USER.set("django".to_owned())).await
/// })??;
/// assert_eq!(USER.get().as_deref(), Some("django"));
/// # Ok(())
/// # }
/// ```
pub struct Local<T> {
    name: &'static str,
    inherited: bool,
    critical: bool,
    /// Also keeps two statics from sharing an address.
    _value: PhantomData<fn() -> T>,
}

impl<T: Clone + Send + Sync + 'static> Local<T> {
    /// A variable that is not set. The name is for logs.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            inherited: true,
            critical: false,
            _value: PhantomData,
        }
    }

    /// A variable that tasks started with [`spawn`](crate::spawn) do not see: it belongs to the code that set it, as a transaction does.
    #[must_use]
    pub const fn not_inherited(mut self) -> Self {
        self.inherited = false;
        self
    }

    /// A variable whose value never crosses a hop, in either direction: for what belongs to a thread, such as a connection of a C library.
    ///
    /// Sync code has it per thread, however deep the call: for as long as the [`SyncScope`](crate::SyncScope) that leased the thread or, on a plain
    /// thread, as the thread lives. Async code has it as any other variable, unseen by the sync code that it calls and by the sync code that waits for it.
    #[must_use]
    pub const fn thread_critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// Whether the value lives with this thread rather than in the context.
    fn is_of_thread(&self) -> bool {
        self.critical && !frame::on_event_loop()
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn entry(&'static self, value: T) -> Entry {
        Entry {
            key: self.key(),
            name: self.name,
            inherited: self.inherited && !self.critical,
            critical: self.critical,
            value: Arc::new(value),
        }
    }

    /// The value in the current context.
    #[must_use]
    pub fn get(&'static self) -> Option<T> {
        if self.is_of_thread() {
            return scope_local::get(self.key()).and_then(|value| value.downcast_ref::<T>().cloned());
        }
        with_current(|current| self.get_in(current))
    }

    /// The value in a context, of a variable that is not `thread_critical`.
    #[inline]
    pub(crate) fn get_in(&'static self, context: &Context) -> Option<T> {
        let entry = context.find(self.key())?;
        entry.value.downcast_ref::<T>().cloned()
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&'static self) -> bool {
        if self.is_of_thread() {
            return scope_local::get(self.key()).is_some();
        }
        with_current(|current| current.find(self.key()).is_some())
    }

    /// Sets the value in the current context.
    ///
    /// A bare `tokio::spawn`ed task has no context, and what it wrote would be seen by whatever its worker thread polls next. There the value is
    /// not set, and an error is logged; start the task with [`spawn`](crate::spawn), or use [`scope`](Self::scope).
    pub fn set(&'static self, value: T) {
        if self.is_of_thread() {
            let _old = scope_local::replace(self.key(), Some(Rc::new(value)), false);
            return;
        }
        let entry = self.entry(value);
        let of_work = with_current(|current| current.is_of_work());
        if !of_work && frame::on_event_loop() {
            tracing::error!(
                local = self.name,
                "not set: this task has no context; start it with `nuages_bridge::spawn`"
            );
            return;
        }
        // The old value is dropped outside the borrow: its destructor may look at the context.
        let _old = with_current(|current| current.replace(entry.key, Some(entry)));
    }

    /// Removes the value from the current context; false where there was none.
    pub fn delete(&'static self) -> bool {
        if self.is_of_thread() {
            let old = scope_local::replace(self.key(), None, false);
            return old.is_some();
        }
        let old = with_current(|current| current.replace(self.key(), None));
        old.is_some()
    }

    /// Runs a future with the value set, whenever it is polled and only then. Code beside it does not see the value.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> LocalScope<F> {
        let entry = self.entry(value);
        LocalScope {
            key: entry.key,
            name: self.name,
            entry: Some(entry),
            future: Some(future),
        }
    }

    /// Runs sync code with the value set.
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        if self.is_of_thread() {
            let _put = PutOnThread::new(self.key(), Rc::new(value));
            return f();
        }
        let mut entry = Some(self.entry(value));
        let _put = Put::new(self.key(), &mut entry);
        f()
    }
}

impl<T> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Keeps `entry` in the current context while it lives, then puts back what was there. Changes made in between end up in `entry`.
struct Put<'a> {
    key: usize,
    entry: &'a mut Option<Entry>,
    outer: Option<Entry>,
}

impl<'a> Put<'a> {
    fn new(key: usize, entry: &'a mut Option<Entry>) -> Self {
        let inner = entry.take();
        let outer = with_current(|current| current.replace(key, inner));
        Self { key, entry, outer }
    }
}

impl Drop for Put<'_> {
    fn drop(&mut self) {
        let outer = self.outer.take();
        *self.entry = with_current(|current| current.replace(self.key, outer));
    }
}

/// As [`Put`], for a value that lives with the thread.
struct PutOnThread {
    key: usize,
    outer: Option<Rc<dyn Any>>,
}

impl PutOnThread {
    fn new(key: usize, value: Rc<dyn Any>) -> Self {
        let outer = scope_local::replace(key, Some(value), false);
        Self { key, outer }
    }
}

impl Drop for PutOnThread {
    fn drop(&mut self) {
        let _inner = scope_local::replace(self.key, self.outer.take(), false);
    }
}

/// The values that must not cross a hop, taken out of the context while this thread waits for async code.
pub(crate) struct Critical(Box<[Entry]>);

impl Critical {
    pub(crate) fn new(taken: Vec<Entry>) -> Self {
        Self(taken.into())
    }

    /// Puts them back. What that code has set of such values has been taken out before.
    pub(crate) fn show(self) {
        for entry in self.0 {
            let _other = with_current(|current| current.replace(entry.key, Some(entry)));
        }
    }
}

pin_project! {
    /// The future of [`Local::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct LocalScope<F> {
        key: usize,
        name: &'static str,
        entry: Option<Entry>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for LocalScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.as_ref().get_ref().is_some() {
                let _put = Put::new(*this.key, this.entry);
                this.future.set(None);
            }
        }
    }
}

impl<F> fmt::Debug for LocalScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalScope")
            .field("local", &self.name)
            .finish_non_exhaustive()
    }
}

impl<F: Future> Future for LocalScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _put = Put::new(*this.key, this.entry);
        match this.future.as_mut().as_pin_mut() {
            Some(future) => {
                let poll = future.poll(cx);
                if poll.is_ready() {
                    this.future.set(None);
                }
                poll
            }
            None => panic!("a `LocalScope` was polled after it had ended"),
        }
    }
}
