//! Why a body could not be read.

use std::{error::Error as StdError, io, iter};

use http::StatusCode;
use nuages_bridge::BridgeError;

use crate::{BoxError, event::SendError};

/// Why a [`Body`](super::Body) could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BodyError {
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("the body is larger than the limit of {limit} bytes; read it in parts, or raise the limit")]
    TooLarge { limit: usize },
    #[error("the client sends its body too slowly")]
    TooSlow(#[source] Wire),
    #[error("the client went away before its body was complete")]
    Disconnected(#[source] Wire),
    #[error("the body is not valid HTTP")]
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "only the server reads from a connection")
    )]
    Malformed(#[source] Wire),
    #[error("the source of the body failed")]
    Source(#[source] BoxError),
}

/// What came, or didn't, over the connection. A type of its own, so that it is recognised in a chain of sources
/// in which the body error doesn't show, since an error of the application wraps it transparently.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Wire(BoxError);

impl From<BridgeError> for BodyError {
    fn from(error: BridgeError) -> Self {
        Self::from_source(error.into())
    }
}

impl BodyError {
    /// It was longer than `limit` bytes: for who limits a body that somebody else reads.
    pub fn too_large(limit: usize) -> Self {
        Self {
            kind: Kind::TooLarge { limit },
        }
    }

    /// The client went away, as an event said.
    pub(crate) fn disconnected() -> Self {
        Self {
            kind: Kind::Disconnected(Wire("the connection was closed".into())),
        }
    }

    /// The client was waited for as long as the settings allow: for who limits a body that somebody else reads.
    pub fn too_slow() -> Self {
        let late = io::Error::from(io::ErrorKind::TimedOut);
        Self {
            kind: Kind::TooSlow(Wire(late.into())),
        }
    }

    /// Keeps an error that is a `BodyError` already as it is.
    pub(super) fn from_source(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => Self {
                kind: Kind::Source(error),
            },
        }
    }

    /// Tells a client that broke off from one that sent nonsense: hyper reports both as an error of the body,
    /// with an `io::Error` inside whose kind says which.
    #[cfg(feature = "server")]
    pub(crate) fn from_hyper(error: hyper::Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput};

        let io = error
            .source()
            .and_then(|source| source.downcast_ref::<io::Error>());
        let malformed = matches!(io.map(io::Error::kind), Some(InvalidData | InvalidInput));
        let wire = Wire(error.into());
        Self {
            kind: if malformed {
                Kind::Malformed(wire)
            } else {
                Kind::Disconnected(wire)
            },
        }
    }

    /// The [`status`](Self::status) of the body error that another error comes from, if it comes from one: from
    /// itself, one of its sources, or what an [`io::Error`] wraps.
    ///
    /// A server or a framework asks it of an error that it is about to answer, so as not to blame the
    /// application for what its client did.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::StatusCode;
    /// use nuages_protocol::{Body, BodyError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let error = Body::from("bonsoir").collect(3).await.unwrap_err();
    /// let error = std::io::Error::other(error);
    /// assert_eq!(BodyError::status_of(&error), Some(StatusCode::PAYLOAD_TOO_LARGE));
    /// # }
    /// ```
    pub fn status_of(error: &(dyn StdError + 'static)) -> Option<StatusCode> {
        let mut chain = iter::successors(Some(error), |error| {
            // `source` of an `io::Error` skips the error that it wraps.
            match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => (**error).source(),
            }
        });
        chain.find_map(|error| match error.downcast_ref::<Self>() {
            Some(error) => Some(error.status()),
            None if error.downcast_ref().is_some_and(SendError::is_disconnected) => {
                Some(StatusCode::BAD_REQUEST)
            }
            None => error.is::<Wire>().then_some(StatusCode::BAD_REQUEST),
        })
    }

    /// Whether the body was longer than the limit that was asked for.
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge { .. })
    }

    /// Whether the client went away. Nobody is left to answer, and nobody is to blame.
    pub fn is_disconnected(&self) -> bool {
        matches!(self.kind, Kind::Disconnected(_))
    }

    /// Whether the client sent its body too slowly for the server's settings.
    pub fn is_too_slow(&self) -> bool {
        matches!(self.kind, Kind::TooSlow(_))
    }

    /// Whether the client sent something that is no valid body, such as a wrong chunk size.
    pub fn is_malformed(&self) -> bool {
        matches!(self.kind, Kind::Malformed(_))
    }

    /// The status that answers the client: 413 for too large, 408 for too slow, 400 for what the client broke, else 500.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            Kind::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Kind::Disconnected(_) | Kind::Malformed(_) => StatusCode::BAD_REQUEST,
            Kind::Source(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
