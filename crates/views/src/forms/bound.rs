//! A form with what was typed into it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use http::Method;
use nuages_handler::{Error, FormData, FromRequest, Needs, Op, Request, Result};

use super::{BoundField, FieldSet, FormErrors, FormSetup, HtmlForm, PlainForm, Widget};

/// The names that a form's page sends beside the form's own.
const NOT_OURS: [&str; 1] = ["csrfmiddlewaretoken"];

/// How many unknown names a message lists.
const LISTED: usize = 5;

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
    pub(super) fields: Box<F::Fields>,
    pub(super) errors: Vec<String>,
    pub(super) data: Option<FormData>,
    pub(super) prefix: String,
    pub(super) deny_unknown: bool,
}

impl<F: HtmlForm> BoundForm<F> {
    /// The form as it was sent.
    pub fn bind(data: &FormData) -> Self {
        FormSetup::new().bind(data)
    }

    /// The form before anything was typed.
    pub fn unbound() -> Self {
        FormSetup::new().unbound()
    }

    /// The form with these values in it, to be changed.
    pub fn filled(values: &F) -> Self {
        FormSetup::new().filled(values)
    }

    /// A form with a prefix, or with other values at its beginning.
    pub fn setup() -> FormSetup<F> {
        FormSetup::new()
    }

    /// Whether something was sent.
    pub fn is_bound(&self) -> bool {
        self.data.is_some()
    }

    /// The struct of what was typed, or the form with a message at each field that needs one.
    ///
    /// A form that nothing was sent to comes back without messages: nobody has done anything wrong yet. A form with a `clean_async`
    /// is [cleaned](Self::clean) instead.
    pub fn validate(mut self) -> Result<F, Self>
    where
        F: PlainForm,
    {
        match self.checked() {
            Some(values) => Ok(values),
            None => Err(self),
        }
    }

    /// The same as an operation, for every form: a `clean_async`, which asks a database or another service, is part of it.
    ///
    /// Its outer error is that of the I/O; the inner one is the form with its messages.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Result, Urls};
    /// use nuages_views::forms::FormErrors;
    /// use nuages_views::{BoundForm, Form};
    ///
    /// #[derive(Form)]
    /// #[form(clean_async = is_free)]
    /// struct Signup {
    ///     name: String,
    /// }
    ///
    /// async fn is_free(signup: &Signup, errors: &mut FormErrors) -> Result<()> {
    ///     if signup.name == "django" { // as if a database said so
    ///         errors.add("name", "This name is taken.");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// async fn sign_up(form: BoundForm<Signup>) -> Result<String> {
    ///     match form.clean().await? {
    ///         Ok(signup) => Ok(format!("welcome, {}", signup.name)),
    ///         Err(form) => Ok(form.name.errors.join(" ")),
    ///     }
    /// }
    ///
    /// fn sign_up_sync(form: BoundForm<Signup>) -> Result<String> {
    ///     Ok(form.clean().wait()?.map_or_else(|form| form.name.errors.join(" "), |signup| signup.name))
    /// }
    ///
    /// let urls = Urls::new().path("async/", sign_up).path("sync/", sign_up_sync);
    /// let client = Client::new(App::new().urls(urls));
    /// for path in ["/async/", "/sync/"] {
    ///     assert_eq!(client.post(path).form([("name", "django")]).wait()?.text(), "This name is taken.");
    /// }
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the `clean_async` fails with.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the `clean_async` where it is.
    ///
    /// # Blocking
    ///
    /// `.wait()` waits for the `clean_async`; without one it does not block.
    #[track_caller]
    pub fn clean(mut self) -> Op<'static, Result<F, Self>>
    where
        F: Send + Sync + 'static,
    {
        Op::new("BoundForm::clean", async move {
            let Some(values) = self.checked() else {
                return Ok(Err(self));
            };
            let mut errors = FormErrors::default();
            if let Some(checking) = values.check_io(&mut errors) {
                checking.await?;
            }
            if errors.is_empty() {
                return Ok(Ok(values));
            }
            self.add_errors(errors);
            Ok(Err(self))
        })
    }

    /// The values, where the checks that are plain code find nothing; else the messages are in the form.
    pub(super) fn checked(&mut self) -> Option<F> {
        let data = self.data.clone()?;
        self.errors.clear();
        for field in self.fields.all_mut() {
            field.errors.clear();
        }
        if self.deny_unknown {
            self.refuse_unknown(&data);
        }
        let values = F::from_data(&mut self.fields, &data)?;
        if !self.errors.is_empty() {
            return None;
        }
        let mut errors = FormErrors::default();
        values.check(&mut errors);
        if errors.is_empty() {
            return Some(values);
        }
        self.add_errors(errors);
        None
    }

    fn refuse_unknown(&mut self, data: &FormData) {
        let ours = if self.prefix.is_empty() {
            String::new()
        } else {
            format!("{}-", self.prefix)
        };
        let fields = self.fields.all();
        let mut unknown: Vec<&str> = Vec::new();
        let names = data.iter().map(|(name, _)| name);
        let names = names.chain(data.files().iter().map(|file| file.field()));
        for name in names.filter(|name| name.starts_with(&ours)) {
            let known = NOT_OURS.contains(&name) || fields.iter().any(|field| field.name == name);
            if !known && !unknown.contains(&name) {
                unknown.push(name);
            }
        }
        for name in unknown.into_iter().take(LISTED) {
            let shown: String = name.chars().take(60).collect();
            self.errors.push(format!("This form has no field “{shown}”."));
        }
    }

    fn add_errors(&mut self, errors: FormErrors) {
        self.errors.extend(errors.of_the_form);
        for (field, message) in errors.of_fields {
            self.add_error(&field, message);
        }
    }

    /// Says what is wrong at a field, when something else than the form found it: a name that is taken. Without such a field it is said of
    /// the form.
    pub fn add_error(&mut self, field: &str, message: impl Into<String>) {
        match self.fields.all_mut().into_iter().find(|f| f.field == field) {
            Some(field) => field.errors.push(message.into()),
            None => self.errors.push(message.into()),
        }
    }

    /// Says what is wrong with the form as a whole, when something else than the form found it.
    pub fn add_form_error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
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

    /// The fields that nobody sees.
    pub fn hidden_fields(&self) -> Vec<&BoundField> {
        let mut fields = self.fields();
        fields.retain(|field| field.widget == Widget::Hidden);
        fields
    }

    /// The fields that people see.
    pub fn visible_fields(&self) -> Vec<&BoundField> {
        let mut fields = self.fields();
        fields.retain(|field| field.widget != Widget::Hidden);
        fields
    }

    /// What the page's `<form>` needs as its `enctype`: another one where a field is a file.
    pub fn enctype(&self) -> &'static str {
        if self.fields().iter().any(|field| field.widget == Widget::File) {
            "multipart/form-data"
        } else {
            "application/x-www-form-urlencoded"
        }
    }

    /// Whether what was sent differs from what the form began with: a row that nobody touched has not changed.
    pub(super) fn has_changed(&self) -> bool {
        let Some(data) = &self.data else {
            return false;
        };
        let mut initial = F::fields();
        let initial = initial.all_mut();
        self.fields.all().iter().zip(initial).any(|(field, initial)| {
            let sent: Vec<&str> = data
                .get_list(&field.name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .collect();
            let before: Vec<&str> = initial
                .values
                .iter()
                .map(String::as_str)
                .filter(|text| !text.is_empty())
                .collect();

            let has_file = data.files().get(&field.name).is_some();
            field.widget != Widget::Hidden && (has_file || sent != before)
        })
    }
}

/// The fields by their names.
impl<F: HtmlForm> Deref for BoundForm<F> {
    type Target = F::Fields;

    fn deref(&self) -> &F::Fields {
        &self.fields
    }
}

/// The fields by their names, to be changed: choices that only the request knows.
impl<F: HtmlForm> DerefMut for BoundForm<F> {
    fn deref_mut(&mut self) -> &mut F::Fields {
        &mut self.fields
    }
}

impl<F: HtmlForm> Clone for BoundForm<F> {
    fn clone(&self) -> Self {
        Self {
            fields: self.fields.clone(),
            errors: self.errors.clone(),
            data: self.data.clone(),
            prefix: self.prefix.clone(),
            deny_unknown: self.deny_unknown,
        }
    }
}

/// The names of the fields and the errors: values hold passwords.
impl<F: HtmlForm> fmt::Debug for BoundForm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entry(&"", &self.errors);
        map.entries(self.fields().iter().map(|field| (&field.name, &field.errors)))
            .finish()
    }
}

impl<F: HtmlForm> FromRequest for BoundForm<F> {
    type Rejection = Error;
    const NEEDS: Needs = Needs::FORM;

    fn from_request(request: &Request) -> Result<Self> {
        if was_sent(request) {
            Ok(Self::bind(&FormData::from_request(request)?))
        } else {
            Ok(Self::unbound())
        }
    }
}

/// Whether a request brings a form.
pub(crate) fn was_sent(request: &Request) -> bool {
    matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
}
