//! What a view for errors is told.

use std::fmt;

use http::StatusCode;
use uuid::Uuid;

use super::Error;

/// What went wrong with a request, for the view that shows it: `request.get::<Failure>()` in a view that
/// [`App::error_view`](crate::App::error_view) has for a status.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Failure, Request, StatusCode};
///
/// fn sorry(request: Request) -> String {
///     let failure = request.get::<Failure>();
///     format!("{}: nothing at {}", failure.map_or(500, |failure| failure.status().as_u16()), request.path())
/// }
///
/// let app = App::new().error_view(StatusCode::NOT_FOUND, sorry);
/// let response = Client::new(app).get("/nowhere/").wait()?;
/// assert_eq!((response.status().as_u16(), response.text()), (404, "404: nothing at /nowhere/"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone)]
pub struct Failure {
    pub(super) error: Error,
    pub(super) id: Option<Uuid>,
}

impl Failure {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.error.status()
    }

    /// What may be shown to the visitor of it; a fault of the program has nothing.
    pub fn message(&self) -> Option<&str> {
        self.error.message().filter(|_| !self.status().is_server_error())
    }

    /// The number that a visitor can report: it is in the log beside what happened. Only faults of the program have one.
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// The error itself, which is not for the visitor's eyes.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("status", &self.status())
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
