//! Responses that the client has already.

use std::hash::{Hash as _, Hasher as _};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use nuages_protocol::Body;

use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;

/// Gives the response to a GET an `ETag` where it has none and its body is in memory, and answers with 304 where the client has that very response already.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, ConditionalGet, Urls};
///
/// let client = Client::new(App::new().middleware(ConditionalGet::new()).urls(Urls::new().path("", || "bonsoir")));
/// let tag = client.get("/").wait()?.header("etag").unwrap_or_default().to_owned();
/// assert_eq!(client.get("/").header("if-none-match", tag).wait()?.status(), 304);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConditionalGet {}

/// What a 304 tells of the response that it stands for (RFC 9110, section 15.4.5), and the cookies.
const KEPT: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::CONTENT_LOCATION,
    header::DATE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::SET_COOKIE,
    header::VARY,
];

impl ConditionalGet {
    /// The middleware.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The tag of these bytes: a weak one, since a compressor may come after this (RFC 9110, section 8.8.1).
fn tag_of(bytes: &[u8]) -> Option<HeaderValue> {
    let half = |salt: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        (salt, bytes).hash(&mut hasher);
        hasher.finish()
    };
    HeaderValue::from_str(&format!("W/\"{:016x}{:016x}\"", half(0), half(1))).ok()
}

/// Whether a list of tags holds this one, by the weak comparison that `If-None-Match` wants (RFC 9110, section 13.1.2).
fn holds(list: &str, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|other| strong(other) == strong(tag))
}

/// Whether the client has this response already.
fn is_known(request: &Request, response: &Response) -> bool {
    let (sent, has) = (request.headers(), response.headers());
    if sent.contains_key(header::IF_NONE_MATCH) {
        let tag = has.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let mut lists = sent
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|list| list.to_str().ok());
        return tag.is_some_and(|tag| lists.any(|list| holds(list, tag)));
    }
    let time = |value: Option<&HeaderValue>| httpdate::parse_http_date(value?.to_str().ok()?).ok();
    match (
        time(sent.get(header::IF_MODIFIED_SINCE)),
        time(has.get(header::LAST_MODIFIED)),
    ) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

impl NeutralMiddleware for ConditionalGet {
    fn after(&self, request: &Request, mut response: Response) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) || response.status() != StatusCode::OK {
            return response;
        }
        let headers = response.headers();
        let no_store = headers.get(header::CACHE_CONTROL).is_some_and(|value| {
            value
                .as_bytes()
                .windows(8)
                .any(|part| part.eq_ignore_ascii_case(b"no-store"))
        });
        if !headers.contains_key(header::ETAG)
            && !no_store
            && let Some(tag) = response.body_bytes().and_then(|bytes| tag_of(bytes))
        {
            response.headers_mut().insert(header::ETAG, tag);
        }
        if !is_known(request, &response) {
            return response;
        }
        let mut response = response.status_code(StatusCode::NOT_MODIFIED).body(Body::empty());
        let headers = response.headers_mut();
        let dropped: Vec<HeaderName> = headers
            .keys()
            .filter(|name| !KEPT.contains(name))
            .cloned()
            .collect();
        for name in dropped {
            headers.remove(name);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        assert!(holds("\"a\", W/\"b\"", "\"b\""));
        assert!(holds("*", "\"b\""));
        assert!(!holds("\"ab\"", "\"b\""));
        assert_ne!(tag_of(b"a"), tag_of(b"b"));
    }
}
