//! Whether the client has the answer already: conditional requests, RFC 9110, section 13.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::Response;
use crate::request::Request;

/// A tag that changes whenever what it is of does, RFC 9110, section 8.8.3.
///
/// # Examples
///
/// ```
/// use nuages_handler::ETag;
///
/// assert_eq!(ETag::strong("v1").to_string(), "\"v1\"");
/// assert_eq!("W/\"v1\"".parse(), Ok(ETag::weak("v1")));
/// assert!(ETag::weak("v1").matches_weakly(&ETag::strong("v1")));
/// assert!(!ETag::weak("v1").matches_strongly(&ETag::weak("v1")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag {
    tag: String,
    weak: bool,
}

impl ETag {
    /// For what is the same byte by byte wherever the tag is the same. Characters that a tag can't hold are left out.
    pub fn strong(tag: impl AsRef<str>) -> Self {
        Self {
            tag: tag
                .as_ref()
                .bytes()
                .filter(|&b| is_tag_byte(b))
                .map(char::from)
                .collect(),
            weak: false,
        }
    }

    /// For what means the same wherever the tag is the same.
    pub fn weak(tag: impl AsRef<str>) -> Self {
        Self {
            weak: true,
            ..Self::strong(tag)
        }
    }

    /// A strong one made of the bytes themselves.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        let hash = Sha256::digest(bytes);
        Self::strong(
            hash[..16]
                .iter()
                .fold(String::new(), |tag, byte| tag + &format!("{byte:02x}")),
        )
    }

    /// Of a file: its length and the time of its last change.
    pub(super) fn of_file(size: u64, modified: SystemTime) -> Self {
        let nanos = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self::strong(format!("{nanos:x}-{size:x}"))
    }

    /// Whether it is weak.
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// Whether both are strong and the same, as ranges and writes need it.
    pub fn matches_strongly(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.tag == other.tag
    }

    /// Whether both are the same, as caches need it.
    pub fn matches_weakly(&self, other: &Self) -> bool {
        self.tag == other.tag
    }

    /// As a header's value.
    pub fn to_header(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("\"\""))
    }
}

/// `etagc` of RFC 9110, without what is no ASCII.
fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"'
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.weak { "W/" } else { "" }, self.tag)
    }
}

/// A text that is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag is written in quotation marks, and `W/` in front of it says that it is weak")]
#[non_exhaustive]
pub struct ETagError;

impl std::str::FromStr for ETag {
    type Err = ETagError;

    fn from_str(text: &str) -> Result<Self, ETagError> {
        match read_tag(text.trim()) {
            Some((tag, "")) => Ok(tag),
            _ => Err(ETagError),
        }
    }
}

/// A tag, and what is behind it.
fn read_tag(text: &str) -> Option<(ETag, &str)> {
    let (weak, rest) = match text.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (tag, rest) = rest.strip_prefix('"')?.split_once('"')?;
    let tag = ETag {
        tag: tag.bytes().all(is_tag_byte).then(|| tag.to_owned())?,
        weak,
    };
    Some((tag, rest))
}

/// What `If-Match` and `If-None-Match` hold.
enum Tags {
    Any,
    These(Vec<ETag>),
}

impl Tags {
    /// `None` where the header is not there. What is no tag in it matches nothing.
    fn read(headers: &HeaderMap, name: header::HeaderName) -> Option<Self> {
        let mut values = headers.get_all(name).iter().peekable();
        values.peek()?;
        let mut tags = Vec::new();
        for value in values {
            let mut text = value.to_str().unwrap_or_default().trim();
            if text == "*" {
                return Some(Self::Any);
            }
            while let Some((tag, rest)) = read_tag(text.trim_start_matches([' ', '\t', ','])) {
                tags.push(tag);
                text = rest;
            }
        }
        Some(Self::These(tags))
    }

    /// `*` stands for whatever there is.
    fn any(&self, exists: bool, matches: impl Fn(&ETag) -> bool) -> bool {
        match self {
            Self::Any => exists,
            Self::These(tags) => tags.iter().any(matches),
        }
    }
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The request is answered as if it had none.
    Proceed,
    /// The client has it already: 304.
    NotModified,
    /// It is no longer what the client thinks: 412, and nothing is changed.
    Failed,
}

/// A date of HTTP has seconds.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn date(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    let mut values = headers.get_all(name).iter();
    let time = httpdate::parse_http_date(values.next()?.to_str().ok()?).ok()?;
    // Two dates are none, RFC 9110, section 13.1.3.
    values.next().is_none().then(|| seconds(time))
}

impl Request {
    /// Looks at the conditions of the request, in the order of RFC 9110, section 13.2.2: `If-Match`, `If-Unmodified-Since`, `If-None-Match`,
    /// `If-Modified-Since`.
    ///
    /// A view asks before it does the work. A date is compared where there is one; a tag that is asked for matches nothing where there is none; and where
    /// there is neither, there is nothing yet: `If-Match: *` fails, and `If-None-Match: *` lets it be made.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{ETag, Precondition, Request, Response, Result};
    ///
    /// fn save(request: Request) -> Result<Response> {
    ///     let version = ETag::strong("7");
    ///     if request.precondition(Some(&version), None) == Precondition::Failed {
    ///         return Ok(Response::new(412).body("somebody else has changed it"));
    ///     }
    ///     Ok(Response::new(204))
    /// }
    /// ```
    pub fn precondition(&self, etag: Option<&ETag>, last_modified: Option<SystemTime>) -> Precondition {
        let headers = self.headers();
        let is_read = matches!(*self.method(), Method::GET | Method::HEAD);
        let modified = last_modified.map(seconds);
        let exists = etag.is_some() || modified.is_some();
        if let Some(tags) = Tags::read(headers, header::IF_MATCH) {
            if !tags.any(exists, |tag| etag.is_some_and(|etag| etag.matches_strongly(tag))) {
                return Precondition::Failed;
            }
        } else if let (Some(since), Some(modified)) = (date(headers, header::IF_UNMODIFIED_SINCE), modified)
            && modified > since
        {
            return Precondition::Failed;
        }
        if let Some(tags) = Tags::read(headers, header::IF_NONE_MATCH) {
            if tags.any(exists, |tag| etag.is_some_and(|etag| etag.matches_weakly(tag))) {
                return if is_read {
                    Precondition::NotModified
                } else {
                    Precondition::Failed
                };
            }
        } else if is_read
            && let (Some(since), Some(modified)) = (date(headers, header::IF_MODIFIED_SINCE), modified)
            && modified <= since
        {
            return Precondition::NotModified;
        }
        Precondition::Proceed
    }

    /// The answer in place of the view's, where the conditions of the request make the view needless: 304 with the tag and the time, or 412.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{ETag, Request, Response, Result};
    ///
    /// fn page(request: Request) -> Result<Response> {
    ///     let version = ETag::strong("7");
    ///     if let Some(answer) = request.precondition_response(Some(&version), None) {
    ///         return Ok(answer);
    ///     }
    ///     Ok(Response::new(200).etag(&version).body("a long page"))
    /// }
    /// ```
    pub fn precondition_response(
        &self,
        etag: Option<&ETag>,
        last_modified: Option<SystemTime>,
    ) -> Option<Response> {
        let described = || {
            let response = etag.map_or_else(Response::default, |etag| Response::default().etag(etag));
            match last_modified {
                Some(time) => response.last_modified(time),
                None => response,
            }
        };
        match self.precondition(etag, last_modified) {
            Precondition::Proceed => None,
            Precondition::NotModified => Some(described().not_modified()),
            Precondition::Failed => Some(described().precondition_failed()),
        }
    }

    /// Whether the ranges that the request asks for are of what there is now: `If-Range`, RFC 9110, section 13.1.5.
    pub(super) fn range_applies(&self, etag: Option<&ETag>, last_modified: Option<SystemTime>) -> bool {
        let Some(value) = self.header("if-range") else {
            return true;
        };
        match value.parse::<ETag>() {
            Ok(tag) => etag.is_some_and(|etag| etag.matches_strongly(&tag)),
            Err(_) => {
                let since = httpdate::parse_http_date(value).ok().map(seconds);
                let modified = last_modified.filter(|&time| is_settled(time)).map(seconds);
                since.is_some() && since == modified
            }
        }
    }
}

/// A date is a strong validator only once no second change can have come in the same second, RFC 9110, section 8.8.2.2.
fn is_settled(modified: SystemTime) -> bool {
    modified.elapsed().is_ok_and(|age| age >= Duration::from_secs(1))
}

impl Response {
    /// Sets the tag by which clients ask for changes.
    pub fn etag(mut self, etag: &ETag) -> Self {
        self.headers_mut().insert(header::ETAG, etag.to_header());
        self
    }

    /// Sets the time of the last change, in seconds.
    pub fn last_modified(mut self, time: SystemTime) -> Self {
        if let Ok(value) = HeaderValue::try_from(httpdate::fmt_http_date(time)) {
            self.headers_mut().insert(header::LAST_MODIFIED, value);
        }
        self
    }

    /// This response, or 304 or 412 in its place where the request's conditions say so, by its `ETag` and `Last-Modified`. Only a good answer (2xx) to
    /// GET or HEAD is changed: for others it is too late, see [`Request::precondition`].
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, ETag, Request, Response, Urls};
    ///
    /// fn page(request: Request) -> Response {
    ///     let text = "a long page";
    ///     Response::new(200).etag(&ETag::of(text)).body(text).conditional(&request)
    /// }
    ///
    /// let client = Client::new(App::new().urls(Urls::new().path("", page)));
    /// let tag = client.get("/").wait()?.header("etag").unwrap().to_owned();
    /// let again = client.get("/").header("if-none-match", tag).wait()?;
    /// assert_eq!((again.status().as_u16(), again.text()), (304, ""));
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn conditional(self, request: &Request) -> Self {
        if !self.status().is_success() || !matches!(*request.method(), Method::GET | Method::HEAD) {
            return self;
        }
        let text = |name: header::HeaderName| self.headers().get(name).and_then(|value| value.to_str().ok());
        let etag = text(header::ETAG).and_then(|text| text.parse().ok());
        let modified = text(header::LAST_MODIFIED).and_then(|text| httpdate::parse_http_date(text).ok());
        match request.precondition(etag.as_ref(), modified) {
            Precondition::Proceed => self,
            Precondition::NotModified => self.not_modified(),
            Precondition::Failed => self.precondition_failed(),
        }
    }

    /// 304 with the headers that a cache wants, RFC 9110, section 15.4.5, and the cookies.
    pub(super) fn not_modified(mut self) -> Self {
        for name in [
            header::CONTENT_DISPOSITION,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_LENGTH,
            header::CONTENT_RANGE,
            header::CONTENT_TYPE,
        ] {
            self.headers_mut().remove(name);
        }
        self.status_code(StatusCode::NOT_MODIFIED).body("")
    }

    pub(super) fn precondition_failed(self) -> Self {
        let mut failed = Self::from(crate::Error::new(
            StatusCode::PRECONDITION_FAILED,
            "What was asked for has changed in the meantime.",
        ));
        if let Some(etag) = self.headers().get(header::ETAG) {
            failed.headers_mut().insert(header::ETAG, etag.clone());
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use nuages_protocol::HttpScope;
    use proptest::prelude::*;

    use super::*;

    fn asked(method: Method, headers: &[(&'static str, &str)]) -> Precondition {
        let mut scope = HttpScope::new(method, "/".parse().unwrap());
        for (name, value) in headers {
            scope.headers.append(*name, value.parse().unwrap());
        }
        let modified = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let modified = modified + Duration::from_millis(700);
        Request::new(scope, "").precondition(Some(&ETag::strong("v2")), Some(modified))
    }

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn conditions_are_looked_at_in_the_order_of_rfc_9110() {
        use Precondition::{Failed, NotModified, Proceed};
        let (get, put) = (Method::GET, Method::PUT);
        for (method, headers, expected) in [
            (&get, &[][..], Proceed),
            (&put, &[("if-match", "\"v2\"")], Proceed),
            (&put, &[("if-match", "\"v1\", \"v2\"")], Proceed),
            (&put, &[("if-match", "\"v1\"")], Failed),
            (&put, &[("if-match", "W/\"v2\"")], Failed),
            (&put, &[("if-match", "*")], Proceed),
            (&get, &[("if-match", "\"v1\"")], Failed),
            (&put, &[("if-unmodified-since", BEFORE)], Failed),
            (&put, &[("if-unmodified-since", THEN)], Proceed),
            // The tag goes before the date.
            (
                &put,
                &[("if-match", "\"v2\""), ("if-unmodified-since", BEFORE)],
                Proceed,
            ),
            (&get, &[("if-none-match", "\"v2\"")], NotModified),
            (&get, &[("if-none-match", "W/\"v2\"")], NotModified),
            (&get, &[("if-none-match", "\"v1\" , W/\"v2\"")], NotModified),
            (&get, &[("if-none-match", "\"v1\"")], Proceed),
            (&get, &[("if-none-match", "*")], NotModified),
            (&put, &[("if-none-match", "*")], Failed),
            (&get, &[("if-modified-since", THEN)], NotModified),
            (&get, &[("if-modified-since", BEFORE)], Proceed),
            (&put, &[("if-modified-since", THEN)], Proceed),
            (
                &get,
                &[("if-none-match", "\"v1\""), ("if-modified-since", THEN)],
                Proceed,
            ),
            (
                &get,
                &[("if-none-match", "\"v2\""), ("if-modified-since", BEFORE)],
                NotModified,
            ),
            (&get, &[("if-modified-since", "yesterday")], Proceed),
            (
                &get,
                &[("if-modified-since", THEN), ("if-modified-since", THEN)],
                Proceed,
            ),
            (&get, &[("if-none-match", "nonsense")], Proceed),
            (
                &get,
                &[("if-match", "\"v2\""), ("if-none-match", "\"v2\"")],
                NotModified,
            ),
        ] {
            assert_eq!(asked(method.clone(), headers), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn what_is_not_there_yet_may_be_made_and_not_changed() {
        for (name, expected) in [
            ("if-match", Precondition::Failed),
            ("if-none-match", Precondition::Proceed),
        ] {
            for value in ["*", "\"v1\""] {
                let mut scope = HttpScope::new(Method::PUT, "/".parse().unwrap());
                scope.headers.insert(name, value.parse().unwrap());
                assert_eq!(
                    Request::new(scope, "").precondition(None, None),
                    expected,
                    "{name}: {value}"
                );
            }
        }
    }

    #[test]
    fn a_range_is_of_what_there_is_now() {
        let applies = |value: &str, modified: SystemTime| {
            let mut scope = HttpScope::new(Method::GET, "/".parse().unwrap());
            scope.headers.insert("if-range", value.parse().unwrap());
            Request::new(scope, "").range_applies(Some(&ETag::strong("v2")), Some(modified))
        };
        let then = httpdate::parse_http_date(THEN).unwrap();
        assert!(applies("\"v2\"", then) && !applies("\"v1\"", then) && !applies("W/\"v2\"", then));
        assert!(applies(THEN, then) && !applies(BEFORE, then) && !applies("nonsense", then));
        let now = SystemTime::now();
        assert!(
            !applies(&httpdate::fmt_http_date(now), now),
            "it may change within this second"
        );
    }

    proptest! {
        #[test]
        fn fuzz_tags_survive_and_no_header_panics(tag in "[!#-~]{0,40}", weak: bool, junk in "[ -~\\t]{0,60}") {
            let etag = if weak { ETag::weak(&tag) } else { ETag::strong(&tag) };
            prop_assert_eq!(etag.to_string().parse(), Ok(etag));
            let _ = asked(Method::GET, &[("if-none-match", &junk), ("if-match", &junk), ("if-modified-since", &junk)]);
        }
    }
}
