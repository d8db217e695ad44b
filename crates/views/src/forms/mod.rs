//! HTML forms: a struct, and what people type into it.
//!
//! `#[derive(Form)]` on a struct gives it `bind`, which takes what was sent, `unbound`, for the first visit, and `filled`, for
//! what exists already. A [`BoundForm`] is [validated](BoundForm::validate) into the struct, or comes back with what was
//! typed and a message at each field. In it each field is a [`BoundField`] under its own name.
//!
//! Fields are `String`, numbers, `bool`, `Option` of these, or whatever implements [`FormValue`]. A `String` or a number is
//! required, an `Option` or a `bool` is not. `#[form(..)]` says more:
//!
//! | setting | what it does |
//! |---|---|
//! | `label = ".."`, `help = ".."` | what stands beside the field; the label is the name, unless given |
//! | `max_length = 80`, `min_length = 2` | characters of a text |
//! | `min = 1`, `max = 20` | limits of a number |
//! | `email` | an e-mail address |
//! | `choices = [("fr", "Français"), ("nl", "Nederlands")]` | one of these values, shown as these texts |
//! | `optional`, `required` | a `String` may be empty; a `bool` has to be checked |
//! | `widget = ".."` | `text`, `textarea`, `email`, `password`, `number`, `checkbox`, `select`, `hidden`, `url`, `tel`, `search` or `date` |
//!
//! `#[form(clean = function)]` on the struct names a `fn(&Self, &mut FormErrors)` that looks at all fields together.
//!
//! # Examples
//!
//! ```
//! use nuages_handler::{App, Client, FormData, Urls};
//! use nuages_views::{BoundForm, Form};
//!
//! #[derive(Form)]
//! struct Order {
//!     #[form(label = "Your name", max_length = 80)]
//!     name: String,
//!     #[form(min = 1, max = 20)]
//!     copies: u32,
//!     note: Option<String>,
//! }
//!
//! // The first visit brings an empty form, a POST what was typed.
//! async fn order(form: BoundForm<Order>) -> String {
//!     match form.validate() {
//!         Ok(order) => format!("{} copies for {}", order.copies, order.name),
//!         Err(form) => format!("{:?} {:?}", form.copies.value, form.copies.errors),
//!     }
//! }
//!
//! let client = Client::new(App::new().urls(Urls::new().path("order/", order)));
//! let response = client.post("/order/").form([("name", "Django"), ("copies", "2")]).wait()?;
//! assert_eq!(response.text(), "2 copies for Django");
//! let response = client.post("/order/").form([("name", "Django"), ("copies", "200")]).wait()?;
//! assert_eq!(response.text(), r#""200" ["Ensure this value is less than or equal to 20."]"#);
//! # Ok::<(), nuages_handler::Error>(())
//! ```
//!
//! # In a template
//!
//! `{{ form }}` shows all fields and `{{ form.name }}` one, each with its label, its help and its messages, joined for screen readers by
//! `aria-describedby` and `aria-invalid`. Where a page wants other markup, a field's parts are there by name: `{{ form.name.label }}`,
//! `{{ form.name.value }}`; `form.fields()` goes through all.

mod bound;
mod email;
mod field;
#[cfg(feature = "templates")]
mod html;
mod value;

pub use nuages_handler::FormData;

pub use self::bound::{BoundForm, FieldSet, FormErrors, HtmlForm};
pub use self::field::{BoundField, Widget};
pub use self::value::{FormValue, Number};
