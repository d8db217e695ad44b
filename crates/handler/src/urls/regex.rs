//! Regular expressions as the last part of a pattern, in both directions.

use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};

use super::converter::{Converter, OwnConverter};
use super::pattern::Piece;

/// How large one compiled expression may get, in bytes: as the regex crate has it.
const SIZE_LIMIT: usize = 10 * (1 << 20);

/// A regular expression that takes the whole rest of a path.
#[derive(Debug)]
pub(crate) struct RegexTail {
    text: String,
    pub(crate) regex: Regex,
    params: Vec<(String, Converter)>,
    /// What a URL is written of; `None` where the expression says too little for that.
    pub(crate) reversed: Option<Vec<Piece>>,
}

impl RegexTail {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let anchored = anchored(text);
        let regex = regex::RegexBuilder::new(&anchored)
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(|error| format!("it is no regular expression: {}", last_line(&error.to_string())))?;
        let hir = regex_syntax::parse(&anchored).map_err(|error| last_line(&error.to_string()).to_owned())?;
        if hir.properties().minimum_len().is_none() {
            return Err("no request reaches it: its regular expression matches no text at all".to_owned());
        }
        let mut params = Vec::new();
        for name in regex.capture_names().skip(1) {
            let Some(name) = name else {
                return Err(
                    "each group of its regular expression needs a name, `(?<name>..)`, or none of its value, `(?:..)`".to_owned(),
                );
            };
            params.push((name.to_owned(), name.to_owned()));
        }
        let mut groups = Vec::new();
        collect_groups(&hir, &mut groups);
        let params: Vec<(String, Converter)> = params
            .into_iter()
            .map(|(name, label)| {
                let converter = groups
                    .iter()
                    .find(|(group, _)| *group == name)
                    .and_then(|(_, hir)| converter(&label, hir));
                (name, converter.unwrap_or(Converter::Str))
            })
            .collect();
        let mut pieces = Vec::new();
        let reversed = write(&hir, &params, &mut pieces).then_some(pieces);
        Ok(Self {
            text: anchored,
            regex,
            params,
            reversed,
        })
    }

    /// The expression that is matched.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn params(&self) -> &[(String, Converter)] {
        &self.params
    }
}

/// Matches the whole rest, whether the expression says so (as in Django) or not.
fn anchored(text: &str) -> String {
    format!("^(?:{text})$")
}

/// The regex crate draws a picture of the place first.
fn last_line(message: &str) -> &str {
    message
        .lines()
        .last()
        .unwrap_or(message)
        .trim_start_matches("error: ")
}

fn collect_groups<'h>(hir: &'h Hir, groups: &mut Vec<(&'h str, &'h Hir)>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            if let Some(name) = &capture.name {
                groups.push((name, &capture.sub));
            }
            collect_groups(&capture.sub, groups);
        }
        HirKind::Repetition(repetition) => collect_groups(&repetition.sub, groups),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| collect_groups(part, groups));
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

/// Takes what the group takes.
fn converter(name: &str, group: &Hir) -> Option<Converter> {
    let regex = Regex::new(&anchored(&group.to_string())).ok()?;
    // Unlike a converter of a segment, a group may take slashes; so it is not asked through one.
    Some(Converter::Own(OwnConverter::of_group(
        name,
        Arc::new(move |text: &str| regex.is_match(text)),
    )))
}

/// Writes what a URL is made of: false where there is more than one way, as with a class of characters outside of any group.
fn write(hir: &Hir, params: &[(String, Converter)], pieces: &mut Vec<Piece>) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => {
                pieces.push(Piece::Literal(text.to_owned()));
                true
            }
            Err(_) => false,
        },
        HirKind::Capture(capture) => {
            let name = capture.name.as_deref();
            let converter = params.iter().find(|(param, _)| Some(param.as_str()) == name);
            converter.is_some_and(|(_, converter)| {
                pieces.push(Piece::Capture(converter.clone()));
                true
            })
        }
        // What may be left out is, as in Django, unless a value stands in it.
        HirKind::Repetition(repetition) => {
            let mut groups = Vec::new();
            collect_groups(&repetition.sub, &mut groups);
            if repetition.min == 0 && groups.is_empty() {
                return true;
            }
            repetition.min <= 1 && write(&repetition.sub, params, pieces)
        }
        HirKind::Concat(parts) => parts.iter().all(|part| write(part, params, pieces)),
        // Any would do.
        HirKind::Alternation(parts) => parts.first().is_some_and(|part| write(part, params, pieces)),
        HirKind::Class(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        RegexTail::parse(text).unwrap_err()
    }

    #[test]
    fn mistakes_are_named() {
        assert!(problem("a(b").contains("unclosed group"), "{}", problem("a(b"));
        assert!(problem("([0-9]+)/").contains("needs a name"));
        assert!(
            problem(r"[^\s\S]").contains("matches no text"),
            "{}",
            problem(r"[^\s\S]")
        );
        assert!(
            problem(r"\w{1000}{1000}").contains("size limit"),
            "{}",
            problem(r"\w{1000}{1000}")
        );
    }

    #[test]
    fn an_expression_is_reversed_where_it_says_enough() {
        let pieces = |text: &str| {
            RegexTail::parse(text)
                .unwrap()
                .reversed
                .map(|pieces| pieces.len())
        };
        assert_eq!(pieces(r"^(?<year>[0-9]{4})/(?<slug>[\w-]+)/?$"), Some(3));
        assert_eq!(pieces(r"(?:books|livres)/(?<id>\d+)"), Some(3));
        assert_eq!(pieces(r"[a-z]+/(?<id>\d+)"), None);
    }
}
