//! What hyper lets through and an application should not have to doubt.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header, request::Parts};

use crate::server::config::Limits;

/// What the headers of a request say that matters here, seen in one pass: requests have few headers, so that a look at each costs less
/// than a search for some.
pub(super) struct Seen<'a> {
    host: Option<&'a HeaderValue>,
    hosts: usize,
    length: Option<&'a HeaderValue>,
    /// Whether it asks for another protocol.
    #[cfg(feature = "websocket")]
    pub(super) upgrade: bool,
}

impl<'a> Seen<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let mut seen = Self {
            host: None,
            hosts: 0,
            length: None,
            #[cfg(feature = "websocket")]
            upgrade: false,
        };
        for (name, value) in headers {
            if *name == header::HOST {
                seen.hosts += 1;
                seen.host = Some(value);
            } else if *name == header::CONTENT_LENGTH {
                seen.length.get_or_insert(value);
            }
            #[cfg(feature = "websocket")]
            {
                seen.upgrade |= *name == header::UPGRADE;
            }
        }
        seen
    }
}

/// Why a request is refused, if it is.
pub(super) fn refusal(
    parts: &Parts,
    seen: &Seen<'_>,
    limits: &Limits,
    suspicious: bool,
    has_body: bool,
) -> Option<StatusCode> {
    if parts.uri.path().len() + parts.uri.query().map_or(0, str::len) > limits.max_target_size {
        return Some(StatusCode::URI_TOO_LONG);
    }
    if parts.method == Method::CONNECT && !is_extended(parts) {
        return Some(StatusCode::NOT_IMPLEMENTED);
    }
    if !has_one_host(parts, seen) || (suspicious && parts.headers.values().any(has_next_line)) {
        return Some(StatusCode::BAD_REQUEST);
    }
    if !has_body {
        return None;
    }
    let length: u64 = seen.length?.to_str().ok()?.trim().parse().ok()?;
    (length > limits.max_body_size).then_some(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Whether it is HTTP/2's way to ask for another protocol
/// ([RFC 8441, section 4](https://www.rfc-editor.org/rfc/rfc8441#section-4)).
fn is_extended(parts: &Parts) -> bool {
    #[cfg(feature = "http2")]
    if parts.extensions.get::<hyper::ext::Protocol>().is_some() {
        return true;
    }
    let _ = parts;
    false
}

/// Which bytes a host may have. This is no check of its form, but of what makes two hosts of it, or something else.
static IN_HOST: [bool; 256] = {
    let mut table = [true; 256];
    let mut index = 0;
    while index < b",/@?# \t".len() {
        table[b",/@?# \t"[index] as usize] = false;
        index += 1;
    }
    table
};

/// HTTP/1.1 asks for exactly one ([RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)): with none or two, a
/// proxy and a server can disagree about whom a request is for.
fn has_one_host(parts: &Parts, seen: &Seen<'_>) -> bool {
    if parts.version >= Version::HTTP_2 {
        return parts.uri.authority().is_some() || seen.hosts > 0;
    }
    match seen.host {
        Some(host) => seen.hosts == 1 && host.as_bytes().iter().all(|&byte| IN_HOST[usize::from(byte)]),
        None => parts.version < Version::HTTP_11,
    }
}

/// Whether a value holds U+0085, alone or as UTF-8: a line break for programs that read headers as text. The same byte inside
/// of another UTF-8 character is none.
fn has_next_line(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    bytes.contains(&0x85)
        && match std::str::from_utf8(bytes) {
            Ok(text) => text.contains('\u{85}'),
            Err(_) => true,
        }
}

/// Gives a request the form that it has on HTTP/1.1 and without a proxy in front: the target is a path, the first header is the host that the client
/// means, and cookies are one header.
pub(super) fn normalize(parts: &mut Parts) {
    if parts.uri.authority().is_none() && parts.version < Version::HTTP_2 {
        return;
    }
    let uri = std::mem::take(&mut parts.uri).into_parts();
    let host = uri
        .authority
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(path) = uri.path_and_query {
        parts.uri = Uri::from(path);
    }
    let cookies = joined_cookies(&parts.headers);
    let mut headers = HeaderMap::with_capacity(parts.headers.len() + 1);
    if let Some(host) = host.or_else(|| parts.headers.remove(header::HOST)) {
        headers.append(header::HOST, host);
    }
    parts.headers.remove(header::HOST);
    if cookies.is_some() {
        parts.headers.remove(header::COOKIE);
    }
    let mut name = None;
    for (next, value) in parts.headers.drain() {
        name = next.or(name);
        if let Some(name) = &name {
            headers.append(name, value);
        }
    }
    headers.extend(cookies.map(|cookies| (header::COOKIE, cookies)));
    parts.headers = headers;
}

/// The cookies of a request that sent them apart, as HTTP/2 allows, in one
/// ([RFC 9113, section 8.2.3](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3)).
fn joined_cookies(headers: &HeaderMap) -> Option<HeaderValue> {
    let all: Vec<_> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if all.len() < 2 {
        return None;
    }
    HeaderValue::from_bytes(&all.join(&b"; "[..])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_line_is_found_alone_and_as_a_character_and_not_inside_of_another() {
        let is = |bytes: &[u8]| has_next_line(&HeaderValue::from_bytes(bytes).unwrap());
        assert!(is(b"a\x85b"));
        assert!(is("a\u{85}b".as_bytes()));
        assert!(!is("\u{c5}ngstr\u{f6}m".as_bytes()));
        assert!(!is(b"plain"));
    }
}
