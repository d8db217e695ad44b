//! Several forms of one kind on one page: the lines of an order.

use std::fmt;
use std::ops::{Deref, DerefMut};

use nuages_handler::FormData;

use super::{BoundField, BoundForm, FormSetup, HtmlForm, PlainForm};

const TOTAL: &str = "TOTAL_FORMS";
const INITIAL: &str = "INITIAL_FORMS";
const DELETE: &str = "DELETE";

/// How many more forms than [`max`](FormSetSetup::max) are read before the rest is not even looked at.
const PAST_MAX: usize = 1000;

/// How a [`FormSet`] is set up.
///
/// Defaults: `form` as its prefix, 1 empty form beside what exists, at least 0 and at most 1000 forms, none may be deleted.
#[derive(Clone, Debug)]
#[must_use = "a form set is made by `bind`, `unbound` or `filled`"]
pub struct FormSetSetup {
    prefix: String,
    legend: String,
    extra: usize,
    min: usize,
    max: usize,
    can_delete: bool,
}

impl Default for FormSetSetup {
    fn default() -> Self {
        Self {
            prefix: "form".to_owned(),
            legend: String::new(),
            extra: 1,
            min: 0,
            max: 1000,
            can_delete: false,
        }
    }
}

impl FormSetSetup {
    /// What stands before the names of all its fields.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What each form is called, before its number. Default: `Entry`.
    pub fn legend(mut self, legend: impl Into<String>) -> Self {
        self.legend = legend.into();
        self
    }

    /// How many empty forms are shown beside those that exist.
    pub fn extra(mut self, extra: usize) -> Self {
        self.extra = extra;
        self
    }

    /// How many forms have to be filled in.
    pub fn min(mut self, min: usize) -> Self {
        self.min = min;
        self
    }

    /// How many forms may be filled in. Of what is sent, 1000 more are read, and nothing beyond.
    pub fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// Whether each form has a box to delete it.
    pub fn can_delete(mut self, can_delete: bool) -> Self {
        self.can_delete = can_delete;
        self
    }

    /// Empty forms alone.
    pub fn unbound<F: HtmlForm>(self) -> FormSet<F> {
        self.filled(&[])
    }

    /// A form for each value, and empty ones beside them.
    pub fn filled<F: HtmlForm>(self, values: &[F]) -> FormSet<F> {
        let total = (values.len() + self.extra).clamp(self.min, self.max.max(values.len()));
        let mut set = FormSet::new(self, values.len());
        for index in 0..total {
            let setup = set.setup_of(index);
            let form = match values.get(index) {
                Some(values) => setup.filled(values),
                None => setup.unbound(),
            };
            set.push(index, form);
        }
        set
    }

    /// The forms as they were sent.
    pub fn bind<F: HtmlForm>(self, data: &FormData) -> FormSet<F> {
        let number = |name: &str| -> Option<usize> {
            data.get(&format!("{}-{name}", self.prefix))?.trim().parse().ok()
        };
        let counts = number(TOTAL).zip(number(INITIAL));
        let most = self.max.saturating_add(PAST_MAX);
        let (total, initial) = counts.unwrap_or((0, 0));
        let mut set = FormSet::new(self, initial.min(total).min(most));
        set.bound = true;
        set.is_tampered_with = counts.is_none() || initial > total;
        for index in 0..total.min(most) {
            let mut form = set.setup_of(index).bind(data);
            // A box that the page did not have deletes nothing.
            let mut delete = set.delete_field(index);
            if let Some(delete) = &mut delete {
                delete.show(data);
            }
            form.deny_unknown = false;
            set.forms.push(FormSetForm {
                form,
                index,
                exists: index < set.initial,
                delete,
            });
        }
        set
    }
}

/// Several forms of one kind on one page, after Django's form sets: the number of forms comes in hidden fields of its own, empty
/// forms beyond what exists may stay empty, and forms may be deleted.
///
/// # Examples
///
/// ```
/// use nuages_handler::FormData;
/// use nuages_views::Form;
/// use nuages_views::forms::FormSet;
///
/// #[derive(Clone, Debug, PartialEq, Form)]
/// struct Track {
///     title: String,
///     #[form(min = 1)]
///     minutes: u8,
/// }
///
/// // What exists, and one empty form.
/// let tracks = [Track { title: "Nuages".to_owned(), minutes: 3 }];
/// let set = FormSet::<Track>::setup().prefix("tracks").can_delete(true).filled(&tracks);
/// assert_eq!(set.forms().len(), 2);
///
/// // What comes back.
/// let sent: FormData = [
///     ("tracks-TOTAL_FORMS", "2"), ("tracks-INITIAL_FORMS", "1"),
///     ("tracks-0-title", "Nuages"), ("tracks-0-minutes", "4"),
///     ("tracks-1-title", ""), ("tracks-1-minutes", ""), // left empty
/// ].into_iter().collect();
/// let changes = FormSet::<Track>::setup().prefix("tracks").can_delete(true).bind(&sent).validate().unwrap();
/// assert_eq!(changes.existing, [(0, Track { title: "Nuages".to_owned(), minutes: 4 })]);
/// assert!(changes.added.is_empty() && changes.deleted.is_empty());
/// ```
pub struct FormSet<F: HtmlForm> {
    /// Boxed, so that a `Result` with a set in it stays small.
    setup: Box<FormSetSetup>,
    forms: Vec<FormSetForm<F>>,
    /// How many of the forms stand for what exists.
    initial: usize,
    errors: Vec<String>,
    bound: bool,
    is_tampered_with: bool,
}

/// One form of a [`FormSet`]: the form's fields by their names, and a box to delete it where it may be deleted.
pub struct FormSetForm<F: HtmlForm> {
    form: BoundForm<F>,
    index: usize,
    exists: bool,
    delete: Option<BoundField>,
}

/// What was typed into a [`FormSet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormSetValues<F> {
    /// The values of what existed, each with its place in what the set was filled with.
    pub existing: Vec<(usize, F)>,
    /// What is new.
    pub added: Vec<F>,
    /// The places of what is to be deleted.
    pub deleted: Vec<usize>,
}

impl<F: HtmlForm> FormSet<F> {
    /// How the set is; `filled`, `unbound` or `bind` makes it.
    pub fn setup() -> FormSetSetup {
        FormSetSetup::default()
    }

    fn new(setup: FormSetSetup, initial: usize) -> Self {
        Self {
            setup: Box::new(setup),
            forms: Vec::new(),
            initial,
            errors: Vec::new(),
            bound: false,
            is_tampered_with: false,
        }
    }

    fn setup_of(&self, index: impl fmt::Display) -> FormSetup<F> {
        BoundForm::setup().prefix(format!("{}-{index}", self.setup.prefix))
    }

    fn push(&mut self, index: usize, form: BoundForm<F>) {
        let delete = self.delete_field(index);
        self.forms.push(FormSetForm {
            form,
            index,
            exists: index < self.initial,
            delete,
        });
    }

    fn delete_field(&self, index: impl fmt::Display) -> Option<BoundField> {
        self.setup.can_delete.then(|| {
            let mut delete = BoundField::new::<bool>(DELETE, "Delete");
            delete.set_prefix(&format!("{}-{index}", self.setup.prefix));
            delete
        })
    }

    /// Its forms.
    pub fn forms(&self) -> &[FormSetForm<F>] {
        &self.forms
    }

    /// Its forms, to be changed: choices that only the request knows.
    pub fn forms_mut(&mut self) -> &mut [FormSetForm<F>] {
        &mut self.forms
    }

    /// A form for a script to copy: where its number belongs, its names and ids say `__prefix__`.
    pub fn empty_form(&self) -> BoundForm<F> {
        self.setup_of("__prefix__").unbound()
    }

    /// What is wrong with the set as a whole.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether something is wrong with the set or any of its forms.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.forms.iter().any(|form| form.form.has_errors())
    }

    /// Says what is wrong with the set as a whole, when something else than the set found it.
    pub fn add_error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    /// The hidden fields that say how many forms there are, each with its name and value.
    pub fn management(&self) -> [(String, usize); 2] {
        [
            (format!("{}-{TOTAL}", self.setup.prefix), self.forms.len()),
            (format!("{}-{INITIAL}", self.setup.prefix), self.initial),
        ]
    }

    /// What is to be kept, added and deleted, or the set with a message at each field that needs one.
    pub fn validate(mut self) -> Result<FormSetValues<F>, Self>
    where
        F: PlainForm,
    {
        if !self.bound {
            return Err(self);
        }
        self.errors.clear();
        if self.is_tampered_with {
            self.errors.push(
                "ManagementForm data is missing or has been tampered with. The page has to send the set's hidden fields."
                    .to_owned(),
            );
            return Err(self);
        }
        let mut values = FormSetValues {
            existing: Vec::new(),
            added: Vec::new(),
            deleted: Vec::new(),
        };
        let (mut filled, mut is_wrong) = (0, false);
        for form in &mut self.forms {
            if form.is_deleted() {
                if form.exists {
                    values.deleted.push(form.index);
                }
                continue;
            }
            // An empty form is none, unless that many have to be filled in.
            if !form.exists && form.index >= self.setup.min && !form.form.has_changed() {
                continue;
            }
            filled += 1;
            match form.form.checked() {
                Some(value) if form.exists => values.existing.push((form.index, value)),
                Some(value) => values.added.push(value),
                None => is_wrong = true,
            }
        }
        let (min, max) = (self.setup.min, self.setup.max);
        let forms = |count: usize| format!("{count} form{}", if count == 1 { "" } else { "s" });
        if filled > max {
            self.errors.push(format!("Please submit at most {}.", forms(max)));
        }
        if filled < min {
            self.errors
                .push(format!("Please submit at least {}.", forms(min)));
        }
        if is_wrong || !self.errors.is_empty() {
            Err(self)
        } else {
            Ok(values)
        }
    }

    /// What a form is called for people: `Entry 2`.
    pub(super) fn legend_of(&self, index: usize) -> String {
        let legend = if self.setup.legend.is_empty() {
            "Entry"
        } else {
            &self.setup.legend
        };
        format!("{legend} {}", index + 1)
    }
}

impl<F: HtmlForm> FormSetForm<F> {
    /// The form.
    pub fn form(&self) -> &BoundForm<F> {
        &self.form
    }

    /// Its place in the set.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether it stands for what exists already.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The box that deletes it, where it may be deleted.
    pub fn delete_field(&self) -> Option<&BoundField> {
        self.delete.as_ref()
    }

    /// Whether somebody wants it deleted.
    pub fn is_deleted(&self) -> bool {
        self.delete.as_ref().is_some_and(BoundField::is_checked)
    }
}

impl<F: HtmlForm> Deref for FormSetForm<F> {
    type Target = BoundForm<F>;

    fn deref(&self) -> &BoundForm<F> {
        &self.form
    }
}

impl<F: HtmlForm> DerefMut for FormSetForm<F> {
    fn deref_mut(&mut self) -> &mut BoundForm<F> {
        &mut self.form
    }
}

impl<F: HtmlForm> fmt::Debug for FormSetForm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.fmt(f)
    }
}

impl<F: HtmlForm> fmt::Debug for FormSet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormSet")
            .field("errors", &self.errors)
            .field("forms", &self.forms)
            .finish_non_exhaustive()
    }
}
