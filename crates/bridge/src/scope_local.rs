//! The storage of a scope's thread: values that need not be `Send`, made, used and dropped there.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

use crate::sync::thread_local;
use crate::{BridgeError, cancel, frame, seat};

/// A value, by the address of the `static` that names it.
struct Slot {
    key: usize,
    value: Rc<dyn Any>,
    /// Made under a wait of a plain thread, with whose end it goes.
    of_wait: bool,
}

thread_local! {
    static STORAGE: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    static WAITING: Cell<Waiting> = const { Cell::new(Waiting::No) };
}

/// Whether this thread, which belongs to no scope, waits for a future.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    No,
    Yes,
    /// And has values that are dropped at the end of the wait.
    WithValues,
}

/// The value of this key on this thread.
pub(crate) fn get(key: usize) -> Option<Rc<dyn Any>> {
    let find = |storage: &RefCell<Vec<Slot>>| {
        let storage = storage.borrow();
        let slot = storage.iter().find(|slot| slot.key == key);
        slot.map(|slot| Rc::clone(&slot.value))
    };
    STORAGE.try_with(find).ok().flatten()
}

/// Sets or removes the value of this key on this thread; gives back the one before, to be dropped by the caller.
pub(crate) fn replace(key: usize, value: Option<Rc<dyn Any>>, of_wait: bool) -> Option<Rc<dyn Any>> {
    let replace = |storage: &RefCell<Vec<Slot>>| {
        let mut storage = storage.borrow_mut();
        let at = storage.iter().position(|slot| slot.key == key);
        let old = at.map(|at| storage.swap_remove(at).value);
        if let Some(value) = value {
            storage.push(Slot { key, value, of_wait });
            seat::note_kept();
        }
        old
    };
    STORAGE.try_with(replace).ok().flatten()
}

/// Drops what the scope that leased this thread has left in its storage. A destructor that panics takes neither the thread nor the other values along.
pub(crate) fn clear() {
    clear_where(|_| true);
}

/// The values that there are on this thread: what [`clear_others`] keeps.
pub(crate) fn keys() -> Vec<usize> {
    STORAGE
        .try_with(|storage| storage.borrow().iter().map(|slot| slot.key).collect())
        .unwrap_or_default()
}

/// Drops the values that have come since, for code that ran on somebody else's thread.
pub(crate) fn clear_others(keys: &[usize]) {
    clear_where(|slot| !keys.contains(&slot.key));
}

fn clear_where(mut which: impl FnMut(&Slot) -> bool) {
    // One at a time, and newest first: a destructor may use what was made before it, or make another value.
    loop {
        let last = STORAGE.try_with(|storage| {
            let mut storage = storage.borrow_mut();
            let at = storage.iter().rposition(&mut which);
            at.map(|at| storage.remove(at))
        });
        let Ok(Some(slot)) = last else { return };
        if catch_unwind(AssertUnwindSafe(|| drop(slot))).is_err() {
            tracing::error!("the destructor of a value in a scope's storage panicked");
        }
    }
}

/// The outermost wait of a plain thread begins, which stands for a scope as far as values are concerned; false where it is no such wait.
pub(crate) fn begin_wait() -> bool {
    // A job's thread belongs to a scope, and its values live as long as that.
    let outermost = WAITING.get() == Waiting::No && !cancel::in_job();
    if outermost {
        WAITING.set(Waiting::Yes);
    }
    outermost
}

/// It ends, and with it the values that were made under it.
pub(crate) fn end_wait() {
    if WAITING.get() == Waiting::WithValues {
        clear_where(|slot| slot.of_wait);
    }
    WAITING.set(Waiting::No);
}

/// A variable of a scope's thread: one `static`, another value in every [`SyncScope`](crate::SyncScope), made on the scope's thread when sync code
/// first asks for it.
///
/// It is for what a `thread_local!` is used for, without its leftovers: the value never leaves its thread, so it need not be `Send`, and it is
/// dropped there when the scope ends, so the next scope on that thread doesn't see it. Values are dropped in the reverse order in which they were made.
///
/// Under a waiting plain thread ([`async_to_sync`](crate::async_to_sync)) it lives with that thread's outermost wait; in
/// [`parallel`](crate::SyncToAsync::parallel) code as long as that piece of code; on a thread that the bridge knows nothing of as long as the thread.
///
/// # Examples
///
/// ```
/// use nuages_bridge::{sync_to_async, ScopeLocal, SyncScope};
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// static VISITS: ScopeLocal<Rc<Cell<u32>>> = ScopeLocal::new("visits", || Rc::new(Cell::new(0)));
///
/// fn visit() -> Result<u32, nuages_bridge::BridgeError> {
///     VISITS.with(|visits| {
///         visits.set(visits.get() + 1);
///         visits.get()
///     })
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), nuages_bridge::BridgeError> {
/// for _request in 0..2 {
///     let request = async {
///         assert_eq!(sync_to_async(visit).await??, 1);
///         assert_eq!(sync_to_async(visit).await??, 2);
///         Ok::<_, nuages_bridge::BridgeError>(())
///     };
///     SyncScope::new().run(request).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct ScopeLocal<T: 'static> {
    name: &'static str,
    init: fn() -> T,
}

impl<T: 'static> ScopeLocal<T> {
    /// A variable whose values are made by `init`. The name is for logs and errors.
    #[must_use]
    pub const fn new(name: &'static str, init: fn() -> T) -> Self {
        Self { name, init }
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Calls `f` with the value of the present scope, making it first where there is none.
    ///
    /// # Errors
    ///
    /// [`SynchronousOnlyOperation`](crate::SynchronousOnlyOperation) in async code, which has no thread of its own.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, BridgeError> {
        let location = Location::caller();
        if frame::on_event_loop() {
            return Err(BridgeError::synchronous_only(self.name, location));
        }
        let value = match get(self.key()).and_then(|value| value.downcast::<T>().ok()) {
            Some(value) => value,
            None => {
                let value = Rc::new((self.init)());
                let of_wait = WAITING.get() != Waiting::No;
                if of_wait {
                    WAITING.set(Waiting::WithValues);
                }
                let _old = replace(self.key(), Some(Rc::clone(&value) as Rc<dyn Any>), of_wait);
                value
            }
        };
        Ok(f(&value))
    }
}

impl<T> fmt::Debug for ScopeLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeLocal")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
