//! A form with what was typed into it.

use std::fmt;
use std::ops::Deref;

use http::Method;
use nuages_handler::{FormData, FromRequest, Request, Result};

use super::BoundField;

/// What `#[derive(Form)]` makes of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a form",
    note = "put `#[derive(Form)]` on the struct"
)]
pub trait HtmlForm: Sized {
    /// A struct with a [`BoundField`] for each field, under the same names.
    type Fields: FieldSet;

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
}

/// All fields of a form; made by `#[derive(Form)]`.
pub trait FieldSet: Clone + fmt::Debug {
    /// Each field, in the struct's order.
    fn all(&self) -> Vec<&BoundField>;

    /// Each field, to be changed.
    fn all_mut(&mut self) -> Vec<&mut BoundField>;
}

/// What is wrong with a form beyond its single fields.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    of_fields: Vec<(String, String)>,
    of_the_form: Vec<String>,
}

impl FormErrors {
    /// Says what is wrong at a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.of_fields.push((field.to_owned(), message.into()));
    }

    /// Says what is wrong with the form as a whole.
    pub fn add_to_form(&mut self, message: impl Into<String>) {
        self.of_the_form.push(message.into());
    }
}

/// A form as a page shows it: the fields with what was typed, and what is wrong.
///
/// The fields are there under their names: `form.email.errors`. As an extractor it is bound to what was sent by POST, PUT
/// or PATCH, and unbound otherwise, so one view can show the form and take it.
///
/// # Examples
///
/// ```
/// use nuages_handler::FormData;
/// use nuages_views::Form;
///
/// #[derive(Debug, Form)]
/// struct Login {
///     user: String,
///     #[form(widget = "password")]
///     password: String,
/// }
///
/// let sent: FormData = [("user", " django "), ("password", "")].into_iter().collect();
/// let form = Login::bind(&sent).validate().unwrap_err();
/// assert_eq!(form.user.value, " django ");
/// assert_eq!(form.password.errors, ["This field is required."]);
///
/// let sent: FormData = [("user", " django "), ("password", "nuages")].into_iter().collect();
/// assert_eq!(Login::bind(&sent).validate().unwrap().user, "django");
/// ```
pub struct BoundForm<F: HtmlForm> {
    /// Boxed, so that a `Result` with a form in it stays small.
    fields: Box<F::Fields>,
    errors: Vec<String>,
    data: Option<FormData>,
}

impl<F: HtmlForm> BoundForm<F> {
    /// The form as it was sent.
    pub fn bind(data: &FormData) -> Self {
        let mut form = Self {
            data: Some(data.clone()),
            ..Self::unbound()
        };
        for field in form.fields.all_mut() {
            field.show(data);
        }
        form
    }

    /// The form before anything was typed.
    pub fn unbound() -> Self {
        Self {
            fields: Box::new(F::fields()),
            errors: Vec::new(),
            data: None,
        }
    }

    /// The form with these values in it, to be changed.
    pub fn filled(values: &F) -> Self {
        let mut form = Self::unbound();
        values.write_to(&mut form.fields);
        form
    }

    /// Whether something was sent.
    pub fn is_bound(&self) -> bool {
        self.data.is_some()
    }

    /// The struct of what was typed, or the form with a message at each field that needs one.
    ///
    /// A form that nothing was sent to comes back without messages: nobody has done anything wrong yet.
    pub fn validate(mut self) -> Result<F, Self> {
        let Some(data) = &self.data else {
            return Err(self);
        };
        self.errors.clear();
        for field in self.fields.all_mut() {
            field.errors.clear();
        }
        let Some(values) = F::from_data(&mut self.fields, data) else {
            return Err(self);
        };
        let mut errors = FormErrors::default();
        values.check(&mut errors);
        if errors.of_fields.is_empty() && errors.of_the_form.is_empty() {
            return Ok(values);
        }
        self.errors = errors.of_the_form;
        for (field, message) in errors.of_fields {
            self.add_error(&field, message);
        }
        Err(self)
    }

    /// Says what is wrong at a field, when something else than the form found it: a name that is taken. Without such a field it is said of
    /// the form.
    pub fn add_error(&mut self, field: &str, message: impl Into<String>) {
        match self.fields.all_mut().into_iter().find(|f| f.name == field) {
            Some(field) => field.errors.push(message.into()),
            None => self.errors.push(message.into()),
        }
    }

    /// What is wrong with the form as a whole, beyond its fields.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether something is wrong with the form or any of its fields.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.fields.all().iter().any(|field| field.has_errors())
    }

    /// All fields, in the struct's order.
    pub fn fields(&self) -> Vec<&BoundField> {
        self.fields.all()
    }
}

/// The fields by their names.
impl<F: HtmlForm> Deref for BoundForm<F> {
    type Target = F::Fields;

    fn deref(&self) -> &F::Fields {
        &self.fields
    }
}

impl<F: HtmlForm> Clone for BoundForm<F> {
    fn clone(&self) -> Self {
        Self {
            fields: self.fields.clone(),
            errors: self.errors.clone(),
            data: self.data.clone(),
        }
    }
}

/// The names of the fields and the errors: values hold passwords.
impl<F: HtmlForm> fmt::Debug for BoundForm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entry(&"", &self.errors);
        map.entries(self.fields().iter().map(|field| (field.name, &field.errors)))
            .finish()
    }
}

impl<F: HtmlForm> FromRequest for BoundForm<F> {
    const NEEDS_BODY: bool = true;

    fn from_request(request: &Request) -> Result<Self> {
        match *request.method() {
            Method::POST | Method::PUT | Method::PATCH => Ok(Self::bind(&FormData::from_request(request)?)),
            _ => Ok(Self::unbound()),
        }
    }
}
