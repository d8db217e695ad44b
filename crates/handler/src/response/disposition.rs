//! What a client does with a body, and under which name: RFC 6266.

use std::fmt::Write as _;

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in an extended value as it is: `attr-char` of RFC 8187.
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The value of `Content-Disposition`: whether a body is shown or stored, and under which name.
///
/// The name may be any text. Where it is more than plain ASCII it is sent twice, as RFC 6266 advises: for clients of old with `_` in the places of what
/// they don't know, and whole. Control characters are left out.
///
/// # Examples
///
/// ```
/// use nuages_handler::content_disposition;
///
/// assert_eq!(content_disposition(true, Some("report.pdf")), "attachment; filename=\"report.pdf\"");
/// assert_eq!(
///     content_disposition(true, Some("naïve.txt")),
///     "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt",
/// );
/// assert_eq!(content_disposition(false, None), "inline");
/// ```
pub fn content_disposition(attachment: bool, name: Option<&str>) -> HeaderValue {
    let mut text = String::from(if attachment { "attachment" } else { "inline" });
    if let Some(name) = name {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        text.push_str("; filename=\"");
        for c in name.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                ' '..='~' => text.push(c),
                _ => text.push('_'),
            }
        }
        text.push('"');
        // Some clients decode percent signs in the plain form, others don't.
        if !name.is_ascii() || name.contains(['%', '"', '\\']) {
            let _ = write!(
                text,
                "; filename*=UTF-8''{}",
                utf8_percent_encode(&name, EXTENDED)
            );
        }
    }
    // All of it is visible ASCII.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::request::with_parameters;

    proptest! {
        #[test]
        fn fuzz_a_name_survives_whatever_it_is(name in ".{0,80}") {
            let value = content_disposition(true, Some(&name));
            let text = value.to_str().unwrap();
            let (kind, parameters) = with_parameters(text);
            prop_assert_eq!(kind, "attachment");
            let parameters: Vec<_> = parameters.collect();
            let expected: String = name.chars().filter(|c| !c.is_control()).collect();
            let extended = parameters.iter().find(|(name, _)| name == "filename*");
            let read = match extended {
                Some((_, value)) => {
                    percent_decode_str(value.strip_prefix("UTF-8''").unwrap()).decode_utf8().unwrap().into_owned()
                }
                None => parameters[0].1.to_string(),
            };
            prop_assert_eq!(read, expected);
            prop_assert!(parameters.len() <= 2);
        }
    }
}
