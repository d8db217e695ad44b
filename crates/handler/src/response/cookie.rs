//! Cookies that a response sets.

use std::borrow::Cow;
use std::time::Duration;

use cookie::time;

/// Which requests from other sites a cookie goes along with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// None: not even when a link leads here.
    Strict,
    /// Only when a link leads here.
    Lax,
    /// All; browsers take it only with [`Cookie::secure`].
    None,
}

/// A cookie for the visitor's browser.
///
/// Without further words it lasts until the browser is closed, is sent for every path, and goes with
/// [`SameSite::Lax`]. Its value may be any text: what cookies can't hold is percent-encoded, and decoded by
/// [`Request::cookie`](crate::Request::cookie).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_handler::{Cookie, Response};
///
/// let cookie = Cookie::new("language", "fr").max_age(Duration::from_secs(3600)).http_only(true).secure(true);
/// let response = Response::default().cookie(cookie);
/// assert_eq!(response.headers()["set-cookie"], "language=fr; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a cookie does nothing until `Response::cookie` takes it"]
pub struct Cookie {
    inner: cookie::Cookie<'static>,
}

impl Cookie {
    /// A cookie with the defaults above.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let inner = cookie::Cookie::build((Cow::Owned(name.into()), Cow::Owned(value.into())));
        Self {
            inner: inner.path("/").same_site(cookie::SameSite::Lax).build(),
        }
    }

    /// How long the browser keeps it.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.inner
            .set_max_age(time::Duration::try_from(age).unwrap_or(time::Duration::MAX));
        self
    }

    /// Below which path it is sent.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.inner.set_path(path.into());
        self
    }

    /// To which domain's hosts it is sent; without this to this host alone.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.inner.set_domain(domain.into());
        self
    }

    /// Whether it is hidden from scripts in the page.
    pub fn http_only(mut self, hidden: bool) -> Self {
        self.inner.set_http_only(hidden);
        self
    }

    /// Whether it is sent over HTTPS alone.
    pub fn secure(mut self, secure: bool) -> Self {
        self.inner.set_secure(secure);
        self
    }

    /// Which requests from other sites it goes along with.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.inner.set_same_site(match same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        });
        self
    }

    /// A cookie that is over already, which makes the browser forget it. Old browsers know `Expires` alone.
    pub(crate) fn expired(mut self) -> Self {
        self.inner.set_max_age(time::Duration::ZERO);
        self.inner.set_expires(time::OffsetDateTime::UNIX_EPOCH);
        self
    }

    pub(crate) fn to_header(&self) -> String {
        self.inner.encoded().to_string()
    }
}

impl<N: Into<String>, V: Into<String>> From<(N, V)> for Cookie {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}
