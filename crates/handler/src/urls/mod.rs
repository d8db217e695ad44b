//! URLs: which view answers which path, the names of routes, and groups of them.

mod converter;
mod pattern;
mod reverse;
mod router;
mod tree;

use std::fmt;

pub(crate) use self::reverse::{CURRENT, Current};
pub use self::reverse::{ReverseError, ReverseParams, reverse};
pub(crate) use self::router::{Route, Router, Target};
pub(crate) use self::tree::Param;
use crate::middleware::{IntoMiddleware, Layer};
use crate::view::{IntoView, View};

/// A list of routes, as an application or a part of it defines them.
///
/// A pattern is written without its first slash. What stands in `<converter:name>` is a value: `int` (digits that
/// fit an `i64`), `str` (anything without a slash; `<name>` is short for it), `slug`, `uuid`, and `path`
/// (anything, slashes included). The order of routes does not matter: at each segment fixed text is tried before
/// `int`, `uuid`, `slug`, `str` and `path`, in this order.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Path, Urls, get};
///
/// fn home() -> &'static str { "bonsoir" }
/// async fn book(Path(id): Path<i64>) -> String { format!("book {id}") }
/// async fn save(Path(id): Path<i64>) -> String { format!("saved {id}") }
///
/// let api = Urls::new().path("books/<int:id>/", get(book).post(save)).name("api-book");
/// let urls = Urls::new()
///     .path("", home).name("home")
///     .path("books/<int:id>/", book).name("book-detail")
///     .include("api/", api);
///
/// let app = App::new().urls(urls).build()?;
/// assert_eq!(app.reverse("api-book", [("id", 3)])?, "/api/books/3/");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "URLs do nothing until they are given to `App::urls` or `Urls::include`"]
pub struct Urls {
    items: Vec<Item>,
    layers: Vec<Layer>,
    problems: Vec<String>,
}

#[derive(Clone)]
enum Item {
    Route {
        pattern: String,
        view: View,
        name: Option<String>,
    },
    Include {
        prefix: String,
        urls: Urls,
    },
}

impl Urls {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the paths that `pattern` describes with `view`.
    ///
    /// The view is a `fn`, an `async fn`, or views by method: `get(a).post(b)`. A plain view answers every method.
    #[track_caller]
    pub fn path<M>(mut self, pattern: impl Into<String>, view: impl IntoView<M>) -> Self {
        self.items.push(Item::Route {
            pattern: pattern.into(),
            view: view.into_view(),
            name: None,
        });
        self
    }

    /// Names the route that was added last, for [`reverse`].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        match self.items.last_mut() {
            Some(Item::Route {
                name: slot @ None, ..
            }) => *slot = Some(name),
            Some(Item::Route {
                name: Some(first), ..
            }) => {
                self.problems
                    .push(format!("the route named `{first}` is named again: `{name}`"));
            }
            _ => self.problems.push(format!(
                "`.name(\"{name}\")` stands after no route: put it right after its `.path(..)`"
            )),
        }
        self
    }

    /// Adds all routes of `urls`, each with `prefix` before its pattern.
    pub fn include(mut self, prefix: impl Into<String>, urls: Self) -> Self {
        self.items.push(Item::Include {
            prefix: prefix.into(),
            urls,
        });
        self
    }

    /// Wraps every view of this group, wherever in the group this is called; the first one is outermost.
    #[track_caller]
    pub fn middleware<M>(mut self, middleware: impl IntoMiddleware<M>) -> Self {
        self.layers.push(middleware.into_middleware());
        self
    }

    /// Every route with its whole pattern and all its layers, outermost first.
    fn flatten(
        self,
        prefix: &str,
        outer: &[Layer],
        routes: &mut Vec<Definition>,
        problems: &mut Vec<String>,
    ) {
        problems.extend(self.problems);
        let layers: Vec<Layer> = outer.iter().cloned().chain(self.layers).collect();
        for item in self.items {
            match item {
                Item::Route { pattern, view, name } => routes.push(Definition {
                    pattern: format!("{prefix}{pattern}"),
                    view,
                    name,
                    layers: layers.clone(),
                }),
                Item::Include { prefix: inner, urls } => {
                    urls.flatten(&format!("{prefix}{inner}"), &layers, routes, problems);
                }
            }
        }
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for item in &self.items {
            match item {
                Item::Route { pattern, .. } => list.entry(pattern),
                Item::Include { prefix, urls } => list.entry(&(prefix, urls)),
            };
        }
        list.finish()
    }
}

/// A route as it was written, before its pattern is parsed.
struct Definition {
    pattern: String,
    view: View,
    name: Option<String>,
    layers: Vec<Layer>,
}
