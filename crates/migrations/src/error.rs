//! The one error of the crate.

use std::fmt;

/// A result of a migration.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a migration was not made, or not applied.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Kind>);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{0}")]
    State(String),
    #[error("{0}")]
    Graph(String),
    #[error("{0}")]
    Irreversible(String),
    #[error("{0}")]
    Question(String),
    #[error("{0}")]
    Locked(String),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Other(String),
    #[error("{migration}: {operation} failed; {state}")]
    Failed {
        migration: String,
        operation: String,
        state: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    Database(nuages_orm::Error),
    #[error("`{path}`")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn state(text: impl Into<String>) -> Self {
        Kind::State(text.into()).into()
    }

    pub(crate) fn graph(text: impl Into<String>) -> Self {
        Kind::Graph(text.into()).into()
    }

    pub(crate) fn irreversible(text: impl Into<String>) -> Self {
        Kind::Irreversible(text.into()).into()
    }

    pub(crate) fn question(text: impl Into<String>) -> Self {
        Kind::Question(text.into()).into()
    }

    pub(crate) fn locked(text: impl Into<String>) -> Self {
        Kind::Locked(text.into()).into()
    }

    pub(crate) fn conflict(text: impl Into<String>) -> Self {
        Kind::Conflict(text.into()).into()
    }

    pub(crate) fn failed(
        migration: impl fmt::Display,
        operation: impl Into<String>,
        state: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Kind::Failed {
            migration: migration.to_string(),
            operation: operation.into(),
            state: state.into(),
            source: source.into(),
        }
        .into()
    }

    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Kind::File {
            path: path.display().to_string(),
            source,
        }
        .into()
    }

    /// A mistake of the user's own code, as the error of a [`RunRust`](crate::RunRust).
    pub fn other(text: impl Into<String>) -> Self {
        Kind::Other(text.into()).into()
    }

    /// A model or a field that an operation names is not there, or is there already.
    #[must_use]
    pub fn is_state(&self) -> bool {
        matches!(*self.0, Kind::State(_))
    }

    /// A migration is missing, or migrations depend on each other in a circle.
    #[must_use]
    pub fn is_graph(&self) -> bool {
        matches!(*self.0, Kind::Graph(_))
    }

    /// An operation can't be taken back.
    #[must_use]
    pub fn is_irreversible(&self) -> bool {
        matches!(*self.0, Kind::Irreversible(_))
    }

    /// A question that only a person can answer; the text names the flag.
    #[must_use]
    pub fn is_question(&self) -> bool {
        matches!(*self.0, Kind::Question(_))
    }

    /// Another process is migrating.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(*self.0, Kind::Locked(_))
    }

    /// Two migrations were made from the same one, and a merge is missing.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(*self.0, Kind::Conflict(_))
    }

    /// A migration began and did not end; the text says what state that left, and what to do.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(*self.0, Kind::Failed { .. })
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<nuages_orm::Error> for Error {
    fn from(error: nuages_orm::Error) -> Self {
        Kind::Database(error).into()
    }
}

impl From<nuages_bridge::BridgeError> for Error {
    fn from(error: nuages_bridge::BridgeError) -> Self {
        nuages_orm::Error::other(error).into()
    }
}
