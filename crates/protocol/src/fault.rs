//! What is answered and logged where an application failed, by whoever has to answer in its place.

use std::{error::Error, fmt};

#[cfg(any(feature = "server", feature = "tower"))]
use http::{HeaderValue, StatusCode, header};

#[cfg(any(feature = "server", feature = "tower"))]
use crate::{Body, Response};
#[cfg(feature = "tower")]
use crate::{BodyError, BoxError};

/// Answers an error of an application: the client's own mistakes are its to hear of, and no news for the log.
#[cfg(feature = "tower")]
pub(crate) fn answer(error: &BoxError) -> Response {
    match BodyError::status_of(error.as_ref()) {
        Some(status) if status.is_client_error() => {
            tracing::debug!(error = %Chain(error.as_ref()), "the request's body could not be read");
            plain(status)
        }
        _ => {
            tracing::error!(error = %Chain(error.as_ref()), "the application failed");
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A bare answer.
#[cfg(any(feature = "server", feature = "tower"))]
pub(crate) fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// An error with all its sources, in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        std::iter::successors(self.0.source(), |error| (**error).source())
            .try_for_each(|source| write!(f, ": {source}"))
    }
}
