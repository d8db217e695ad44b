//! HTML forms: a struct, and what people type into it.
//!
//! `#[derive(Form)]` on a struct gives it `bind`, which takes what was sent, `unbound`, for the first visit, and `filled`, for
//! what exists already. A [`BoundForm`] is [validated](BoundForm::validate) into the struct, or comes back with what was
//! typed and a message at each field. In it each field is a [`BoundField`] under its own name.
//!
//! Fields are `String`, numbers, `bool`, days and times (jiff's `Date`, `Time`, `DateTime`), `Decimal`, `Uuid`, enums with
//! `#[derive(Choices)]`, `Option` or `Vec` of these, or whatever implements [`FormValue`]. A `String` or a number is
//! required, an `Option`, a `Vec` or a `bool` is not. A file is an [`UploadedFile`], `Option` or `Vec` of it; the page's `<form>` then needs
//! `enctype="{{ form.enctype() }}"`. `#[form(..)]` says more:
//!
//! | setting | what it does |
//! |---|---|
//! | `label = ".."`, `help = ".."`, `placeholder = ".."` | what stands beside the field, or in it; the label is the name, unless given |
//! | `initial = value` | what an unbound form shows: a text, or a value of the field's type. It is no default of what was sent |
//! | `optional`, `required` | a `String` may be empty; a `bool` has to be checked |
//! | `max_length = 80`, `min_length = 2` | characters of a text |
//! | `min = 1`, `max = 20`, `step = 0.5` | limits of a number, or of a day or time: `min = "1900-01-01"` |
//! | `max_digits = 8`, `decimal_places = 2` | digits of a number |
//! | `email`, `url` | an e-mail address, the address of a page |
//! | `choices = [("fr", "Français"), ("nl", "Nederlands")]` | one of these values, shown as these texts; any of them for a `Vec` |
//! | `empty = "All countries"` | what a list says where nothing is chosen |
//! | `validate = function` | a `fn(&Value) -> Result<(), impl Display>`, see [`validators`]; it may be said several times |
//! | `widget = ".."` | `text`, `textarea`, `email`, `password`, `number`, `range`, `checkbox`, `select`, `select_multiple`, `radio`, `checkboxes`, `hidden`, `url`, `tel`, `search`, `date`, `time`, `datetime`, `color` or `file` |
//! | `widget = function` | a widget of one's own: a `fn(&BoundField) -> String` that shows the control, see [`WidgetFn`] |
//! | `autocomplete = "email"` | what a browser may fill in: a token of [the HTML standard](https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill) |
//! | `accept = "image/*,.pdf"`, `max_size = 5_000_000` | which files are taken, by what the visitor says of them, and of how many bytes |
//! | `attributes = [("inputmode", "numeric")]` | other attributes of the control |
//!
//! On the struct:
//!
//! | setting | what it does |
//! |---|---|
//! | `clean = function` | a `fn(&Self, &mut FormErrors)` that looks at all fields together |
//! | `clean_async = function` | an `async fn(&Self, &mut FormErrors) -> Result<()>`, or one that returns an `Op`, for what needs I/O; then [`BoundForm::clean`] takes the place of [`validate`](BoundForm::validate) |
//! | `deny_unknown` | a field that the form does not have is a mistake; otherwise it is ignored |
//!
//! Several forms of one kind on a page are told apart by [a prefix](FormSetup::prefix), or are a [`FormSet`].
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
//! `aria-describedby` and `aria-invalid`. Above a form that came back stands a summary of its mistakes, which takes the focus and links to each of
//! them. Buttons and boxes to choose from are a `<fieldset>` with a `<legend>`. Where a page wants other markup, a field's parts are there by
//! name: `{{ form.name.label }}`, `{{ form.name.value }}`; `form.fields()` goes through all, and `form.error_summary()` is the summary alone.

mod bound;
mod check;
mod choice;
mod email;
mod errors;
mod field;
mod field_type;
mod file;
mod formset;
#[cfg(feature = "templates")]
mod html;
mod html_form;
mod setup;
pub mod validators;
mod value;
mod widget;

pub use nuages_handler::FormData;
pub use nuages_handler::uploads::UploadedFile;

pub use self::bound::BoundForm;
pub use self::choice::{Choice, Choices};
pub use self::errors::FormErrors;
pub use self::field::{BoundField, WidgetFn};
pub use self::field_type::FieldType;
pub use self::formset::{FormSet, FormSetForm, FormSetSetup, FormSetValues};
#[cfg(feature = "templates")]
pub use self::html::ErrorSummary;
pub use self::html_form::{Checking, FieldSet, HtmlForm, IntoChecking, PlainForm};
pub use self::setup::FormSetup;
pub use self::value::{FormValue, ValueKind};
pub use self::widget::Widget;
