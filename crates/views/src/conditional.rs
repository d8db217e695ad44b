//! Conditional requests: a browser that has the page already is told so, and a change that others made meanwhile is not overwritten.
//!
//! The rules are those of [RFC 9110, section 13](https://www.rfc-editor.org/rfc/rfc9110#section-13).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use nuages_handler::{Request, Response};

/// What tells one state of a page from another: the ETag of a response.
///
/// # Examples
///
/// ```
/// use nuages_views::ETag;
///
/// assert_eq!(ETag::strong("v7").to_string(), "\"v7\"");
/// assert_eq!(ETag::weak("v7").to_string(), "W/\"v7\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    tag: String,
    is_weak: bool,
}

impl ETag {
    /// The same tag, the same bytes. What a tag can't hold is left out of it.
    pub fn strong(tag: impl AsRef<str>) -> Self {
        let allowed = |c: &char| *c == '!' || ('#'..='~').contains(c);
        Self {
            tag: tag.as_ref().chars().filter(allowed).collect(),
            is_weak: false,
        }
    }

    /// The same tag, the same meaning: the bytes may differ, as after another compression.
    pub fn weak(tag: impl AsRef<str>) -> Self {
        Self {
            is_weak: true,
            ..Self::strong(tag)
        }
    }

    /// Whether one of a header's tags is this one; `strongly` wants the same bytes.
    fn is_in(&self, list: &str, strongly: bool) -> bool {
        if list.trim() == "*" {
            return true;
        }
        if strongly && self.is_weak {
            return false;
        }
        // A tag holds neither a quote nor, as made here, a comma that would not be in quotes.
        list.split('"')
            .skip(1)
            .step_by(2)
            .zip(list.split('"').step_by(2))
            .any(|(tag, before)| {
                let is_weak = before.trim_end().ends_with("W/");
                tag == self.tag && !(strongly && is_weak)
            })
    }
}

impl std::fmt::Display for ETag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.tag)
    }
}

/// What is known of a page before it is made.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) etag: Option<ETag>,
    pub(crate) modified: Option<SystemTime>,
}

impl State {
    /// The answer, where the conditions of a request make the page itself needless: 304 or 412.
    pub(crate) fn answer(&self, request: &Request) -> Option<Response> {
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
        let status = self.status(request.headers(), is_safe)?;
        let response = Response::new(status);
        Some(if status == StatusCode::NOT_MODIFIED {
            self.stamp(response)
        } else {
            response
        })
    }

    /// Section 13.2.2: the order in which conditions are looked at.
    fn status(&self, headers: &HeaderMap, is_safe: bool) -> Option<StatusCode> {
        if let Some(list) = joined(headers, header::IF_MATCH) {
            let exists = self.etag.as_ref();
            if !exists.is_some_and(|etag| etag.is_in(&list, true)) {
                return Some(StatusCode::PRECONDITION_FAILED);
            }
        } else if let (Some(since), Some(modified)) =
            (date(headers, header::IF_UNMODIFIED_SINCE), self.modified)
            && seconds(modified) > seconds(since)
        {
            return Some(StatusCode::PRECONDITION_FAILED);
        }
        if let Some(list) = joined(headers, header::IF_NONE_MATCH) {
            let is_known = self.etag.as_ref().is_some_and(|etag| etag.is_in(&list, false));
            return is_known.then_some(if is_safe {
                StatusCode::NOT_MODIFIED
            } else {
                StatusCode::PRECONDITION_FAILED
            });
        }
        if let (Some(since), Some(modified), true) =
            (date(headers, header::IF_MODIFIED_SINCE), self.modified, is_safe)
            && seconds(modified) <= seconds(since)
        {
            return Some(StatusCode::NOT_MODIFIED);
        }
        None
    }

    /// Puts the headers on a response that have none of its own.
    pub(crate) fn stamp(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Some(etag) = &self.etag
            && let Ok(value) = HeaderValue::from_str(&etag.to_string())
        {
            headers.entry(header::ETAG).or_insert(value);
        }
        if let Some(modified) = self.modified
            && let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(modified))
        {
            headers.entry(header::LAST_MODIFIED).or_insert(value);
        }
        response
    }

    /// Whether a range that was asked for is one of this state: `If-Range`, section 13.1.5.
    pub(crate) fn allows_range(&self, headers: &HeaderMap) -> bool {
        let Some(condition) = headers
            .get(header::IF_RANGE)
            .and_then(|value| value.to_str().ok())
        else {
            return true;
        };
        if condition.contains('"') {
            return self.etag.as_ref().is_some_and(|etag| etag.is_in(condition, true));
        }
        let since = httpdate::parse_http_date(condition).ok();
        since.is_some() && since.map(seconds) == self.modified.map(seconds)
    }
}

fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// Dates of HTTP have whole seconds.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: &State, headers: &[(HeaderName, &str)], is_safe: bool) -> Option<u16> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        state.status(&headers, is_safe).map(|status| status.as_u16())
    }

    #[test]
    fn conditions_are_looked_at_in_the_order_of_the_rfc() {
        use header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
        let (early, at, late) = (
            "Tue, 14 Dec 1993 20:00:00 GMT",
            "Tue, 14 Dec 1993 20:30:00 GMT",
            "Tue, 14 Dec 1993 21:00:00 GMT",
        );
        let state = State {
            etag: Some(ETag::strong("a")),
            modified: Some(httpdate::parse_http_date(at).unwrap() + Duration::from_millis(900)),
        };
        for (headers, safe, unsafe_) in [
            (vec![], None, None),
            (vec![(IF_NONE_MATCH, "\"a\"")], Some(304), Some(412)),
            (vec![(IF_NONE_MATCH, "W/\"a\"")], Some(304), Some(412)),
            (vec![(IF_NONE_MATCH, "\"b\", \"a\"")], Some(304), Some(412)),
            (vec![(IF_NONE_MATCH, "*")], Some(304), Some(412)),
            (vec![(IF_NONE_MATCH, "\"b\"")], None, None),
            (vec![(IF_NONE_MATCH, "a")], None, None),
            (
                vec![(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, late)],
                None,
                None,
            ),
            (vec![(IF_MODIFIED_SINCE, at)], Some(304), None),
            (vec![(IF_MODIFIED_SINCE, late)], Some(304), None),
            (vec![(IF_MODIFIED_SINCE, early)], None, None),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], None, None),
            (vec![(IF_MATCH, "\"a\"")], None, None),
            (vec![(IF_MATCH, "\"b\"")], Some(412), Some(412)),
            (vec![(IF_MATCH, "W/\"a\"")], Some(412), Some(412)),
            (
                vec![(IF_MATCH, "\"a\""), (IF_UNMODIFIED_SINCE, early)],
                None,
                None,
            ),
            (vec![(IF_UNMODIFIED_SINCE, early)], Some(412), Some(412)),
            (vec![(IF_UNMODIFIED_SINCE, at)], None, None),
        ] {
            assert_eq!(status(&state, &headers, true), safe, "safe {headers:?}");
            assert_eq!(status(&state, &headers, false), unsafe_, "unsafe {headers:?}");
        }
        // What has no tag is not there.
        assert_eq!(status(&State::default(), &[(IF_MATCH, "*")], false), Some(412));
    }

    #[test]
    fn a_tag_holds_nothing_that_ends_it() {
        assert_eq!(ETag::strong("a\"b\r\n c").to_string(), "\"abc\"");
        assert!(!ETag::weak("a").is_in("\"a\"", true));
    }
}
