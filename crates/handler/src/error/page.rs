//! The plain pages that answer an error where the application has none of its own: they say nothing of what happened.

use std::fmt::Write as _;

use http::{HeaderValue, Method, StatusCode, header};
use nuages_protocol::Body;

/// Drops the body where HTTP allows none, as for HEAD; its length is still told.
pub(crate) fn without_body(method: &Method, response: &mut http::Response<Body>) {
    let status = response.status();
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
    } else if *method == Method::HEAD {
        let length = http_body::Body::size_hint(response.body()).exact();
        *response.body_mut() = Body::empty();
        if let Some(length) = length
            && !response.headers().contains_key(header::CONTENT_LENGTH)
        {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
}

pub(super) fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

pub(super) fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request could not be understood.",
        StatusCode::UNAUTHORIZED => "You have to log in first.",
        StatusCode::FORBIDDEN => "You may not see this.",
        StatusCode::NOT_FOUND => "There is no such page on this server.",
        StatusCode::METHOD_NOT_ALLOWED => "This page does not take such a request.",
        StatusCode::PAYLOAD_TOO_LARGE => "What was sent is too large.",
        StatusCode::TOO_MANY_REQUESTS => "You asked too often. Please wait a while.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "What was sent has a form that this page does not take.",
        _ => "The request could not be answered.",
    }
}

pub(super) fn page(status: StatusCode, detail: &str) -> String {
    let title = title(status);
    let mut page = String::with_capacity(256 + detail.len());
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n<body><h1>{title}</h1><p>"
    );
    push_escaped(&mut page, detail);
    page.push_str("</p></body>\n</html>\n");
    page
}

/// Writes text into HTML.
pub(super) fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_as_text() {
        let page = page(StatusCode::BAD_REQUEST, "<script>'\"&");
        assert!(page.contains("<p>&lt;script&gt;&#x27;&quot;&amp;</p>"), "{page}");
        assert!(page.contains("<title>Bad Request</title>"));
    }
}
