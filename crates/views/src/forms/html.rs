//! Fields and forms as HTML. askama escapes what people typed.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::{BoundField, BoundForm, HtmlForm, Widget};

#[derive(Template)]
#[template(path = "nuages/field.html")]
struct FieldTemplate<'a> {
    field: &'a BoundField,
}

#[derive(Template)]
#[template(path = "nuages/form.html")]
struct FormTemplate<'a> {
    errors: Vec<String>,
    fields: Vec<&'a BoundField>,
}

fn show(template: &impl Template, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    template.render_into(f).map_err(|_| fmt::Error)
}

/// The whole field: label, help, element and messages.
impl fmt::Display for BoundField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&FieldTemplate { field: self }, f)
    }
}

/// It is HTML already, which askama is not to escape again.
impl HtmlSafe for BoundField {}

/// All fields, after what is wrong with the form as a whole. The `<form>` and its button are the page's own.
impl<F: HtmlForm> fmt::Display for BoundForm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        // Nobody would see them beside a hidden field.
        let hidden = fields.iter().filter(|field| field.widget == Widget::Hidden);
        let of_hidden = hidden.flat_map(|field| {
            field
                .errors
                .iter()
                .map(|error| format!("{}: {error}", field.label))
        });
        let errors = self.errors().iter().cloned().chain(of_hidden).collect();
        show(&FormTemplate { errors, fields }, f)
    }
}

/// It is HTML already, which askama is not to escape again.
impl<F: HtmlForm> HtmlSafe for BoundForm<F> {}
