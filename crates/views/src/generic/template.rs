//! A page that depends on nothing but the request.

use askama::Template;
use nuages_handler::{IntoView as _, Request, Response, Result, View, get};

use crate::render;

/// Shows a template, by GET and HEAD. No thread is taken for it.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls};
/// use nuages_views::{askama::Template, template_view};
///
/// #[derive(Clone, Template)]
/// #[template(source = "<h1>About us</h1>", ext = "html", askama = nuages_views::askama)]
/// struct About;
///
/// let client = Client::new(App::new().urls(Urls::new().path("about/", template_view(About))));
/// assert_eq!(client.get("/about/").wait()?.text(), "<h1>About us</h1>");
/// assert_eq!(client.post("/about/").wait()?.status(), 405);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[track_caller]
pub fn template_view<T>(template: T) -> View
where
    T: Template + Send + Sync + 'static,
{
    let view = move |request: Request| -> Result<Response> { render(&request, &template) };
    get(view.into_view().named("template_view").inline()).into_view()
}
