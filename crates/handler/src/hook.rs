//! What other crates do for each request.

use std::fmt;

use crate::error::Result;
use crate::request::Request;
use crate::response::Response;
use crate::view::{BoxFuture, View};

/// Opens and closes what a request needs: this is how the ORM gives a request its database, and a view its transaction, without the
/// handler knowing of one.
///
/// # Examples
///
/// ```
/// use nuages_bridge::Local;
/// use nuages_handler::{App, Client, RequestHook, Urls};
///
/// static REGION: Local<&'static str> = Local::new("region");
///
/// struct Europe;
/// impl RequestHook for Europe {
///     fn context(&self) { REGION.set("eu"); }
/// }
///
/// let app = App::new().hook(Europe).urls(Urls::new().path("", || REGION.get().unwrap_or("nowhere")));
/// assert_eq!(Client::new(app).get("/").wait()?.text(), "eu");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait RequestHook: Send + Sync + 'static {
    /// Sets [`Local`](nuages_bridge::Local)s, inside the request's context and before anything else of it runs.
    fn context(&self) {}

    /// As [`context`](Self::context), which it calls, for who wants to know the view that the request goes to, by the name that the plan and the logs have for it.
    fn context_of(&self, view: &str) {
        let _ = view;
        self.context();
    }

    /// Whether [`view`](Self::view) wraps the views of an application. Asked once, when it is built.
    fn wraps_views(&self) -> bool {
        false
    }

    /// Runs a view: only the view, neither middleware nor the rendering of a template nor a body that streams. Django's `ATOMIC_REQUESTS` is one.
    ///
    /// It is async code around views of both kinds; a sync view inside it runs on its thread, in the same context. An error of the view is an
    /// `Err` here, so that a transaction knows to roll back; what is returned is what the request goes on with.
    fn view<'a>(&'a self, request: &'a Request, call: ViewCall) -> BoxFuture<'a, Result<Response>> {
        let _ = request;
        Box::pin(call.run())
    }
}

/// The view that a [`RequestHook::view`] stands around.
#[must_use = "the view does not run until this does"]
pub struct ViewCall {
    pub(crate) view: View,
    pub(crate) request: Request,
    pub(crate) run: BoxFuture<'static, Response>,
}

impl ViewCall {
    /// Runs the view, and the hooks inside this one.
    ///
    /// # Errors
    ///
    /// That of the view; a panic of it is one too ([`Error::is_panic`](crate::Error::is_panic)).
    pub async fn run(self) -> Result<Response> {
        let mut response = self.run.await;
        match response.take_problem() {
            Some(error) => Err(error),
            None => Ok(response),
        }
    }

    /// A value that the view was given with [`View::with_value`]: such as that it wants no transaction.
    pub fn value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.view.value(self.request.method())
    }
}

impl fmt::Debug for ViewCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewCall")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}
