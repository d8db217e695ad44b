//! From any error to one of a view, with the status that answers it.

use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use nuages_bridge::BridgeError;
use nuages_protocol::BodyError;

use super::{Boxed, Error};
use crate::extract;

/// Whether errors keep their backtraces although the environment does not ask for it: an application in debug mode was built.
static CAPTURE: AtomicBool = AtomicBool::new(false);

pub(crate) fn capture_backtraces() {
    CAPTURE.store(true, Ordering::Relaxed);
}

/// How soon who was turned away for want of a thread may come again.
const RETRY: Duration = Duration::from_secs(1);

/// A backtrace of this place, where anybody wants one.
pub(crate) fn backtrace() -> Backtrace {
    if CAPTURE.load(Ordering::Relaxed) {
        Backtrace::force_capture()
    } else {
        Backtrace::capture()
    }
}

impl<E> From<E> for Error
where
    E: StdError + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        let mut made = of_known(&error).unwrap_or_else(|| {
            let mut made = Self::plain(StatusCode::INTERNAL_SERVER_ERROR);
            made.inner.backtrace = Some(Arc::new(backtrace()));
            made
        });
        made.inner.source = Some(Arc::new(error));
        made
    }
}

/// The errors below us that know their status, wherever in the chain of sources they are: a database that wraps "no thread was free" is
/// as overloaded as the bridge itself. Their text is about the request, not about the program, only where it is the client's mistake.
fn of_known<E: StdError + Send + Sync + 'static>(error: &E) -> Option<Error> {
    if let Some((status, message)) = extract::answer(error) {
        return Some(Error::new(status, message));
    }
    let error: &(dyn StdError + 'static) = error;
    if let Some(body) = error.downcast_ref::<BodyError>()
        && body.status().is_client_error()
    {
        return Some(Error::new(body.status(), body.to_string()));
    }
    if let Some(suspicious) = error.downcast_ref::<SuspiciousOperation>() {
        return Some(Error::new(StatusCode::BAD_REQUEST, suspicious.message.clone()));
    }
    let chain = iter::successors(Some(error), |error| {
        // It stands for what is in it, and its source is that one's.
        if let Some(Boxed(inside)) = error.downcast_ref::<Boxed>() {
            return Some(&**inside as &(dyn StdError + 'static));
        }
        // `source` of an `io::Error` skips the error that it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => (*error).source(),
        }
    });
    for error in chain {
        if let Some(bridge) = error.downcast_ref::<BridgeError>() {
            // Each is over before long, or another process answers.
            return (bridge.is_overloaded() || bridge.is_stuck() || bridge.is_shut_down())
                .then(|| Error::unavailable(RETRY));
        }
        if let Some(body) = error.downcast_ref::<BodyError>() {
            return body
                .status()
                .is_client_error()
                .then(|| Error::plain(body.status()));
        }
    }
    None
}

/// Something that no honest client does: a forged host, a cookie with a broken signature, a path out of a folder. It is answered with 400 and
/// logged for whoever watches over security, under the target `nuages::security`, with its name.
///
/// Django calls it `SuspiciousOperation`, and has a class for each kind; here the kind is a name.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Error, SuspiciousOperation};
///
/// let error = Error::from(SuspiciousOperation::new("TooManyFields", "A form has 1000 fields at most."));
/// assert_eq!(error.status(), 400);
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct SuspiciousOperation {
    kind: &'static str,
    message: Cow<'static, str>,
}

impl SuspiciousOperation {
    /// An operation of a kind; the message is shown to whoever did it.
    pub fn new(kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Its kind, as the log names it.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the query failed")]
    struct Query(#[source] BridgeError);

    async fn overload() -> BridgeError {
        // A wait on an event loop is the one bridge error that needs no load to be had.
        nuages_bridge::async_to_sync(async {}).unwrap_err()
    }

    #[tokio::test]
    async fn a_refused_wait_is_the_programs_fault_also_when_it_is_wrapped() {
        assert_eq!(Error::from(Query(overload().await)).status(), 500);
        assert!(Error::from(Query(overload().await)).is_synchronous_only());
    }

    #[tokio::test]
    async fn a_clients_mistake_is_found_behind_other_errors() {
        let error = nuages_protocol::Body::from("too long")
            .collect(3)
            .await
            .unwrap_err();
        assert_eq!(Error::from(io::Error::other(error)).status(), 413);
    }
}

/// For what takes any standard error: the text is the error's, and so are its sources.
impl From<Error> for Box<dyn StdError + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(Standard(error))
    }
}

#[derive(Debug)]
struct Standard(Error);

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Standard {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.causes().next()
    }
}
