//! Cookies that a request brings.

use std::borrow::Cow;

use http::HeaderValue;
use percent_encoding::percent_decode_str;

/// Reads `a=1; b=2` of each header. Browsers send one; HTTP/2 may split it. What is no cookie is left out.
pub(super) fn parse<'a>(headers: impl IntoIterator<Item = &'a HeaderValue>) -> Vec<(String, String)> {
    let mut cookies = Vec::new();
    for header in headers {
        // Browsers send bytes as they got them. What is no UTF-8 is Latin-1, as all of HTTP was once.
        let text = match std::str::from_utf8(header.as_bytes()) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => header.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
        };
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let value = value.trim();
            let value = value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .unwrap_or(value);
            cookies.push((decode(name.trim()), decode(value)));
        }
    }
    cookies
}

/// The counterpart of what `Cookie` encodes. Text that does not decode to UTF-8 is somebody else's, and taken as it is.
fn decode(text: &str) -> String {
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_as_browsers_send_them() {
        let headers = ["a=1; b=\"two\";c = x%3By ;; junk; d=", "e=%FF"].map(HeaderValue::from_static);
        let cookies = parse(&headers);
        let cookies: Vec<(&str, &str)> = cookies.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            cookies,
            [("a", "1"), ("b", "two"), ("c", "x;y"), ("d", ""), ("e", "%FF")]
        );
    }
}
