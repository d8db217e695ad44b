//! A view that leads elsewhere.

use std::borrow::Cow;

use nuages_handler::{IntoResponse as _, IntoView, Redirect, Request, Response, Result, View, reverse};

use super::Class;

/// A view that leads to another address: made by [`redirect_to`] or [`redirect_to_route`].
///
/// By default for now (302) and without the query of the request.
#[derive(Clone, Debug)]
#[must_use = "a view does nothing until a route has it"]
pub struct RedirectView {
    to: Target,
    permanent: bool,
    with_query: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Url(Cow<'static, str>),
    Route(Cow<'static, str>),
}

/// Leads to an address, by whatever method.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls};
/// use nuages_views::redirect_to;
///
/// let urls = Urls::new().path("old/", redirect_to("/new/").permanent().with_query());
/// let response = Client::new(App::new().urls(urls)).get("/old/?q=swing").wait()?;
/// assert_eq!((response.status().as_u16(), response.header("location")), (301, Some("/new/?q=swing")));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub fn redirect_to(url: impl Into<Cow<'static, str>>) -> RedirectView {
    RedirectView {
        to: Target::Url(url.into()),
        permanent: false,
        with_query: false,
    }
}

/// Leads to the route with this name, with the values that the path of the request has.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Urls};
/// use nuages_views::redirect_to_route;
///
/// async fn book(Path(id): Path<i64>) -> String { format!("book {id}") }
///
/// let urls = Urls::new()
///     .path("books/<int:id>/", book).name("book")
///     .path("buecher/<int:id>/", redirect_to_route("book"));
/// let response = Client::new(App::new().urls(urls)).get("/buecher/3/").wait()?;
/// assert_eq!(response.header("location"), Some("/books/3/"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub fn redirect_to_route(name: impl Into<Cow<'static, str>>) -> RedirectView {
    RedirectView {
        to: Target::Route(name.into()),
        permanent: false,
        with_query: false,
    }
}

impl RedirectView {
    /// For good: 301, which browsers remember.
    pub fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// Takes the query of the request along.
    pub fn with_query(mut self) -> Self {
        self.with_query = true;
        self
    }

    fn answer(&self, request: &Request) -> Result<Response> {
        let mut to = match &self.to {
            Target::Url(url) => url.to_string(),
            Target::Route(name) => {
                let values: Vec<(&str, &str)> = request.params().collect();
                reverse(name, values.as_slice())?
            }
        };
        if let (true, Some(query)) = (self.with_query, request.uri().query()) {
            let (before, fragment) = match to.split_once('#') {
                Some((before, fragment)) => (before, format!("#{fragment}")),
                None => (to.as_str(), String::new()),
            };
            let joint = if before.contains('?') { '&' } else { '?' };
            to = format!("{before}{joint}{query}{fragment}");
        }
        let redirect = if self.permanent {
            Redirect::permanent(to)
        } else {
            Redirect::to(to)
        };
        Ok(redirect.into_response())
    }
}

impl IntoView<Class> for RedirectView {
    #[track_caller]
    fn into_view(self) -> View {
        let view = move |request: Request| self.answer(&request);
        view.into_view().named("redirect").inline()
    }
}
