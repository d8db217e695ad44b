//! The body of a response, on its way to hyper.

use std::{
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, uri::PathAndQuery};
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::{is_of_the_client, path_of};
#[cfg(feature = "http2")]
use crate::server::connection::note;
use crate::{
    Body, BoxError,
    fault::Chain,
    server::{access::Entry, connection::Core, panic as panics},
};

/// hyper copies what it gets into its buffer, which is not to grow as large as any body.
const PART: usize = 32 * 1024;

/// A response's body: what is there already goes as it is, what comes in parts is watched on its way.
pub(in crate::server) struct Outgoing {
    body: Body,
    tail: Option<Box<Tail>>,
}

/// What is to be seen to until the last byte has gone.
pub(super) struct Tail {
    pub(super) core: Arc<Core>,
    pub(super) method: Method,
    pub(super) target: Option<PathAndQuery>,
    /// What the response has declared and not yet sent.
    pub(super) left: Option<u64>,
    pub(super) log: Option<Box<Entry>>,
    pub(super) sent: u64,
    pub(super) ended: bool,
    /// A frame that was asked for early.
    pub(super) next: Option<Frame<Bytes>>,
    pub(super) _place: Option<OwnedSemaphorePermit>,
}

impl Outgoing {
    pub(super) fn new(body: Body, tail: Option<Box<Tail>>) -> Self {
        Self { body, tail }
    }
}

impl Tail {
    fn fault(&mut self, error: &BoxError) {
        self.ended = true;
        let (method, path) = (&self.method, path_of(self.target.as_ref()));
        if is_of_the_client(error.as_ref()) {
            tracing::debug!(%method, path, error = %Chain(error.as_ref()), "a response ended with its request");
        } else {
            tracing::error!(%method, path, error = %Chain(error.as_ref()), "a response could not be sent as the application made it");
        }
    }

    /// Holds the frame to what was declared.
    fn count(&mut self, length: u64) -> Result<(), BoxError> {
        self.sent += length;
        match &mut self.left {
            Some(left) if *left < length => Err(format!(
                "the body is longer than its declared length by {}",
                length - *left
            )
            .into()),
            Some(left) => {
                *left -= length;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Tail {
    /// hyper doesn't ask for more than was declared. If there is more, the body is wrong, and what the client has of it looks complete.
    fn look_ahead(&mut self, body: &mut Body, cx: &mut Context<'_>) -> Result<(), BoxError> {
        if self.left != Some(0) || body.is_end_stream() {
            return Ok(());
        }
        let polled = panic::catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        match polled {
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                self.count(frame.data_ref().map_or(0, |data| data.len() as u64))?;
                self.next = Some(frame);
            }
            Ok(Poll::Ready(Some(Err(error)))) => return Err(error),
            Ok(_) => {}
            Err(payload) => return Err(format!("the body panicked: {}", panics::message(&payload)).into()),
        }
        Ok(())
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if let Some(log) = self.log.take() {
            log.write(self.sent, self.ended);
        }
        self.core.end_request();
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.poll_next(cx);
        #[cfg(feature = "http2")]
        match &polled {
            Poll::Ready(Some(Ok(frame))) => note(Some(frame.data_ref().map_or(0, Bytes::len))),
            Poll::Ready(_) => {}
            Poll::Pending => note(None),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // A body that is at its end before its declared length has to be asked once more, to fail.
        let is_short = self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.left.is_some_and(|left| left > 0));
        let has_next = self.tail.as_ref().is_some_and(|tail| tail.next.is_some());
        self.body.is_end_stream() && !is_short && !has_next
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Outgoing {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, tail } = self;
        let Some(tail) = tail else {
            return match body.take_part(PART) {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => Pin::new(body).poll_frame(cx),
            };
        };
        if let Some(frame) = tail.next.take() {
            return Poll::Ready(Some(Ok(frame)));
        }
        // A panic is caught here, as hyper may poll this in a task that nobody looks at.
        let polled = panic::catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *body).poll_frame(cx)));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(None)) => match tail.left {
                Some(left @ 1..) => Some(Err(format!(
                    "the body is shorter than its declared length by {left} bytes"
                )
                .into())),
                _ => None,
            },
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let counted = tail.count(length).and_then(|()| tail.look_ahead(body, cx));
                Some(counted.map(|()| frame))
            }
            Ok(Poll::Ready(Some(Err(error)))) => Some(Err(error)),
            Err(payload) => {
                // Whatever it would do next is as broken as what it did.
                *body = Body::empty();
                Some(Err(
                    format!("the body panicked: {}", panics::message(&payload)).into()
                ))
            }
        };
        match &result {
            Some(Err(error)) => tail.fault(error),
            None => tail.ended = true,
            Some(Ok(_)) => tail.ended = body.is_end_stream(),
        }
        Poll::Ready(result)
    }
}
