//! How long a connection may wait for its client.
//!
//! No clock is read for a request that comes and is answered at once: one timer a connection is set when waiting begins, and left alone
//! while there is something to do. When it rings, what the connection does now decides what it meant.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use crate::server::config::Limits;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// For nothing that the client owes.
    No,
    /// For the rest of a request's head.
    Head,
    /// For the next request.
    Idle,
    /// For the client to take what is written.
    Write,
}

/// What a connection has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    Head,
    /// Idle for this long already, which is not yet as long as it may be.
    Quiet(Duration),
    Idle,
    Write,
}

/// After this time without a request a connection gives back its buffers.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Clock {
    sleep: Pin<Box<Sleep>>,
    armed: Waiting,
    /// How many requests had come, or bytes were sent, when the timer was set.
    mark: u64,
    idle: Duration,
}

impl Clock {
    /// A clock that waits for the first head.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            sleep: Box::pin(sleep(limits.header_read_timeout)),
            armed: Waiting::Head,
            mark: 0,
            idle: Duration::ZERO,
        }
    }

    /// Whether the connection waits for too long. Its task is woken when it would.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        limits: &Limits,
        waiting: Waiting,
        requests: u32,
        sent: u64,
        rests: bool,
    ) -> Poll<Late> {
        if waiting == Waiting::No && self.armed == Waiting::No {
            return Poll::Pending;
        }
        loop {
            // A timer for anything else is left running: it says nothing when it rings.
            if waiting != self.armed && waiting != Waiting::No {
                self.idle = Duration::ZERO;
                self.arm(limits, waiting, requests, sent);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let armed = std::mem::replace(&mut self.armed, Waiting::No);
            if armed != waiting {
                if waiting == Waiting::No {
                    return Poll::Pending;
                }
                continue;
            }
            match waiting {
                Waiting::No => return Poll::Pending,
                Waiting::Head => return Poll::Ready(Late::Head),
                Waiting::Idle if self.mark == u64::from(requests) => {
                    self.idle += quiet(limits);
                    if self.idle >= limits.keep_alive_timeout {
                        return Poll::Ready(Late::Idle);
                    } else if rests {
                        return Poll::Ready(Late::Quiet(self.idle));
                    }
                    self.arm(limits, waiting, requests, sent);
                }
                Waiting::Idle => self.idle = Duration::ZERO,
                Waiting::Write => {
                    let least = limits.min_write_rate as f64 * limits.write_timeout.as_secs_f64();
                    if (sent.saturating_sub(self.mark) as f64) < least.max(1.0) {
                        return Poll::Ready(Late::Write);
                    }
                }
            }
        }
    }

    fn arm(&mut self, limits: &Limits, waiting: Waiting, requests: u32, sent: u64) {
        let (time, mark) = match waiting {
            Waiting::No => return,
            Waiting::Head => (limits.header_read_timeout, 0),
            Waiting::Idle => (quiet(limits), u64::from(requests)),
            Waiting::Write => (limits.write_timeout, sent),
        };
        self.armed = waiting;
        self.mark = mark;
        self.sleep.as_mut().reset(Instant::now() + time);
    }

    /// Sets the timer for a connection that has given back its buffers.
    pub(super) fn rest(&mut self, limits: &Limits, idle: Duration) {
        self.armed = Waiting::No;
        let left = limits.keep_alive_timeout.saturating_sub(idle);
        self.sleep.as_mut().reset(Instant::now() + left);
    }

    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.sleep.as_mut().poll(cx)
    }
}

fn quiet(limits: &Limits) -> Duration {
    QUIET
        .min(limits.keep_alive_timeout / 4)
        .max(Duration::from_millis(1))
}
