//! Answers that send the visitor elsewhere.

use std::fmt::Write as _;

use http::{StatusCode, header};

use super::{IntoResponse, Response};
use crate::error::Error;
use crate::request::Request;

/// Sends the visitor to another address.
///
/// What an address can't hold is percent-encoded, so that nothing in it ends the header. An address of another scheme than `http`, `https` and `ftp`
/// (`javascript:`) is refused with a 400, as in Django.
///
/// | | for now | for good |
/// |---|---|---|
/// | the browser asks by GET | [`to`](Self::to): 302 | [`permanent`](Self::permanent): 301 |
/// | it asks as it did before, body included ([`preserve_request`](Self::preserve_request)) | 307 | 308 |
///
/// [`see_other`](Self::see_other) is 303: GET, whatever it was.
///
/// # Examples
///
/// ```
/// use nuages_handler::{IntoResponse, Redirect};
///
/// let response = Redirect::to("/books/café/").into_response();
/// assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (302, "/books/caf%C3%A9/"));
/// assert_eq!(Redirect::permanent("/").preserve_request().into_response().status(), 308);
/// assert_eq!(Redirect::to("javascript:alert(1)").into_response().status(), 400);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a redirect does nothing until a view returns it"]
pub struct Redirect {
    location: String,
    status: StatusCode,
}

impl Redirect {
    /// For now: 302.
    pub fn to(location: impl Into<String>) -> Self {
        Self::with(StatusCode::FOUND, location.into())
    }

    /// For good: 301. Browsers remember it.
    pub fn permanent(location: impl Into<String>) -> Self {
        Self::with(StatusCode::MOVED_PERMANENTLY, location.into())
    }

    /// The answer to a form is there, to be asked for by GET: 303.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::with(StatusCode::SEE_OTHER, location.into())
    }

    /// To where a visitor asked to be sent, as by `?next=`, if that is an address of this site; else to `otherwise`.
    ///
    /// See [`url_has_allowed_host_and_scheme`]. The site is the request's [host](Request::host), so hosts have to be validated before.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{HttpScope, IntoResponse, Method, Redirect, Request};
    ///
    /// let request = Request::new(HttpScope::new(Method::GET, "/login/?next=//evil.example/".parse().unwrap()), "");
    /// let response = Redirect::safe(&request, request.query().get("next"), "/").into_response();
    /// assert_eq!(response.headers()["location"], "/");
    /// ```
    pub fn safe(request: &Request, next: Option<&str>, otherwise: impl Into<String>) -> Self {
        let host = request.host();
        let is_safe =
            |next: &&str| url_has_allowed_host_and_scheme(next, host.as_slice(), request.is_secure());
        match next.filter(is_safe) {
            Some(next) => Self::to(next),
            None => Self::to(otherwise),
        }
    }

    fn with(status: StatusCode, location: String) -> Self {
        Self { location, status }
    }

    /// Has the browser ask as it did before, by the same method and with the same body: 307 in place of 302, 308 in place of 301.
    pub fn preserve_request(mut self) -> Self {
        self.status = match self.status {
            StatusCode::MOVED_PERMANENTLY => StatusCode::PERMANENT_REDIRECT,
            _ => StatusCode::TEMPORARY_REDIRECT,
        };
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let location = encoded(&self.location);
        let allowed = scheme(&location).is_none_or(|scheme| {
            ["http", "https", "ftp"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known))
        });
        if !allowed {
            return Error::bad_request("An address of this kind can't be redirected to.").into();
        }
        Response::new(self.status).header(header::LOCATION, location)
    }
}

/// What is no visible ASCII is percent-encoded; what is percent-encoded already stays.
fn encoded(location: &str) -> String {
    let mut encoded = String::with_capacity(location.len());
    // Browsers leave these out, and would so see another address than what was checked.
    for byte in location.trim_matches(|c: char| c <= ' ').bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// What stands before the first colon, if that is before any slash, question mark or hash.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_at(url.find([':', '/', '?', '#'])?);
    url[scheme.len()..].starts_with(':').then_some(scheme)
}

/// Whether an address that a visitor chose leads to one of these hosts, or is a path on this one; with `require_https` not to plain `http`. Django's function of
/// that name.
///
/// It reads the address as browsers do: backslashes as slashes, and an address with control characters, which they leave out, not at all.
///
/// # Examples
///
/// ```
/// use nuages_handler::url_has_allowed_host_and_scheme as is_safe;
///
/// assert!(is_safe("/books/?page=2", &[], true));
/// assert!(is_safe("https://nuages.example/", &["nuages.example"], true));
/// assert!(!is_safe("http://nuages.example/", &["nuages.example"], true));
/// for evil in ["https://evil.example/", "//evil.example", r"\\evil.example", "/\t/evil.example", "javascript:alert(1)", "http:///evil.example", ""] {
///     assert!(!is_safe(evil, &["nuages.example"], false), "{evil:?}");
/// }
/// ```
pub fn url_has_allowed_host_and_scheme(url: &str, allowed_hosts: &[&str], require_https: bool) -> bool {
    let url = url.trim();
    if url.is_empty() || url.chars().any(char::is_control) {
        return false;
    }
    is_allowed(url, allowed_hosts, require_https)
        && is_allowed(&url.replace('\\', "/"), allowed_hosts, require_https)
}

fn is_allowed(url: &str, allowed_hosts: &[&str], require_https: bool) -> bool {
    // Browsers take any number of slashes for two.
    if url.starts_with("///") {
        return false;
    }
    let scheme = scheme(url);
    let rest = scheme.map_or(url, |scheme| &url[scheme.len() + 1..]);
    let host = rest
        .strip_prefix("//")
        .map(|rest| &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]);
    let scheme = match (scheme, host) {
        // `http:///evil.example`, `javascript:..`, and `host:8000` without a scheme.
        (Some(_), None) | (_, Some("")) => return false,
        (Some(scheme), Some(_)) => Some(scheme),
        (None, Some(_)) => Some(if require_https { "https" } else { "http" }),
        (None, None) => None,
    };
    let scheme_is_fine = scheme.is_none_or(|scheme| {
        scheme.eq_ignore_ascii_case("https") || (!require_https && scheme.eq_ignore_ascii_case("http"))
    });
    let host_is_fine = host.is_none_or(|host| {
        allowed_hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(host))
    });
    scheme_is_fine && host_is_fine
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_others_are_recognised() {
        let bad = [
            "http://example.com",
            "http:///example.com",
            "https://example.com",
            "ftp://example.com",
            r"\\example.com",
            r"\\\example.com",
            r"/\\/example.com",
            r"\\\\example.com",
            r"\\//example.com",
            r"/\/example.com",
            r"\/example.com",
            "/\\example.com",
            "http:///example.com",
            r"http:/\//example.com",
            r"http:\/example.com",
            r"http:/\example.com",
            "javascript:alert(\"XSS\")",
            "\njavascript:alert(x)",
            "java\nscript:alert(x)",
            "\u{8}//example.com",
            r"http://otherserver\@example.com",
            r"http:\\testserver\@example.com",
            r"http://testserver\me:pass@example.com",
            r"http://testserver\@example.com",
            "http:confirm\\@me@testserver",
            "http:",
            "http:999999999",
            "ftp:9999999999",
            "\n",
            "http://[2001:cdba:0000:0000:0000:0000:3257:9652/",
            "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
            "//testserver@example.com",
            "x:y",
        ];
        for url in bad {
            assert!(
                !url_has_allowed_host_and_scheme(url, &["testserver"], false),
                "{url:?}"
            );
        }
        let good = [
            "/view/?param=http://example.com",
            "/view/?param=https://example.com",
            "/view?param=ftp://example.com",
            "view/?param=//example.com",
            "https://testserver/",
            "HTTPS://testserver/",
            "//testserver/",
            "http://testserver/confirm?email=me@example.com",
            "/url%20with%20spaces/",
            "path/http:2222222222",
            "?next=1",
        ];
        for url in good {
            assert!(
                url_has_allowed_host_and_scheme(url, &["testserver", "otherserver"], false),
                "{url:?}"
            );
        }
    }

    #[test]
    fn a_line_break_does_not_split_a_redirect() {
        let response = Redirect::to("/a b\r\nset-cookie: c=d").into_response();
        assert_eq!(response.headers()["location"], "/a%20b%0D%0Aset-cookie:%20c=d");
        assert_eq!(Redirect::see_other("/").into_response().status(), 303);
        assert_eq!(Redirect::to("/").preserve_request().into_response().status(), 307);
        assert_eq!(Redirect::to(" java\tscript:x").into_response().status(), 400);
        assert_eq!(Redirect::to("\u{1}javascript:x").into_response().status(), 400);
    }

    proptest! {
        #[test]
        fn fuzz_a_redirect_is_a_header_or_a_400(location in ".{0,60}") {
            let response = Redirect::to(location).into_response();
            prop_assert!(matches!(response.status().as_u16(), 302 | 400));
            if let Some(location) = response.headers().get("location") {
                prop_assert!(location.as_bytes().iter().all(u8::is_ascii_graphic));
            }
        }
    }
}
