//! Responses that are rendered after the view: middleware may still change what they show.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;

use crate::error::{Error, Result};
use crate::request::Request;
use crate::response::{Html, IntoResponse, Response};

/// A page that is made of a context, once all middleware that wants to change the context has done so: Django's `TemplateResponse`.
///
/// What fails while it is rendered is an error of the view: [`process_exception`](crate::NeutralMiddleware::process_exception) sees it.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, DeferredTemplate, NeutralMiddleware, Request, Response, TemplateResponse, Urls};
///
/// struct Page { title: String }
///
/// fn page() -> TemplateResponse {
///     TemplateResponse::new(Page { title: "Books".into() }, |_request, page: &Page| Ok(format!("<h1>{}</h1>", page.title)))
/// }
///
/// struct Loud;
/// impl NeutralMiddleware for Loud {
///     fn process_template_response(&self, _: &Request, _: &mut Response, template: &mut DeferredTemplate) {
///         if let Some(page) = template.context_mut::<Page>() { page.title = page.title.to_uppercase(); }
///     }
/// }
///
/// let client = Client::new(App::new().middleware(Loud).urls(Urls::new().path("", page)));
/// let response = client.get("/").wait()?;
/// assert_eq!(response.text(), "<h1>BOOKS</h1>");
/// assert_eq!(response.context::<Page>().map(|page| page.title.clone()), Some("BOOKS".to_owned()));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a response does nothing until a view returns it"]
pub struct TemplateResponse {
    template: DeferredTemplate,
    status: StatusCode,
}

type Render = Box<dyn FnOnce(&Request, &(dyn Any + Send + Sync)) -> Result<String> + Send>;

/// What a [`TemplateResponse`] will be rendered of.
pub struct DeferredTemplate {
    context: Box<dyn Any + Send + Sync>,
    render: Render,
}

impl TemplateResponse {
    /// A page of this context, which `render` makes when its time has come.
    pub fn new<T, F>(context: T, render: F) -> Self
    where
        T: Send + Sync + 'static,
        F: FnOnce(&Request, &T) -> Result<String> + Send + 'static,
    {
        let render =
            move |request: &Request, context: &(dyn Any + Send + Sync)| match context.downcast_ref::<T>() {
                Some(context) => render(request, context),
                None => unreachable!("a context is only replaced together with what renders it"),
            };
        Self {
            template: DeferredTemplate {
                context: Box::new(context),
                render: Box::new(render),
            },
            status: StatusCode::OK,
        }
    }

    /// The status; 200 unless this says otherwise.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl DeferredTemplate {
    /// The context, if it is a `T`.
    pub fn context<T: 'static>(&self) -> Option<&T> {
        self.context.downcast_ref()
    }

    /// The context, to be changed.
    pub fn context_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.context.downcast_mut()
    }

    /// Shows another page instead.
    pub fn replace(&mut self, other: TemplateResponse) {
        *self = other.template;
    }

    /// Renders it into `response`; the context stays there for tests.
    pub(crate) fn render(self, request: &Request, response: Response) -> Result<Response, Error> {
        let html = (self.render)(request, &*self.context)?;
        let mut response = response.body(html);
        response.extensions_mut().insert(Rendered(self.context.into()));
        Ok(response)
    }
}

impl fmt::Debug for DeferredTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeferredTemplate").finish_non_exhaustive()
    }
}

/// What a page was rendered of, for tests.
#[derive(Clone)]
pub(crate) struct Rendered(pub(crate) Arc<dyn Any + Send + Sync>);

/// Among a response's values: it waits to be rendered. A response's values have to be clonable, which a template is not.
#[derive(Clone)]
struct Waiting(Arc<Mutex<Option<DeferredTemplate>>>);

impl IntoResponse for TemplateResponse {
    fn into_response(self) -> Response {
        let mut response = Html("").into_response().status_code(self.status);
        response
            .extensions_mut()
            .insert(Waiting(Arc::new(Mutex::new(Some(self.template)))));
        response
    }
}

/// The template that a response waits to be rendered of.
pub(crate) fn take_template(response: &mut Response) -> Option<DeferredTemplate> {
    if response.extensions().is_empty() {
        return None;
    }
    let Waiting(slot) = response.extensions_mut().remove::<Waiting>()?;
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
