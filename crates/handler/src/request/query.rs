//! Names with one or more values, as in a query or a form.

use std::fmt;

/// The names and values of a query or a form, in their order; a name may come more than once.
///
/// # Examples
///
/// ```
/// use nuages_handler::QueryDict;
///
/// let query: QueryDict = "q=minor+swing&tag=jazz&tag=1940s&page=2".parse().unwrap();
/// assert_eq!(query.get("q"), Some("minor swing"));
/// assert_eq!(query.get_list("tag").collect::<Vec<_>>(), ["jazz", "1940s"]);
/// assert_eq!(query.get("tag"), Some("1940s"), "the last one counts");
///
/// // The same list, one page further: what a page's links need.
/// assert_eq!(query.with("page", 3).to_string(), "q=minor+swing&tag=jazz&tag=1940s&page=3");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryDict {
    pairs: Vec<(String, String)>,
}

impl QueryDict {
    /// Reads `a=1&b=2`. What is no UTF-8 is replaced.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self {
            pairs: form_urlencoded::parse(text).into_owned().collect(),
        }
    }

    /// The value of `name`; the last one, where there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of `name`, in their order.
    pub fn get_list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` is there, with whatever value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Each name with each of its values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// A copy in which `name` has this one value, in its old place or at the end.
    #[must_use]
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let at = self
            .pairs
            .iter()
            .position(|(key, _)| key == name)
            .unwrap_or(self.pairs.len());
        let mut pairs = self.without(name).pairs;
        pairs.insert(at, (name.to_owned(), value));
        Self { pairs }
    }

    /// A copy without `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self {
            pairs: self
                .pairs
                .iter()
                .filter(|(key, _)| key != name)
                .cloned()
                .collect(),
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for QueryDict {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self {
            pairs: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

impl std::str::FromStr for QueryDict {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text.as_bytes()))
    }
}

/// As it stands in a URL.
impl fmt::Display for QueryDict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = form_urlencoded::Serializer::new(String::new());
        f.write_str(&text.extend_pairs(self.iter()).finish())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::QueryDict;

    #[test]
    fn a_changed_name_keeps_its_place() {
        let query = QueryDict::parse(b"a=1&b=2&a=3&c=%26+%3D");
        assert_eq!(query.with("a", 9).to_string(), "a=9&b=2&c=%26+%3D");
        assert_eq!(query.with("d", "x y").to_string(), "a=1&b=2&a=3&c=%26+%3D&d=x+y");
        assert_eq!(query.with("c", 0).to_string(), "a=1&b=2&a=3&c=0");
        assert_eq!(query.without("a").to_string(), "b=2&c=%26+%3D");
        assert_eq!(query.get("c"), Some("& ="));
    }

    proptest! {
        #[test]
        fn fuzz_a_query_survives_and_no_text_panics(
            pairs in prop::collection::vec((".{0,20}", ".{0,20}"), 0..10),
            junk in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let query = QueryDict::from_iter(pairs.clone());
            let read = QueryDict::parse(query.to_string().as_bytes());
            let read: Vec<(String, String)> = read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            prop_assert_eq!(read, pairs);
            let _ = QueryDict::parse(&junk).len();
        }
    }
}
