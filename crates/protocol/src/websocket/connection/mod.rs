//! One connection: what is read, what waits to be written, and how it ends.
//!
//! The handles of the application and the [`Driver`] share a [`State`] behind a lock. Whoever is there does the work: a
//! receiver that waits reads the socket itself, so that a message costs no hop, and the driver does it when nobody receives,
//! so that pings are answered and a disconnect is noticed. Writing is the driver's alone: what was sent in one
//! turn of the application, or while a slow client took its time, leaves in one system call.

mod driver;
mod outbox;
mod state;
mod wakes;

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite};

pub(super) use self::driver::Driver;
use self::{state::State, wakes::Wakes};
use super::{
    CloseFrame, Message, PreparedMessage, WebSocketConfig, WebSocketError, codec::Role, deflate::Agreed,
    error::Kind,
};

/// What a WebSocket goes over: a socket, TLS, a stream of HTTP/2, a pipe.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

pub(crate) type BoxTransport = Box<dyn Transport>;

/// What the handles and the driver share.
pub(super) struct Shared {
    state: Mutex<State>,
    wakes: Arc<Wakes>,
    /// Whether the driver's task runs the application right now, and so comes to the driver by itself.
    in_turn: AtomicBool,
}

/// A connection whose handshake is over; `read` is what came behind it already.
pub(super) fn open(
    io: BoxTransport,
    role: Role,
    config: &WebSocketConfig,
    agreed: Option<Agreed>,
    read: &[u8],
) -> (Arc<Shared>, Driver) {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let shared = Arc::new(Shared {
        state: Mutex::new(State::new(io, role, config, agreed, read, waker)),
        wakes,
        in_turn: AtomicBool::new(false),
    });
    let driver = Driver::new(Arc::clone(&shared), config);
    (shared, driver)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the driver, unless it comes anyway. To be called after the lock was given back.
    fn wake_driver(&self) {
        // The lock orders this: who sees an old `true` here had the lock before the driver gets it.
        if !self.in_turn.load(Ordering::Relaxed) {
            self.wakes.driver.wake();
        }
    }

    /// The next message; nothing at the end. One receiver at a time.
    pub(super) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.wakes.receiver.register(cx.waker());
        let mut state = self.lock();
        let full = state.inbox_is_full();
        let mut next = state.take_message();
        if next.is_none() && !state.is_over() {
            state.read();
            next = state.take_message();
        }
        let over = state.is_over();
        let call = full || state.needs_driver();
        drop(state);
        if call {
            self.wake_driver();
        }
        match next {
            Some(message) => Poll::Ready(Some(message)),
            None if over => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Waits for room, then takes what `push` sends.
    pub(super) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        push: impl FnOnce(&mut State),
    ) -> Poll<Result<(), WebSocketError>> {
        let mut state = self.lock();
        if let Some(frame) = state.closed() {
            return Poll::Ready(Err(Kind::Closed(frame).into()));
        }
        if state.outbox_is_full() {
            state.wait_for_room(cx.waker());
            return Poll::Pending;
        }
        push(&mut state);
        drop(state);
        self.wake_driver();
        Poll::Ready(Ok(()))
    }

    /// Takes what `push` sends, if there is room.
    pub(super) fn try_send(&self, push: impl FnOnce(&mut State)) -> Result<(), WebSocketError> {
        let mut state = self.lock();
        if let Some(frame) = state.closed() {
            return Err(Kind::Closed(frame).into());
        }
        if state.outbox_is_full() {
            return Err(Kind::Full {
                waiting: state.waiting(),
            }
            .into());
        }
        push(&mut state);
        drop(state);
        self.wake_driver();
        Ok(())
    }

    /// Begins to close; does nothing if that has begun.
    pub(super) fn close(&self, code: u16, reason: &str) {
        self.lock().close(code, reason);
        self.wake_driver();
    }

    /// How it ended, once it has.
    pub(super) fn ended(&self) -> Option<CloseFrame> {
        self.lock().ended().cloned()
    }

    pub(super) fn add_handle(&self) {
        self.lock().handles += 1;
    }

    pub(super) fn remove_handle(&self) {
        let mut state = self.lock();
        state.handles -= 1;
        let last = state.handles == 0;
        drop(state);
        if last {
            self.wake_driver();
        }
    }

    /// From now on what comes is read and thrown away, for the sake of pings and closes.
    pub(super) fn remove_receiver(&self) {
        self.lock().stop_receiving();
        self.wake_driver();
    }
}

/// What is sent: the two forms of a message.
pub(super) fn push_message(message: Message) -> impl FnOnce(&mut State) {
    move |state| state.push(message)
}

pub(super) fn push_prepared(message: &PreparedMessage) -> impl FnOnce(&mut State) {
    move |state| state.push_prepared(message)
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Polls what borrows the transport as a whole.
fn pinned(io: &mut BoxTransport) -> Pin<&mut dyn Transport> {
    Pin::new(&mut **io)
}

#[cfg(test)]
mod tests;
