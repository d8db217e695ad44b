//! Routes that the compiler knows: a pattern together with the types of its values.

use std::fmt::Display;
use std::marker::PhantomData;

use uuid::Uuid;

use super::reverse::{CURRENT, ReverseError};

/// A route as a constant: its pattern, and the types of the values in it.
///
/// [`Urls::path`](crate::Urls::path) takes it in the place of a pattern, and [`url`](Self::url) writes its URL. A value too many, one too few, or one of the wrong type does
/// not compile, and neither does a pattern whose converters do not fit the types.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Result, Route, Urls};
///
/// const HOME: Route = Route::new("");
/// const BOOK: Route<(i64,)> = Route::new("books/<int:id>/");
/// const CHAPTER: Route<(i64, String)> = Route::new("books/<int:id>/<slug:chapter>/");
///
/// fn home() -> Result<String> {
///     Ok(format!("{} {}", BOOK.url(3)?, CHAPTER.url(3, "minor-swing")?))
/// }
///
/// async fn book(Path(id): Path<i64>) -> Result<String> {
///     Ok(format!("book {id}, back to {}", HOME.url()?))
/// }
///
/// let urls = Urls::new().path(HOME, home).path(BOOK, book);
/// let urls = urls.path(CHAPTER, |Path((id, chapter)): Path<(i64, String)>| format!("{chapter} of {id}"));
/// let client = Client::new(App::new().urls(urls));
/// assert_eq!(client.get("/").wait()?.text(), "/books/3/ /books/3/minor-swing/");
/// assert_eq!(client.get("/books/3/").wait()?.text(), "book 3, back to /");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Debug)]
pub struct Route<A = ()> {
    pattern: &'static str,
    name: Option<&'static str>,
    arguments: PhantomData<fn(A)>,
}

impl<A> Clone for Route<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Route<A> {}

/// What tells one typed route from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) pattern: &'static str,
    pub(crate) name: Option<&'static str>,
}

/// A type of a value in a [`Route`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a value in a route",
    note = "whole numbers (`i64`), `String` and `Uuid` are; implement `RouteValue` for a type of your own"
)]
pub trait RouteValue {
    /// The converters that it goes with; empty for any that is none of ours.
    const CONVERTERS: &'static [&'static str];

    /// What [`Route::url`] takes for it.
    type Argument<'a>: Display;
}

macro_rules! values {
    ($($Value:ty => $Argument:ty, $converters:expr);* $(;)?) => {
        $(
            impl RouteValue for $Value {
                const CONVERTERS: &'static [&'static str] = &$converters;
                type Argument<'a> = $Argument;
            }
        )*
    };
}
values! {
    i64 => i64, ["int"];
    i32 => i32, ["int"];
    u64 => u64, ["int"];
    u32 => u32, ["int"];
    u16 => u16, ["int"];
    u8 => u8, ["int"];
    usize => usize, ["int"];
    Uuid => Uuid, ["uuid"];
    String => &'a str, ["str", "slug", "path"];
}

/// The types of all values of a [`Route`]: `()`, `(i64,)`, `(i64, String)`, and so on up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of a route's values",
    note = "a list of one value is a tuple too: `Route<(i64,)>`"
)]
pub trait RouteArguments {
    #[doc(hidden)]
    const CONVERTERS: &'static [&'static [&'static str]];
}

impl RouteArguments for () {
    const CONVERTERS: &'static [&'static [&'static str]] = &[];
}

impl<A: RouteArguments> Route<A> {
    /// A route with this pattern, which is written as for [`Urls::path`](crate::Urls::path).
    ///
    /// # Panics
    ///
    /// If the pattern has other values than `A` says. In a constant, that does not compile.
    #[must_use]
    pub const fn new(pattern: &'static str) -> Self {
        check(pattern.as_bytes(), A::CONVERTERS);
        Self {
            pattern,
            name: None,
            arguments: PhantomData,
        }
    }
}

impl<A> Route<A> {
    /// The same route with a name, for [`reverse`](crate::reverse()) and templates.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The pattern.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity {
            pattern: self.pattern,
            name: self.name,
        }
    }

    fn reverse(&self, values: &[String]) -> Result<String, ReverseError> {
        let Some(current) = CURRENT.get() else {
            return Err(ReverseError(format!(
                "no request is being answered here, so the route `{}` belongs to no application: call it inside `Handler::with_urls`",
                self.pattern
            )));
        };
        current
            .router
            .reverse_typed(&self.identity(), &current.root_path, &current.namespace, values)
    }
}

impl Route<()> {
    /// Its URL in the application that answers the current request, with the prefixes that it is included and mounted with.
    ///
    /// # Errors
    ///
    /// When the route is not in that application, or there several times.
    pub fn url(&self) -> Result<String, ReverseError> {
        self.reverse(&[])
    }
}

macro_rules! arguments {
    ($(($($Value:ident $value:ident),+))*) => {
        $(
            impl<$($Value: RouteValue),+> RouteArguments for ($($Value,)+) {
                const CONVERTERS: &'static [&'static [&'static str]] = &[$($Value::CONVERTERS),+];
            }

            impl<$($Value: RouteValue),+> Route<($($Value,)+)> {
                /// Its URL in the application that answers the current request, with the prefixes that it is included and mounted with.
                ///
                /// # Errors
                ///
                /// When the route is not in that application or there several times, or when a value is not one that its converter takes, such as a
                /// negative number.
                pub fn url(&self, $($value: $Value::Argument<'_>),+) -> Result<String, ReverseError> {
                    self.reverse(&[$($value.to_string()),+])
                }
            }
        )*
    };
}
arguments! {
    (A a)
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
}

/// Stops the compiler where a pattern and the types of its values do not fit.
const fn check(pattern: &[u8], converters: &[&[&str]]) {
    assert!(
        pattern.is_empty() || pattern[0] != b'/',
        "a pattern starts without a slash"
    );
    let mut at = 0;
    let mut value = 0;
    while at < pattern.len() {
        if pattern[at] != b'<' {
            at += 1;
            continue;
        }
        let start = at + 1;
        let mut end = start;
        let mut colon = start;
        while end < pattern.len() && pattern[end] != b'>' {
            if pattern[end] == b':' && colon == start {
                colon = end;
            }
            end += 1;
        }
        assert!(end < pattern.len(), "a `<` of the pattern has no `>`");
        assert!(
            value < converters.len(),
            "the pattern has more values than the type of the route"
        );
        assert!(
            fits(pattern, start, colon, converters[value]),
            "the type of a value does not fit its converter: `int` is a whole number, `uuid` a `Uuid`, and `str`, `slug` and `path` are a `String`"
        );
        value += 1;
        at = end + 1;
    }
    assert!(
        value == converters.len(),
        "the pattern has fewer values than the type of the route"
    );
}

/// Whether the converter's name, `pattern[start..end]` or else `str`, is among those of a type. A name that is none of ours goes with any type.
const fn fits(pattern: &[u8], start: usize, end: usize, converters: &[&str]) -> bool {
    if start == end {
        return is_in(b"str", 0, 3, converters);
    }
    is_in(pattern, start, end, converters)
        || !is_in(pattern, start, end, &["int", "uuid", "str", "slug", "path"])
}

const fn is_in(text: &[u8], start: usize, end: usize, names: &[&str]) -> bool {
    let mut number = 0;
    while number < names.len() {
        let name = names[number].as_bytes();
        let mut same = name.len() == end - start;
        let mut at = 0;
        while same && at < name.len() {
            same = name[at] == text[start + at];
            at += 1;
        }
        if same {
            return true;
        }
        number += 1;
    }
    false
}
