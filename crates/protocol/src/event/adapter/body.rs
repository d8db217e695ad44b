//! The body of a response that comes in events.

use std::{
    fs::File,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

use super::exchange::Exchange;
use crate::{Body, BoxError};

/// A part of a response after its head.
#[derive(Debug)]
pub(super) enum Part {
    Data(Bytes),
    File(Arc<File>, Range<u64>),
    Trailers(HeaderMap),
}

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Data(data) => data.is_empty(),
            Self::File(_, range) => range.is_empty(),
            Self::Trailers(_) => false,
        }
    }

    /// This part as the whole body.
    pub(super) fn into_body(self) -> Body {
        match self {
            Self::Data(data) => data.into(),
            Self::File(file, range) => Body::from_file(file, range),
            Self::Trailers(trailers) => Body::empty().with_trailers(trailers),
        }
    }
}

pub(super) struct EventBody {
    exchange: Arc<Exchange>,
    parts: mpsc::Receiver<Part>,
    /// The file that is being sent.
    file: Option<Body>,
    /// How many bytes are to come, if the application said.
    left: Option<u64>,
}

impl EventBody {
    pub(super) fn new(exchange: Arc<Exchange>, parts: mpsc::Receiver<Part>, left: Option<u64>) -> Self {
        Self {
            exchange,
            parts,
            file: None,
            left,
        }
    }

    /// A body that breaks off at once.
    pub(super) fn broken(error: BoxError) -> Body {
        Body::new(Broken(Some(error)))
    }
}

/// Whoever drops it before its end has gone, unless there was nothing left to read.
impl Drop for EventBody {
    fn drop(&mut self) {
        if self.left == Some(0) && self.file.is_none() {
            self.exchange.finished();
        } else {
            self.exchange.disconnected();
        }
    }
}

impl From<EventBody> for Body {
    fn from(body: EventBody) -> Self {
        Self::new(body)
    }
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(file) = &mut self.file {
                match ready!(Pin::new(file).poll_frame(cx)) {
                    Some(frame) => return Poll::Ready(Some(frame)),
                    None => self.file = None,
                }
            }
            match ready!(self.parts.poll_recv(cx)) {
                Some(Part::Data(data)) => {
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Part::File(file, range)) => {
                    let length = range.end - range.start;
                    self.left = self.left.map(|left| left.saturating_sub(length));
                    self.file = Some(Body::from_file(file, range));
                }
                Some(Part::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                None => return Poll::Ready(self.exchange.verdict().err().map(Err)),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        let file = self.file.as_ref().and_then(|file| file.size_hint().exact());
        match self.left {
            Some(left) => SizeHint::with_exact(left + file.unwrap_or(0)),
            None => SizeHint::default(),
        }
    }
}

/// A body that fails.
struct Broken(Option<BoxError>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}
