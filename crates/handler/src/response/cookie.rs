//! Cookies that a response sets.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use cookie::time;
use http::HeaderValue;

use crate::signing::{SigningKey, signed_cookie_salt};

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

/// A cookie for the visitor's browser, RFC 6265.
///
/// Without further words it lasts until the browser is closed, is sent for every path, and goes with
/// [`SameSite::Lax`]. What browsers would silently refuse makes the response a 500 that says so: a name that is empty, `__Host-` and
/// `__Secure-` names without what they promise, `SameSite=None` or `Partitioned` without `Secure`, and a path or domain that would end its attribute. Its value may be any text: what cookies can't hold is percent-encoded, and decoded by
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

    /// At which moment the browser forgets it. [`max_age`](Self::max_age) goes first where there are both.
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.inner.set_expires(time::OffsetDateTime::from(at));
        self
    }

    /// Whether it is kept apart for each site that this one is embedded in (CHIPS). It needs [`secure`](Self::secure).
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.inner.set_partitioned(partitioned);
        self
    }

    /// Signs the value, so that a visitor can read it and not change it; [`Request::signed_cookie`](crate::Request::signed_cookie) reads it again. A signature
    /// is of the cookie's name too.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Cookie, Request, Response, Result, SigningKey, Urls};
    ///
    /// fn log_in(request: Request) -> Result<Response> {
    ///     Ok(Response::new(204).cookie(Cookie::new("user", "django").signed(request.signing_key()?)))
    /// }
    ///
    /// fn home(request: Request) -> Result<String> {
    ///     Ok(request.signed_cookie("user", None)?.unwrap_or("nobody".into()))
    /// }
    ///
    /// let urls = Urls::new().path("in/", log_in).path("", home);
    /// let client = Client::new(App::new().signing_key(SigningKey::new("fifty random characters")).urls(urls));
    /// client.get("/in/").wait()?;
    /// assert_eq!(client.get("/").wait()?.text(), "django");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn signed(mut self, key: &SigningKey) -> Self {
        let signed = key.sign(&signed_cookie_salt(self.inner.name()), self.inner.value());
        self.inner.set_value(signed);
        self
    }

    /// A cookie that is over already, which makes the browser forget it. Old browsers know `Expires` alone.
    pub(crate) fn expired(mut self) -> Self {
        self.inner.set_max_age(time::Duration::ZERO);
        self.inner.set_expires(time::OffsetDateTime::UNIX_EPOCH);
        self
    }

    pub(super) fn to_header(&self) -> Result<HeaderValue, CookieError> {
        let error = |problem: &'static str| CookieError {
            name: self.inner.name().to_owned(),
            problem,
        };
        self.check().map_err(error)?;
        HeaderValue::try_from(self.inner.encoded().to_string()).map_err(|_| error("it can't be sent"))
    }

    fn check(&self) -> Result<(), &'static str> {
        let (name, path) = (self.inner.name(), self.inner.path());
        let secure = self.inner.secure() == Some(true);
        if name.is_empty() {
            return Err("a cookie needs a name");
        }
        for attribute in [path, self.inner.domain()].into_iter().flatten() {
            if attribute.contains(|c: char| c == ';' || c.is_control()) {
                return Err("its path or domain holds a semicolon or a control character");
            }
        }
        // Browsers compare without regard to case: RFC 6265bis, section 4.1.3.
        let begins = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
        };
        if begins("__Secure-") && !secure {
            return Err("a name that begins with `__Secure-` needs `.secure(true)`");
        }
        if begins("__Host-") && !(secure && path == Some("/") && self.inner.domain().is_none()) {
            return Err(
                "a name that begins with `__Host-` needs `.secure(true)`, the path `/` and no domain",
            );
        }
        if self.inner.same_site() == Some(cookie::SameSite::None) && !secure {
            return Err("`SameSite::None` needs `.secure(true)`");
        }
        if self.inner.partitioned() == Some(true) && !secure {
            return Err("`.partitioned(true)` needs `.secure(true)`");
        }
        Ok(())
    }
}

/// A cookie that browsers would refuse, or that can't be sent.
#[derive(Debug, thiserror::Error)]
#[error("the cookie `{name}` can't be set: {problem}")]
pub(super) struct CookieError {
    name: String,
    problem: &'static str,
}

impl<N: Into<String>, V: Into<String>> From<(N, V)> for Cookie {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{HttpScope, Method, Request};

    fn header(cookie: Cookie) -> Result<String, String> {
        let value = cookie.to_header().map_err(|error| error.to_string())?;
        Ok(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn every_attribute_is_sent() {
        let cookie = Cookie::new("id", "a b;c")
            .path("/shop/")
            .domain("nuages.example")
            .max_age(Duration::from_secs(60))
            .expires(SystemTime::UNIX_EPOCH)
            .http_only(true)
            .secure(true)
            .same_site(SameSite::None)
            .partitioned(true);
        assert_eq!(
            header(cookie).unwrap(),
            "id=a%20b%3Bc; HttpOnly; SameSite=None; Partitioned; Secure; Path=/shop/; Domain=nuages.example; Max-Age=60; \
             Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert_eq!(
            header(Cookie::new("id", "").same_site(SameSite::Strict)).unwrap(),
            "id=; SameSite=Strict; Path=/"
        );
    }

    #[test]
    fn what_browsers_refuse_is_refused_with_the_fix() {
        for (cookie, text) in [
            (Cookie::new("", "x"), "needs a name"),
            (Cookie::new("__Secure-id", "x"), "`.secure(true)`"),
            (Cookie::new("__host-id", "x"), "`.secure(true)`"),
            (
                Cookie::new("__Host-id", "x").secure(true).path("/shop/"),
                "the path `/`",
            ),
            (
                Cookie::new("__Host-id", "x").secure(true).domain("a.example"),
                "no domain",
            ),
            (
                Cookie::new("id", "x").same_site(SameSite::None),
                "`SameSite::None` needs",
            ),
            (
                Cookie::new("id", "x").partitioned(true),
                "`.partitioned(true)` needs",
            ),
            (Cookie::new("id", "x").path("/; Domain=evil.example"), "semicolon"),
            (
                Cookie::new("id", "x").domain("a\r\nset-cookie: b=c"),
                "control character",
            ),
        ] {
            let error = header(cookie).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
        assert!(header(Cookie::new("__Host-id", "x").secure(true)).is_ok());
        assert!(header(Cookie::new("__Secure-id", "x").secure(true).domain("a.example")).is_ok());
    }

    proptest! {
        #[test]
        fn fuzz_a_cookie_comes_back_as_it_was_set(name in "[^\\PC]{1,20}|[a-z=;, %\"]{1,20}", value in ".{0,60}") {
            let Ok(sent) = header(Cookie::new(name.clone(), value.clone())) else {
                return Ok(());
            };
            let pair = sent.split("; ").next().unwrap();
            let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
            scope.headers.insert("cookie", pair.parse().unwrap());
            let request = Request::new(scope, "");
            prop_assert_eq!(request.cookie(&name), Some(value.as_str()), "{}", pair);
        }

        #[test]
        fn fuzz_no_cookie_header_panics(header in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = HeaderValue::from_bytes(&header) {
                let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
                scope.headers.insert("cookie", value);
                let request = Request::new(scope, "");
                let _ = request.cookies().count();
            }
        }
    }
}
