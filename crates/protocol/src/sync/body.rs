//! The body of a request, for code that blocks.

use std::{
    fmt,
    future::poll_fn,
    io::{self, BufRead, Read},
    pin::Pin,
};

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::Body as _;
use nuages_bridge::async_to_sync;

use crate::{Body, BodyError};

/// The body of a request, to be read as any other [`Read`].
///
/// It is read from the client no faster than the code reads it.
///
/// # Blocking
///
/// Reading blocks until the client has sent something.
///
/// # Errors
///
/// Reading fails with what the client did wrong (the error wraps a [`BodyError`]), and where it has gone.
pub struct SyncBody {
    body: Body,
    /// What was read from the client, and not yet by the code.
    rest: Bytes,
    trailers: HeaderMap,
}

impl SyncBody {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            trailers: HeaderMap::new(),
        }
    }

    /// The headers that followed the body, once it was read to its end; empty before, and where there were none.
    pub fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

    /// Reads the whole body, if it isn't longer than this many bytes.
    ///
    /// # Errors
    ///
    /// [`is_too_large`](BodyError::is_too_large) for a longer one; otherwise what keeps the body from coming.
    ///
    /// # Blocking
    ///
    /// Until the client has sent all of it.
    pub fn collect(self, limit: usize) -> Result<Bytes, BodyError> {
        async_to_sync(self.body.collect(limit))?
    }

    /// The body, for async code.
    pub fn into_inner(self) -> Body {
        self.body
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.rest.is_empty() {
            let body = &mut self.body;
            let frame =
                async_to_sync(poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))).map_err(io::Error::other)?;
            let Some(frame) = frame else { return Ok(()) };
            match frame.map_err(io::Error::other)?.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => self.trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
        Ok(())
    }
}

impl BufRead for SyncBody {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(&self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest.advance(amount.min(self.rest.len()));
    }
}

impl Read for SyncBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.fill()?;
        let length = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

impl fmt::Debug for SyncBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
