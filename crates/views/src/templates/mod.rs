//! Pages made of askama templates, with what every page needs.

mod helpers;

use std::any::Any;

use askama::{Template, Values};
use nuages_handler::{Html, IntoResponse, Request, Response, Result};

#[cfg(feature = "static-files")]
pub use self::helpers::StaticUrl;
pub use self::helpers::{CspNonce, CsrfField, CsrfToken, QueryWith, TemplateHelpers};
use crate::template_values::Kept;

/// Answers with a template, as HTML.
///
/// askama compiles templates and escapes what they show. Beside its own fields a template can use [helpers](TemplateHelpers), as
/// `{{ url("home") }}`, and values that belong to the request: `request` itself, and what middleware kept by
/// [`set_template_value`](crate::set_template_value).
///
/// # Errors
///
/// When the template fails, which is a 500: an address that no route has, or code of the template's own.
///
/// # Examples
///
/// See [the crate's page](crate).
pub fn render(request: &Request, template: impl Template) -> Result<Response> {
    Ok(Html(render_to_string(request, template)?).into_response())
}

/// The text of a template, with what [`render`] gives it: a part of a page, or a mail.
///
/// # Errors
///
/// As [`render`].
pub fn render_to_string(request: &Request, template: impl Template) -> Result<String> {
    Ok(template.render_with_values(&PageValues::new(request))?)
}

/// askama's runtime values of a request.
struct PageValues<'a> {
    request: &'a Request,
    kept: Kept,
}

impl<'a> PageValues<'a> {
    fn new(request: &'a Request) -> Self {
        Self {
            request,
            kept: Kept::of(request),
        }
    }
}

impl Values for PageValues<'_> {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        if key == "request" {
            return Some(self.request);
        }
        Some(self.kept.get(key)?)
    }
}
