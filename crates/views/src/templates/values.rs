//! The values that a template finds by name, without a field for each of them.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use askama::Values;
use nuages_handler::Request;

type Value = Arc<dyn Any + Send + Sync>;

/// What middleware and views have kept for the templates of a request.
#[derive(Clone, Default)]
struct Kept(Vec<(Cow<'static, str>, Value)>);

/// Keeps a value for every template that this request will be answered with: the number of things in the cart, messages, the user. What Django has
/// context processors for is a middleware that calls this.
///
/// A template reads it by its name and its exact type, with askama's `value` filter. A later value of the same name takes the place of the first.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Next, Request, Response, Result, Urls};
/// use nuages_views::{askama::Template, render, set_template_value};
///
/// async fn greeting(request: Request, next: Next) -> Result<Response> {
///     set_template_value(&request, "greeting", "Bonsoir".to_owned());
///     next.run(request).await
/// }
///
/// #[derive(Template)]
/// #[template(
///     source = r#"{% if let Ok(greeting) = "greeting"|value::<String> %}{{ greeting }}{% endif %}, {{ name }}"#,
///     ext = "html",
///     askama = nuages_views::askama
/// )]
/// struct Home { name: &'static str }
///
/// fn home(request: Request) -> Result<Response> {
///     render(&request, Home { name: "Django" })
/// }
///
/// let client = Client::new(App::new().middleware(greeting).urls(Urls::new().path("", home)));
/// assert_eq!(client.get("/").wait()?.text(), "Bonsoir, Django");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub fn set_template_value<T>(request: &Request, name: impl Into<Cow<'static, str>>, value: T)
where
    T: Send + Sync + 'static,
{
    let mut kept = request.get::<Arc<Kept>>().unwrap_or_default();
    let name = name.into();
    let values = &mut Arc::make_mut(&mut kept).0;
    values.retain(|(other, _)| *other != name);
    values.push((name, Arc::new(value)));
    request.insert(kept);
}

/// askama's runtime values of a request.
pub(super) struct PageValues<'a> {
    request: &'a Request,
    kept: Option<Arc<Kept>>,
}

impl<'a> PageValues<'a> {
    pub(super) fn new(request: &'a Request) -> Self {
        Self {
            request,
            kept: request.get(),
        }
    }
}

impl Values for PageValues<'_> {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        if key == "request" {
            return Some(self.request);
        }
        let (_, value) = self.kept.as_ref()?.0.iter().find(|(name, _)| name == key)?;
        Some(&**value)
    }
}
