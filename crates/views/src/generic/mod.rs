//! Views that need no function of one's own, and views that are a value with a method for each HTTP method.
//!
//! - [`template_view`] shows a template, [`redirect_to`] and [`redirect_to_route`] lead elsewhere.
//! - [`form_view`](crate::form_view()) shows a form, takes it, and shows it again with its mistakes.
//! - [`#[methods]`](macro@crate::methods) on an `impl` makes a view of a struct, with a method for GET, one for POST and so on.

#[cfg(feature = "forms")]
mod form;
mod redirect;
#[cfg(feature = "templates")]
mod template;

#[cfg(feature = "forms")]
pub use self::form::{AsyncStep, FormStep, SyncStep, form_view};
pub use self::redirect::{RedirectView, redirect_to, redirect_to_route};
#[cfg(feature = "templates")]
pub use self::template::template_view;

/// Marks a view that is a value with methods; see [`macro@crate::methods`].
#[derive(Debug)]
pub struct Class;
