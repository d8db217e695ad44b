//! How fields are asked for.

/// How a field is asked for: an `<input>` of some type, or another element.
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
    /// A number, by a slider.
    Range,
    /// Yes or no.
    Checkbox,
    /// One of several, in a list that opens.
    Select,
    /// Any of several, in a list.
    SelectMultiple,
    /// One of several, each with a button.
    Radio,
    /// Any of several, each with a box.
    Checkboxes,
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
    /// A time of day.
    Time,
    /// A day and a time, of no time zone.
    DateTime,
    /// A colour.
    Color,
    /// A file from the visitor's machine.
    File,
}

impl Widget {
    /// The `type` of its `<input>`; `text` for what is no `<input>`.
    pub fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Textarea | Self::Select | Self::SelectMultiple => "text",
            Self::Email => "email",
            Self::Password => "password",
            Self::Number => "number",
            Self::Range => "range",
            Self::Checkbox | Self::Checkboxes => "checkbox",
            Self::Radio => "radio",
            Self::Hidden => "hidden",
            Self::Url => "url",
            Self::Tel => "tel",
            Self::Search => "search",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime-local",
            Self::Color => "color",
            Self::File => "file",
        }
    }

    /// Whether it is a group of elements, each with a label of its own: a `<fieldset>` with a `<legend>`.
    pub fn is_group(self) -> bool {
        matches!(self, Self::Radio | Self::Checkboxes)
    }

    /// Whether it offers values to choose from.
    pub fn has_choices(self) -> bool {
        matches!(
            self,
            Self::Select | Self::SelectMultiple | Self::Radio | Self::Checkboxes
        )
    }

    /// Whether browsers take `maxlength` for it.
    pub(super) fn has_length(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Textarea | Self::Email | Self::Password | Self::Url | Self::Tel | Self::Search
        )
    }
}
