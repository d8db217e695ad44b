//! What a view returns and reads: templates, JSON, redirects, forms.
//!
//! - [`render`] answers with an askama template, [`json`] with a value, [`redirect`] with another address.
//! - [`#[derive(Form)]`](macro@Form) makes an HTML form of a struct: what was typed becomes the struct, or comes back with a
//!   message at each field. See [`forms`].
//!
//! # Examples
//!
//! ```
//! use nuages_handler::{App, Client, Request, Response, Result, Urls};
//! use nuages_views::{askama::Template, render};
//!
//! #[derive(Template)]
//! #[template(source = "<h1>Bonsoir, {{ name }}</h1>", ext = "html", askama = nuages_views::askama)]
//! struct Home { name: String }
//!
//! fn home(request: Request) -> Result<Response> {
//!     let name = request.query().get("name").unwrap_or("stranger").to_owned();
//!     render(&request, Home { name })
//! }
//!
//! let client = Client::new(App::new().urls(Urls::new().path("", home)));
//! let response = client.get("/?name=<Django>").wait()?;
//! assert_eq!(response.text(), "<h1>Bonsoir, &#60;Django&#62;</h1>");
//! # Ok::<(), nuages_handler::Error>(())
//! ```
//!
//! # Features
//!
//! - `templates` (default): [`render`], and fields that render themselves.
//! - `runtime-templates`: [`Templates`] that are read while the program runs, and [`render_template`].
//! - `forms` (default): [`forms`].
//! - `static-files` (default): [`static_files`].
//! - `dates`, `decimals`, `uuids` (default): such values in forms.

mod decorators;
#[cfg(feature = "forms")]
pub mod forms;
pub mod generic;
pub mod methods;
mod paginate;
#[cfg(feature = "runtime-templates")]
mod runtime_templates;
mod shortcuts;
#[cfg(feature = "static-files")]
pub mod static_files;
#[cfg(any(feature = "templates", feature = "runtime-templates"))]
mod template_values;
#[cfg(feature = "templates")]
mod templates;
#[cfg(any(feature = "templates", feature = "runtime-templates"))]
mod url_to;

#[cfg(feature = "templates")]
pub use askama;
#[cfg(feature = "runtime-templates")]
pub use minijinja;
#[doc(hidden)]
pub use nuages_views_macros::facade_methods;
/// Makes a view of a struct, with a method for each HTTP method that it answers.
///
/// The functions called `get`, `post`, `put`, `patch`, `delete`, `head` and `options` take `&self` and then what views take. They are all sync or
/// all async. Any other method is answered with 405, OPTIONS with the list, HEAD as GET. Other functions stay as they are.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Urls};
/// use nuages_views::methods;
///
/// struct Shelf {
///     books: Vec<&'static str>,
/// }
///
/// #[methods]
/// impl Shelf {
///     async fn get(&self, Path(id): Path<usize>) -> String {
///         self.title(id).to_owned()
///     }
///
///     async fn delete(&self, Path(id): Path<usize>) -> String {
///         format!("{} is gone", self.title(id))
///     }
///
///     fn title(&self, id: usize) -> &'static str {
///         self.books.get(id).copied().unwrap_or("nothing")
///     }
/// }
///
/// let shelf = Shelf { books: vec!["Nuages", "Minor Swing"] };
/// let client = Client::new(App::new().urls(Urls::new().path("books/<int:id>/", shelf)));
/// assert_eq!(client.get("/books/1/").wait()?.text(), "Minor Swing");
/// assert_eq!(client.post("/books/1/").wait()?.header("allow"), Some("GET, HEAD, DELETE, OPTIONS"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub use nuages_views_macros::methods;
#[cfg(feature = "forms")]
pub use nuages_views_macros::{Choices, Form};
#[cfg(feature = "forms")]
#[doc(hidden)]
pub use nuages_views_macros::{FacadeChoices, FacadeForm};

pub use self::decorators::{
    AllowedMethods, AsyncCondition, CacheControl, Condition, ConditionResult, Decorate, SyncCondition,
};
#[cfg(feature = "forms")]
pub use self::forms::BoundForm;
#[cfg(feature = "forms")]
pub use self::generic::form_view;
#[cfg(feature = "templates")]
pub use self::generic::template_view;
pub use self::generic::{RedirectView, redirect_to, redirect_to_route};
pub use self::paginate::{OutOfRange, Page, PageLink, Pages, Paginate, Paginator};
#[cfg(feature = "runtime-templates")]
pub use self::runtime_templates::{TemplateError, Templates, render_template, render_template_to_string};
pub use self::shortcuts::{json, redirect, redirect_permanent};
#[cfg(feature = "static-files")]
pub use self::static_files::StaticFiles;
#[cfg(all(feature = "static-files", feature = "templates"))]
pub use self::templates::StaticUrl;
#[cfg(feature = "templates")]
pub use self::templates::{
    CspNonce, CsrfField, CsrfToken, QueryWith, TemplateHelpers, render, render_to_string,
};
#[cfg(any(feature = "templates", feature = "runtime-templates"))]
pub use self::{template_values::set_template_value, url_to::UrlTo};
pub use nuages_handler::ETag;

/// What the macros' code names.
#[doc(hidden)]
pub mod __private {
    pub use nuages_handler::{FromRequest, IntoView, Methods, View};

    pub use crate::decorators::State;
}

/// The program in the README runs.
#[cfg(all(doctest, feature = "forms", feature = "templates"))]
#[doc = include_str!("../README.md")]
struct Readme;
