//! A body as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::body::Chunks;
use crate::error::{Error, Op, Result};
use crate::extract::{FromRequest, Needs};
use crate::request::{BodyRejection, Request};

/// The body of a request as it comes, part by part; never more than one part of it is in memory.
///
/// An argument of a view, or what [`Request::stream`] gives. Async code asks for [`chunk`](Self::chunk) after chunk, or takes it as a
/// `Stream`; sync code waits for each, or goes through [`iter`](Self::iter). The client is not read faster than that.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, BodyStream, Client, Result, Urls};
///
/// async fn count(mut body: BodyStream) -> Result<String> {
///     let mut bytes = 0;
///     while let Some(chunk) = body.chunk().await? {
///         bytes += chunk.len();
///     }
///     Ok(bytes.to_string())
/// }
///
/// fn count_sync(mut body: BodyStream) -> Result<String> {
///     let mut bytes = 0;
///     for chunk in body.iter() {
///         bytes += chunk?.len();
///     }
///     Ok(bytes.to_string())
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("a/", count).path("b/", count_sync)));
/// assert_eq!(client.post("/a/").body("minor swing").wait()?.text(), "11");
/// assert_eq!(client.post("/b/").body("minor swing").wait()?.text(), "11");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub struct BodyStream {
    chunks: Chunks,
}

impl BodyStream {
    pub(super) fn new(chunks: Chunks) -> Self {
        Self { chunks }
    }

    /// The next part, as large as it came; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`BodyRejection`]: 413 past [`Limits::upload`](crate::Limits::upload), 408 where the client pauses for too long, 400 where it
    /// broke off.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken nothing.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn chunk(&mut self) -> Op<'_, Option<Bytes>> {
        Op::new("BodyStream::chunk", async {
            self.chunks.next().await.map_err(Error::from)
        })
    }

    /// The parts one after the other, for sync code.
    ///
    /// # Blocking
    ///
    /// Each step waits for the client.
    pub fn iter(&mut self) -> impl Iterator<Item = Result<Bytes>> {
        std::iter::from_fn(|| self.chunk().wait().transpose())
    }
}

impl futures_core::Stream for BodyStream {
    type Item = Result<Bytes, BodyRejection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll(cx)
    }
}

impl FromRequest for BodyStream {
    type Rejection = BodyRejection;
    const NEEDS: Needs = Needs::STREAM;

    fn from_request(request: &Request) -> Result<Self, BodyRejection> {
        request.stream()
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").finish_non_exhaustive()
    }
}
