//! Between hyper and the socket.
//!
//! **Small answers that are ready together leave together.** A client that pipelines gets many small answers in one turn of
//! its connection. One write to the socket for each costs more than everything else together. hyper has a switch against it,
//! `pipeline_flush`, but that also lifts every limit of its write buffer: a large body for a slow client ends up in memory as a
//! whole. So hyper writes into a [`Wire`], which holds small writes back, and the connection's task flushes it after each turn. What is
//! held back is bounded, larger writes go straight through, and a full socket holds hyper back.
//!
//! **A client that goes away is noticed**, also while its request's body is not read: hyper asks for bytes only when somebody wants
//! them, so then the connection's task reads ahead a little, until it finds the end.

use std::{
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::core::Core;
use crate::server::listen::Stream;

/// Larger writes than this are worth their own system call, and not worth a copy.
const LARGE: usize = 4 * 1024;
/// How much is held back at most.
const CAPACITY: usize = 16 * 1024;
/// How much memory an idle connection keeps for it.
const KEPT: usize = 4 * 1024;
/// How much is read ahead at most while nobody wants it.
const AHEAD: usize = 16 * 1024;
/// The first byte of "next line" (NEL) in Latin-1: a line break for some programs.
const NEL: u8 = 0x85;

/// hyper's end: a stream that doesn't write small things at once, nor when it is told to flush.
#[derive(Debug)]
pub(in crate::server) struct Wire {
    core: Arc<Core>,
}

impl Wire {
    pub(super) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }
}

/// The socket of a connection, what was read from it and not used, and what is still to be written.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    /// Read from the stream, not yet given to hyper.
    ahead: BytesMut,
    ended: bool,
    held: Vec<u8>,
    /// How much of `held` is written already.
    written: usize,
    /// Whether something was written that is not yet flushed.
    flush: bool,
    /// Whether the client doesn't take what is written.
    blocked: bool,
    /// How many bytes the client has taken.
    sent: u64,
    /// Whether hyper waits for bytes: its turn ended with a read that found none.
    asked: bool,
    /// Whether hyper was given bytes, or the end, in this turn.
    gave: bool,
    /// Whether the end was found while nobody read, and a turn has gone by since.
    stale: bool,
}

/// How a turn of a connection ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// The client doesn't take what is written.
    pub(super) blocked: bool,
    /// How many bytes it has taken so far.
    pub(super) sent: u64,
    /// The client has gone.
    pub(super) gone: bool,
}

impl Socket {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            ahead: BytesMut::new(),
            ended: false,
            held: Vec::new(),
            written: 0,
            flush: false,
            blocked: false,
            sent: 0,
            asked: false,
            gave: false,
            stale: false,
        }
    }

    /// What was read and not used.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Whether the client has sent everything that it will send.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Gives back what was read and not used.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        let rest = std::mem::take(&mut self.ahead);
        self.ahead.extend_from_slice(bytes);
        self.ahead.extend_from_slice(&rest);
    }

    /// Waits for bytes while there is no hyper to read them; `false` at the end.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>, reserve: usize) -> Poll<bool> {
        if self.ended {
            return Poll::Ready(false);
        }
        self.ahead.reserve(reserve);
        match pin!(self.stream.read_buf(&mut self.ahead)).poll(cx) {
            Poll::Ready(Ok(1..)) => Poll::Ready(true),
            Poll::Ready(Ok(0) | Err(_)) => {
                self.ended = true;
                Poll::Ready(false)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    pub(super) fn begin_turn(&mut self) {
        self.asked = false;
        self.gave = false;
    }

    /// Sends what hyper has written in this turn, and looks whether the client is still there.
    pub(super) fn end_turn(&mut self, cx: &mut Context<'_>, busy: bool) -> io::Result<Turn> {
        if self.flush
            && let Poll::Ready(flushed) = self.poll_flush_held(cx)
        {
            flushed?;
        }
        if busy && !self.asked {
            self.read_ahead(cx);
        }
        let mut gone = false;
        if self.ended && busy && !self.gave {
            // In its next turn hyper finds the end itself, if there is anybody who reads.
            gone = self.stale;
            self.stale = true;
            cx.waker().wake_by_ref();
        } else {
            self.stale = false;
        }
        Ok(Turn {
            blocked: self.blocked,
            sent: self.sent,
            gone,
        })
    }

    fn read_ahead(&mut self, cx: &mut Context<'_>) {
        while !self.ended && self.ahead.len() < AHEAD {
            let room = AHEAD - self.ahead.len();
            if self.poll_more(cx, room.min(LARGE)).is_pending() {
                return;
            }
        }
    }

    /// Sends what is left, and that nothing more will come.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if ready!(self.poll_write_held(cx)).is_ok() {
            // One who is gone needs no farewell.
            let _ = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        }
        Poll::Ready(())
    }

    /// Reads and forgets, until the end.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.ahead.clear();
            if !ready!(self.poll_more(cx, LARGE)) {
                return Poll::Ready(());
            }
        }
    }

    fn poll_flush_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_held(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.flush = false;
        Poll::Ready(Ok(()))
    }

    fn poll_write_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.held.len() {
            let rest = &self.held[self.written..];
            let turn = Pin::new(&mut self.stream).poll_write(cx, rest);
            let written = ready!(note(turn, &mut self.blocked, &mut self.sent))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.written = 0;
        self.held.clear();
        self.held.shrink_to(KEPT);
        Poll::Ready(Ok(()))
    }

    fn poll_write_through(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let turn = if stream.is_write_vectored() {
            stream.poll_write_vectored(cx, parts)
        } else {
            let first = parts.iter().find(|part| !part.is_empty());
            stream.poll_write(cx, first.map_or(&[], |part| part))
        };
        note(turn, &mut self.blocked, &mut self.sent)
    }
}

/// Keeps account of how the client takes what is written.
fn note(turn: Poll<io::Result<usize>>, blocked: &mut bool, sent: &mut u64) -> Poll<io::Result<usize>> {
    *blocked = turn.is_pending();
    if let Poll::Ready(Ok(written)) = turn {
        *sent += written as u64;
    }
    turn
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut guard = self.core.socket();
        let socket = &mut *guard;
        let before = buf.filled().len();
        if !socket.ahead.is_empty() {
            let some = socket.ahead.len().min(buf.remaining());
            buf.put_slice(&socket.ahead[..some]);
            socket.ahead.advance(some);
            if socket.ahead.is_empty() {
                socket.ahead = BytesMut::new();
            }
        } else if !socket.ended {
            let turn = Pin::new(&mut socket.stream).poll_read(cx, buf);
            socket.asked = turn.is_pending();
            ready!(turn)?;
        }
        socket.gave = true;
        let given = &buf.filled()[before..];
        if !given.is_empty() {
            self.core.fresh.store(true, Ordering::Relaxed);
            if memchr::memchr(NEL, given).is_some() {
                self.core.suspicious.store(true, Ordering::Relaxed);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let corked = self.core.is_corked();
        let mut socket = self.core.socket();
        socket.flush |= corked;
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let through = length > LARGE || !corked;
        if through || socket.held.len() + length > CAPACITY {
            ready!(socket.poll_write_held(cx))?;
        }
        if through {
            return socket.poll_write_through(cx, parts);
        }
        for part in parts {
            socket.held.extend_from_slice(part);
        }
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.core.socket().stream.is_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.core.is_corked() {
            // The end of the turn will.
            return Poll::Ready(Ok(()));
        }
        self.core.socket().poll_flush_held(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut socket = self.core.socket();
        ready!(socket.poll_write_held(cx))?;
        Pin::new(&mut socket.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
