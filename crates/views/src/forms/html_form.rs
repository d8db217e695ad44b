//! What `#[derive(Form)]` makes of a struct.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use nuages_handler::{FormData, Result};

use super::{BoundField, FormErrors};

/// A check of a form that does I/O, as it runs.
pub type Checking<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// What a `clean_async` returns: the future of an `async fn`, or an [`Op`](nuages_handler::Op).
#[diagnostic::on_unimplemented(
    message = "a `clean_async` is an `async fn` or returns an `Op`, and gives `nuages_handler::Result<()>`",
    label = "this returns `{Self}`",
    note = "for a check without I/O write `#[form(clean = ..)]`"
)]
pub trait IntoChecking<'a> {
    /// The check as it runs.
    fn into_checking(self) -> Checking<'a>;
}

#[diagnostic::do_not_recommend]
impl<'a, F> IntoChecking<'a> for F
where
    F: IntoFuture<Output = Result<()>>,
    F::IntoFuture: Send + 'a,
{
    fn into_checking(self) -> Checking<'a> {
        Box::pin(self.into_future())
    }
}

/// What `#[derive(Form)]` makes of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a form",
    note = "put `#[derive(Form)]` on the struct"
)]
pub trait HtmlForm: Sized {
    /// A struct with a [`BoundField`] for each field, under the same names.
    type Fields: FieldSet;

    /// Whether a field that the form does not have is a mistake: `#[form(deny_unknown)]`.
    const DENY_UNKNOWN: bool = false;

    /// The fields before anything was typed.
    fn fields() -> Self::Fields;

    /// The struct of what was sent; without one, the fields' errors say why.
    fn from_data(fields: &mut Self::Fields, data: &FormData) -> Option<Self>;

    /// Shows the struct's values in the fields.
    fn write_to(&self, fields: &mut Self::Fields);

    /// Looks at all fields together, once each for itself is fine: `#[form(clean = ..)]`.
    fn check(&self, errors: &mut FormErrors) {
        let _ = errors;
    }

    /// The same with I/O, once [`check`](Self::check) found nothing: `#[form(clean_async = ..)]`. `None` where there is no such check.
    fn check_io<'a>(&'a self, errors: &'a mut FormErrors) -> Option<Checking<'a>> {
        let _ = errors;
        None
    }
}

/// A form whose checks are plain code, so that [`BoundForm::validate`](super::BoundForm::validate) knows all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be validated without I/O: it has a `clean_async`",
    label = "this form's checks do I/O",
    note = "call `form.clean()` instead, and `.await` it in async code or `.wait()` for it in sync code"
)]
pub trait PlainForm: HtmlForm {}

/// All fields of a form; made by `#[derive(Form)]`.
pub trait FieldSet: Clone + fmt::Debug + Send + Sync + 'static {
    /// Each field, in the struct's order.
    fn all(&self) -> Vec<&BoundField>;

    /// Each field, to be changed.
    fn all_mut(&mut self) -> Vec<&mut BoundField>;
}
