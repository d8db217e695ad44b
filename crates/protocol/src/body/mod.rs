//! The body of a request or a response: bytes that are there, or that come in parts.

mod error;
mod file;
mod stream;

use std::{
    any::Any,
    fmt,
    fs::File,
    io,
    ops::Range,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use nuages_bridge::{BridgeError, Op, sync_to_async};

pub use self::error::BodyError;
use self::{file::FileBody, stream::StreamBody};
use crate::BoxError;

/// The body of a request or a response.
///
/// Bytes that are there already, and a request's body from the server, cost no allocation. Anything else that
/// implements [`http_body::Body`] is boxed by [`Body::new`] and sent as it comes, as fast as the other side
/// takes it.
///
/// # Examples
///
/// ```
/// use nuages_protocol::Body;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), nuages_protocol::BodyError> {
/// let body = Body::from("bonsoir");
/// assert_eq!(body.collect(1024).await?, "bonsoir");
///
/// let error = Body::from("bonsoir").collect(3).await.unwrap_err();
/// assert!(error.is_too_large());
/// # Ok(())
/// # }
/// ```
pub struct Body {
    inner: Inner,
}

enum Inner {
    Empty,
    Full(Bytes),
    #[cfg(feature = "server")]
    Incoming(crate::server::IncomingBody),
    File(FileBody),
    Boxed(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    /// A body without a byte.
    pub const fn empty() -> Self {
        Self { inner: Inner::Empty }
    }

    /// A body from any other: a stream of frames, a file, a compressor.
    ///
    /// A `Body` goes through as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_body_util::Full;
    /// use nuages_protocol::Body;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), nuages_protocol::BodyError> {
    /// let body = Body::new(Full::from("as it comes"));
    /// assert_eq!(body.collect(1024).await?, "as it comes");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        if let Some(body) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return body.take().unwrap_or_default();
        }
        match body {
            Some(body) => Self {
                inner: Inner::Boxed(body.map_err(Into::into).boxed_unsync()),
            },
            None => Self::empty(),
        }
    }

    /// A body from a stream of bytes, which is asked for more as fast as the client takes it.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_protocol::Body;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), nuages_protocol::BodyError> {
    /// let parts = ["bon", "soir"].map(Ok::<_, std::io::Error>);
    /// let body = Body::from_stream(futures_util::stream::iter(parts));
    /// assert_eq!(body.collect(1024).await?, "bonsoir");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::new(StreamBody::new(stream))
    }

    /// A part of an open file, from one position to another, in bytes.
    ///
    /// It is read in blocks of 256 KiB as the client takes it, on a thread that may block. Where the file itself stands
    /// doesn't matter and doesn't change. The body fails where the file turns out to be shorter.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{fs::File, io::Write};
    /// use nuages_protocol::Body;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut file = tempfile::tempfile()?;
    /// file.write_all(b"minor swing")?;
    /// let body = Body::from_file(file, 6..11);
    /// assert_eq!(body.collect(1024).await?, "swing");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_file(file: impl Into<Arc<File>>, range: Range<u64>) -> Self {
        Self {
            inner: Inner::File(FileBody::new(file.into(), &range)),
        }
    }

    /// A whole file, opened here and read as [`from_file`](Self::from_file) reads it.
    ///
    /// # Errors
    ///
    /// If it can't be opened, or is no file but a directory. The source is the [`io::Error`].
    ///
    /// # Blocking
    ///
    /// [`wait`](Op::wait) blocks while the file is opened.
    #[track_caller]
    pub fn from_path(path: impl Into<PathBuf>) -> Op<'static, Self, BodyError> {
        let path = path.into();
        Op::new("Body::from_path", async move {
            let open = move || {
                let file = File::open(path)?;
                let data = file.metadata()?;
                if !data.is_file() {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "it is not a regular file",
                    ));
                }
                Ok((file, data.len()))
            };
            let opened: Result<io::Result<_>, BridgeError> = sync_to_async(open).parallel().await;
            let (file, length) = opened?.map_err(|error| BodyError::from_source(error.into()))?;
            Ok(Self::from_file(file, 0..length))
        })
    }

    /// The same body with trailers: headers that follow it, after any that it has itself.
    ///
    /// HTTP/1.1 has them in chunked bodies alone, for clients that sent `TE: trailers`, and only those that the header `Trailer`
    /// announced (RFC 9110, section 6.5); elsewhere they are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_protocol::Body;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut trailers = http::HeaderMap::new();
    /// trailers.insert("x-checksum", "9a3b".parse()?);
    /// let body = Body::from("bonsoir").with_trailers(trailers);
    /// let (bytes, trailers) = body.collect_with_trailers(1024).await?;
    /// assert_eq!(bytes, "bonsoir");
    /// assert_eq!(trailers["x-checksum"], "9a3b");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_trailers(self, trailers: HeaderMap) -> Self {
        // Its own length would have it sent by that length, which has no place for trailers.
        let body = BodyOfUnknownLength(self);
        Self::new(body.with_trailers(std::future::ready(Some(Ok(trailers)))))
    }

    /// The bytes, if all of them are there already and nothing has to be waited for.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.inner {
            Inner::Full(bytes) => Some(bytes),
            _ => None,
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn incoming(body: crate::server::IncomingBody) -> Self {
        Self {
            inner: Inner::Incoming(body),
        }
    }

    /// A part of a body that is there already, if it is longer than that.
    #[cfg(feature = "server")]
    pub(crate) fn take_part(&mut self, length: usize) -> Option<Bytes> {
        match &mut self.inner {
            Inner::Full(bytes) if bytes.len() > length => Some(bytes.split_to(length)),
            _ => None,
        }
    }

    /// Whether all of it is there already.
    #[cfg(feature = "server")]
    pub(crate) fn is_buffered(&self) -> bool {
        matches!(self.inner, Inner::Empty | Inner::Full(_))
    }

    /// Reads the whole body into memory, if it isn't longer than `limit` bytes. Trailers are dropped.
    ///
    /// A body that came in one part isn't copied.
    ///
    /// # Errors
    ///
    /// [`is_too_large`](BodyError::is_too_large) as soon as it is clear that the limit won't do, which for a
    /// declared length is before the first byte was read; otherwise what keeps the body from coming.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses what was read.
    pub async fn collect(self, limit: usize) -> Result<Bytes, BodyError> {
        self.collect_with_trailers(limit).await.map(|(whole, _)| whole)
    }

    /// As [`collect`](Self::collect), with the trailers that followed the body; empty where there were none.
    ///
    /// # Errors
    ///
    /// As [`collect`](Self::collect).
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses what was read.
    pub async fn collect_with_trailers(mut self, limit: usize) -> Result<(Bytes, HeaderMap), BodyError> {
        let mut trailers = HeaderMap::new();
        let declared = self.size_hint().lower();
        if declared > limit as u64 {
            return Err(BodyError::too_large(limit));
        }
        let Some(first) = self.next_data(&mut trailers).await? else {
            return Ok((Bytes::new(), trailers));
        };
        if first.len() > limit {
            return Err(BodyError::too_large(limit));
        }
        let Some(second) = self.next_data(&mut trailers).await? else {
            return Ok((first, trailers));
        };
        // What a client declares is a promise, so memory is reserved for it only as far as is harmless.
        let expected = (declared as usize)
            .min(MAX_RESERVED)
            .max(first.len() + second.len());
        let mut whole = BytesMut::with_capacity(expected);
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(data) = next {
            if data.len() > limit - whole.len() {
                return Err(BodyError::too_large(limit));
            }
            whole.extend_from_slice(&data);
            next = self.next_data(&mut trailers).await?;
        }
        Ok((whole.freeze(), trailers))
    }

    /// The next bytes; `None` at the end. Skips empty frames, and puts trailers where they are wanted.
    async fn next_data(&mut self, trailers: &mut HeaderMap) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.frame().await {
            match frame.map_err(BodyError::from_source)?.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                Ok(_) => {}
                Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
        Ok(None)
    }
}

/// A body that doesn't tell how long it is.
struct BodyOfUnknownLength(Body);

impl http_body::Body for BodyOfUnknownLength {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

const MAX_RESERVED: usize = 64 * 1024;

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.inner {
            Inner::Empty => Poll::Ready(None),
            Inner::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.inner = Inner::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            #[cfg(feature = "server")]
            Inner::Incoming(body) => {
                Poll::Ready(ready!(Pin::new(body).poll_frame(cx)).map(|frame| frame.map_err(Into::into)))
            }
            Inner::File(file) => Poll::Ready(ready!(file.poll_block(cx)).map(|block| block.map(Frame::data))),
            Inner::Boxed(body) => Poll::Ready(ready!(Pin::new(body).poll_frame(cx))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty => true,
            Inner::Full(bytes) => bytes.is_empty(),
            #[cfg(feature = "server")]
            Inner::Incoming(body) => body.is_end_stream(),
            Inner::File(file) => file.left() == 0,
            Inner::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            #[cfg(feature = "server")]
            Inner::Incoming(body) => body.size_hint(),
            Inner::File(file) => SizeHint::with_exact(file.left()),
            Inner::Boxed(body) => body.size_hint(),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.inner {
            Inner::Empty => "empty",
            Inner::Full(_) => "full",
            #[cfg(feature = "server")]
            Inner::Incoming(_) => "incoming",
            Inner::File(_) => "file",
            Inner::Boxed(_) => "boxed",
        };
        f.debug_struct("Body")
            .field("kind", &kind)
            .field("size", &self.size_hint())
            .finish()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: Inner::Full(bytes),
        }
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests;
