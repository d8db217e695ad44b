//! A request's body: on its way, part by part, or read.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};
use nuages_protocol::{Body, BodyError, BoxError};
use tokio::time::{Instant, Sleep};

use super::Limits;

/// Why a body could not be had.
///
/// Kept by the request, so that who asks second gets the same answer as who asks first.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct BodyRejection {
    kind: Kind,
}

#[derive(Clone, Debug, thiserror::Error)]
enum Kind {
    #[error("the body is larger than the limit of {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body paused for longer than {pause:?}")]
    TimedOut { pause: Duration },
    #[error("the body could not be read")]
    Broken(#[source] Arc<Source>),
    #[error(
        "the body was taken by `{by}` already, which does not keep it: read it by `Request::body` before, then both have it"
    )]
    Taken { by: &'static str },
    #[error("the body was lost: the future of `{by}` was dropped before it had all")]
    Lost { by: &'static str },
    #[error("the body was not read yet: an extractor that looks at it says so by `FromRequest::NEEDS`")]
    NotRead,
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Source(BoxError);

impl BodyRejection {
    fn too_large(limit: u64) -> Self {
        Self {
            kind: Kind::TooLarge { limit },
        }
    }

    fn broken(error: BoxError) -> Self {
        Self {
            kind: Kind::Broken(Arc::new(Source(error))),
        }
    }

    pub(crate) fn not_read() -> Self {
        Self { kind: Kind::NotRead }
    }

    /// The status that answers the client: 413, 408, 400 for what the client broke, else 500.
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            Kind::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TimedOut { .. } => StatusCode::REQUEST_TIMEOUT,
            Kind::Broken(source) => {
                let source: &(dyn StdError + 'static) = &*source.0;
                BodyError::status_of(source).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Kind::Taken { .. } | Kind::Lost { .. } | Kind::NotRead => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether it was longer than its limit.
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge { .. })
    }

    /// Whether the client sent nothing for too long.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.kind, Kind::TimedOut { .. })
    }

    /// Whether somebody else had it before: the program's mistake.
    pub fn is_taken(&self) -> bool {
        matches!(self.kind, Kind::Taken { .. } | Kind::Lost { .. })
    }
}

/// Who hands the body on as it comes.
pub(super) const STREAM: &str = "Request::stream";

/// The body, until somebody takes it.
pub(super) struct Incoming {
    pending: Mutex<Pending>,
}

enum Pending {
    Body(Body),
    Taken(&'static str),
}

impl Incoming {
    pub(super) fn new(body: Body) -> Self {
        Self {
            pending: Mutex::new(Pending::Body(body)),
        }
    }

    /// The body, for the operation of this name. Asked by the same one again, it was dropped midway.
    pub(super) fn take(&self, by: &'static str) -> Result<Body, BodyRejection> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pending {
            // A stream is in the hands of whoever asked; the others end with their future.
            Pending::Taken(before) if *before == by && by != STREAM => Err(BodyRejection {
                kind: Kind::Lost { by },
            }),
            Pending::Taken(before) => Err(BodyRejection {
                kind: Kind::Taken { by: before },
            }),
            Pending::Body(_) => match std::mem::replace(&mut *pending, Pending::Taken(by)) {
                Pending::Body(body) => Ok(body),
                Pending::Taken(_) => unreachable!("it was looked at under the same lock"),
            },
        }
    }

    /// Whether it is known that nothing comes, without waiting for it.
    pub(super) fn is_empty(&self) -> bool {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(&*pending, Pending::Body(body) if body.is_end_stream())
    }
}

/// A body part by part, within its limits.
pub(crate) struct Chunks {
    body: Body,
    limit: u64,
    seen: u64,
    pause: Option<Duration>,
    /// Made by the first part that is not there at once, since most are.
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl Chunks {
    pub(super) fn new(body: Body, limit: u64, limits: &Limits) -> Self {
        Self {
            body,
            limit,
            seen: 0,
            pause: limits.body_timeout,
            sleep: None,
            waits: false,
        }
    }

    /// Of what was read already.
    pub(super) fn of(bytes: Bytes) -> Self {
        Self {
            limit: u64::MAX,
            seen: 0,
            body: bytes.into(),
            pause: None,
            sleep: None,
            waits: false,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyRejection>>> {
        loop {
            let data = match ready!(self.poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // Trailers are nobody's here.
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyRejection>>> {
        if self.seen == 0 && self.body.size_hint().lower() > self.limit {
            return Poll::Ready(Some(Err(BodyRejection::too_large(self.limit))));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            ready!(self.poll_pause(cx));
            let pause = self.pause.unwrap_or_default();
            return Poll::Ready(Some(Err(BodyRejection {
                kind: Kind::TimedOut { pause },
            })));
        };
        self.waits = false;
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(BodyRejection::broken(error)))),
            Some(Ok(frame)) => frame,
        };
        if let Some(data) = frame.data_ref() {
            self.seen = self.seen.saturating_add(data.len() as u64);
        }
        if self.seen > self.limit {
            return Poll::Ready(Some(Err(BodyRejection::too_large(self.limit))));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Ready once the body has paused for too long.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pause) = self.pause else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        if !self.waits {
            self.waits = true;
            sleep.as_mut().reset(Instant::now() + pause);
        }
        sleep.as_mut().poll(cx)
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyRejection> {
        std::future::poll_fn(|cx| self.poll(cx)).await.transpose()
    }

    /// All of it. What came in one part is not copied.
    pub(super) async fn whole(mut self) -> Result<Bytes, BodyRejection> {
        /// What a client declares is a promise, so memory is reserved for it only as far as is harmless.
        const MAX_RESERVED: u64 = 64 * 1024;

        let declared = self.body.size_hint().lower();
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        let expected = (declared.min(MAX_RESERVED) as usize).max(first.len() + second.len());
        let mut whole = BytesMut::with_capacity(expected);
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(data) = next {
            whole.extend_from_slice(&data);
            next = self.next().await?;
        }
        Ok(whole.freeze())
    }
}

/// A body for another application, within the limits of this one. Its errors are the protocol's, which every application knows.
pub(super) struct Within(pub(super) Chunks);

impl http_body::Body for Within {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.0.poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map_err(|error| match error.kind {
                Kind::TooLarge { limit } => {
                    BodyError::too_large(usize::try_from(limit).unwrap_or(usize::MAX)).into()
                }
                Kind::TimedOut { .. } => BodyError::too_slow().into(),
                _ => error.into(),
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.body.size_hint()
    }
}
