//! The converters of a route pattern: which texts `<int:id>` and its siblings take.

use std::fmt;

/// What a captured part of the path must look like.
///
/// The order is the order in which the tree tries them at one segment: what takes fewer texts comes first,
/// so that the answer does not depend on the order in which routes were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Converter {
    /// Digits that fit an `i64`.
    Int,
    /// A lowercase hyphenated UUID.
    Uuid,
    /// ASCII letters, digits, hyphens and underscores.
    Slug,
    /// Any text without a slash.
    Str,
    /// Any text, slashes included.
    Path,
}

/// Every converter's name, for messages.
pub(crate) const NAMES: &str = "int, str, slug, uuid or path";

impl Converter {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "int" => Some(Self::Int),
            "uuid" => Some(Self::Uuid),
            "slug" => Some(Self::Slug),
            "str" => Some(Self::Str),
            "path" => Some(Self::Path),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Uuid => "uuid",
            Self::Slug => "slug",
            Self::Str => "str",
            Self::Path => "path",
        }
    }

    /// Whether `text`, already percent-decoded, is one that this converter takes.
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            // A number past i64 is no id that could exist: it is refused here, so that it is a 404 and no error later.
            Self::Int => {
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<i64>().is_ok()
            }
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Slug => {
                !text.is_empty()
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            }
            // A decoded `%2F` must not smuggle a separator into a value that is promised to have none.
            Self::Str => !text.is_empty() && !text.contains('/'),
            Self::Path => !text.is_empty(),
        }
    }
}

impl fmt::Display for Converter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Only the canonical form, so that one object has one URL.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::Converter::{Int, Path, Slug, Str, Uuid};

    #[test]
    fn each_converter_takes_its_texts_and_no_others() {
        for (converter, text, taken) in [
            (Int, "0", true),
            (Int, "007", true),
            (Int, "9223372036854775807", true),
            (Int, "9223372036854775808", false),
            (Int, "-1", false),
            (Int, "+1", false),
            (Int, "", false),
            (Int, "abc", false),
            (Int, "\u{0663}", false),
            (Uuid, "067e6162-3b6f-4ae2-a171-2470b63dff00", true),
            (Uuid, "067E6162-3b6f-4ae2-a171-2470b63dff00", false),
            (Uuid, "067e61623b6f4ae2a1712470b63dff00", false),
            (Slug, "minor-swing_2", true),
            (Slug, "minor swing", false),
            (Str, "minor swing", true),
            (Str, "a/b", false),
            (Str, "", false),
            (Path, "a/b", true),
            (Path, "", false),
        ] {
            assert_eq!(converter.accepts(text), taken, "{converter} and {text:?}");
        }
    }
}
