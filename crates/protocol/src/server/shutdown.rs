//! How a server is asked to stop, and how its connections hear of it.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use slab::Slab;
use tokio::sync::Notify;

use super::{
    error::{Error, Kind},
    signal::Signals,
};

/// A future of the caller's whose end stops the server.
pub(super) type Trigger = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Everything that may ask the server to stop.
pub(super) struct Stop {
    trigger: Option<Trigger>,
    signals: Option<Signals>,
    signals_seen: u32,
}

impl Stop {
    /// From here on signals are ours: one that comes during the startup isn't lost.
    pub(super) fn watch(trigger: Option<Trigger>, with_signals: bool) -> Result<Self, Error> {
        let signals = if with_signals {
            Some(Signals::watch().map_err(Kind::Signals)?)
        } else {
            None
        };
        Ok(Self {
            trigger,
            signals,
            signals_seen: 0,
        })
    }

    /// Waits for the first reason to stop. Losing this future loses no reason.
    pub(super) async fn requested(&mut self) {
        poll_fn(|cx| {
            if let Some(trigger) = &mut self.trigger
                && trigger.as_mut().poll(cx).is_ready()
            {
                self.trigger = None;
                return Poll::Ready(());
            }
            if let Some(signals) = &mut self.signals
                && let Poll::Ready(name) = signals.poll_next(cx)
            {
                self.signals_seen += 1;
                tracing::info!(signal = name, "shutting down; a second signal ends at once");
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    /// Waits for the second signal. The caller's own trigger doesn't count: a supervisor's SIGTERM after it is
    /// still the first.
    pub(super) async fn forced(&mut self) -> Error {
        poll_fn(|cx| {
            let Some(signals) = &mut self.signals else {
                return Poll::Pending;
            };
            while let Poll::Ready(name) = signals.poll_next(cx) {
                self.signals_seen += 1;
                if self.signals_seen > 1 {
                    tracing::warn!(signal = name, "ending at once");
                    return Poll::Ready(Kind::Forced.into());
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("signals_seen", &self.signals_seen)
            .finish_non_exhaustive()
    }
}

/// What the connections of a server are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    /// Serve.
    Running,
    /// Finish what is in flight, then close.
    Draining,
    /// Close now.
    Cut,
}

/// The server's end: sets the phase, and knows when the last connection has ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// A [`Phase`]. Connections look at it in every turn, so it is no lock.
    phase: AtomicU8,
    tasks: Mutex<Slab<Option<Waker>>>,
    ended: Notify,
}

impl Shared {
    fn tasks(&self) -> MutexGuard<'_, Slab<Option<Waker>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Running,
            1 => Phase::Draining,
            _ => Phase::Cut,
        }
    }
}

impl Connections {
    /// One for each connection; the connection counts as alive while it is held.
    pub(super) fn watcher(&self) -> Watcher {
        Watcher {
            key: self.shared.tasks().insert(None),
            shared: Arc::clone(&self.shared),
            waker: None,
        }
    }

    pub(super) fn set(&self, phase: Phase) {
        self.shared.phase.fetch_max(phase as u8, Ordering::AcqRel);
        let wakers: Vec<_> = self
            .shared
            .tasks()
            .iter()
            .filter_map(|(_, task)| task.clone())
            .collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// How many connections are alive.
    pub(super) fn len(&self) -> usize {
        self.shared.tasks().len()
    }

    /// Waits until no connection is alive.
    pub(super) async fn ended(&self) {
        loop {
            let ended = self.shared.ended.notified();
            if self.len() == 0 {
                return;
            }
            ended.await;
        }
    }
}

/// A connection's end.
#[derive(Debug)]
pub(super) struct Watcher {
    shared: Arc<Shared>,
    key: usize,
    /// The waker that was left with the server: a task's stays the same, so asking again costs no lock.
    waker: Option<Waker>,
}

impl Watcher {
    /// The present phase; the task is woken when it changes.
    pub(super) fn poll_phase(&mut self, cx: &Context<'_>) -> Phase {
        if !self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            self.waker = Some(cx.waker().clone());
            self.shared.tasks()[self.key].clone_from(&self.waker);
        }
        self.shared.phase()
    }

    /// Waits until the phase is at least this.
    pub(super) async fn reached(&mut self, phase: Phase) {
        poll_fn(|cx| {
            if self.poll_phase(cx) >= phase {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut tasks = self.shared.tasks();
        drop(tasks.remove(self.key));
        if tasks.is_empty() {
            self.shared.ended.notify_waiters();
        }
    }
}
