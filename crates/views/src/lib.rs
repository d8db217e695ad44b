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
//! - `forms` (default): [`forms`].

#[cfg(feature = "forms")]
pub mod forms;
#[cfg(feature = "templates")]
mod render;
mod shortcuts;

#[cfg(feature = "templates")]
pub use askama;
#[cfg(feature = "forms")]
#[doc(hidden)]
pub use nuages_views_macros::FacadeForm;
#[cfg(feature = "forms")]
pub use nuages_views_macros::Form;

#[cfg(feature = "forms")]
pub use self::forms::BoundForm;
#[cfg(feature = "templates")]
pub use self::render::render;
pub use self::shortcuts::{json, redirect, redirect_permanent};

/// The program in the README runs.
#[cfg(all(doctest, feature = "forms", feature = "templates"))]
#[doc = include_str!("../README.md")]
struct Readme;
