//! A request's body: on its way, or read.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nuages_protocol::{Body, BodyError};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};

#[derive(Debug)]
pub(super) struct Incoming {
    /// Taken by whoever reads it.
    pending: Mutex<Option<Body>>,
    /// Set once the reading came to an end. A reader that is dropped midway leaves it unset, and `pending` empty.
    read: OnceCell<Result<Bytes, Failure>>,
    limit: usize,
}

/// Kept, so that who asks second gets the same answer as who asks first.
#[derive(Clone, Debug, thiserror::Error)]
enum Failure {
    #[error("the body could not be read")]
    Body(#[source] Arc<BodyError>),
    #[error("the body was lost: the future that read it was dropped before it had all")]
    Lost,
}

impl Failure {
    fn to_error(&self) -> Error {
        let status = match self {
            Self::Body(error) => error.status(),
            Self::Lost => http::StatusCode::INTERNAL_SERVER_ERROR,
        };
        Error::from(self.clone()).with_status(status)
    }
}

/// A body that code without `NEEDS_BODY` wants to see.
#[derive(Debug, thiserror::Error)]
#[error("the body was not read yet: an extractor that looks at it sets `FromRequest::NEEDS_BODY` to true")]
struct NotRead;

impl Incoming {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Self {
            pending: Mutex::new(Some(body)),
            read: OnceCell::new(),
            limit,
        }
    }

    pub(super) async fn read(&self) -> Result<&Bytes> {
        let read = self.read.get_or_init(|| async {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
            match pending {
                Some(body) => body
                    .collect(self.limit)
                    .await
                    .map_err(|error| Failure::Body(Arc::new(error))),
                None => Err(Failure::Lost),
            }
        });
        read.await.as_ref().map_err(Failure::to_error)
    }

    pub(super) fn bytes(&self) -> Result<&Bytes> {
        match self.read.get() {
            Some(read) => read.as_ref().map_err(Failure::to_error),
            None => Err(NotRead.into()),
        }
    }
}
