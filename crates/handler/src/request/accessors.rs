//! What a request says of itself: Django's `META`, `GET` and `COOKIES`, read when somebody asks.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use nuages_protocol::{Address, Scheme};

use super::{ContentType, QueryDict, Request, cookies};
use crate::error::Result;
use crate::signing::{SigningKey, signed_cookie_salt};

impl Request {
    /// All headers, but for those with an underscore in their name.
    ///
    /// Whatever is behind this application may take `x_user` for `x-user`, which a proxy in front of it has checked; so they are dropped, as Django
    /// and nginx do.
    pub fn headers(&self) -> &HeaderMap {
        let cleaned = self.read_cells().headers.get_or_init(|| {
            let headers = &self.inner.scope.headers;
            let is_dropped = |name: &HeaderName| name.as_str().contains('_');
            // Built anew: removing from a map with many values of a name takes the square of their number.
            headers.keys().any(is_dropped).then(|| {
                let kept = headers.iter().filter(|(name, _)| !is_dropped(name));
                let mut cleaned = HeaderMap::with_capacity(headers.keys_len());
                for (name, value) in kept {
                    cleaned.append(name, value.clone());
                }
                cleaned
            })
        });
        cleaned.as_ref().unwrap_or(&self.inner.scope.headers)
    }

    /// A header's first value, where it is plain text. See [`header_text`](Self::header_text) for the others.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.header_value(name.as_ref())?.to_str().ok()
    }

    fn header_value(&self, name: &str) -> Option<&HeaderValue> {
        if name.contains('_') {
            return None;
        }
        self.inner.scope.headers.get(name)
    }

    /// All values of a header, joined by commas (those of `cookie` by semicolons), read as Latin-1 where they are no ASCII: Django's
    /// `request.headers[name]`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{HttpScope, Method, Request};
    ///
    /// let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
    /// scope.headers.append("accept-language", "fr".parse().unwrap());
    /// scope.headers.append("accept-language", "nl;q=0.5".parse().unwrap());
    /// let request = Request::new(scope, "");
    /// assert_eq!(request.header_text("accept-language").as_deref(), Some("fr,nl;q=0.5"));
    /// ```
    pub fn header_text(&self, name: impl AsRef<str>) -> Option<Cow<'_, str>> {
        let name = name.as_ref();
        let first = self.header_value(name)?;
        let separator = if name.eq_ignore_ascii_case("cookie") {
            "; "
        } else {
            ","
        };
        let mut values = self.inner.scope.headers.get_all(name).iter().skip(1).peekable();
        if values.peek().is_none() {
            return Some(latin1(first));
        }
        let mut joined = latin1(first).into_owned();
        for value in values {
            if separator == "; " {
                joined.truncate(joined.trim_end_matches([' ', ';']).len());
            }
            joined.push_str(separator);
            joined.push_str(&latin1(value));
        }
        Some(joined.into())
    }

    /// What stands behind the question mark of the URL: Django's `GET`.
    ///
    /// A URL is 64 KiB long at most, and so its number of parameters is bounded. [`Query`](crate::Query) also holds it to [`Limits::fields`](crate::Limits::fields).
    pub fn query(&self) -> &QueryDict {
        let query = &self.read_cells().query;
        query.get_or_init(|| QueryDict::parse(self.inner.scope.uri.query().unwrap_or_default().as_bytes()))
    }

    /// A cookie's value. Of several of one name it is the first: browsers send the one with the longest path first, RFC 6265, section 5.4.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// All cookies, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let cookies = &self.read_cells().cookies;
        let cookies =
            cookies.get_or_init(|| cookies::parse(self.inner.scope.headers.get_all(header::COOKIE)));
        cookies
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a cookie that was [signed](crate::Cookie::signed); nothing where there is none, where it was tampered with, where it is another
    /// cookie's, and where it is older than `max_age`.
    ///
    /// # Errors
    ///
    /// Where the application has no [signing key](crate::App::signing_key).
    pub fn signed_cookie(&self, name: &str, max_age: impl Into<Option<Duration>>) -> Result<Option<String>> {
        let key = self.signing_key()?;
        let Some(value) = self.cookie(name) else {
            return Ok(None);
        };
        match key.verify(&signed_cookie_salt(name), value, max_age) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                tracing::debug!(cookie = name, %error, "a signed cookie was not accepted");
                Ok(None)
            }
        }
    }

    /// The key by which the application signs.
    ///
    /// # Errors
    ///
    /// Where it has none: [`App::signing_key`](crate::App::signing_key) gives it one.
    pub fn signing_key(&self) -> Result<&SigningKey> {
        Ok(self.inner.config.key.as_ref().ok_or(NoKey)?)
    }

    /// What the body says that it is.
    pub fn content_type(&self) -> Option<&ContentType> {
        let cell = &self.read_cells().content_type;
        cell.get_or_init(|| self.header(header::CONTENT_TYPE)?.parse().ok())
            .as_ref()
    }

    /// The declared length of the body. One that is malformed, or declared twice with different numbers, is none.
    pub fn content_length(&self) -> Option<u64> {
        let mut lengths = self
            .inner
            .scope
            .headers
            .get_all(header::CONTENT_LENGTH)
            .iter()
            .map(|value| {
                let text = value.to_str().ok()?;
                // No sign, no blanks: RFC 9110, section 8.6.
                text.bytes()
                    .all(|b| b.is_ascii_digit())
                    .then(|| text.parse::<u64>().ok())?
            });
        let first = lengths.next()??;
        lengths.all(|length| length == Some(first)).then_some(first)
    }

    /// The client's end of the connection, if the server knows it.
    pub fn client(&self) -> Option<&Address> {
        self.inner.scope.client.as_ref()
    }

    /// The client's IP address, if the server knows it: Django's `REMOTE_ADDR`. Behind a proxy it is the proxy's.
    pub fn remote_address(&self) -> Option<IpAddr> {
        self.client()?.ip()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        self.inner.scope.scheme
    }

    /// Whether it came over HTTPS.
    pub fn is_secure(&self) -> bool {
        self.scheme().is_secure()
    }

    /// The host that the client wanted to reach, as it says; with its port, unless that is the usual one.
    ///
    /// It is a claim: whatever a link or a mail is made of it needs a check against the hosts that are yours.
    pub fn host(&self) -> Option<&str> {
        let authority = self.inner.scope.uri.authority().map(http::uri::Authority::as_str);
        authority.or_else(|| self.header(header::HOST))
    }

    /// The path below which the application is mounted; empty at the root.
    pub fn root_path(&self) -> &str {
        &self.inner.scope.root_path
    }

    /// The path and the query, percent-encoded: what a link back here needs. It never names another host, whatever was asked for.
    pub fn full_path(&self) -> String {
        let uri = self.uri();
        // `//host` and `/\host` are another host's URLs to a browser.
        let rest = uri.path().trim_start_matches(['/', '\\']);
        let extra = uri.path().len() - rest.len();
        let mut path = String::with_capacity(uri.path().len() + 16);
        path.push('/');
        for _ in 1..extra {
            path.push_str("%2F");
        }
        path.push_str(&rest.replace('\\', "%5C"));
        if let Some(query) = uri.query() {
            path.push('?');
            path.push_str(query);
        }
        path
    }

    /// The whole URL: scheme, [host](Self::host), path and query. Without a host it is the path and query alone.
    pub fn absolute_uri(&self) -> String {
        self.build_absolute_uri(&self.full_path())
    }

    /// The whole URL of a path of this site, or of one that is relative to this page; a whole URL stays as it is. Django's `build_absolute_uri`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{HttpScope, Method, Request};
    ///
    /// let mut scope = HttpScope::new(Method::GET, "/books/3/?q=1".parse().unwrap());
    /// scope.headers.insert("host", "nuages.example".parse().unwrap());
    /// let request = Request::new(scope, "");
    /// assert_eq!(request.absolute_uri(), "http://nuages.example/books/3/?q=1");
    /// assert_eq!(request.build_absolute_uri("/about/"), "http://nuages.example/about/");
    /// assert_eq!(request.build_absolute_uri("edit/"), "http://nuages.example/books/3/edit/");
    /// ```
    pub fn build_absolute_uri(&self, location: &str) -> String {
        let is_whole = location.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        });
        if is_whole {
            return location.to_owned();
        }
        let mut uri = String::new();
        if let Some(host) = self.host() {
            let _ = write!(uri, "{}://{host}", self.scheme());
        }
        if !location.starts_with('/') {
            let here = self.full_path();
            let path = here.split('?').next().unwrap_or_default();
            uri.push_str(if location.starts_with('?') {
                path
            } else {
                &path[..=path.rfind('/').unwrap_or(0)]
            });
        }
        uri.push_str(location);
        uri
    }

    /// The id of the last event that a client of [server-sent events](crate::Sse) has seen, after its connection broke.
    pub fn last_event_id(&self) -> Option<&str> {
        std::str::from_utf8(self.header_value("last-event-id")?.as_bytes()).ok()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the application has no signing key: give it one by `App::signing_key(SigningKey::new(..))`")]
struct NoKey;

fn latin1(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => text.into(),
        Err(_) => value.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    }
}
