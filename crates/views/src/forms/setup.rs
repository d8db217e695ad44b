//! A form that begins otherwise than its struct says.

use std::fmt;
use std::marker::PhantomData;

use nuages_handler::FormData;

use super::{BoundForm, FieldSet, HtmlForm};

/// A form that is being set up: with a prefix, other values at its beginning, or stricter than its struct says.
///
/// # Examples
///
/// Two forms of one kind on a page, told apart by their prefixes:
///
/// ```
/// use nuages_handler::FormData;
/// use nuages_views::Form;
///
/// #[derive(Debug, Form)]
/// struct Address {
///     street: String,
///     #[form(initial = "Belgium")]
///     country: String,
/// }
///
/// let sent: FormData = [("bill-street", "Rue Haute 1"), ("bill-country", "Belgium"), ("ship-street", "")].into_iter().collect();
/// let bill = Address::setup().prefix("bill").bind(&sent).validate().unwrap();
/// assert_eq!(bill.street, "Rue Haute 1");
/// let ship = Address::setup().prefix("ship").bind(&sent).validate().unwrap_err();
/// assert_eq!(ship.street.name, "ship-street");
///
/// let first = Address::setup().initial("country", "France").unbound();
/// assert_eq!(first.country.value, "France");
/// ```
#[must_use = "a form is made by `bind`, `unbound` or `filled`"]
pub struct FormSetup<F> {
    prefix: String,
    initial: Vec<(String, String)>,
    deny_unknown: bool,
    form: PhantomData<fn() -> F>,
}

impl<F: HtmlForm> FormSetup<F> {
    pub(super) fn new() -> Self {
        Self {
            prefix: String::new(),
            initial: Vec::new(),
            deny_unknown: F::DENY_UNKNOWN,
            form: PhantomData,
        }
    }

    /// Puts this and a hyphen before the name of each field, so that a page can have several forms of one kind.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What a field shows at first, where only the request knows it; it wins over `#[form(initial = ..)]`. A name that the form
    /// does not have changes nothing.
    pub fn initial(mut self, field: impl Into<String>, value: impl fmt::Display) -> Self {
        self.initial.push((field.into(), value.to_string()));
        self
    }

    /// Whether a field that the form does not have is a mistake. Default: what `#[form(deny_unknown)]` says, else it is ignored.
    pub fn deny_unknown(mut self, deny: bool) -> Self {
        self.deny_unknown = deny;
        self
    }

    /// The form before anything was typed.
    pub fn unbound(self) -> BoundForm<F> {
        let mut fields = F::fields();
        for field in fields.all_mut() {
            let of_field = self.initial.iter().filter(|(name, _)| name == field.field);
            let texts: Vec<String> = of_field.map(|(_, text)| text.clone()).collect();
            if !texts.is_empty() {
                field.set_texts(texts);
            }
            if !self.prefix.is_empty() {
                field.set_prefix(&self.prefix);
            }
        }
        BoundForm {
            fields: Box::new(fields),
            errors: Vec::new(),
            data: None,
            prefix: self.prefix,
            deny_unknown: self.deny_unknown,
        }
    }

    /// The form with these values in it, to be changed.
    pub fn filled(self, values: &F) -> BoundForm<F> {
        let mut form = self.unbound();
        values.write_to(&mut form.fields);
        form
    }

    /// The form as it was sent.
    pub fn bind(self, data: &FormData) -> BoundForm<F> {
        let mut form = self.unbound();
        for field in form.fields.all_mut() {
            field.show(data);
        }
        form.data = Some(data.clone());
        form
    }
}

impl<F> fmt::Debug for FormSetup<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormSetup")
            .field("prefix", &self.prefix)
            .field("deny_unknown", &self.deny_unknown)
            .finish_non_exhaustive()
    }
}
