//! What the parts of one connection share: the socket, and what is going on.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::wire::Socket;
use crate::{
    ConnectionInfo,
    server::{
        config::Limits,
        listen::Stream,
        shutdown::{Connections, Watcher},
    },
};

/// How long a connection that ends early is read on, so that its client gets to see the answer: closing a socket with
/// unread bytes in it resets the connection, and what was sent last is lost.
const LINGER: Duration = Duration::from_secs(2);

/// What the parts of one connection share.
#[derive(Debug)]
pub(in crate::server) struct Core {
    pub(in crate::server) info: ConnectionInfo,
    pub(in crate::server) limits: Arc<Limits>,
    /// The socket. All parts belong to one task at a time, so the lock is always free; it is there because the task may
    /// change threads.
    socket: Mutex<Socket>,
    /// How many requests have come so far. Counted by the connection's task alone.
    begun: AtomicU32,
    /// How many of them are answered to their end, or never will be.
    ended: AtomicU32,
    /// What lives on beside the requests, such as a WebSocket.
    beside: AtomicU32,
    /// Whether small writes are held back until the end of a turn.
    corked: AtomicBool,
    /// Whether the server itself ends the connection, rather than the client.
    pub(super) cut: AtomicBool,
    /// Whether bytes have come that belong to no request yet.
    pub(super) fresh: AtomicBool,
    /// Whether a byte has come that may be a control character in a header.
    pub(super) suspicious: AtomicBool,
    /// Whether the client may still be sending what nobody will read.
    unread: AtomicBool,
    #[allow(dead_code, reason = "only a WebSocket outlives the task of its connection")]
    connections: Connections,
    _place: OwnedSemaphorePermit,
}

impl Core {
    pub(super) fn new(
        stream: Stream,
        info: ConnectionInfo,
        limits: Arc<Limits>,
        connections: Connections,
        place: OwnedSemaphorePermit,
    ) -> Arc<Self> {
        Arc::new(Self {
            info,
            limits,
            socket: Mutex::new(Socket::new(stream)),
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            beside: AtomicU32::new(0),
            corked: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            fresh: AtomicBool::new(true),
            suspicious: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            connections,
            _place: place,
        })
    }

    pub(super) fn socket(&self) -> MutexGuard<'_, Socket> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether small writes are to be held back from now on.
    pub(super) fn cork(&self, corked: bool) {
        self.corked.store(corked, Ordering::Relaxed);
    }

    pub(super) fn is_corked(&self) -> bool {
        self.corked.load(Ordering::Relaxed)
    }

    /// A request begins. For the task of the connection: nobody else counts them, so that it takes no locked instruction.
    pub(super) fn begin_request(&self) {
        self.fresh.store(false, Ordering::Relaxed);
        self.begun
            .store(self.requests().wrapping_add(1), Ordering::Relaxed);
    }

    /// A request has been answered to its end, or never will be.
    pub(in crate::server) fn end_request(&self) {
        self.fresh.store(false, Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts as a request in flight while it is held: what lives on beside the requests, such as a WebSocket.
    #[cfg(feature = "websocket")]
    pub(in crate::server) fn busy(self: &Arc<Self>) -> Busy {
        self.beside.fetch_add(1, Ordering::Relaxed);
        Busy {
            core: Arc::clone(self),
        }
    }

    /// Whether the server itself has ended the connection.
    pub(in crate::server) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether the headers may hold a control character that hyper lets through.
    pub(in crate::server) fn is_suspicious(&self) -> bool {
        self.suspicious.load(Ordering::Relaxed)
    }

    /// Whether some request is not yet answered to its end.
    pub(super) fn is_busy(&self) -> bool {
        self.requests() != self.ended.load(Ordering::Relaxed) || self.beside.load(Ordering::Relaxed) > 0
    }

    pub(in crate::server) fn requests(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// A request's body was left unread, wholly or in part.
    pub(in crate::server) fn left_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// For a task that lives beside the connection, such as a WebSocket's: it hears when the server is to end, which then
    /// waits for it. The place of the connection is kept by whoever holds the core.
    #[allow(dead_code, reason = "only a WebSocket outlives the task of its connection")]
    pub(in crate::server) fn watcher(&self) -> Watcher {
        self.connections.watcher()
    }

    /// Reads on for a while, where closing at once would cost the client its answer.
    pub(super) async fn linger(&self) {
        if !self.unread.load(Ordering::Relaxed) {
            return;
        }
        let drained = async {
            poll_fn(|cx| self.socket().poll_finish(cx)).await;
            poll_fn(|cx| self.socket().poll_drain(cx)).await;
        };
        // What comes later than this is reset, and so would have been most of what came before.
        let _ = timeout(LINGER, drained).await;
    }
}

/// See [`Core::busy`].
#[cfg(feature = "websocket")]
#[derive(Debug)]
pub(in crate::server) struct Busy {
    core: Arc<Core>,
}

#[cfg(feature = "websocket")]
impl Drop for Busy {
    fn drop(&mut self) {
        self.core.fresh.store(false, Ordering::Relaxed);
        self.core.beside.fetch_sub(1, Ordering::Relaxed);
    }
}
