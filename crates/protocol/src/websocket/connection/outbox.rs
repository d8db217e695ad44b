//! Frames that wait to be written.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};

use super::{BoxTransport, pinned};

/// How many pieces one system call takes.
const SLICES: usize = 128;
/// How many places an empty queue keeps.
const KEPT: usize = 8;

/// Frames in order, each in one or two pieces, which other connections may share.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Bytes>,
    bytes: usize,
    flush: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        self.pieces.push_back(piece);
    }

    /// How many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes everything, as much at a time as goes.
    pub(super) fn poll_write(&mut self, io: &mut BoxTransport, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.pieces.front() {
            let result = if self.pieces.len() == 1 {
                pinned(io).poll_write(cx, first)
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = self.pieces.len().min(SLICES);
                for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                    *slice = IoSlice::new(piece);
                }
                pinned(io).poll_write_vectored(cx, &slices[..count])
            };
            match ready!(result)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
            self.flush = true;
        }
        if self.flush {
            ready!(pinned(io).poll_flush(cx))?;
            self.flush = false;
        }
        self.pieces.shrink_to(KEPT);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.pieces.pop_front();
        }
    }
}
