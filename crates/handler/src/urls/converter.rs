//! The converters of a route pattern: which texts `<int:id>` and its siblings take.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// What a captured part of the path must look like.
#[derive(Clone, Debug)]
pub(crate) enum Converter {
    /// Digits that fit an `i64`.
    Int,
    /// A lowercase hyphenated UUID.
    Uuid,
    /// One of the application's own.
    Own(OwnConverter),
    /// ASCII letters, digits, hyphens and underscores.
    Slug,
    /// Any text without a slash.
    Str,
    /// Any text, slashes included.
    Path,
}

/// A converter that an application added.
#[derive(Clone)]
pub(crate) struct OwnConverter {
    name: Arc<str>,
    accepts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl OwnConverter {
    pub(crate) fn new(name: &str, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            name: name.into(),
            // A decoded `%2F` must not smuggle a separator into a segment.
            accepts: Arc::new(move |text| !text.contains('/') && accepts(text)),
        }
    }

    /// What a group of a regular expression takes.
    pub(crate) fn of_group(name: &str, accepts: Arc<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        Self {
            name: name.into(),
            accepts,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for OwnConverter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Every converter's name, for messages.
pub(crate) const NAMES: &str = "int, str, slug, uuid or path";

impl Converter {
    pub(crate) fn from_name(name: &str, own: &[OwnConverter]) -> Option<Self> {
        // Of two with one name, the one of the innermost group.
        if let Some(own) = own.iter().rev().find(|own| own.name() == name) {
            return Some(Self::Own(own.clone()));
        }
        match name {
            "int" => Some(Self::Int),
            "uuid" => Some(Self::Uuid),
            "slug" => Some(Self::Slug),
            "str" => Some(Self::Str),
            "path" => Some(Self::Path),
            _ => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Int => "int",
            Self::Uuid => "uuid",
            Self::Own(own) => own.name(),
            Self::Slug => "slug",
            Self::Str => "str",
            Self::Path => "path",
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Int => 0,
            Self::Uuid => 1,
            Self::Own(_) => 2,
            Self::Slug => 3,
            Self::Str => 4,
            Self::Path => 5,
        }
    }

    /// Whether `text`, already percent-decoded, is one that this converter takes.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Own(own) => (own.accepts)(text),
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

/// The order in which the tree tries converters at one segment: what takes fewer texts comes first, so that the answer does not depend on the
/// order in which routes were written.
impl Ord for Converter {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| match (self, other) {
            (Self::Own(one), Self::Own(another)) => {
                let address = |own: &OwnConverter| Arc::as_ptr(&own.accepts).cast::<()>().addr();
                one.name
                    .cmp(&another.name)
                    .then_with(|| address(one).cmp(&address(another)))
            }
            _ => Ordering::Equal,
        })
    }
}

impl PartialOrd for Converter {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Converter {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Converter {}

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
