//! Why a server could not serve.

use std::io;

use super::ConfigError;
use crate::BoxError;

/// Why a server could not start, or did not end as it should have.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error {
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("cannot listen on {address}; choose an address of this machine that is free")]
    Bind { address: String, source: io::Error },
    #[error(transparent)]
    Config(ConfigError),
    #[cfg(feature = "tls")]
    #[error("cannot serve TLS with {path}: {problem}")]
    Tls { path: String, problem: String },
    #[error("cannot start the threads that serve")]
    Workers(#[source] io::Error),
    #[error("cannot watch for signals; `without_signals` serves without them")]
    Signals(#[source] io::Error),
    #[error("the application failed to start")]
    Startup(#[source] BoxError),
    #[error("the application failed to shut down")]
    Shutdown(#[source] BoxError),
    #[error("a second signal ended the server at once; the application's shutdown did not run to its end")]
    Forced,
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl Error {
    /// Whether the address could not be had: in use, not ours, or not permitted.
    pub fn is_bind(&self) -> bool {
        matches!(self.kind, Kind::Bind { .. })
    }

    /// Whether settings can't be used, alone or together; the text names all of them.
    pub fn is_config(&self) -> bool {
        matches!(self.kind, Kind::Config(_))
    }

    /// Whether a certificate or a key can't be used.
    #[cfg(feature = "tls")]
    pub fn is_tls(&self) -> bool {
        matches!(self.kind, Kind::Tls { .. })
    }

    /// Whether the application's [`startup`](crate::Application::startup) failed; its error is the source.
    pub fn is_startup(&self) -> bool {
        matches!(self.kind, Kind::Startup(_))
    }

    /// Whether the application's [`shutdown`](crate::Application::shutdown) failed; its error is the source.
    pub fn is_shutdown(&self) -> bool {
        matches!(self.kind, Kind::Shutdown(_))
    }

    /// Whether a second signal cut what was still in flight.
    pub fn is_forced(&self) -> bool {
        matches!(self.kind, Kind::Forced)
    }
}
