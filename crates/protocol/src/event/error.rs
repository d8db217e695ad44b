//! Why an event was not taken.

use crate::event::value::NotFinite;

/// Why something is no event, or no scope, as ASGI writes them down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct EventError {
    text: String,
}

impl EventError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

impl From<NotFinite> for EventError {
    fn from(error: NotFinite) -> Self {
        Self::new(error.to_string())
    }
}

/// Why [`Sender::send`](super::Sender::send) did not take an event.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct SendError {
    kind: Kind,
}

#[derive(Clone, Debug, thiserror::Error)]
enum Kind {
    #[error("the other side has gone; nothing can be sent any more")]
    Disconnected,
    #[error("the server does not take this event")]
    Refused(#[source] EventError),
}

impl SendError {
    /// The other side has gone. For servers, and for layers which stand for one.
    pub fn disconnected() -> Self {
        Self {
            kind: Kind::Disconnected,
        }
    }

    /// The event does not belong here: a mistake of the application. For servers, and for layers which stand for one.
    pub fn refused(reason: EventError) -> Self {
        Self {
            kind: Kind::Refused(reason),
        }
    }

    /// Whether the other side has gone: ASGI's `OSError`. An application may return it, and no server calls that a fault.
    pub fn is_disconnected(&self) -> bool {
        matches!(self.kind, Kind::Disconnected)
    }

    /// Whether the application broke a rule of the events. What was sent before stays as it was.
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::Refused(_))
    }
}

impl From<EventError> for SendError {
    fn from(reason: EventError) -> Self {
        Self::refused(reason)
    }
}
