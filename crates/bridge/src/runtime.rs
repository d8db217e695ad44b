//! The runtime for programs that have none, or no longer have theirs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Handle, Id, Runtime};

static PROCESS: OnceLock<Runtime> = OnceLock::new();

/// A runtime of the process's own, made when it is first needed: one worker, for the I/O and the timers of futures that plain threads wait for.
pub(crate) fn process() -> &'static Handle {
    PROCESS
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("nuages-runtime")
                .enable_all()
                .build()
                .unwrap_or_else(|error| {
                    panic!("no runtime could be started for async code under a plain thread: {error}")
                })
        })
        .handle()
}

/// Enters the process's runtime where none is current that still runs.
pub(crate) fn ensure(current: Option<&Handle>) -> Option<EnterGuard<'static>> {
    match current {
        Some(handle) if runs(handle) => None,
        _ => Some(process().enter()),
    }
}

/// The time that a future had is over.
pub(crate) struct TimeOver;

/// Waits for a future for so long, by the timers of the process's runtime: the present one may have been built without any.
#[cfg(not(nuages_models))]
pub(crate) async fn timeout<F: Future>(time: Duration, future: F) -> Result<F::Output, TimeOver> {
    let wait = {
        let _entered = process().enter();
        tokio::time::timeout(time, future)
    };
    wait.await.map_err(|_| TimeOver)
}

#[cfg(nuages_models)]
pub(crate) async fn timeout<F: Future>(_: Duration, future: F) -> Result<F::Output, TimeOver> {
    crate::sync::model::timeout(future).await.map_err(|()| TimeOver)
}

/// Whether a runtime has been shut down. Its handle outlives it, and says nothing of that: what is done through it fails.
struct Life {
    over: AtomicBool,
}

/// The runtimes on which somebody has waited.
static LIVES: LazyLock<Mutex<HashMap<Id, Arc<Life>>>> = LazyLock::new(Mutex::default);

fn lives() -> MutexGuard<'static, HashMap<Id, Arc<Life>>> {
    LIVES.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The runtime that this thread asked of last.
    static LAST: RefCell<Option<(Id, Arc<Life>)>> = const { RefCell::new(None) };
}

fn runs(handle: &Handle) -> bool {
    let id = handle.id();
    let known = LAST.try_with(|last| match &*last.borrow() {
        Some((known, life)) if *known == id => Some(!life.over.load(Ordering::Acquire)),
        _ => None,
    });
    match known {
        Ok(Some(runs)) => runs,
        Ok(None) => ask(handle, id),
        // The thread ends: what it still does is done the way it always was.
        Err(_) => true,
    }
}

#[cold]
fn ask(handle: &Handle, id: Id) -> bool {
    let known = lives().get(&id).cloned();
    let life = known.unwrap_or_else(|| watch(handle, id));
    let runs = !life.over.load(Ordering::Acquire);
    if runs {
        let old = LAST.try_with(|last| last.replace(Some((id, life))));
        drop(old);
    }
    runs
}

/// Leaves a task on the runtime that never ends, so that it is dropped when the runtime ends: at once where it has ended already.
fn watch(handle: &Handle, id: Id) -> Arc<Life> {
    let life = Arc::new(Life {
        over: AtomicBool::new(false),
    });
    // Before the task is there, which removes it.
    lives().insert(id, Arc::clone(&life));
    drop(handle.spawn(Witness {
        id,
        life: Arc::clone(&life),
    }));
    life
}

struct Witness {
    id: Id,
    life: Arc<Life>,
}

impl Future for Witness {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.life.over.store(true, Ordering::Release);
        let removed = lives().remove(&self.id);
        drop(removed);
    }
}
