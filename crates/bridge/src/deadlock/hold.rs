//! Who holds what, and what runs inside of it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task;

use super::wait::Waiting;
use crate::context::with_current;
use crate::sync::{Mutex, MutexGuard, PoisonError, thread_local};

/// Something that is held and waited for: a pool's connections, a writer, a savepoint.
///
/// It only describes; the lock or the semaphore itself is its user's. A cheap handle: clones describe the same thing.
///
/// # Examples
///
/// ```
/// use nuages_bridge::deadlock::Resource;
///
/// let writer = Resource::new("the writer of db.sqlite3", 1);
/// let held = writer.hold("atomic");
/// assert_eq!(writer.holders()[0].what(), "atomic");
/// drop(held);
/// assert!(writer.holders().is_empty());
/// ```
#[derive(Clone)]
pub struct Resource {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) name: Cow<'static, str>,
    units: usize,
    holds: Mutex<Vec<Arc<Hold>>>,
}

impl Inner {
    fn holds(&self) -> MutexGuard<'_, Vec<Arc<Hold>>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All who hold it, or nothing where a unit is free.
    pub(super) fn taken_by(&self) -> Option<Vec<Arc<Hold>>> {
        let holds = self.holds();
        (holds.len() >= self.units).then(|| holds.clone())
    }
}

impl Resource {
    /// Describes a resource with this many units. The name is how errors call it, such as "the writer of db.sqlite3".
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, units: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                name: name.into(),
                units,
                holds: Mutex::default(),
            }),
        }
    }

    /// How errors call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Says that a unit is held from here on, until the value is dropped. `what` holds it, such as "atomic".
    ///
    /// Call it when the unit is there, and drop the value before the unit is given back.
    #[track_caller]
    pub fn hold(&self, what: &'static str) -> Held {
        self.hold_at(what, Location::caller())
    }

    /// As [`hold`](Self::hold), for who knows a place that tells users more than the caller's.
    pub fn hold_at(&self, what: &'static str, location: &'static Location<'static>) -> Held {
        let hold = Arc::new(Hold {
            resource: Arc::clone(&self.inner),
            holder: Holder { what, location },
        });
        self.inner.holds().push(Arc::clone(&hold));
        Held { hold }
    }

    /// Waits for a unit: `future` is what gets it.
    ///
    /// # Errors
    ///
    /// A [deadlock](crate::BridgeError::is_deadlock) where the future is not ready at once and the wait could not end. The future is then dropped.
    ///
    /// # Cancel safety
    ///
    /// As cancel-safe as `future`.
    #[track_caller]
    pub fn wait<F: Future>(&self, future: F) -> Waiting<F> {
        self.wait_at(future, Location::caller())
    }

    /// As [`wait`](Self::wait), for who knows a place that tells users more than the caller's.
    pub fn wait_at<F: Future>(&self, future: F, location: &'static Location<'static>) -> Waiting<F> {
        Waiting::new(self.clone(), future, location)
    }

    /// Who holds it at this moment: for the error of a wait that took too long.
    #[must_use]
    pub fn holders(&self) -> Vec<Holder> {
        self.inner.holds().iter().map(|hold| hold.holder).collect()
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("name", &self.inner.name)
            .field("units", &self.inner.units)
            .field("holders", &self.holders())
            .finish()
    }
}

/// Who holds a unit of a resource: what it is, and where it is in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    what: &'static str,
    location: &'static Location<'static>,
}

impl Holder {
    /// What it is, such as "atomic".
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.what, self.location)
    }
}

pub(super) struct Hold {
    pub(super) resource: Arc<Inner>,
    pub(super) holder: Holder,
}

/// A held unit of a [`Resource`]. Made by [`Resource::hold`].
#[must_use = "the resource counts as held only while this lives"]
pub struct Held {
    hold: Arc<Hold>,
}

impl Held {
    /// Runs a future that must end before the unit can be given back. What waits inside of it blocks this holder.
    pub fn scope<F: Future>(&self, future: F) -> HeldScope<'_, F> {
        HeldScope {
            held: self,
            node: None,
            future,
        }
    }

    /// As [`scope`](Self::scope), for sync code.
    pub fn sync_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        let _inside = Inside::enter(Node::inside(Some(Arc::clone(&self.hold))));
        f()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("resource", &self.hold.resource.name)
            .field("holder", &self.hold.holder)
            .finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut holds = self.hold.resource.holds();
        if let Some(at) = holds.iter().position(|hold| Arc::ptr_eq(hold, &self.hold)) {
            holds.swap_remove(at);
        }
    }
}

/// What the present code is inside of, from the innermost outwards. A part of the [`Context`](crate::Context).
pub(crate) struct Node {
    /// None where what is inside may be given up, and so blocks nothing around it.
    hold: Option<Arc<Hold>>,
    /// The task that entered it. Another task is not inside, even where it is polled on the same thread.
    task: Option<task::Id>,
    parent: Option<Arc<Node>>,
}

impl Node {
    fn inside(hold: Option<Arc<Hold>>) -> Arc<Self> {
        Arc::new(Self {
            hold,
            task: task::try_id(),
            parent: with_current(|current| current.held().cloned()),
        })
    }

    /// Adds the holds of this node and of those around it, up to one that may be given up or is another task's. Whether there was none of these.
    fn collect(&self, task: Option<task::Id>, into: &mut Vec<Arc<Hold>>) -> bool {
        let mut node = Some(self);
        while let Some(inside) = node {
            // Sync code that a task sent to a thread is inside, and is in no task.
            let ours = task.is_none() || task == inside.task;
            match &inside.hold {
                Some(hold) if ours => {
                    if !into.iter().any(|known| Arc::ptr_eq(known, hold)) {
                        into.push(Arc::clone(hold));
                    }
                }
                _ => return false,
            }
            node = inside.parent.as_deref();
        }
        true
    }
}

impl Drop for Node {
    /// Unlinks the chain in a loop: deep ones would overflow the stack.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(mut node) = parent.and_then(Arc::into_inner) {
            parent = node.parent.take();
        }
    }
}

/// Makes a node the current one, then puts back what was there.
struct Inside {
    outer: Option<Arc<Node>>,
}

impl Inside {
    fn enter(node: Arc<Node>) -> Self {
        Self {
            outer: with_current(|current| current.replace_held(Some(node))),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let outer = self.outer.take();
        let inner = with_current(|current| current.replace_held(outer));
        drop(inner);
    }
}

thread_local! {
    /// What the waits on this thread are inside of, from the outermost. One below another can't end before it.
    static FRAMES: RefCell<Vec<(Arc<Node>, Option<task::Id>)>> = const { RefCell::new(Vec::new()) };
}

/// A wait of this thread for a future begins, inside of something. Always true.
pub(crate) fn enter_frame(inside: &Arc<Node>) -> bool {
    FRAMES.with_borrow_mut(|frames| frames.push((Arc::clone(inside), task::try_id())));
    true
}

/// It ends.
pub(crate) fn leave_frame() {
    let frame = FRAMES.with_borrow_mut(Vec::pop);
    drop(frame);
}

/// All holds that can't end before the code that asks has gone on, from the innermost outwards.
pub(super) fn blocked_by_this_code() -> Vec<Arc<Hold>> {
    let mut holds = Vec::new();
    let task = task::try_id();
    let (own, scope) = with_current(|current| (current.held().cloned(), current.scope_inner().cloned()));
    if own.is_some_and(|node| !node.collect(task, &mut holds)) {
        return holds;
    }
    // The scope keeps its thread until all code in it has ended, whichever task or thread that is on.
    if let Some(held) = scope.as_ref().and_then(|scope| scope.held()) {
        holds.push(Arc::clone(&held.hold));
    }
    FRAMES.with_borrow(|frames| {
        // Polled by something on this thread other than its wait, such as a `LocalSet`: then the wait can end before it.
        if frames.last().is_none_or(|(_, waiting)| *waiting != task) {
            return;
        }
        for (node, task) in frames.iter().rev() {
            if !node.collect(*task, &mut holds) {
                return;
            }
        }
    });
    holds
}

pin_project! {
    /// The future of [`Held::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct HeldScope<'a, F> {
        held: &'a Held,
        // Made by the first poll, inside of what is held then.
        node: Option<Arc<Node>>,
        #[pin]
        future: F,
    }
}

impl<F> fmt::Debug for HeldScope<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldScope")
            .field("held", self.held)
            .finish_non_exhaustive()
    }
}

impl<F: Future> Future for HeldScope<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let node = this
            .node
            .get_or_insert_with(|| Node::inside(Some(Arc::clone(&this.held.hold))));
        let _inside = Inside::enter(Arc::clone(node));
        this.future.poll(cx)
    }
}

/// Runs a future that may be dropped before it is ready: under a timeout, in a `select!`. What waits in it can be refused, but blocks no holder around it.
pub fn may_give_up<F: Future>(future: F) -> MayGiveUp<F> {
    MayGiveUp { node: None, future }
}

pin_project! {
    /// The future of [`may_give_up`].
    #[must_use = "futures do nothing unless polled"]
    pub struct MayGiveUp<F> {
        node: Option<Arc<Node>>,
        #[pin]
        future: F,
    }
}

impl<F> fmt::Debug for MayGiveUp<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MayGiveUp").finish_non_exhaustive()
    }
}

impl<F: Future> Future for MayGiveUp<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let node = this.node.get_or_insert_with(|| Node::inside(None));
        let _inside = Inside::enter(Arc::clone(node));
        this.future.poll(cx)
    }
}
