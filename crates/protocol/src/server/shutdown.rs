//! How a server is asked to stop, and how its connections hear of it.

use std::{fmt, future::poll_fn, pin::Pin, task::Poll};

use tokio::sync::watch;

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
pub(super) enum Phase {
    /// Serve.
    Running,
    /// Finish what is in flight, then close.
    Draining,
    /// Close now.
    Cut,
}

/// The server's end: sets the phase, and knows when the last connection has ended.
#[derive(Debug)]
pub(super) struct Connections {
    phase: watch::Sender<Phase>,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Running),
        }
    }

    /// One for each connection; the connection counts as alive while it is held.
    pub(super) fn watcher(&self) -> Watcher {
        Watcher {
            phase: self.phase.subscribe(),
        }
    }

    pub(super) fn set(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// How many connections are alive.
    pub(super) fn len(&self) -> usize {
        self.phase.receiver_count()
    }

    /// Waits until no connection is alive.
    pub(super) async fn ended(&self) {
        self.phase.closed().await;
    }
}

/// A connection's end.
#[derive(Debug)]
pub(super) struct Watcher {
    phase: watch::Receiver<Phase>,
}

impl Watcher {
    /// Waits until the phase is at least this.
    pub(super) async fn reached(&mut self, phase: Phase) {
        if self.phase.wait_for(|now| *now >= phase).await.is_err() {
            // The server is gone, dropped in mid-flight: so are we.
        }
    }
}
