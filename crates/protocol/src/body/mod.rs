//! The body of a request or a response: bytes that are there, or that come in parts.

mod error;

use std::{
    any::Any,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};

pub use self::error::BodyError;
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
    Incoming(hyper::body::Incoming),
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

    #[cfg(feature = "server")]
    pub(crate) fn incoming(body: hyper::body::Incoming) -> Self {
        if body.is_end_stream() {
            Self::empty()
        } else {
            Self {
                inner: Inner::Incoming(body),
            }
        }
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
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, BodyError> {
        let declared = self.size_hint().lower();
        if declared > limit as u64 {
            return Err(BodyError::too_large(limit));
        }
        let Some(first) = self.next_data().await? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit {
            return Err(BodyError::too_large(limit));
        }
        let Some(second) = self.next_data().await? else {
            return Ok(first);
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
            next = self.next_data().await?;
        }
        Ok(whole.freeze())
    }

    /// The next bytes; `None` at the end. Skips trailers and empty frames.
    async fn next_data(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.frame().await {
            match frame.map_err(BodyError::from_source)?.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(None)
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
            Inner::Incoming(body) => Poll::Ready(
                ready!(Pin::new(body).poll_frame(cx))
                    .map(|frame| frame.map_err(|error| BodyError::from_hyper(error).into())),
            ),
            Inner::Boxed(body) => Poll::Ready(ready!(Pin::new(body).poll_frame(cx))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty => true,
            Inner::Full(bytes) => bytes.is_empty(),
            #[cfg(feature = "server")]
            Inner::Incoming(body) => body.is_end_stream(),
            Inner::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            #[cfg(feature = "server")]
            Inner::Incoming(body) => body.size_hint(),
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
