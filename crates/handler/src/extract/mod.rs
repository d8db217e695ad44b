//! What a view takes: its arguments, made from the request.

mod body;
mod path;
mod query;

pub use self::body::{Form, Json};
pub use self::path::Path;
pub use self::query::Query;
use crate::error::{Error, Result};
use crate::request::Request;

/// An argument of a view, made from the request before the view runs.
///
/// Making one is plain code without I/O, so the same extractors serve sync and async views. One that looks at the body says so
/// by [`NEEDS_BODY`](Self::NEEDS_BODY): the handler then reads the body first, in async mode, before a sync view takes a thread.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Error, FromRequest, Request, Result};
///
/// struct Language(String);
///
/// impl FromRequest for Language {
///     fn from_request(request: &Request) -> Result<Self> {
///         let accepted = request.header("accept-language").ok_or_else(|| Error::bad_request("Which language?"))?;
///         Ok(Self(accepted.chars().take(2).collect()))
///     }
/// }
///
/// fn home(language: Language) -> String {
///     format!("in {}", language.0)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of a view",
    label = "this does not implement `FromRequest`",
    note = "a view takes `Request`, `Path<..>`, `Query<..>`, `Form<..>`, `Json<..>`, `FormData`, or what implements `FromRequest`",
    note = "what a converter takes of the path is an argument by `Path(name): Path<type>`"
)]
pub trait FromRequest: Sized {
    /// Whether the body has to be read before.
    const NEEDS_BODY: bool = false;

    /// Makes the argument.
    ///
    /// # Errors
    ///
    /// The error is the answer: the view does not run.
    fn from_request(request: &Request) -> Result<Self>;
}

impl FromRequest for Request {
    fn from_request(request: &Request) -> Result<Self> {
        Ok(request.clone())
    }
}

/// The whole body.
impl FromRequest for bytes::Bytes {
    const NEEDS_BODY: bool = true;

    fn from_request(request: &Request) -> Result<Self> {
        request.buffered_body().cloned()
    }
}

impl FromRequest for http::Method {
    fn from_request(request: &Request) -> Result<Self> {
        Ok(request.method().clone())
    }
}

impl FromRequest for http::HeaderMap {
    fn from_request(request: &Request) -> Result<Self> {
        Ok(request.headers().clone())
    }
}

/// `None` where it can't be made, for whatever reason.
impl<T: FromRequest> FromRequest for Option<T> {
    const NEEDS_BODY: bool = T::NEEDS_BODY;

    fn from_request(request: &Request) -> Result<Self> {
        Ok(T::from_request(request).ok())
    }
}

/// The view itself looks at what went wrong.
impl<T: FromRequest> FromRequest for Result<T, Error> {
    const NEEDS_BODY: bool = T::NEEDS_BODY;

    fn from_request(request: &Request) -> Result<Self> {
        Ok(T::from_request(request))
    }
}
