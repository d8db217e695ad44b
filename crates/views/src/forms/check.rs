//! The rules of one field, for what was typed into it.

use std::cmp::Ordering;
use std::fmt::Display;

use nuages_handler::FormData;

use super::email::is_email;
use super::{BoundField, FieldType, FormValue, ValueKind, Widget, validators};

const REQUIRED: &str = "This field is required.";

/// What `#[derive(Form)]` cleans a field with.
#[doc(hidden)]
impl BoundField {
    /// The value of what was sent; without one, `errors` says why.
    pub fn clean<T: FieldType>(&mut self, data: &FormData) -> Option<T> {
        match T::clean(self, data) {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    /// The value, if `validator` finds nothing wrong with it.
    pub fn validate<T, E: Display>(
        &mut self,
        value: Option<T>,
        validator: impl FnOnce(&T) -> Result<(), E>,
    ) -> Option<T> {
        match validator(value.as_ref()?) {
            Ok(()) => value,
            Err(message) => {
                self.errors.push(message.to_string());
                None
            }
        }
    }

    /// One value of what was typed.
    pub(super) fn check<T: FormValue>(&self, typed: &str) -> Result<T, Vec<String>> {
        let one = |message: &str| Err(vec![message.to_owned()]);
        let text = if self.widget == Widget::Password {
            typed
        } else {
            typed.trim()
        };
        if text.is_empty() {
            return match T::from_nothing() {
                Some(value) if !self.required => Ok(value),
                _ => one(REQUIRED),
            };
        }
        // Databases refuse it, and people can't type it.
        if text.contains('\0') {
            return one("Null characters are not allowed.");
        }
        // Before it is read: what is none of the choices may be no such value either.
        if !self.is_choice(text) {
            return Err(vec![format!(
                "Select a valid choice. {text} is not one of the available choices."
            )]);
        }
        let value = T::from_text(text).map_err(|message| vec![message])?;
        if T::KIND == ValueKind::Bool && self.required && value.to_text().is_empty() {
            return one(REQUIRED);
        }
        let mut errors = Vec::new();
        self.check_length(text, &mut errors);
        self.check_limits(&value, &mut errors);
        self.check_digits(&value.to_text(), &mut errors);
        if self.email && !is_email(text) {
            errors.push("Enter a valid email address.".to_owned());
        }
        if self.url
            && let Err(message) = validators::url(text)
        {
            errors.push(message.to_owned());
        }
        if errors.is_empty() { Ok(value) } else { Err(errors) }
    }

    fn is_choice(&self, text: &str) -> bool {
        !(self.limited_to_choices || self.widget.has_choices())
            || self.choices.iter().any(|choice| choice.value == text)
    }

    fn check_length(&self, text: &str, errors: &mut Vec<String>) {
        let length = text.chars().count();
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            errors.push(format!(
                "Ensure this value has at most {} (it has {length}).",
                counted(most, "character")
            ));
        }
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            errors.push(format!(
                "Ensure this value has at least {} (it has {length}).",
                counted(least, "character")
            ));
        }
    }

    fn check_limits(&self, value: &impl FormValue, errors: &mut Vec<String>) {
        if let Some(max) = &self.max
            && value.compare(max) == Some(Ordering::Greater)
        {
            errors.push(format!("Ensure this value is less than or equal to {max}."));
        }
        if let Some(min) = &self.min
            && value.compare(min) == Some(Ordering::Less)
        {
            errors.push(format!("Ensure this value is greater than or equal to {min}."));
        }
    }

    fn check_digits(&self, text: &str, errors: &mut Vec<String>) {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole = whole.trim_start_matches(['-', '0']).len();
        if let Some(places) = self.decimal_places.filter(|places| fraction.len() > *places) {
            errors.push(format!(
                "Ensure that there are no more than {}.",
                counted(places, "decimal place")
            ));
        }
        if let Some(digits) = self.max_digits {
            if whole + fraction.len() > digits {
                errors.push(format!(
                    "Ensure that there are no more than {} in total.",
                    counted(digits, "digit")
                ));
            } else if let Some(before) = digits.checked_sub(self.decimal_places.unwrap_or(0))
                && whole > before
            {
                errors.push(format!(
                    "Ensure that there are no more than {} before the decimal point.",
                    counted(before, "digit")
                ));
            }
        }
    }
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
