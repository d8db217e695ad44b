//! What a view fails with: any error, with the status that answers it.

mod convert;
mod debug;
mod failure;
mod page;
mod settle;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use nuages_bridge::BridgeError;

pub use self::convert::SuspiciousOperation;
pub(crate) use self::convert::{backtrace, capture_backtraces};
pub use self::failure::Failure;
pub(crate) use self::page::without_body;
pub(crate) use self::settle::{log_status, settle};
pub use crate::panic::Panic;

/// The result of a view or a middleware.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation of this crate; see [`nuages_bridge::Op`].
pub type Op<'a, T> = nuages_bridge::Op<'a, T, Error>;

/// An error of a view, with the HTTP status that answers it.
///
/// Every error of the standard kind becomes one by `?`, with status 500 and nothing of it shown to the visitor: it
/// is logged with its whole chain of sources. Errors that are meant for the visitor are made by the functions here
/// ([`not_found`](Self::not_found), [`bad_request`](Self::bad_request)): their message is shown.
///
/// A clone is the same error. As `anyhow::Error` it does not implement [`std::error::Error`] itself, which is what lets `?` take everything;
/// [`source`](Self::source) gives what it holds.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Error, Path, Result};
///
/// fn page(Path(name): Path<String>) -> Result<String> {
///     if name.starts_with('.') {
///         return Err(Error::not_found());
///     }
///     Ok(std::fs::read_to_string(format!("pages/{name}.html"))?) // an io::Error is a 500
/// }
///
/// let error = page(Path("index".into())).unwrap_err();
/// assert_eq!(error.status(), 500);
/// assert!(error.downcast_ref::<std::io::Error>().is_some());
/// ```
#[derive(Clone)]
pub struct Error {
    /// One pointer wide, so that the good case of a `Result` pays little for it.
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    /// Meant for the visitor.
    message: Option<Cow<'static, str>>,
    headers: HeaderMap,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// Where it became one, if anybody wants to know.
    backtrace: Option<Arc<Backtrace>>,
}

impl Error {
    /// Of an error whose type is not known.
    pub(crate) fn from_boxed(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self::from(Boxed(error))
    }

    fn plain(status: StatusCode) -> Self {
        Self {
            inner: Box::new(Inner {
                status,
                message: None,
                headers: HeaderMap::new(),
                source: None,
                backtrace: None,
            }),
        }
    }

    /// An error with a status and a message. The message is shown to the visitor unless the status is 500 or above.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::plain(status);
        error.inner.message = Some(message.into());
        error
    }

    /// 400: the request can't be understood; `message` says why, to the visitor.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: who is asking is not known. An answer needs a `WWW-Authenticate` [header](Self::with_header) too.
    pub fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED)
    }

    /// 403: who is asking may not.
    pub fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN)
    }

    /// 404: there is nothing here.
    pub fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND)
    }

    /// 413: what was sent is too large; `message` says what is the most, to the visitor.
    pub fn payload_too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// 429: too often; the visitor may come again after this time, which is told in whole seconds, rounded up.
    pub fn too_many_requests(retry_after: std::time::Duration) -> Self {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        Self::plain(StatusCode::TOO_MANY_REQUESTS)
            .with_header_value(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// 503: not now; the visitor may come again after this time, which is told in whole seconds, rounded up.
    pub fn unavailable(retry_after: std::time::Duration) -> Self {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        Self::plain(StatusCode::SERVICE_UNAVAILABLE)
            .with_header_value(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// 405: not by this method; `allow` are those that would do.
    pub(crate) fn method_not_allowed(allow: HeaderValue) -> Self {
        Self::plain(StatusCode::METHOD_NOT_ALLOWED).with_header_value(header::ALLOW, allow)
    }

    /// The same error, answered with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.inner.status = status;
        self
    }

    /// The same error with a header for its answer. A name or value that can't be sent is left out.
    #[must_use]
    pub fn with_header<K, V>(self, name: K, value: V) -> Self
    where
        K: TryInto<http::HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => self.with_header_value(name, value),
            _ => self,
        }
    }

    fn with_header_value(mut self, name: http::HeaderName, value: HeaderValue) -> Self {
        self.inner.headers.insert(name, value);
        self
    }

    /// The status that answers it.
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }

    /// Whether it is a 404.
    pub fn is_not_found(&self) -> bool {
        self.inner.status == StatusCode::NOT_FOUND
    }

    /// Whether an operation was `.wait()`ed for on an event loop, as in an async view.
    pub fn is_synchronous_only(&self) -> bool {
        self.bridge_error().is_some_and(BridgeError::is_synchronous_only)
    }

    /// Whether no thread for sync code became free in time: a 503.
    pub fn is_overloaded(&self) -> bool {
        self.bridge_error().is_some_and(BridgeError::is_overloaded)
    }

    /// Whether a view or a middleware panicked; [`downcast_ref::<Panic>`](Self::downcast_ref) tells more.
    pub fn is_panic(&self) -> bool {
        self.downcast_ref::<Panic>().is_some()
    }

    fn bridge_error(&self) -> Option<&BridgeError> {
        self.chain().find_map(|error| error.downcast_ref())
    }

    /// The message for the visitor, if there is one.
    pub(crate) fn message(&self) -> Option<&str> {
        self.inner.message.as_deref()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    /// Where it became an error of a view: captured where `RUST_BACKTRACE=1` asks for it, and in debug mode.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        let backtrace = self.inner.backtrace.as_deref();
        backtrace.filter(|backtrace| backtrace.status() == BacktraceStatus::Captured)
    }

    /// The error that it was made of, if any.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }

    /// The error that it was made of and all that are behind that one.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |error| (*error).source())
    }

    /// What is behind the text of [`Display`](fmt::Display), which without a message of its own is that of the first source.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        self.chain().skip(usize::from(self.inner.message.is_none()))
    }

    /// The error that it was made of, if that is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.source()?.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.inner.message, &self.inner.source) {
            (Some(message), _) => f.write_str(message),
            (None, Some(source)) => source.fmt(f),
            (None, None) => f.write_str(page::title(self.inner.status)),
        }
    }
}

/// What `main` prints when it returns one: the error and, line by line, what caused it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for (number, cause) in self.causes().enumerate() {
            if number == 0 {
                f.write_str("\n\nCaused by:")?;
            }
            write!(f, "\n    {cause}")?;
        }
        Ok(())
    }
}

/// An error of any type, as one type.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Boxed(Box<dyn StdError + Send + Sync>);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer one")]
    struct Outer(#[source] std::num::ParseIntError);

    fn outer() -> Outer {
        Outer("x".parse::<i64>().unwrap_err())
    }

    #[test]
    fn any_error_is_a_500_that_keeps_its_sources() {
        let error = Error::from(outer());
        assert_eq!(error.status(), 500);
        assert_eq!(error.to_string(), "the outer one");
        assert!(error.downcast_ref::<Outer>().is_some());
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        assert_eq!(chain, ["the outer one", "invalid digit found in string"]);
        assert_eq!(
            format!("{error:?}"),
            "the outer one\n\nCaused by:\n    invalid digit found in string"
        );
    }

    #[test]
    fn constructors_give_their_status() {
        assert_eq!(Error::not_found().status(), 404);
        assert!(Error::not_found().is_not_found());
        assert_eq!(Error::forbidden().status(), 403);
        assert_eq!(Error::unauthorized().status(), 401);
        assert_eq!(Error::bad_request("no such page").to_string(), "no such page");
        assert_eq!(
            Error::from(outer()).with_status(StatusCode::BAD_GATEWAY).status(),
            502
        );
    }

    #[test]
    fn a_time_to_come_again_is_told_in_whole_seconds() {
        let error = Error::too_many_requests(std::time::Duration::from_millis(1500));
        assert_eq!(error.status(), 429);
        assert_eq!(error.headers()["retry-after"], "2");
        assert_eq!(Error::payload_too_large("10 MB at most").status(), 413);
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_a_413() {
        let error = nuages_protocol::Body::from("too long")
            .collect(3)
            .await
            .unwrap_err();
        assert_eq!(Error::from(error).status(), 413);
    }
}
