//! Chunks on their way from a thread that may block to an event loop.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use nuages_bridge::{BridgeError, async_to_sync};
use tokio::sync::mpsc;

use crate::{BoxError, Response};

/// The thread's end.
pub(super) struct Inlet(mpsc::Sender<Bytes>);

/// The event loop's end, and how many bytes are to come, if that was said.
pub(super) struct Outlet {
    chunks: mpsc::Receiver<Bytes>,
    left: Option<u64>,
}

pub(super) fn outlet(declared: Option<u64>) -> (Inlet, Outlet) {
    // One on its way, one being made.
    let (sender, chunks) = mpsc::channel(1);
    (
        Inlet(sender),
        Outlet {
            chunks,
            left: declared,
        },
    )
}

impl Inlet {
    /// Sends a chunk; blocks until there is room. Whether anybody still wants more.
    pub(super) fn send(&self, chunk: Bytes) -> bool {
        if chunk.is_empty() {
            return !self.0.is_closed();
        }
        match self.0.try_send(chunk) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(chunk)) => {
                matches!(async_to_sync(self.0.send(chunk)), Ok(Ok(())))
            }
        }
    }
}

pub(super) type Job =
    Pin<Box<dyn Future<Output = Result<Result<Option<Response>, BoxError>, BridgeError>> + Send>>;

/// The body of a response whose chunks come from a thread. Dropping it tells the code there that its client has gone.
pub(super) struct SyncStream {
    outlet: Outlet,
    job: Option<Job>,
}

impl SyncStream {
    pub(super) fn new(outlet: Outlet, job: Job) -> Self {
        Self {
            outlet,
            job: Some(job),
        }
    }
}

impl http_body::Body for SyncStream {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(chunk) = ready!(self.outlet.chunks.poll_recv(cx)) {
            self.outlet.left = self
                .outlet
                .left
                .map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let Some(job) = &mut self.job else {
            return Poll::Ready(None);
        };
        let ended = ready!(job.as_mut().poll(cx));
        self.job = None;
        Poll::Ready(match ended {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(error) => Some(Err(error.into())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.outlet
            .left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
