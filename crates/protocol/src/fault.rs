//! What is answered where an application failed, by whoever has to answer in its place.

#[cfg(feature = "tower")]
use http::{HeaderValue, StatusCode, header};

use crate::BoxError;
#[cfg(feature = "tower")]
use crate::{Body, BodyError, Response};

/// Answers an error of an application: the client's own mistakes are its to hear of, and no news for the log.
#[cfg(feature = "tower")]
pub(crate) fn answer(error: &BoxError) -> Response {
    match BodyError::status_of(error.as_ref()) {
        Some(status) if status.is_client_error() => {
            tracing::debug!(error = %chain(error), "the request's body could not be read");
            plain(status)
        }
        _ => {
            tracing::error!(error = %chain(error), "the application failed");
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A bare answer.
#[cfg(feature = "tower")]
fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// An error with all its sources, in one line.
pub(crate) fn chain(error: &BoxError) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
