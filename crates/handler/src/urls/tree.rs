//! The tree that finds a route: one level a segment, fixed text before values.
//!
//! A path is walked once, segment by segment. Each node is visited at most once for a request (below a `path`
//! converter: once for each slash), so the work is bounded by the routes that exist and the path's length.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::converter::Converter;
use super::pattern::{Pattern, Piece, Segment, match_mixed};

/// A value out of the path: a range of the raw path where no decoding was needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    Span(u32, u32),
    Text(Box<str>),
}

impl Param {
    pub(crate) fn text<'a>(&'a self, raw_path: &'a str) -> &'a str {
        match self {
            Self::Span(start, end) => &raw_path[*start as usize..*end as usize],
            Self::Text(text) => text,
        }
    }
}

/// A node: what can follow at this segment, and the route that ends here.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    route: Option<usize>,
    /// Sorted by text.
    statics: Vec<(Box<str>, Tree)>,
    /// In the order in which they were added.
    mixed: Vec<(Vec<Piece>, Tree)>,
    /// Sorted by converter, without `path`.
    captures: Vec<(Converter, Tree)>,
    path: Option<Box<Tree>>,
}

impl Tree {
    /// Adds a route, or gives the number of the one that takes the very same paths.
    pub(crate) fn insert(&mut self, pattern: &Pattern, route: usize) -> Result<(), usize> {
        let mut node = self;
        for segment in &pattern.segments {
            node = match segment {
                Segment::Static(text) => {
                    let at = match node.statics.binary_search_by(|(key, _)| (**key).cmp(text)) {
                        Ok(at) => at,
                        Err(at) => {
                            node.statics.insert(at, (text.as_str().into(), Self::default()));
                            at
                        }
                    };
                    &mut node.statics[at].1
                }
                Segment::Capture(Converter::Path) => node.path.get_or_insert_default(),
                Segment::Capture(converter) => {
                    let at = match node.captures.binary_search_by_key(converter, |(key, _)| *key) {
                        Ok(at) => at,
                        Err(at) => {
                            node.captures.insert(at, (*converter, Self::default()));
                            at
                        }
                    };
                    &mut node.captures[at].1
                }
                Segment::Mixed(pieces) => {
                    let at = node
                        .mixed
                        .iter()
                        .position(|(key, _)| key == pieces)
                        .unwrap_or_else(|| {
                            node.mixed.push((pieces.clone(), Self::default()));
                            node.mixed.len() - 1
                        });
                    &mut node.mixed[at].1
                }
            };
        }
        match node.route {
            Some(existing) => Err(existing),
            None => {
                node.route = Some(route);
                Ok(())
            }
        }
    }

    /// The route for the raw (still percent-encoded) path `path[start..]`, which begins after its first slash.
    pub(crate) fn find(&self, path: &str, start: usize) -> Option<(usize, Vec<Param>)> {
        let mut search = Search {
            path,
            encoded: path[start..].contains('%'),
            params: Vec::new(),
        };
        let route = search.node(self, Some(start))?;
        Some((route, search.params))
    }
}

struct Search<'p> {
    path: &'p str,
    /// Nothing has to be decoded in most paths: known once, so that no segment is looked at for it.
    encoded: bool,
    params: Vec<Param>,
}

impl<'p> Search<'p> {
    /// `from` is where the next segment begins; `None` when the path is used up.
    fn node(&mut self, node: &Tree, from: Option<usize>) -> Option<usize> {
        let Some(from) = from else {
            return node.route;
        };
        let end = self.path[from..].find('/').map_or(self.path.len(), |i| from + i);
        let next = (end < self.path.len()).then_some(end + 1);
        // Text that is no UTF-8 once decoded equals nothing.
        let text = self.decode(from, end)?;

        if let Ok(at) = node.statics.binary_search_by(|(key, _)| (**key).cmp(&text))
            && let Some(route) = self.node(&node.statics[at].1, next)
        {
            return Some(route);
        }
        for (pieces, child) in &node.mixed {
            let Some(ranges) = match_mixed(pieces, &text) else {
                continue;
            };
            let before = self.params.len();
            for (a, b) in ranges {
                self.params.push(match &text {
                    Cow::Borrowed(_) => span(from + a, from + b),
                    Cow::Owned(text) => Param::Text(text[a..b].into()),
                });
            }
            if let Some(route) = self.node(child, next) {
                return Some(route);
            }
            self.params.truncate(before);
        }
        for (converter, child) in &node.captures {
            if !converter.accepts(&text) {
                continue;
            }
            let value = match &text {
                Cow::Borrowed(_) => span(from, end),
                Cow::Owned(text) => Param::Text(text.as_str().into()),
            };
            if let Some(route) = self.capture(child, value, next) {
                return Some(route);
            }
        }
        self.rest(node.path.as_deref()?, from)
    }

    /// Goes on below a value, and takes the value back where that leads nowhere.
    fn capture(&mut self, child: &Tree, value: Param, next: Option<usize>) -> Option<usize> {
        let before = self.params.len();
        self.params.push(value);
        let route = self.node(child, next);
        if route.is_none() {
            self.params.truncate(before);
        }
        route
    }

    /// A `path` value: the longest that lets the rest of the pattern match.
    fn rest(&mut self, child: &Tree, from: usize) -> Option<usize> {
        let at = self.params.len();
        let mut end = self.path.len();
        while end > from {
            self.params.push(span(from, end));
            let next = (end < self.path.len()).then_some(end + 1);
            if let Some(route) = self.node(child, next) {
                // Decoded once, and not for each split: the client chooses how many slashes there are.
                if let Cow::Owned(text) = self.decode(from, end)? {
                    self.params[at] = Param::Text(text.into());
                }
                return Some(route);
            }
            self.params.truncate(at);
            end = from + self.path[from..end].rfind('/')?;
        }
        None
    }

    fn decode(&self, from: usize, end: usize) -> Option<Cow<'p, str>> {
        let raw = &self.path[from..end];
        if self.encoded {
            percent_decode_str(raw).decode_utf8().ok()
        } else {
            Some(Cow::Borrowed(raw))
        }
    }
}

fn span(start: usize, end: usize) -> Param {
    // A request line of 4 GiB never gets here: http::Uri stops at 64 KiB.
    Param::Span(u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(patterns: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for (i, pattern) in patterns.iter().enumerate() {
            tree.insert(&Pattern::parse(pattern).unwrap(), i).unwrap();
        }
        tree
    }

    fn find<'a>(patterns: &[&'a str], path: &str) -> Option<(&'a str, Vec<String>)> {
        let (route, params) = tree(patterns).find(path, 1)?;
        Some((
            patterns[route],
            params.iter().map(|p| p.text(path).to_owned()).collect(),
        ))
    }

    fn found<'a>(pattern: &'a str, params: &[&str]) -> Option<(&'a str, Vec<String>)> {
        Some((pattern, params.iter().map(|&p| p.to_owned()).collect()))
    }

    #[test]
    fn fixed_text_comes_before_values_and_narrow_values_before_wide_ones() {
        // Written in the wrong order on purpose: the order of writing does not matter.
        let patterns = [
            "books/<str:title>/",
            "books/<slug:s>/",
            "books/<int:id>/",
            "books/new/",
            "",
        ];
        assert_eq!(find(&patterns, "/"), found("", &[]));
        assert_eq!(find(&patterns, "/books/new/"), found("books/new/", &[]));
        assert_eq!(find(&patterns, "/books/3/"), found("books/<int:id>/", &["3"]));
        assert_eq!(find(&patterns, "/books/a-b/"), found("books/<slug:s>/", &["a-b"]));
        assert_eq!(
            find(&patterns, "/books/a.b/"),
            found("books/<str:title>/", &["a.b"])
        );
        assert_eq!(find(&patterns, "/books//"), None);
        assert_eq!(find(&patterns, "/books/3"), None);
        assert_eq!(find(&patterns, "/books/3/more"), None);
    }

    #[test]
    fn a_dead_end_below_fixed_text_is_left_again() {
        let patterns = ["books/new/cover/", "books/<slug:s>/pages/", "<path:rest>"];
        assert_eq!(
            find(&patterns, "/books/new/cover/"),
            found("books/new/cover/", &[])
        );
        assert_eq!(
            find(&patterns, "/books/new/pages/"),
            found("books/<slug:s>/pages/", &["new"])
        );
        assert_eq!(
            find(&patterns, "/books/new/none/"),
            found("<path:rest>", &["books/new/none/"])
        );
    }

    #[test]
    fn values_are_decoded_after_the_path_was_split() {
        let patterns = ["t/<str:s>/", "f/<path:p>/end", "é/"];
        assert_eq!(
            find(&patterns, "/t/caf%C3%A9%20noir/"),
            found("t/<str:s>/", &["café noir"])
        );
        assert_eq!(
            find(&patterns, "/t/a%2Fb/"),
            None,
            "an encoded slash never makes a `str`"
        );
        assert_eq!(
            find(&patterns, "/t/%FF/"),
            None,
            "what is no UTF-8 matches nothing"
        );
        assert_eq!(find(&patterns, "/t/100%/"), found("t/<str:s>/", &["100%"]));
        assert_eq!(
            find(&patterns, "/f/a/b%20c/end"),
            found("f/<path:p>/end", &["a/b c"])
        );
        assert_eq!(find(&patterns, "/%C3%A9/"), found("é/", &[]));
    }

    #[test]
    fn a_path_value_is_the_longest_that_fits() {
        let patterns = ["f/<path:p>/edit/", "f/<path:p>"];
        assert_eq!(
            find(&patterns, "/f/a/edit/edit/"),
            found("f/<path:p>", &["a/edit/edit/"])
        );
        let patterns = ["f/<path:p>/edit/"];
        assert_eq!(
            find(&patterns, "/f/a/edit/edit/"),
            found("f/<path:p>/edit/", &["a/edit"])
        );
        assert_eq!(find(&patterns, "/f/edit/"), None);
    }

    #[test]
    fn two_patterns_of_one_shape_are_one_route() {
        let mut tree = tree(&["books/<int:id>/"]);
        assert_eq!(
            tree.insert(&Pattern::parse("books/<int:number>/").unwrap(), 1),
            Err(0)
        );
        assert_eq!(
            tree.insert(&Pattern::parse("books/<str:id>/").unwrap(), 1),
            Ok(())
        );
    }

    #[test]
    fn many_path_splits_stay_cheap() {
        let patterns = ["<path:p>/x/<int:id>/y"];
        assert_eq!(find(&patterns, &"/x/1".repeat(10_000)), None);
        assert_eq!(find(&patterns, &"/x/%31".repeat(10_000)), None);
    }
}
