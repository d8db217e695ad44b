//! One field: what the page shows of it, and the rules for what is typed into it.

use nuages_handler::FormData;

use super::email::is_email;
use super::{FormValue, Number};

/// How a field is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Widget {
    /// One line of text.
    Text,
    /// Several lines of text.
    Textarea,
    /// An e-mail address.
    Email,
    /// A secret: never shown again, and taken with its spaces.
    Password,
    /// A number.
    Number,
    /// Yes or no.
    Checkbox,
    /// One of several.
    Select,
    /// Nothing that people see.
    Hidden,
    /// The address of a page.
    Url,
    /// A telephone number.
    Tel,
    /// Something to look for.
    Search,
    /// A day.
    Date,
}

impl Widget {
    /// The `type` of its `<input>`; `text` for what is no `<input>`.
    pub fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Textarea | Self::Select => "text",
            Self::Email => "email",
            Self::Password => "password",
            Self::Number => "number",
            Self::Checkbox => "checkbox",
            Self::Hidden => "hidden",
            Self::Url => "url",
            Self::Tel => "tel",
            Self::Search => "search",
            Self::Date => "date",
        }
    }
}

/// A field of a form with all that a page shows of it.
///
/// In a template, `{{ form.name }}` shows the whole field. Its parts are there for other markup.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BoundField {
    /// The name in what is sent.
    pub name: &'static str,
    /// The `id` of its element, for the label.
    pub id: String,
    /// What stands beside it.
    pub label: &'static str,
    /// A hint, where there is one.
    pub help: Option<&'static str>,
    /// What was typed, as it was typed; or the value that is to be changed.
    pub value: String,
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// Whether something has to be typed.
    pub required: bool,
    /// How it is asked for.
    pub widget: Widget,
    /// The `type` of its `<input>`.
    pub input_type: &'static str,
    /// The values that it can have, each with the text that stands for it. Empty: any.
    pub choices: &'static [(&'static str, &'static str)],
    /// The most characters.
    pub max_length: Option<usize>,
    /// The fewest characters.
    pub min_length: Option<usize>,
    /// The smallest number.
    pub min: Option<Number>,
    /// The largest number.
    pub max: Option<Number>,
    /// The `step` between numbers, where it is not 1.
    pub step: Option<&'static str>,
    email: bool,
}

/// What `#[derive(Form)]` builds a field with.
#[doc(hidden)]
impl BoundField {
    pub fn new<T: FormValue>(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            id: format!("id_{name}"),
            label,
            help: None,
            value: String::new(),
            errors: Vec::new(),
            required: T::REQUIRED,
            widget: T::WIDGET,
            input_type: T::WIDGET.input_type(),
            choices: &[],
            max_length: None,
            min_length: None,
            min: None,
            max: None,
            step: T::STEP,
            email: false,
        }
    }

    #[must_use]
    pub fn help(mut self, text: &'static str) -> Self {
        self.help = Some(text);
        self
    }

    #[must_use]
    pub fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        self
    }

    #[must_use]
    pub fn min_length(mut self, length: usize) -> Self {
        self.min_length = Some(length);
        self
    }

    #[must_use]
    pub fn min(mut self, number: Number) -> Self {
        self.min = Some(number);
        self
    }

    #[must_use]
    pub fn max(mut self, number: Number) -> Self {
        self.max = Some(number);
        self
    }

    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    #[must_use]
    pub fn email(mut self) -> Self {
        self.email = true;
        self.widget(Widget::Email)
    }

    #[must_use]
    pub fn choices(mut self, choices: &'static [(&'static str, &'static str)]) -> Self {
        self.choices = choices;
        self.widget(Widget::Select)
    }

    #[must_use]
    pub fn widget(mut self, widget: Widget) -> Self {
        self.widget = widget;
        self.input_type = widget.input_type();
        self
    }

    /// Shows a value.
    pub fn set<T: FormValue>(&mut self, value: &T) {
        if self.widget != Widget::Password {
            self.value = value.to_text();
        }
    }

    /// Takes what was sent as the text to show.
    pub(super) fn show(&mut self, data: &FormData) {
        if self.widget != Widget::Password {
            data.get(self.name)
                .unwrap_or_default()
                .clone_into(&mut self.value);
        }
    }

    /// The value of what was sent; without one, `errors` says why.
    pub fn clean<T: FormValue>(&mut self, data: &FormData) -> Option<T> {
        match self.check(data.get(self.name).unwrap_or_default()) {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    fn check<T: FormValue>(&self, typed: &str) -> Result<T, Vec<String>> {
        let one = |message: &str| Err(vec![message.to_owned()]);
        let text = if self.widget == Widget::Password {
            typed
        } else {
            typed.trim()
        };
        if text.is_empty() {
            return match T::from_nothing() {
                Some(value) if !self.required => Ok(value),
                _ => one("This field is required."),
            };
        }
        // Databases refuse it, and people can't type it.
        if text.contains('\0') {
            return one("Null characters are not allowed.");
        }
        let value = T::from_text(text).map_err(|message| vec![message])?;
        if self.widget == Widget::Checkbox && self.required && value.to_text().is_empty() {
            return one("This field is required.");
        }
        let mut errors = Vec::new();
        let length = text.chars().count();
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            errors.push(format!(
                "Ensure this value has at most {} (it has {length}).",
                characters(most)
            ));
        }
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            errors.push(format!(
                "Ensure this value has at least {} (it has {length}).",
                characters(least)
            ));
        }
        if let Some(number) = value.as_number() {
            if let Some(max) = self.max.filter(|max| number.is_above(*max)) {
                errors.push(format!("Ensure this value is less than or equal to {max}."));
            }
            if let Some(min) = self.min.filter(|min| min.is_above(number)) {
                errors.push(format!("Ensure this value is greater than or equal to {min}."));
            }
        }
        if self.email && !is_email(text) {
            errors.push("Enter a valid email address.".to_owned());
        }
        if !self.choices.is_empty() && !self.choices.iter().any(|(choice, _)| *choice == text) {
            errors.push(format!(
                "Select a valid choice. {text} is not one of the available choices."
            ));
        }
        if errors.is_empty() { Ok(value) } else { Err(errors) }
    }
}

impl BoundField {
    /// Whether something is wrong with it.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether a checkbox is checked.
    pub fn is_checked(&self) -> bool {
        <bool as FormValue>::from_text(&self.value) == Ok(true) && !self.value.is_empty()
    }

    /// Whether this is the value, of those that can be chosen.
    pub fn is_selected(&self, choice: &str) -> bool {
        self.value == choice
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
        let help = self.help.map(|_| self.help_id());
        let errors = self.has_errors().then(|| self.error_id());
        help.into_iter().chain(errors).collect::<Vec<_>>().join(" ")
    }
}

fn characters(count: usize) -> String {
    if count == 1 {
        "1 character".to_owned()
    } else {
        format!("{count} characters")
    }
}
