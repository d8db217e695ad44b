//! A route pattern such as `books/<int:id>/`, taken apart into the segments that the tree is made of.

use std::sync::Arc;

use super::converter::{Converter, NAMES, OwnConverter};
use super::regex::RegexTail;

/// The values that one segment can hold, and the length of a segment that is matched against several pieces.
/// Backtracking costs the length to the power of the values between literals; together these keep it small,
/// whatever the client sends.
const MIXED_VALUES: usize = 3;
const MIXED_LENGTH: usize = 255;

/// What a mounted application has of the path. No capture of a pattern can have this name.
const REST: &str = "*";

/// One part of the path between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// The same text each time.
    Static(String),
    /// A whole segment (for `path`: one or more) is the value.
    Capture(Converter),
    /// Values beside fixed text: `<int:year>-<int:month>`.
    Mixed(Vec<Piece>),
}

/// A part of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    Literal(String),
    Capture(Converter),
}

/// A parsed pattern: the shape, and the names of what it captures in the order of capture.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) params: Vec<(String, Converter)>,
    pub(crate) tail: Tail,
}

/// What follows the segments.
#[derive(Clone, Debug)]
pub(crate) enum Tail {
    /// Nothing: the path ends.
    End,
    /// A regular expression for the rest of the path.
    Regex(Arc<RegexTail>),
    /// Whatever the path goes on with: another application.
    Mount,
}

impl Pattern {
    /// Takes `text` apart, or says what is wrong with it.
    pub(crate) fn parse(text: &str, own: &[OwnConverter]) -> Result<Self, String> {
        let fail = |why: String| Err(format!("route `{text}`: {why}"));
        if let Some(rest) = text.strip_prefix('/') {
            return fail(format!("a pattern starts without a slash, write `{rest}`"));
        }
        if let Some(bad) = text.chars().find(|c| matches!(c, '?' | '#') || c.is_whitespace()) {
            return fail(format!("a pattern describes a path, which has no {bad:?}"));
        }
        let mut params: Vec<(String, Converter)> = Vec::new();
        let mut segments = Vec::new();
        for part in text.split('/') {
            let pieces = match pieces(part, own, &mut params) {
                Ok(pieces) => pieces,
                Err(why) => return fail(why),
            };
            if part == "." || part == ".." {
                return fail("no request reaches it: browsers take `.` and `..` out of a path".to_owned());
            }
            segments.push(match pieces.as_slice() {
                [] => Segment::Static(String::new()),
                [Piece::Literal(literal)] => Segment::Static(literal.clone()),
                [Piece::Capture(converter)] => Segment::Capture(converter.clone()),
                mixed if mixed.iter().filter(|p| matches!(p, Piece::Capture(_))).count() > MIXED_VALUES => {
                    return fail(format!("a segment can hold {MIXED_VALUES} values at most"));
                }
                mixed if mixed.contains(&Piece::Capture(Converter::Path)) => {
                    return fail("`path` takes whole segments: put it between slashes".to_owned());
                }
                _ => Segment::Mixed(pieces),
            });
        }
        for (i, (name, _)) in params.iter().enumerate() {
            if params[..i].iter().any(|(other, _)| other == name) {
                return fail(format!("`{name}` is captured twice"));
            }
        }
        // Two of them would make matching quadratic in the path's length, which the client chooses.
        if params
            .iter()
            .filter(|(_, converter)| *converter == Converter::Path)
            .count()
            > 1
        {
            return fail("only one `path` converter can be in a pattern".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
            params,
            tail: Tail::End,
        })
    }

    /// The pattern of what begins at `prefix`, which ends at a slash or is empty; `what` it is, for messages.
    fn prefix(prefix: &str, own: &[OwnConverter], what: &str) -> Result<Self, String> {
        if !(prefix.is_empty() || prefix.ends_with('/')) {
            return Err(format!("{what}: its prefix `{prefix}` has to end with a slash"));
        }
        let mut pattern = Self::parse(prefix, own)?;
        pattern.segments.pop();
        Ok(pattern)
    }

    /// The pattern of a regular expression below a prefix.
    pub(crate) fn regex(prefix: &str, regex: &str, own: &[OwnConverter]) -> Result<Self, String> {
        let mut pattern = Self::prefix(prefix, own, &format!("route `{prefix}{regex}`"))?;
        let tail = RegexTail::parse(regex).map_err(|why| format!("route `{prefix}{regex}`: {why}"))?;
        pattern.text = format!("{prefix}{regex}");
        for (name, converter) in tail.params() {
            if pattern.params.iter().any(|(other, _)| other == name) {
                return Err(format!("route `{}`: `{name}` is captured twice", pattern.text));
            }
            pattern.params.push((name.clone(), converter.clone()));
        }
        pattern.tail = Tail::Regex(Arc::new(tail));
        Ok(pattern)
    }

    /// The pattern of another application below a prefix.
    pub(crate) fn mount(prefix: &str, own: &[OwnConverter]) -> Result<Self, String> {
        let mut pattern = Self::prefix(prefix, own, "a mounted application")?;
        pattern.text = format!("{prefix}…");
        pattern.params.push((REST.to_owned(), Converter::Path));
        pattern.tail = Tail::Mount;
        Ok(pattern)
    }

    /// The pattern as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The pieces of one segment; what it captures is appended to `params`.
fn pieces(
    part: &str,
    own: &[OwnConverter],
    params: &mut Vec<(String, Converter)>,
) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>').map(|i| open + i) else {
            return Err(format!("`{}` has no closing `>` in its segment", &rest[open..]));
        };
        literal(&rest[..open], &mut pieces)?;
        let inside = &rest[open + 1..close];
        let (converter, name) = match inside.split_once(':') {
            Some((converter, name)) => {
                let known = Converter::from_name(converter, own).ok_or_else(|| {
                    let own = own.iter().map(|own| format!(", or `{}`", own.name()));
                    format!(
                        "unknown converter `{converter}`, it can be {NAMES}{}",
                        own.collect::<String>()
                    )
                })?;
                (known, name)
            }
            None => (Converter::Str, inside),
        };
        let is_identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_identifier {
            return Err(format!(
                "`<{inside}>` needs a name of letters, digits and underscores"
            ));
        }
        if matches!(pieces.last(), Some(Piece::Capture(_))) {
            return Err(format!(
                "nothing stands between `<{inside}>` and the value before it"
            ));
        }
        pieces.push(Piece::Capture(converter.clone()));
        params.push((name.to_owned(), converter));
        rest = &rest[close + 1..];
    }
    literal(rest, &mut pieces)?;
    Ok(pieces)
}

fn literal(text: &str, pieces: &mut Vec<Piece>) -> Result<(), String> {
    if text.contains('>') {
        return Err(format!("`{text}` has a `>` without its `<`"));
    }
    if !text.is_empty() {
        pieces.push(Piece::Literal(text.to_owned()));
    }
    Ok(())
}

/// Matches a decoded segment against mixed pieces: the captured ranges, as byte offsets into `text`.
///
/// Values are greedy from the left, with backtracking, as in a regular expression.
pub(crate) fn match_mixed(pieces: &[Piece], text: &str) -> Option<Vec<(usize, usize)>> {
    let mut captured = Vec::new();
    (text.len() <= MIXED_LENGTH && match_from(pieces, text, 0, &mut captured)).then_some(captured)
}

fn match_from(pieces: &[Piece], text: &str, from: usize, captured: &mut Vec<(usize, usize)>) -> bool {
    match pieces {
        [] => from == text.len(),
        [Piece::Literal(literal), rest @ ..] => {
            text[from..].starts_with(literal.as_str())
                && match_from(rest, text, from + literal.len(), captured)
        }
        [Piece::Capture(converter)] => {
            let taken = converter.accepts(&text[from..]);
            if taken {
                captured.push((from, text.len()));
            }
            taken
        }
        [Piece::Capture(converter), rest @ ..] => {
            let Some(Piece::Literal(next)) = rest.first() else {
                return false;
            };
            let mut end = text.len();
            while let Some(found) = text[from..end].rfind(next.as_str()).map(|i| from + i) {
                if converter.accepts(&text[from..found]) {
                    let before = captured.len();
                    captured.push((from, found));
                    if match_from(rest, text, found, captured) {
                        return true;
                    }
                    captured.truncate(before);
                }
                // One byte shorter than this find, kept on a character boundary.
                end = found + next.len() - 1;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                if end < from {
                    break;
                }
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_becomes_segments() {
        let pattern = Pattern::parse("books/<int:id>/", &[]).unwrap();
        assert_eq!(
            pattern.segments,
            [
                Segment::Static("books".into()),
                Segment::Capture(Converter::Int),
                Segment::Static(String::new())
            ]
        );
        assert_eq!(pattern.params, [("id".to_owned(), Converter::Int)]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("/books/", "write `books/`"),
            (
                "<number:id>/",
                "unknown converter `number`, it can be int, str, slug, uuid or path",
            ),
            ("<int:id/", "no closing `>`"),
            ("id>/", "without its `<`"),
            ("<int:>/", "needs a name"),
            ("<int:1st>/", "needs a name"),
            ("<int:id>/<str:id>/", "captured twice"),
            ("<int:a><int:b>/", "nothing stands between"),
            ("<path:a>.html", "whole segments"),
            ("<path:a>/<path:b>", "only one `path`"),
            ("<int:a>-<int:b>-<int:c>-<int:d>", "3 values at most"),
            ("a?b", "no '?'"),
        ] {
            let message = Pattern::parse(text, &[]).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
            assert!(message.contains(&format!("route `{text}`")), "{message}");
        }
    }

    fn mixed(pattern: &str, text: &str) -> Option<Vec<String>> {
        let Segment::Mixed(pieces) = &Pattern::parse(pattern, &[]).unwrap().segments[0] else {
            panic!("{pattern} is not mixed");
        };
        let captured = match_mixed(pieces, text)?;
        Some(captured.iter().map(|(a, b)| text[*a..*b].to_owned()).collect())
    }

    #[test]
    fn mixed_segments_backtrack() {
        assert_eq!(
            mixed("<int:year>-<int:month>", "1937-05").unwrap(),
            ["1937", "05"]
        );
        assert_eq!(mixed("<int:year>-<int:month>", "1937-x"), None);
        assert_eq!(
            mixed("<slug:a>-<int:n>.html", "minor-swing-2.html").unwrap(),
            ["minor-swing", "2"]
        );
        assert_eq!(mixed("page-<int:n>", "page-"), None);
        assert_eq!(mixed("<str:a>é<str:b>", "xéyéz").unwrap(), ["xéy", "z"]);
        assert_eq!(mixed("<str:a>aa<int:b>", "aaaa1").unwrap(), ["aa", "1"]);
        assert_eq!(mixed("<str:a>é<int:b>", "é1"), None);
    }
}
