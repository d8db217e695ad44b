//! The values that a template finds by name, without a field for each of them.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use nuages_handler::Request;

type Value = Arc<dyn Any + Send + Sync>;

/// What middleware and views have kept for the templates of a request.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Vec<(Cow<'static, str>, Value)>>);

impl Kept {
    pub(crate) fn of(request: &Request) -> Self {
        request.get().unwrap_or_default()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&(dyn Any + Send + Sync)> {
        let (_, value) = self.0.iter().find(|(kept, _)| kept == name)?;
        Some(&**value)
    }
}

/// Keeps a value for every template that this request will be answered with: the number of things in the cart, messages, the user. What Django has
/// context processors for is a middleware that calls this.
///
/// A template of askama reads it by its name and its exact type, with the `value` filter; one that is [read while the program runs](crate::Templates)
/// by its name alone, if it is a text, a number, a `bool` or a `minijinja::Value`. A later value of the same name takes the place of the first.
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
    let mut kept = Kept::of(request);
    let name = name.into();
    let values = Arc::make_mut(&mut kept.0);
    values.retain(|(other, _)| *other != name);
    values.push((name, Arc::new(value)));
    request.insert(kept);
}
