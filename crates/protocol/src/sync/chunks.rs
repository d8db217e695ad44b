//! The body of a response, from code that blocks.

use std::fmt;

use bytes::Bytes;

use crate::BoxError;

type Iter = Box<dyn Iterator<Item = Result<Bytes, BoxError>>>;

/// The body of a [`SyncResponse`](super::SyncResponse): bytes that are there, or an iterator of chunks.
///
/// The iterator is asked for a chunk once the client has taken the one before, on the thread of the request, so it may block
/// and need not be `Send`. It is dropped there too: at its end, where the client goes away, and where the declared length is reached.
///
/// # Examples
///
/// ```
/// use nuages_protocol::sync::{Chunks, SyncResponse};
///
/// let lines = (1..=3).map(|line| format!("line {line}\n"));
/// let response = SyncResponse::new(Chunks::new(lines));
/// # let _ = response;
/// ```
#[derive(Default)]
pub struct Chunks {
    pub(super) inner: Inner,
}

pub(super) enum Inner {
    Full(Bytes),
    Iter(Iter),
}

impl Default for Inner {
    fn default() -> Self {
        Self::Full(Bytes::new())
    }
}

impl Chunks {
    /// No chunk.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Chunks that can't fail.
    pub fn new<I>(chunks: I) -> Self
    where
        I: IntoIterator<Item: Into<Bytes> + 'static, IntoIter: 'static>,
    {
        Self::try_new(chunks.into_iter().map(Ok::<_, BoxError>))
    }

    /// Chunks that may fail. After the first error the connection is cut: the response has begun already.
    pub fn try_new<I, T, E>(chunks: I) -> Self
    where
        I: IntoIterator<Item = Result<T, E>, IntoIter: 'static>,
        T: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        let chunks = chunks
            .into_iter()
            .map(|chunk| chunk.map(Into::into).map_err(Into::into));
        Self {
            inner: Inner::Iter(Box::new(chunks)),
        }
    }
}

impl From<Bytes> for Chunks {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: Inner::Full(bytes),
        }
    }
}

impl From<String> for Chunks {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Chunks {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static str> for Chunks {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Inner::Full(bytes) => f.debug_tuple("Chunks").field(&bytes.len()).finish(),
            Inner::Iter(_) => f.debug_struct("Chunks").finish_non_exhaustive(),
        }
    }
}
