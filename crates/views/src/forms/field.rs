//! One field: what the page shows of it, and the rules for what is typed into it.

use std::borrow::Cow;

use nuages_handler::FormData;

use super::{Choice, FieldType, Widget};

/// Text that is the program's own or was made for this request.
type Text = Cow<'static, str>;

/// Shows the control of a field, as HTML: a widget of one's own. An askama template makes it safely.
pub type WidgetFn = fn(&BoundField) -> String;

/// A field of a form with all that a page shows of it.
///
/// In a template, `{{ form.name }}` shows the whole field. Its parts are there for other markup. What the derive wrote can be
/// changed before the form is validated or shown: `form.country.set_choices(countries)`, `form.name.help = Some(..)`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BoundField {
    /// The name of the struct's field.
    pub field: &'static str,
    /// The name in what is sent: the same, behind the form's prefix.
    pub name: String,
    /// The `id` of its element, for the label.
    pub id: String,
    /// What stands beside it.
    pub label: Text,
    /// A hint, where there is one.
    pub help: Option<Text>,
    /// What was typed, as it was typed; or the value that is to be changed.
    pub value: String,
    /// The same where there may be several.
    pub values: Vec<String>,
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// Whether something has to be typed.
    pub required: bool,
    /// How it is asked for.
    pub widget: Widget,
    /// A widget of one's own, which shows the control in place of [`widget`](Self::widget).
    pub own_widget: Option<WidgetFn>,
    /// The values that it can have, each with the text that stands for it.
    pub choices: Vec<Choice>,
    /// The most characters.
    pub max_length: Option<usize>,
    /// The fewest characters.
    pub min_length: Option<usize>,
    /// The smallest value.
    pub min: Option<Text>,
    /// The largest value.
    pub max: Option<Text>,
    /// The `step` between values, where it is not the usual one.
    pub step: Option<Text>,
    /// What a browser may fill in by itself: a name of the HTML standard's list, as `email` or `street-address`.
    pub autocomplete: Option<&'static str>,
    /// An example that is shown while the field is empty. It is no label: it goes away when people type.
    pub placeholder: Option<Text>,
    /// What the empty choice of a `<select>` says: `All countries`.
    pub empty: Option<Text>,
    /// Which files a browser offers, as `image/*,.pdf`.
    pub accept: Option<Text>,
    /// The most bytes of a file.
    pub max_size: Option<u64>,
    /// Other attributes of the control.
    pub attributes: Vec<(Text, Text)>,
    pub(super) max_digits: Option<usize>,
    pub(super) decimal_places: Option<usize>,
    pub(super) email: bool,
    pub(super) url: bool,
    /// Whether only what can be chosen is taken, whatever the widget.
    pub(super) limited_to_choices: bool,
    pub(super) multiple: bool,
}

/// What `#[derive(Form)]` builds a field with.
#[doc(hidden)]
impl BoundField {
    pub fn new<T: FieldType>(name: &'static str, label: &'static str) -> Self {
        Self {
            field: name,
            name: name.to_owned(),
            id: format!("id_{name}"),
            label: label.into(),
            help: None,
            value: String::new(),
            values: Vec::new(),
            errors: Vec::new(),
            required: T::REQUIRED,
            widget: T::WIDGET,
            own_widget: None,
            choices: T::CHOICES.iter().copied().map(Choice::from).collect(),
            max_length: None,
            min_length: None,
            min: None,
            max: None,
            step: T::STEP.map(Cow::Borrowed),
            autocomplete: None,
            placeholder: None,
            empty: None,
            accept: None,
            max_size: None,
            attributes: Vec::new(),
            max_digits: None,
            decimal_places: None,
            email: false,
            url: false,
            limited_to_choices: !T::CHOICES.is_empty(),
            multiple: T::MULTIPLE,
        }
    }

    pub fn help(mut self, text: &'static str) -> Self {
        self.help = Some(text.into());
        self
    }

    pub fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        self
    }

    pub fn min_length(mut self, length: usize) -> Self {
        self.min_length = Some(length);
        self
    }

    pub fn min(mut self, limit: impl Into<Text>) -> Self {
        self.min = Some(limit.into());
        self
    }

    pub fn max(mut self, limit: impl Into<Text>) -> Self {
        self.max = Some(limit.into());
        self
    }

    pub fn step(mut self, step: impl Into<Text>) -> Self {
        self.step = Some(step.into());
        self
    }

    pub fn max_digits(mut self, digits: usize) -> Self {
        self.max_digits = Some(digits);
        self
    }

    pub fn decimal_places(mut self, places: usize) -> Self {
        self.decimal_places = Some(places);
        self.step = Some(match places {
            0 => "1".into(),
            places => format!("0.{:0>places$}", 1).into(),
        });
        self
    }

    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    pub fn email(mut self) -> Self {
        self.email = true;
        self.widget(Widget::Email)
    }

    pub fn url(mut self) -> Self {
        self.url = true;
        self.widget(Widget::Url)
    }

    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    pub fn placeholder(mut self, text: &'static str) -> Self {
        self.placeholder = Some(text.into());
        self
    }

    pub fn empty(mut self, text: &'static str) -> Self {
        self.empty = Some(text.into());
        self
    }

    pub fn accept(mut self, types: &'static str) -> Self {
        self.accept = Some(types.into());
        self
    }

    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    pub fn attributes(mut self, attributes: &[(&'static str, &'static str)]) -> Self {
        let attributes = attributes.iter();
        self.attributes = attributes
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        self
    }

    pub fn choices(mut self, choices: &[(&'static str, &'static str)]) -> Self {
        self.choices = choices.iter().copied().map(Choice::from).collect();
        self.limited_to_choices = true;
        let widget = if self.multiple {
            Widget::Checkboxes
        } else {
            Widget::Select
        };
        self.widget(widget)
    }

    pub fn widget(mut self, widget: Widget) -> Self {
        self.widget = widget;
        self
    }

    pub fn own_widget(mut self, widget: WidgetFn) -> Self {
        self.own_widget = Some(widget);
        self
    }

    pub fn initial<T: FieldType>(mut self, value: T) -> Self {
        self.set(&value);
        self
    }

    pub fn initial_text(mut self, text: &str) -> Self {
        self.set_texts(vec![text.to_owned()]);
        self
    }

    /// Shows a value.
    pub fn set<T: FieldType>(&mut self, value: &T) {
        self.set_texts(value.texts());
    }
}

impl BoundField {
    /// Shows these texts; a password shows none.
    pub(super) fn set_texts(&mut self, texts: Vec<String>) {
        if matches!(self.widget, Widget::Password | Widget::File) {
            return;
        }
        self.value = texts.last().cloned().unwrap_or_default();
        self.values = texts;
    }

    /// Takes what was sent as the text to show.
    pub(super) fn show(&mut self, data: &FormData) {
        let texts = data.get_list(&self.name).map(str::to_owned).collect();
        self.set_texts(texts);
    }

    /// Puts the form's prefix before the name.
    pub(super) fn set_prefix(&mut self, prefix: &str) {
        self.name = format!("{prefix}-{}", self.field);
        self.id = format!("id_{}", self.name);
    }

    /// The values that people choose from, where only the request knows them: rows of a table. Without a widget for choices, it
    /// becomes a `<select>`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::FormData;
    /// use nuages_views::Form;
    ///
    /// #[derive(Debug, Form)]
    /// struct Wish {
    ///     book: i64,
    /// }
    ///
    /// let sent: FormData = [("book", "9")].into_iter().collect();
    /// let mut form = Wish::bind(&sent);
    /// form.book.set_choices([("3", "Nuages"), ("4", "Minor Swing")]);
    /// let form = form.validate().unwrap_err();
    /// assert_eq!(form.book.errors, ["Select a valid choice. 9 is not one of the available choices."]);
    /// ```
    pub fn set_choices(&mut self, choices: impl IntoIterator<Item = impl Into<Choice>>) {
        self.choices = choices.into_iter().map(Into::into).collect();
        self.limited_to_choices = true;
        if !self.widget.has_choices() && self.widget != Widget::Hidden {
            self.widget = if self.multiple {
                Widget::Checkboxes
            } else {
                Widget::Select
            };
        }
    }

    /// The `type` of its `<input>`.
    pub fn input_type(&self) -> &'static str {
        self.widget.input_type()
    }

    /// Whether something is wrong with it.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether a checkbox is checked.
    pub fn is_checked(&self) -> bool {
        !matches!(self.value.trim(), "" | "false" | "False" | "0")
    }

    /// Whether this is the value, or one of the values, of those that can be chosen.
    pub fn is_selected(&self, choice: &str) -> bool {
        self.values.iter().any(|value| value == choice)
    }

    /// Whether it is a group of elements, each with a label of its own.
    pub fn is_group(&self) -> bool {
        self.own_widget.is_none() && self.widget.is_group()
    }

    /// The `id` of the element that a link to this field leads to: the first of a group.
    pub fn target_id(&self) -> String {
        if self.is_group() && !self.choices.is_empty() {
            format!("{}_0", self.id)
        } else {
            self.id.clone()
        }
    }

    /// The `id` of the element with its messages.
    pub fn error_id(&self) -> String {
        format!("{}-error", self.id)
    }

    /// The `id` of the element with its help.
    pub fn help_id(&self) -> String {
        format!("{}-help", self.id)
    }

    /// What goes into `aria-describedby`: the elements that say more about it. Empty where there are none.
    pub fn described_by(&self) -> String {
        let help = self.help.as_ref().map(|_| self.help_id());
        let errors = self.has_errors().then(|| self.error_id());
        help.into_iter().chain(errors).collect::<Vec<_>>().join(" ")
    }
}
