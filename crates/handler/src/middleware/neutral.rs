//! Middleware that is neither sync nor async: it looks at the request on its way in and at the response on its way out.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use crate::error::{Error, Result};
use crate::name::short;
use crate::request::Request;
use crate::response::Response;
use crate::template::DeferredTemplate;
use crate::view::View;

/// Middleware without I/O: header work, checks, counting. It runs wherever its neighbours do and never causes a hop.
///
/// A `.wait()` in it is refused on an event loop, as in any async code; what needs I/O is a `fn` or an `async fn`.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, NeutralMiddleware, Request, Response, Urls};
///
/// struct NoSniff;
///
/// impl NeutralMiddleware for NoSniff {
///     fn after(&self, _request: &Request, response: Response) -> Response {
///         response.header("x-content-type-options", "nosniff")
///     }
/// }
///
/// let app = App::new().middleware(NoSniff).urls(Urls::new().path("", || "bonsoir"));
/// assert_eq!(Client::new(app).get("/").wait()?.header("x-content-type-options"), Some("nosniff"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait NeutralMiddleware: Send + Sync + 'static {
    /// Before the layers inside: a response is the answer, and they don't run.
    fn before(&self, request: &Request) -> Option<Response> {
        let _ = request;
        None
    }

    /// After the layers inside, or after [`before`](Self::before) answered.
    fn after(&self, request: &Request, response: Response) -> Response {
        let _ = request;
        response
    }

    /// Whether [`before`](Self::before) wants to look at the fields of the request's form: they are read first, without a thread. Asked of
    /// requests that may have a body only.
    fn needs_form(&self, request: &Request) -> bool {
        let _ = request;
        false
    }

    /// Right before the view; see [`Middleware::process_view`](crate::Middleware::process_view).
    ///
    /// # Errors
    ///
    /// As there.
    fn process_view(&self, request: &Request, view: &View) -> Result<Option<Response>> {
        let _ = (request, view);
        Ok(None)
    }

    /// After the view failed; see [`Middleware::process_exception`](crate::Middleware::process_exception).
    fn process_exception(&self, request: &Request, error: &Error) -> Option<Response> {
        let _ = (request, error);
        None
    }

    /// Before a template is rendered; see [`Middleware::process_template_response`](crate::Middleware::process_template_response).
    fn process_template_response(
        &self,
        request: &Request,
        response: &mut Response,
        template: &mut DeferredTemplate,
    ) {
        let _ = (request, response, template);
    }

    /// What the plan calls it: the type's own name, unless it says otherwise.
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(short(std::any::type_name::<Self>()))
    }
}

/// Makes a middleware of two plain functions: one before the layers inside, which may answer itself, and one after them.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Response, Urls, neutral};
///
/// let maintenance = neutral(
///     |request| (request.path() != "/status/").then(|| Response::new(503).body("back soon")),
///     |_request, response| response.header("x-site", "shop"),
/// );
/// let app = App::new().middleware(maintenance).urls(Urls::new().path("", || "bonsoir"));
/// let response = Client::new(app).get("/").wait()?;
/// assert_eq!((response.status().as_u16(), response.header("x-site")), (503, Some("shop")));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[track_caller]
pub fn neutral<B, A>(before: B, after: A) -> Neutral<B, A>
where
    B: Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    A: Fn(&Request, Response) -> Response + Send + Sync + 'static,
{
    Neutral {
        before,
        after,
        location: Location::caller(),
        name: None,
    }
}

/// Two functions as a middleware; see [`neutral`].
pub struct Neutral<B, A> {
    before: B,
    after: A,
    location: &'static Location<'static>,
    name: Option<Cow<'static, str>>,
}

impl<B, A> Neutral<B, A> {
    /// Says what the plan calls it; without a name, that is where it stands.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<B, A> fmt::Debug for Neutral<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neutral")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl<B, A> NeutralMiddleware for Neutral<B, A>
where
    B: Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    A: Fn(&Request, Response) -> Response + Send + Sync + 'static,
{
    fn before(&self, request: &Request) -> Option<Response> {
        (self.before)(request)
    }

    fn after(&self, request: &Request, response: Response) -> Response {
        (self.after)(request, response)
    }

    fn name(&self) -> Cow<'static, str> {
        let place = || {
            Cow::Owned(format!(
                "neutral at {}:{}",
                self.location.file(),
                self.location.line()
            ))
        };
        self.name.clone().unwrap_or_else(place)
    }
}
