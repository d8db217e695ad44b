//! What a body says it is, and the parameters behind a header's first word.

use std::borrow::Cow;
use std::fmt;

/// A media type with its parameters, as in `text/html; charset=utf-8`.
///
/// # Examples
///
/// ```
/// use nuages_handler::ContentType;
///
/// let kind: ContentType = "Multipart/Form-Data; boundary=\"a b\"; charset=UTF-8".parse().unwrap();
/// assert_eq!(kind.essence(), "multipart/form-data");
/// assert_eq!(kind.parameter("boundary"), Some("a b"));
/// assert_eq!(kind.charset(), Some("UTF-8"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    essence: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Type and subtype in lower case, without parameters.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// A parameter; its name in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The charset, as it was written.
    pub fn charset(&self) -> Option<&str> {
        self.parameter("charset")
    }

    /// Whether it is JSON: `application/json` or a type that ends in `+json`.
    pub fn is_json(&self) -> bool {
        self.essence == "application/json" || self.essence.ends_with("+json")
    }

    /// Whether it is a form without files, `application/x-www-form-urlencoded`.
    pub fn is_urlencoded(&self) -> bool {
        self.essence == "application/x-www-form-urlencoded"
    }

    /// Whether it is a form that may hold files, `multipart/form-data`.
    pub fn is_multipart(&self) -> bool {
        self.essence == "multipart/form-data"
    }

    /// Whether text of it is UTF-8, or ASCII: nothing else is read.
    pub(crate) fn is_utf8(&self) -> bool {
        self.charset().is_none_or(|charset| {
            ["utf-8", "utf8", "us-ascii", "ascii"]
                .iter()
                .any(|known| charset.eq_ignore_ascii_case(known))
        })
    }
}

/// A text that is no media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a media type is written as `type/subtype; name=value`")]
#[non_exhaustive]
pub struct ContentTypeError;

impl std::str::FromStr for ContentType {
    type Err = ContentTypeError;

    fn from_str(text: &str) -> Result<Self, ContentTypeError> {
        let (essence, parameters) = with_parameters(text);
        if !essence
            .split_once('/')
            .is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
        {
            return Err(ContentTypeError);
        }
        Ok(Self {
            essence: essence.to_ascii_lowercase(),
            parameters: parameters
                .map(|(name, value)| (name, value.into_owned()))
                .collect(),
        })
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in &self.parameters {
            if is_token(value) {
                write!(f, "; {name}={value}")?;
            } else {
                write!(f, "; {name}=\"")?;
                for c in value.chars() {
                    if matches!(c, '"' | '\\') {
                        f.write_str("\\")?;
                    }
                    write!(f, "{c}")?;
                }
                f.write_str("\"")?;
            }
        }
        Ok(())
    }
}

/// RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Splits `form-data; name="a"; filename="b"` into its first word and its parameters, whose names are put into lower case.
///
/// In a quoted value a backslash escapes a quotation mark or a backslash, and stands for itself before anything else: that is how
/// a path of Windows gets here.
pub(crate) fn with_parameters(text: &str) -> (&str, Parameters<'_>) {
    let (first, rest) = text.split_once(';').unwrap_or((text, ""));
    (first.trim(), Parameters { rest })
}

pub(crate) struct Parameters<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (String, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = self.rest.trim_start_matches([' ', '\t', ';']);
            if text.is_empty() {
                self.rest = "";
                return None;
            }
            let end = text.find(['=', ';']).unwrap_or(text.len());
            let (name, after) = text.split_at(end);
            let Some(after) = after.strip_prefix('=') else {
                // A word without a value says nothing.
                self.rest = after;
                continue;
            };
            let after = after.trim_start_matches([' ', '\t']);
            let (value, rest) = match after.strip_prefix('"') {
                Some(quoted) => unquoted(quoted),
                None => {
                    let end = after.find(';').unwrap_or(after.len());
                    (Cow::Borrowed(after[..end].trim_end()), &after[end..])
                }
            };
            self.rest = rest;
            return Some((name.trim().to_ascii_lowercase(), value));
        }
    }
}

/// The value up to the closing quotation mark, and what is behind it.
fn unquoted(text: &str) -> (Cow<'_, str>, &str) {
    let mut value: Option<String> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let rest = &text[at + 1..];
                return (value.map_or(Cow::Borrowed(&text[..at]), Cow::Owned), rest);
            }
            '\\' if matches!(chars.peek(), Some((_, '"' | '\\'))) => {
                let value = value.get_or_insert_with(|| text[..at].to_owned());
                value.extend(chars.next().map(|(_, escaped)| escaped));
            }
            c => {
                if let Some(value) = &mut value {
                    value.push(c);
                }
            }
        }
    }
    // The mark is missing: all of it is the value.
    (value.map_or(Cow::Borrowed(text), Cow::Owned), "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameters(text: &str) -> Vec<(String, String)> {
        let (_, parameters) = with_parameters(text);
        parameters
            .map(|(name, value)| (name, value.into_owned()))
            .collect()
    }

    #[test]
    fn parameters_are_read_as_browsers_write_them() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        for (text, expected) in [
            (
                "form-data; name=a; filename=\"b.txt\"",
                &[("name", "a"), ("filename", "b.txt")][..],
            ),
            ("form-data;name=\"a;b=c\" ; x", &[("name", "a;b=c")]),
            (r#"form-data; name="say \"hi\"""#, &[("name", "say \"hi\"")]),
            (
                r#"form-data; filename="C:\dir\file.txt""#,
                &[("filename", r"C:\dir\file.txt")],
            ),
            (r#"form-data; filename="a\\b""#, &[("filename", r"a\b")]),
            ("form-data; name=\"never closed", &[("name", "never closed")]),
            ("form-data; NAME = \"spaced\" ;;; ", &[("name", "spaced")]),
            ("form-data", &[]),
            ("", &[]),
        ] {
            assert_eq!(parameters(text), pairs(expected), "{text}");
        }
    }

    #[test]
    fn a_content_type_is_written_as_it_is_read() {
        for text in [
            "text/html",
            "text/plain; charset=utf-8",
            "multipart/form-data; boundary=\"a \\\"b\\\\\"",
        ] {
            assert_eq!(text.parse::<ContentType>().unwrap().to_string(), text);
        }
        for text in ["", "text", "/", "text/", "a b/c", "text/html/x"] {
            assert!(text.parse::<ContentType>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_parameters_survive_and_no_text_panics(
            value in "[ -~éà]{0,30}", junk in "[ -~é\"\\\\;=]{0,60}",
        ) {
            let kind = ContentType {
                essence: "a/b".to_owned(),
                parameters: vec![("x".to_owned(), value.clone()), ("y".to_owned(), "z".to_owned())],
            };
            prop_assert_eq!(kind.to_string().parse::<ContentType>().unwrap(), kind);
            let (_, parameters) = with_parameters(&junk);
            prop_assert!(parameters.count() <= junk.len());
        }
    }
}
