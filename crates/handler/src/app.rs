//! An application: its middleware, its URLs, and what it is built into.

use std::fmt;
use std::sync::Arc;

use http::Method;

use crate::error::Error;
use crate::handler::Handler;
use crate::hook::RequestHook;
use crate::middleware::{IntoMiddleware, Layer};
use crate::plan::Plan;
use crate::request::{BODY_LIMIT, Request};
use crate::response::Response;
use crate::urls::{Router, Urls};
use crate::view::View;

/// An application, put together.
///
/// [`build`](Self::build) checks it and gives the [`Handler`] that answers requests.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls};
///
/// fn home() -> &'static str { "bonsoir" }
/// async fn about() -> &'static str { "a guitar and two fingers" }
///
/// let urls = Urls::new().path("", home).name("home").path("about/", about).name("about");
/// let app = App::new().urls(urls).build()?;
///
/// assert_eq!(app.plan().route("home").hops(), 1);
/// assert_eq!(app.plan().route("about").hops(), 0);
/// assert_eq!(Client::new(app).get("/about/").wait()?.text(), "a guitar and two fingers");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "an application does nothing until it is built"]
pub struct App {
    layers: Vec<Layer>,
    urls: Vec<Urls>,
    hooks: Vec<Arc<dyn RequestHook>>,
    body_limit: usize,
}

impl Default for App {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            urls: Vec::new(),
            hooks: Vec::new(),
            body_limit: BODY_LIMIT,
        }
    }
}

impl App {
    /// An application that answers every request with 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wraps everything, the 404 page included; the first middleware is outermost.
    #[track_caller]
    pub fn middleware<M>(mut self, middleware: impl IntoMiddleware<M>) -> Self {
        self.layers.push(middleware.into_middleware());
        self
    }

    /// Adds routes.
    pub fn urls(mut self, urls: Urls) -> Self {
        self.urls.push(urls);
        self
    }

    /// Prepares the context of each request; hooks run in the order in which they are added.
    pub fn hook(mut self, hook: impl RequestHook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// How many bytes of a body are read into memory; a larger one is answered with 413. Default: 2.5 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Lays out the routes and checks them.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every problem: a pattern that can't be read, two routes for the same paths, a name given twice.
    pub fn build(self) -> Result<Handler, BuildError> {
        let fallback = View::neutral("not found", no_route);
        let router =
            Router::build(self.urls, &self.layers, fallback).map_err(|problems| BuildError { problems })?;
        Ok(Handler::new(router, self.hooks, self.body_limit))
    }

    /// The plan of every route, without keeping what was built for it. See [`Handler::plan`].
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn plan(&self) -> Result<Plan, BuildError> {
        Ok(self.clone().build()?.plan().clone())
    }
}

/// Answers what no route answers: with the same path and a slash at its end, where that is one, else 404.
fn no_route(request: &Request) -> Response {
    if request.is_missing_its_slash() && matches!(*request.method(), Method::GET | Method::HEAD) {
        return Response::new(301).header("location", with_slash(request.uri()));
    }
    Error::not_found().into()
}

/// The same target with a slash after its path; it never leads to another host.
fn with_slash(uri: &http::Uri) -> String {
    // `//host` and `/\host` are another host's URLs to a browser. Only the path's beginning can be read so.
    let path = uri.path().replace('\\', "%5C");
    let (first, rest) = path.split_at_checked(1).unwrap_or(("/", ""));
    let rest = rest
        .strip_prefix('/')
        .map_or_else(|| rest.to_owned(), |rest| format!("%2F{rest}"));
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    format!("{first}{rest}/{query}")
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("layers", &self.layers)
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// What is wrong with an application's URLs: all of it at once.
#[derive(Debug)]
pub struct BuildError {
    problems: Vec<String>,
}

impl BuildError {
    /// Each problem, in the order of the routes.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => f.write_str(problem),
            problems => {
                write!(f, "the URLs have {} problems", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for BuildError {}

#[cfg(test)]
mod tests {
    use super::with_slash;

    #[test]
    fn a_slash_is_appended_and_no_host_made() {
        for (target, location) in [
            ("/books", "/books/"),
            ("/books?page=2&q=%20", "/books/?page=2&q=%20"),
            ("/caf%C3%A9", "/caf%C3%A9/"),
            ("//evil.com", "/%2Fevil.com/"),
            ("///evil.com", "/%2F/evil.com/"),
            ("http://evil.com//evil.org", "/%2Fevil.org/"),
        ] {
            assert_eq!(with_slash(&target.parse().unwrap()), location, "{target}");
        }
    }
}
