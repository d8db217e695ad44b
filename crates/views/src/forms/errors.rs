//! What is wrong with a form.

/// What is wrong with a form beyond its single fields: what its `clean` fills.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    pub(super) of_fields: Vec<(String, String)>,
    pub(super) of_the_form: Vec<String>,
}

impl FormErrors {
    /// Says what is wrong at a field, by the name of the struct's field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.of_fields.push((field.to_owned(), message.into()));
    }

    /// Says what is wrong with the form as a whole.
    pub fn add_to_form(&mut self, message: impl Into<String>) {
        self.of_the_form.push(message.into());
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.of_fields.is_empty() && self.of_the_form.is_empty()
    }
}
