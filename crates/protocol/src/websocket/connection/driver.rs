//! What a connection does by itself: it writes, answers pings, sends its own, and ends.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    Shared,
    state::{Phase, State},
};
use crate::websocket::{CloseFrame, WebSocketConfig, close_code};

/// How long a connection that said goodbye waits for the other side to hang up.
const LINGER: Duration = Duration::from_secs(1);

/// The future of a connection: it ends when the transport is closed.
#[derive(Debug)]
#[must_use = "a connection does nothing unless it is driven"]
pub(crate) struct Driver {
    shared: Arc<Shared>,
    keep_alive: Option<KeepAlive>,
    close_timeout: Duration,
    /// Until when the end may take, once it has begun.
    end_by: Option<(Phase, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    pinged: Option<Instant>,
    /// When to look again.
    next: Instant,
}

impl Driver {
    pub(super) fn new(shared: Arc<Shared>, config: &WebSocketConfig) -> Self {
        let keep_alive = config.ping_interval.map(|interval| KeepAlive {
            interval,
            timeout: config.ping_timeout,
            pinged: None,
            next: Instant::now() + interval,
        });
        Self {
            shared,
            keep_alive,
            close_timeout: config.close_timeout,
            end_by: None,
            timer: None,
        }
    }

    /// Says that the application runs now in the driver's task, and the driver after it: nobody has to wake it meanwhile.
    pub(crate) fn begin_turn(&self) {
        self.shared.in_turn.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end_turn(&self) {
        self.shared.in_turn.store(false, Ordering::Relaxed);
    }

    /// Whether the application has been told that it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.lock().ended().is_some()
    }

    /// Closes it for the application.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        self.shared.lock().close(code, reason);
    }

    /// Closes it, and tells the application at once, whatever else the client has to say.
    pub(crate) fn dismiss(&self, code: u16, reason: &str) {
        let mut state = self.shared.lock();
        state.close(code, reason);
        state.end(CloseFrame::new(code, reason));
        drop(state);
        self.shared.wakes.receiver.wake();
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.shared);
        shared.wakes.driver.register(cx.waker());
        let mut state = shared.lock();
        state.read();
        if state.handles == 0 {
            state.close(close_code::NORMAL, "");
        }
        state.write();
        while let Some(deadline) = self.deadline(&state) {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
            self.overdue(&mut state);
            state.write();
        }
        let (done, ready) = (
            state.phase() == Phase::Done,
            state.has_message() || state.ended().is_some(),
        );
        drop(state);
        if ready {
            shared.wakes.receiver.wake();
        }
        if done { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Drives the connection to its end.
    pub(crate) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    /// Until when nothing has to be done but what the transport says.
    fn deadline(&mut self, state: &State) -> Option<Instant> {
        let phase = state.phase();
        match phase {
            Phase::Open => self.keep_alive.as_ref().map(|keep_alive| keep_alive.next),
            Phase::Done => None,
            Phase::Closing | Phase::Ending => {
                if let Some((known, by)) = self.end_by
                    && known == phase
                {
                    return Some(by);
                }
                let time = match phase {
                    // What waits before the close may take its time too.
                    Phase::Ending if state.waiting() == 0 => LINGER.min(self.close_timeout),
                    _ => self.close_timeout,
                };
                let by = Instant::now() + time;
                self.end_by = Some((phase, by));
                Some(by)
            }
        }
    }

    fn overdue(&mut self, state: &mut State) {
        match (state.phase(), &mut self.keep_alive) {
            (Phase::Open, Some(keep_alive)) => keep_alive.check(state),
            (Phase::Open, None) | (Phase::Done, _) => {}
            (Phase::Closing, _) => state.lose("the close was not answered"),
            (Phase::Ending, _) => state.lose("the connection did not end"),
        }
    }
}

impl KeepAlive {
    fn check(&mut self, state: &mut State) {
        let now = Instant::now();
        if state.held_back {
            // Nothing was read because of the application: that is not the other side's silence, and an answer would not be
            // heard. What lies between the two still wants to see that the connection is alive.
            state.held_back = state.inbox_is_full();
            state.heard = now;
            if state.waiting() == 0 {
                state.push_ping();
            }
            self.pinged = None;
            self.next = now + self.interval;
            return;
        }
        match self.pinged {
            Some(at) if state.heard < at => {
                if now >= at + self.timeout {
                    state.lose("a ping was not answered");
                }
                self.next = at + self.timeout;
            }
            _ if now >= state.heard + self.interval => {
                state.push_ping();
                self.pinged = Some(now);
                self.next = now + self.timeout.min(self.interval);
            }
            _ => {
                self.pinged = None;
                self.next = state.heard + self.interval;
            }
        }
    }
}
