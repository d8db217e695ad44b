//! What a field of a form may be: one value, several, or a file.

use nuages_handler::FormData;

use super::{BoundField, FormValue, ValueKind, Widget};

/// A type that stands in a form's struct: what implements [`FormValue`], `Vec` of that, and files.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a field of a form",
    note = "a form's fields are `String`, numbers, `bool`, dates and times, `Decimal`, `Uuid`, enums with `#[derive(Choices)]`, `Option` and `Vec` of these, files, or what implements `nuages_views::forms::FormValue`"
)]
pub trait FieldType: Sized {
    /// What kind of value it is.
    const KIND: ValueKind;

    /// How it is asked for, unless `#[form(widget = ..)]` says otherwise.
    const WIDGET: Widget;

    /// Whether something has to be typed, unless the form says otherwise.
    const REQUIRED: bool;

    /// The `step` between two values.
    const STEP: Option<&'static str>;

    /// The values to choose from, where the type knows them.
    const CHOICES: &'static [(&'static str, &'static str)];

    /// Whether there may be several values.
    const MULTIPLE: bool = false;

    /// The value of what was sent.
    ///
    /// # Errors
    ///
    /// The messages that the page shows.
    fn clean(field: &BoundField, data: &FormData) -> Result<Self, Vec<String>>;

    /// The texts that show the value.
    fn texts(&self) -> Vec<String>;
}

#[diagnostic::do_not_recommend]
impl<T: FormValue> FieldType for T {
    const KIND: ValueKind = T::KIND;
    const WIDGET: Widget = T::WIDGET;
    const REQUIRED: bool = T::REQUIRED;
    const STEP: Option<&'static str> = T::STEP;
    const CHOICES: &'static [(&'static str, &'static str)] = T::CHOICES;

    fn clean(field: &BoundField, data: &FormData) -> Result<Self, Vec<String>> {
        field.check(data.get(&field.name).unwrap_or_default())
    }

    fn texts(&self) -> Vec<String> {
        vec![self.to_text()]
    }
}

/// Any of several. What was sent twice is there once; the order is that of what was sent.
impl<T: FormValue> FieldType for Vec<T> {
    const KIND: ValueKind = ValueKind::Several;
    const MULTIPLE: bool = true;
    const WIDGET: Widget = Widget::Checkboxes;
    const REQUIRED: bool = false;
    const STEP: Option<&'static str> = None;
    const CHOICES: &'static [(&'static str, &'static str)] = T::CHOICES;

    fn clean(field: &BoundField, data: &FormData) -> Result<Self, Vec<String>> {
        let mut texts: Vec<&str> = Vec::new();
        for text in data.get_list(&field.name).map(str::trim) {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.is_empty() && field.required {
            return Err(vec!["This field is required.".to_owned()]);
        }
        let (mut values, mut errors) = (Vec::with_capacity(texts.len()), Vec::new());
        for text in texts {
            match field.check(text) {
                Ok(value) => values.push(value),
                Err(messages) => errors.extend(messages),
            }
        }
        if errors.is_empty() {
            Ok(values)
        } else {
            Err(errors)
        }
    }

    fn texts(&self) -> Vec<String> {
        self.iter().map(FormValue::to_text).collect()
    }
}
