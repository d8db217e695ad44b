//! Answers made of templates.

use askama::Template;
use nuages_handler::{Html, IntoResponse, Request, Response, Result};

/// Answers with a template, as HTML.
///
/// askama compiles templates and escapes what they show. The request is what templates will get more from than their own
/// fields, as a form's token against forgery.
///
/// # Errors
///
/// When the template fails, which is a 500: a template without code of its own does not.
///
/// # Examples
///
/// See [the crate's page](crate).
pub fn render(request: &Request, template: impl Template) -> Result<Response> {
    let _ = request;
    Ok(Html(template.render()?).into_response())
}
