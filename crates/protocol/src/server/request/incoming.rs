//! The body of a request, as it comes from the client: not too much of it, and not too slowly.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::{BodyError, server::connection::Core};

/// A request's body from hyper, held to the limits of the server.
pub(crate) struct IncomingBody {
    body: hyper::body::Incoming,
    core: Arc<Core>,
    taken: u64,
    ended: bool,
    /// There once the client was waited for.
    patience: Option<Box<Patience>>,
}

/// How long the client may be waited for: for a while, and then for as long as it sends fast enough. Only time in which
/// somebody waits counts.
struct Patience {
    sleep: Pin<Box<Sleep>>,
    waited: Duration,
    since: Option<Instant>,
}

impl IncomingBody {
    pub(super) fn new(body: hyper::body::Incoming, core: &Arc<Core>) -> Self {
        Self {
            body,
            core: Arc::clone(core),
            taken: 0,
            ended: false,
            patience: None,
        }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let limits = &self.core.limits;
        let allowed = limits.body_read_timeout
            + Duration::from_secs_f64(self.taken as f64 / limits.min_body_rate.max(1) as f64);
        let patience = self.patience.get_or_insert_with(|| {
            Box::new(Patience {
                sleep: Box::pin(sleep(allowed)),
                waited: Duration::ZERO,
                since: None,
            })
        });
        let mut now = None;
        let since = *patience.since.get_or_insert_with(|| *now.insert(Instant::now()));
        while patience.sleep.as_mut().poll(cx).is_ready() {
            let now = *now.get_or_insert_with(Instant::now);
            let waited = patience.waited + (now - since);
            if waited >= allowed {
                return Poll::Ready(BodyError::too_slow());
            }
            patience.sleep.as_mut().reset(now + (allowed - waited));
        }
        Poll::Pending
    }
}

impl http_body::Body for IncomingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            return this.poll_patience(cx).map(|error| Some(Err(error)));
        };
        if let Some(patience) = &mut this.patience
            && let Some(since) = patience.since.take()
        {
            patience.waited += since.elapsed();
        }
        let result = match frame {
            None => None,
            Some(Err(error)) => Some(Err(BodyError::from_hyper(error))),
            Some(Ok(frame)) => {
                let limit = this.core.limits.max_body_size;
                this.taken += frame.data_ref().map_or(0, |data| data.len() as u64);
                Some(if this.taken > limit {
                    Err(BodyError::too_large(usize::try_from(limit).unwrap_or(usize::MAX)))
                } else {
                    Ok(frame)
                })
            }
        };
        this.ended = result.is_none() || this.body.is_end_stream();
        Poll::Ready(result)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.core.left_unread();
        }
    }
}
