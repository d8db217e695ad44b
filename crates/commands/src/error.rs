//! The one error of the crate.

use std::io;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

/// A result of a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{0}")]
    Usage(String),
    #[error("the output could not be written")]
    Output(#[source] io::Error),
    #[error("`{program}` could not be run: is it installed, and on the PATH?")]
    Program { program: String, source: io::Error },
    #[error(transparent)]
    Bridge(nuages_bridge::BridgeError),
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The arguments were wrong; the text is shown to the user as it is.
    pub fn usage(text: impl Into<String>) -> Self {
        Kind::Usage(text.into()).into()
    }

    /// Writing to the output failed.
    pub fn output(error: io::Error) -> Self {
        Kind::Output(error).into()
    }

    /// What went wrong in the command's own work.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Kind::Other(error.into()).into()
    }

    pub(crate) fn program(program: &str, source: io::Error) -> Self {
        Kind::Program {
            program: program.to_owned(),
            source,
        }
        .into()
    }

    /// The error and what caused it, a line each.
    #[must_use]
    pub fn report(&self) -> String {
        if let Kind::Usage(text) = &self.0 {
            return text.clone();
        }
        let mut report = format!("error: {self}\n");
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            report.push_str(&format!("  because: {error}\n"));
            source = error.source();
        }
        report
    }

    /// Whether the arguments were wrong. A program's exit code is 2 then, and 1 otherwise.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self.0, Kind::Usage(_))
    }
}

impl From<nuages_bridge::BridgeError> for Error {
    fn from(error: nuages_bridge::BridgeError) -> Self {
        Kind::Bridge(error).into()
    }
}
