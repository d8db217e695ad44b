//! Answers without a template.

use http::{StatusCode, header};
use nuages_handler::{IntoResponse as _, Redirect, Response, Result};
use serde::Serialize;

/// Answers with a value as JSON.
///
/// The same as returning `Json(value)`, for views that return a [`Response`], and for values that are borrowed.
///
/// # Errors
///
/// When the value can't be written as JSON, as a map whose keys are no text.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Response, Result, Urls};
/// use nuages_views::json;
///
/// fn numbers() -> Result<Response> {
///     json(&[1, 2, 3])
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("", numbers)));
/// assert_eq!(client.get("/").wait()?.text(), "[1,2,3]");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Response> {
    // Written here and not by `Json`, so that an error is the caller's.
    let text = serde_json::to_string(value)?;
    Ok(Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/json")
        .body(text))
}

/// Sends the visitor to another address for now: status 302. The browser asks for it by GET, as after a form.
///
/// The same as returning [`Redirect`], for views that return a [`Response`]. An address that a visitor chose has to be checked before, as
/// [`Redirect::safe`] does: it may be another host's.
///
/// # Examples
///
/// ```
/// use nuages_views::redirect;
///
/// let response = redirect("/books/café/");
/// assert_eq!(response.status(), 302);
/// assert_eq!(response.headers()["location"], "/books/caf%C3%A9/");
/// ```
pub fn redirect(to: impl AsRef<str>) -> Response {
    Redirect::to(to.as_ref()).into_response()
}

/// Sends the visitor to another address for good: status 301, which browsers remember. Otherwise as [`redirect`].
pub fn redirect_permanent(to: impl AsRef<str>) -> Response {
    Redirect::permanent(to.as_ref()).into_response()
}

#[cfg(test)]
mod tests {
    use nuages_handler::Json;

    use super::*;

    #[test]
    fn redirects_are_those_of_the_handler() {
        assert_eq!(redirect("/a b\r\n").headers()["location"], "/a%20b");
        assert_eq!(redirect("javascript:alert(1)").status(), 400);
        assert_eq!(redirect_permanent("/").status(), 301);
    }

    #[test]
    fn json_that_cannot_be_written_is_an_error() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(json(&map).unwrap_err().status(), 500);
        assert_eq!(Json(map).into_response().status(), 500);
    }
}
