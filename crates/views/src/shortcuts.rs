//! Answers without a template.

use std::fmt::Write as _;

use http::{StatusCode, header};
use nuages_handler::{Response, Result};
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
/// The address is sent as it is, except that what an address can't hold is percent-encoded. One that a visitor chose has to be
/// checked before: it may be another host's.
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
    to_location(StatusCode::FOUND, to.as_ref())
}

/// Sends the visitor to another address for good: status 301, which browsers remember. Otherwise as [`redirect`].
pub fn redirect_permanent(to: impl AsRef<str>) -> Response {
    to_location(StatusCode::MOVED_PERMANENTLY, to.as_ref())
}

pub(crate) fn to_location(status: StatusCode, to: &str) -> Response {
    let mut location = String::with_capacity(to.len());
    for byte in to.bytes() {
        if byte.is_ascii_graphic() {
            location.push(char::from(byte));
        } else {
            let _ = write!(location, "%{byte:02X}");
        }
    }
    Response::new(status).header(header::LOCATION, location)
}

#[cfg(test)]
mod tests {
    use nuages_handler::{IntoResponse as _, Json};

    use super::*;

    #[test]
    fn a_line_break_does_not_split_a_redirect() {
        let response = redirect("/a b\r\nset-cookie: c=d");
        assert_eq!(response.headers()["location"], "/a%20b%0D%0Aset-cookie:%20c=d");
        assert_eq!(redirect_permanent("/").status(), 301);
    }

    #[test]
    fn json_that_cannot_be_written_is_an_error() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(json(&map).unwrap_err().status(), 500);
        assert_eq!(Json(map).into_response().status(), 500);
    }
}
