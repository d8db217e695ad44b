//! Small answers that are ready together leave together.
//!
//! A client that pipelines gets many small answers in one turn of its connection. One write to the socket for
//! each costs more than everything else together. hyper has a switch against it, `pipeline_flush`, but that also
//! lifts every limit of its write buffer: a large body for a slow client ends up in memory as a whole. So hyper
//! writes into a [`Cork`], which holds small writes back, and the connection's task flushes it with the [`Flusher`] after
//! each turn. What is held back is bounded, larger writes go straight through, and a full socket holds hyper back.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Larger writes than this are worth their own system call, and not worth a copy.
const LARGE: usize = 4 * 1024;
/// How much is held back at most.
const CAPACITY: usize = 16 * 1024;
/// How much memory an idle connection keeps for it.
const KEPT: usize = 4 * 1024;

/// hyper's end: a stream that doesn't write small things at once, nor when it is told to flush.
#[derive(Debug)]
pub(super) struct Cork<I> {
    shared: Arc<Mutex<Shared<I>>>,
}

/// The connection's end: writes what was held back.
#[derive(Debug)]
pub(super) struct Flusher<I> {
    shared: Arc<Mutex<Shared<I>>>,
}

#[derive(Debug)]
struct Shared<I> {
    io: I,
    held: Vec<u8>,
    /// How much of `held` is written already.
    written: usize,
    /// Whether hyper has asked for a flush that is still due.
    flush: bool,
}

pub(super) fn cork<I>(io: I) -> (Cork<I>, Flusher<I>) {
    let shared = Arc::new(Mutex::new(Shared {
        io,
        held: Vec::new(),
        written: 0,
        flush: false,
    }));
    (
        Cork {
            shared: Arc::clone(&shared),
        },
        Flusher { shared },
    )
}

/// Both ends belong to one task, so the lock is always free; it is there because the task may change threads.
fn lock<I>(shared: &Mutex<Shared<I>>) -> MutexGuard<'_, Shared<I>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<I: AsyncWrite + Unpin> Shared<I> {
    fn poll_write_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.held.len() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.held[self.written..]))?;
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
        let io = Pin::new(&mut self.io);
        if io.is_write_vectored() {
            io.poll_write_vectored(cx, parts)
        } else {
            let first = parts.iter().find(|part| !part.is_empty());
            io.poll_write(cx, first.map_or(&[], |part| part))
        }
    }
}

impl<I: AsyncWrite + Unpin> Flusher<I> {
    /// Writes what was held back. Where the socket is full, the task is woken once it no longer is.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = lock(&self.shared);
        if !shared.flush {
            return Poll::Ready(Ok(()));
        }
        ready!(shared.poll_write_held(cx))?;
        ready!(Pin::new(&mut shared.io).poll_flush(cx))?;
        shared.flush = false;
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Cork<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.shared).io).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Cork<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut shared = lock(&self.shared);
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let large = length > LARGE;
        if large || shared.held.len() + length > CAPACITY {
            ready!(shared.poll_write_held(cx))?;
        }
        if large {
            return shared.poll_write_through(cx, parts);
        }
        for part in parts {
            shared.held.extend_from_slice(part);
        }
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.shared).flush = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = lock(&self.shared);
        ready!(shared.poll_write_held(cx))?;
        Pin::new(&mut shared.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn small_writes_are_held_back_until_the_flusher_comes() {
        let (io, mut peer) = duplex(1024);
        let (mut cork, flusher) = cork(io);
        for part in ["bon", "soir"] {
            cork.write_all(part.as_bytes()).await.unwrap();
            cork.flush().await.unwrap();
        }
        let mut got = [0; 16];
        let early = poll_fn(|cx| {
            Poll::Ready(
                Pin::new(&mut peer)
                    .poll_read(cx, &mut ReadBuf::new(&mut got))
                    .is_ready(),
            )
        });
        assert!(!early.await);
        poll_fn(|cx| flusher.poll_flush(cx)).await.unwrap();
        let length = peer.read(&mut got).await.unwrap();
        assert_eq!(&got[..length], b"bonsoir");
    }

    #[tokio::test]
    async fn everything_arrives_once_and_in_order_whatever_its_size() {
        let sizes = [
            1,
            LARGE - 1,
            LARGE,
            LARGE + 1,
            7,
            CAPACITY,
            CAPACITY + 1,
            3,
            LARGE,
            LARGE,
            LARGE,
            LARGE,
            1,
        ];
        let sent: Vec<u8> = (0..sizes.iter().sum::<usize>())
            .map(|n| (n % 251) as u8)
            .collect();
        // A pipe that takes little at a time, and a peer that reads beside it.
        let (io, mut peer) = duplex(100);
        let (mut cork, flusher) = cork(io);
        let write = async {
            let mut rest = &sent[..];
            for (turn, size) in sizes.into_iter().enumerate() {
                let (part, next) = rest.split_at(size);
                cork.write_all(part).await.unwrap();
                cork.flush().await.unwrap();
                if turn % 3 == 0 {
                    poll_fn(|cx| flusher.poll_flush(cx)).await.unwrap();
                }
                rest = next;
            }
            cork.shutdown().await.unwrap();
        };
        let mut got = Vec::new();
        let (read, ()) = tokio::join!(peer.read_to_end(&mut got), write);
        read.unwrap();
        assert!(got == sent);
    }

    #[tokio::test]
    async fn what_is_held_back_is_bounded() {
        let (io, _peer) = duplex(1);
        let (mut cork, _flusher) = cork(io);
        let mut taken = 0;
        poll_fn(|cx| {
            while let Poll::Ready(written) = Pin::new(&mut cork).poll_write(cx, &[b'x'; 1000]) {
                taken += written.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        assert!(taken <= CAPACITY, "{taken}");
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_is_an_error_of_the_flush() {
        let (io, peer) = duplex(1024);
        let (mut cork, flusher) = cork(io);
        drop(peer);
        cork.write_all(b"bonsoir").await.unwrap();
        cork.flush().await.unwrap();
        assert!(poll_fn(|cx| flusher.poll_flush(cx)).await.is_err());
    }
}
