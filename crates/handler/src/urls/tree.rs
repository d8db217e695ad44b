//! The tree that finds a route: one level a segment, fixed text before values.
//!
//! A path is walked once, segment by segment. Each node is visited at most once for a request (below a `path`
//! converter: once for each slash), so the work is bounded by the routes that exist and the path's length.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use regex::RegexSet;

use super::converter::Converter;
use super::pattern::{Pattern, Piece, Segment, Tail, match_mixed};
use super::regex::RegexTail;
use super::statics::Statics;

/// A value out of the path: a range of the raw path where no decoding was needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    Span(u32, u32),
    Text(Box<str>),
}

impl Param {
    /// The same value, whatever becomes of the path.
    pub(crate) fn owned(&self, raw_path: &str) -> Self {
        Self::Text(self.text(raw_path).into())
    }

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
    statics: Statics<Tree>,
    /// Sorted by what they are made of, narrow ones first.
    mixed: Vec<(Vec<Piece>, Tree)>,
    /// Sorted by converter, without `path`.
    captures: Vec<(Converter, Tree)>,
    /// In the order in which they were written.
    regexes: Regexes,
    path: Option<Box<Tree>>,
    /// The application that has everything from here on for which there is no other route.
    mount: Option<usize>,
}

#[derive(Debug, Default)]
struct Regexes {
    /// All of them at once, so that many cost little more than one.
    set: Option<RegexSet>,
    each: Vec<(Arc<RegexTail>, usize)>,
}

impl Tree {
    /// Adds a route, or gives the number of the one that takes the very same paths.
    pub(crate) fn insert(&mut self, pattern: &Pattern, route: usize) -> Result<(), usize> {
        let mut node = self;
        for segment in &pattern.segments {
            node = match segment {
                Segment::Static(text) => node.statics.entry(text),
                Segment::Capture(Converter::Path) => node.path.get_or_insert_default(),
                Segment::Capture(converter) => {
                    let at = match node.captures.binary_search_by(|(key, _)| key.cmp(converter)) {
                        Ok(at) => at,
                        Err(at) => {
                            node.captures.insert(at, (converter.clone(), Self::default()));
                            at
                        }
                    };
                    &mut node.captures[at].1
                }
                Segment::Mixed(pieces) => {
                    let at = match node.mixed.binary_search_by(|(key, _)| order(key, pieces)) {
                        Ok(at) => at,
                        Err(at) => {
                            node.mixed.insert(at, (pieces.clone(), Self::default()));
                            at
                        }
                    };
                    &mut node.mixed[at].1
                }
            };
        }
        let slot = match &pattern.tail {
            Tail::End => &mut node.route,
            Tail::Mount => &mut node.mount,
            Tail::Regex(tail) => {
                let same = node
                    .regexes
                    .each
                    .iter()
                    .find(|(other, _)| other.text() == tail.text());
                if let Some((_, existing)) = same {
                    return Err(*existing);
                }
                node.regexes.each.push((Arc::clone(tail), route));
                let texts = node.regexes.each.iter().map(|(tail, _)| tail.text());
                // Each was compiled alone; where all together get too large, they are tried one by one.
                node.regexes.set = RegexSet::new(texts).ok();
                return Ok(());
            }
        };
        match slot {
            Some(existing) => Err(*existing),
            None => {
                *slot = Some(route);
                Ok(())
            }
        }
    }

    /// The route for the raw (still percent-encoded) path `path[start..]`, which begins after its first slash.
    pub(crate) fn find(&self, path: &str, start: usize) -> Option<(usize, Vec<Param>)> {
        let mut search = Search::new(path, start);
        let route = search.node(self, Some(start))?;
        Some((route, search.params))
    }
}

/// The order in which mixed segments are tried: those with more fixed text first, then those with narrower values.
fn order(one: &[Piece], other: &[Piece]) -> Ordering {
    let literals = |pieces: &[Piece]| -> usize {
        let lengths = pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.len(),
            Piece::Capture(_) => 0,
        });
        lengths.sum()
    };
    literals(other).cmp(&literals(one)).then_with(|| one.cmp(other))
}

struct Search<'p> {
    path: &'p str,
    /// Nothing has to be decoded in most paths: known once, so that no segment is looked at for it.
    encoded: bool,
    params: Vec<Param>,
    /// How many keys of the tree were looked at, for the test that counts them.
    #[cfg(test)]
    steps: usize,
}

impl<'p> Search<'p> {
    fn new(path: &'p str, start: usize) -> Self {
        Self {
            path,
            encoded: memchr::memchr(b'%', &path.as_bytes()[start..]).is_some(),
            params: Vec::new(),
            #[cfg(test)]
            steps: 0,
        }
    }

    /// One key of the tree is looked at.
    #[cfg_attr(
        not(test),
        expect(clippy::unused_self, reason = "only the test that counts has a counter")
    )]
    fn step(&mut self) {
        #[cfg(test)]
        {
            self.steps += 1;
        }
    }

    /// `from` is where the next segment begins; `None` when the path is used up.
    fn node(&mut self, node: &Tree, from: Option<usize>) -> Option<usize> {
        let Some(from) = from else {
            if node.route.is_none() && node.mount.is_some() {
                self.params.push(span(self.path.len(), self.path.len()));
            }
            return node.route.or(node.mount);
        };
        let end = memchr::memchr(b'/', &self.path.as_bytes()[from..]).map_or(self.path.len(), |i| from + i);
        let next = (end < self.path.len()).then_some(end + 1);
        // Text that is no UTF-8 once decoded equals nothing.
        let text = self.decode(from, end)?;

        if let Some(child) = node.statics.find(&text, || self.step())
            && let Some(route) = self.node(child, next)
        {
            return Some(route);
        }
        for (pieces, child) in &node.mixed {
            self.step();
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
            self.step();
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
        if !node.regexes.each.is_empty()
            && let Some(route) = self.regex(&node.regexes, from)
        {
            return Some(route);
        }
        if let Some(child) = &node.path
            && let Some(route) = self.rest(child, from)
        {
            return Some(route);
        }
        node.mount.inspect(|_| {
            // With the slash before it, so that what is mounted at `shop/` has the path `/books/` of `/shop/books/`.
            self.params.push(span(from - 1, self.path.len()));
        })
    }

    /// The first regular expression that takes the whole rest.
    fn regex(&mut self, regexes: &Regexes, from: usize) -> Option<usize> {
        self.step();
        let text = self.decode(from, self.path.len())?;
        let first = match &regexes.set {
            Some(set) => set.matches(&text).iter().next(),
            None => regexes
                .each
                .iter()
                .position(|(tail, _)| tail.regex.is_match(&text)),
        };
        let (tail, route) = &regexes.each[first?];
        let captures = tail.regex.captures(&text)?;
        for group in 1..tail.regex.captures_len() {
            let range = captures.get(group).map_or(0..0, |group| group.range());
            self.params.push(match &text {
                Cow::Borrowed(_) => span(from + range.start, from + range.end),
                Cow::Owned(text) => Param::Text(text[range].into()),
            });
        }
        Some(*route)
    }

    /// Goes on below a value, and takes the value back where that leads nowhere.
    fn capture(&mut self, child: &Tree, value: Param, next: Option<usize>) -> Option<usize> {
        let before = self.params.len();
        if self.params.capacity() == 0 {
            // Room for what most routes have, in one go.
            self.params.reserve_exact(4);
        }
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
            tree.insert(&Pattern::parse(pattern, &[]).unwrap(), i).unwrap();
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
            tree.insert(&Pattern::parse("books/<int:number>/", &[]).unwrap(), 1),
            Err(0)
        );
        assert_eq!(
            tree.insert(&Pattern::parse("books/<str:id>/", &[]).unwrap(), 1),
            Ok(())
        );
    }

    fn steps(tree: &Tree, path: &str) -> usize {
        let mut search = Search::new(path, 1);
        assert!(search.node(tree, Some(1)).is_some(), "{path}");
        search.steps
    }

    #[test]
    fn a_thousand_routes_cost_no_more_than_ten() {
        let flat = |count: usize| (0..count).map(|n| format!("page-{n}/")).collect::<Vec<_>>();
        let deep = |count: usize| {
            let groups = (0..count).map(|n| format!("group-{}/item-{n}/<int:id>/edit/", n % 10));
            groups.collect::<Vec<_>>()
        };
        let worst = |patterns: &[String], path: &dyn Fn(&str) -> String| {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let tree = tree(&patterns);
            let paths = patterns.iter().map(|pattern| path(pattern));
            let steps: Vec<usize> = paths.map(|path| steps(&tree, &path)).collect();
            steps.iter().sum::<usize>() as f64 / steps.len() as f64
        };
        let as_it_is = |pattern: &str| format!("/{}", pattern.replace("<int:id>", "7"));
        for routes in [flat as fn(usize) -> Vec<String>, deep] {
            let (ten, thousand) = (worst(&routes(10), &as_it_is), worst(&routes(1000), &as_it_is));
            assert!(
                thousand <= ten * 1.5,
                "{ten} keys among 10 routes, {thousand} among 1000"
            );
        }
    }

    #[test]
    fn mixed_segments_are_tried_from_narrow_to_wide_however_they_were_written() {
        let patterns = ["<str:a>-<str:b>/", "<int:a>-<int:b>/", "<str:a>-of-<str:b>/"];
        assert_eq!(find(&patterns, "/1-2/"), found("<int:a>-<int:b>/", &["1", "2"]));
        assert_eq!(
            find(&patterns, "/a-of-b/"),
            found("<str:a>-of-<str:b>/", &["a", "b"])
        );
        assert_eq!(find(&patterns, "/a-b/"), found("<str:a>-<str:b>/", &["a", "b"]));
    }

    #[test]
    fn many_path_splits_stay_cheap() {
        let patterns = ["<path:p>/x/<int:id>/y"];
        assert_eq!(find(&patterns, &"/x/1".repeat(10_000)), None);
        assert_eq!(find(&patterns, &"/x/%31".repeat(10_000)), None);
    }
}
