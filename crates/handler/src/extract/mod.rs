//! What a view takes: its arguments, made from the request.

mod body;
mod needs;
mod path;
mod query;
mod rejection;
mod state;

use std::convert::Infallible;

pub use self::body::{Form, Json};
pub use self::needs::Needs;
pub use self::path::Path;
pub use self::query::Query;
pub(crate) use self::rejection::answer;
pub use self::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection, StateRejection};
pub use self::state::State;
use crate::error::Error;
use crate::request::{BodyRejection, Request};

/// An argument of a view, made from the request before the view runs.
///
/// Making one is plain code without I/O, so the same extractors serve sync and async views. One that looks at the body says so
/// by [`NEEDS`](Self::NEEDS): the handler then reads the body first, in async mode, before a sync view takes a thread.
///
/// The order of a view's arguments does not matter, and several may look at the body. Only [`BodyStream`](crate::BodyStream) and
/// [`Multipart`](crate::uploads::Multipart) take it away: a view has one of them and no other that needs the body, which the compiler checks.
///
/// ```compile_fail,E0080
/// use nuages_handler::{App, BodyStream, Json, Urls};
///
/// // a view can't take the body twice: `BodyStream` and `Multipart` leave nothing of it for another argument
/// async fn import(_: BodyStream, Json(_): Json<Vec<u8>>) -> &'static str { "imported" }
/// let _ = Urls::new().path("import/", import);
/// ```
///
/// `Option<T>` is an extractor too, `None` where `T` can't be made, and `Result<T, T::Rejection>` or `Result<T>`, with which the view itself
/// answers what went wrong.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Error, FromRequest, Request, Result};
///
/// struct Language(String);
///
/// impl FromRequest for Language {
///     type Rejection = Error;
///
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
    note = "a view takes `Request`, `Path<..>`, `Query<..>`, `Form<..>`, `Json<..>`, `FormData`, `Files`, `State<..>`, or what implements `FromRequest`",
    note = "arguments are taken by value: `Request` and not `&Request`, whose clones are cheap",
    note = "what a converter takes of the path is an argument by `Path(name): Path<type>`",
    note = "the type in `Form<..>`, `Json<..>`, `Query<..>` and `Path<..>` needs `#[derive(serde::Deserialize)]`, and the one in `State<..>` has to be `Clone`: an `Arc<..>` is"
)]
pub trait FromRequest: Sized {
    /// Why it can't be made: what [`Error`] can be made of. [`Error`] itself will do.
    type Rejection: Into<Error>;

    /// What of the body has to be read before. Default: nothing.
    const NEEDS: Needs = Needs::NOTHING;

    /// Makes the argument.
    ///
    /// # Errors
    ///
    /// The error is the answer: the view does not run.
    fn from_request(request: &Request) -> Result<Self, Self::Rejection>;
}

impl FromRequest for Request {
    type Rejection = Infallible;

    fn from_request(request: &Request) -> Result<Self, Infallible> {
        Ok(request.clone())
    }
}

/// The whole body.
impl FromRequest for bytes::Bytes {
    type Rejection = BodyRejection;
    const NEEDS: Needs = Needs::BODY;

    fn from_request(request: &Request) -> Result<Self, BodyRejection> {
        request.buffered_body().cloned()
    }
}

impl FromRequest for http::Method {
    type Rejection = Infallible;

    fn from_request(request: &Request) -> Result<Self, Infallible> {
        Ok(request.method().clone())
    }
}

impl FromRequest for http::HeaderMap {
    type Rejection = Infallible;

    fn from_request(request: &Request) -> Result<Self, Infallible> {
        Ok(request.headers().clone())
    }
}

/// `None` where it can't be made, for whatever reason.
impl<T: FromRequest> FromRequest for Option<T> {
    type Rejection = Infallible;
    const NEEDS: Needs = T::NEEDS;

    fn from_request(request: &Request) -> Result<Self, Infallible> {
        Ok(T::from_request(request).ok())
    }
}

/// The view itself looks at what went wrong.
impl<T: FromRequest, E: From<T::Rejection>> FromRequest for Result<T, E> {
    type Rejection = Infallible;
    const NEEDS: Needs = T::NEEDS;

    fn from_request(request: &Request) -> Result<Self, Infallible> {
        Ok(T::from_request(request).map_err(E::from))
    }
}
