//! From a route's name and values back to its URL.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use nuages_bridge::Local;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

use super::converter::Converter;
use super::pattern::{Pattern, Piece, Segment, Tail};
use super::router::Router;

/// What RFC 3986 lets stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The same, for a value that spans segments.
const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// The URLs of the application that answers the current request; set by the handler for each request.
pub(crate) static CURRENT: Local<Current> = Local::new("nuages_handler::urls");

#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) router: Arc<Router>,
    pub(crate) root_path: Cow<'static, str>,
    /// The namespace of the route that answers.
    pub(crate) namespace: Arc<[String]>,
}

/// The URL of the route called `name`, with `params` in the places of its converters.
///
/// The application is that of the current request; where there is none (a command, a test), call
/// [`Handler::reverse`](crate::Handler::reverse). The prefix under which the application is mounted is included.
///
/// # Errors
///
/// When no route has that name, a value is missing or too many, or a value is not one that its converter
/// takes. Such an error is a 500: a link in a page is the program's, not the visitor's.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Result, Urls, reverse};
///
/// async fn next_book(Path(id): Path<i64>) -> Result<String> {
///     Ok(reverse("book-detail", [("id", id + 1)])?)
/// }
///
/// let urls = Urls::new().path("books/<int:id>/", next_book).name("book-detail");
/// let response = Client::new(App::new().urls(urls)).get("/books/3/").wait()?;
/// assert_eq!(response.text(), "/books/4/");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub fn reverse(name: &str, params: impl ReverseParams) -> Result<String, ReverseError> {
    let Some(current) = CURRENT.get() else {
        return Err(ReverseError(format!(
            "no request is being answered here, so `{name}` belongs to no application: call `reverse` on the handler that `App::build` gives"
        )));
    };
    let suffix = params.suffix();
    let url = current
        .router
        .reverse(name, &current.root_path, &current.namespace, &params.into_pairs())?;
    Ok(url + &suffix)
}

/// A name or a value that makes no URL; see [`reverse`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReverseError(pub(crate) String);

/// The values for [`reverse`]: `()`, `("id", 3)`, `[("a", 1), ("b", 2)]`, or pairs of several types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of URL values",
    note = "write `()` for none, `[(\"id\", 3)]` for values of one type, `((\"year\", 1937), (\"slug\", \"nuages\"))` for several types"
)]
pub trait ReverseParams {
    /// Each name with its value as text.
    fn into_pairs(self) -> Vec<(String, String)>;

    /// What follows the path: a query, a fragment.
    fn suffix(&self) -> String {
        String::new()
    }

    /// Adds values to the query of the URL; a name may stand there several times.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, ReverseParams as _, Urls};
    ///
    /// let urls = Urls::new().path("books/", || "").name("books");
    /// let app = App::new().urls(urls).build()?;
    /// let url = app.reverse("books", ().query([("q", "minor swing"), ("page", "2")]).fragment("top"))?;
    /// assert_eq!(url, "/books/?q=minor+swing&page=2#top");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    fn query<K: AsRef<str>, V: Display>(self, values: impl IntoIterator<Item = (K, V)>) -> WithQuery<Self>
    where
        Self: Sized,
    {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in values {
            query.append_pair(name.as_ref(), &value.to_string());
        }
        WithQuery {
            params: self,
            query: query.finish(),
            fragment: String::new(),
        }
    }
}

/// Values for [`reverse`] with a query behind them; [`ReverseParams::query`] makes it.
#[derive(Clone, Debug)]
pub struct WithQuery<P> {
    params: P,
    query: String,
    fragment: String,
}

impl<P> WithQuery<P> {
    /// Adds the place in the page.
    #[must_use]
    pub fn fragment(mut self, fragment: &str) -> Self {
        self.fragment = utf8_percent_encode(fragment, SEGMENT).to_string();
        self
    }
}

impl<P: ReverseParams> ReverseParams for WithQuery<P> {
    fn into_pairs(self) -> Vec<(String, String)> {
        self.params.into_pairs()
    }

    fn suffix(&self) -> String {
        let mut suffix = String::new();
        for (mark, part) in [('?', &self.query), ('#', &self.fragment)] {
            if !part.is_empty() {
                suffix.push(mark);
                suffix.push_str(part);
            }
        }
        suffix
    }
}

fn pair(name: &str, value: &impl Display) -> (String, String) {
    (name.to_owned(), value.to_string())
}

impl ReverseParams for () {
    fn into_pairs(self) -> Vec<(String, String)> {
        Vec::new()
    }
}

impl<V: Display> ReverseParams for (&str, V) {
    fn into_pairs(self) -> Vec<(String, String)> {
        vec![pair(self.0, &self.1)]
    }
}

impl<K: AsRef<str>, V: Display, const N: usize> ReverseParams for [(K, V); N] {
    fn into_pairs(self) -> Vec<(String, String)> {
        self.as_slice().into_pairs()
    }
}

impl<K: AsRef<str>, V: Display> ReverseParams for &[(K, V)] {
    fn into_pairs(self) -> Vec<(String, String)> {
        self.iter()
            .map(|(name, value)| pair(name.as_ref(), value))
            .collect()
    }
}

macro_rules! pairs_of_several_types {
    ($($value:ident $index:tt),+) => {
        impl<$($value: Display),+> ReverseParams for ($((&str, $value),)+) {
            fn into_pairs(self) -> Vec<(String, String)> {
                vec![$(pair(self.$index.0, &self.$index.1)),+]
            }
        }
    };
}
pairs_of_several_types!(A 0, B 1);
pairs_of_several_types!(A 0, B 1, C 2);
pairs_of_several_types!(A 0, B 1, C 2, D 3);

/// Writes the URL of `pattern`; `params` must be its values exactly.
pub(crate) fn fill(
    pattern: &Pattern,
    name: &str,
    root_path: &str,
    params: &[(String, String)],
) -> Result<String, ReverseError> {
    if let Some((unknown, _)) = params
        .iter()
        .find(|(n, _)| !pattern.params.iter().any(|(p, _)| p == n))
    {
        return Err(ReverseError(format!(
            "`{name}` (`{}`) takes no `{unknown}`",
            pattern.text()
        )));
    }
    let mut names = pattern.params.iter();
    let mut url = String::with_capacity(root_path.len() + pattern.text().len() + 16);
    url.push_str(root_path.trim_end_matches('/'));
    let prefix = url.len();
    let mut value = |url: &mut String| -> Result<(), ReverseError> {
        let Some((param, converter)) = names.next() else {
            return Ok(());
        };
        let Some((_, value)) = params.iter().find(|(n, _)| n == param) else {
            return Err(ReverseError(format!(
                "`{name}` (`{}`) needs `{param}`",
                pattern.text()
            )));
        };
        if !converter.accepts(value) || value.split('/').any(|part| part == "." || part == "..") {
            return Err(ReverseError(format!(
                "`{name}` needs a `{converter}` for `{param}`, not {value:?}"
            )));
        }
        let keep = if *converter == Converter::Path {
            PATH
        } else {
            SEGMENT
        };
        let _ = write!(url, "{}", utf8_percent_encode(value, keep));
        Ok(())
    };
    for segment in &pattern.segments {
        url.push('/');
        match segment {
            Segment::Static(text) => {
                let _ = write!(url, "{}", utf8_percent_encode(text, SEGMENT));
            }
            Segment::Capture(_) => value(&mut url)?,
            Segment::Mixed(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Literal(text) => {
                            let _ = write!(url, "{}", utf8_percent_encode(text, SEGMENT));
                        }
                        Piece::Capture(_) => value(&mut url)?,
                    }
                }
            }
        }
    }
    match &pattern.tail {
        Tail::End => {}
        Tail::Mount => {
            return Err(ReverseError(format!(
                "`{name}` is a mounted application, which has URLs of its own"
            )));
        }
        Tail::Regex(tail) => {
            let Some(pieces) = &tail.reversed else {
                return Err(ReverseError(format!(
                    "the regular expression of `{name}` (`{}`) allows several URLs for the same values, so none can be written",
                    pattern.text()
                )));
            };
            url.push('/');
            let start = url.len();
            for piece in pieces {
                match piece {
                    Piece::Literal(text) => {
                        let _ = write!(url, "{}", utf8_percent_encode(text, PATH));
                    }
                    Piece::Capture(_) => value(&mut url)?,
                }
            }
            // What was left out or chosen may be needed after all.
            let written = percent_encoding::percent_decode_str(&url[start..]).decode_utf8_lossy();
            if !tail.regex.is_match(&written) {
                return Err(ReverseError(format!(
                    "`{name}` (`{}`) takes no `{written}`",
                    pattern.text()
                )));
            }
        }
    }
    // `//host/` would be read as another host's URL; this is what Django writes for it too.
    if url[prefix..].starts_with("//") {
        url.replace_range(prefix..prefix + 2, "/%2F");
    }
    Ok(url)
}
