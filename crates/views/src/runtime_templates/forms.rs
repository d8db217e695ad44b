//! Forms as values of templates.

use minijinja::Value;

use super::functions::Markup;
use crate::forms::{BoundField, BoundForm, FormSet, HtmlForm};

/// The form as a page shows it, with its fields by their names, and `fields`, `errors`, `error_summary` and `enctype`.
impl<F: HtmlForm> From<BoundForm<F>> for Value {
    fn from(form: BoundForm<F>) -> Self {
        let fields: Vec<(String, Self)> = form
            .fields()
            .into_iter()
            .map(|field| (field.field.to_owned(), of_field(field)))
            .collect();
        let in_order: Vec<Self> = fields.iter().map(|(_, field)| field.clone()).collect();
        let summary = Self::from_safe_string(form.error_summary().to_string());
        let mut parts = vec![
            ("fields".to_owned(), Self::from(in_order)),
            ("errors".to_owned(), Self::from(form.errors().to_vec())),
            ("error_summary".to_owned(), summary),
            ("enctype".to_owned(), Self::from(form.enctype())),
        ];
        parts.extend(fields);
        Self::from_object(Markup {
            html: form.to_string(),
            parts,
        })
    }
}

/// All forms as a page shows them.
impl<F: HtmlForm> From<FormSet<F>> for Value {
    fn from(forms: FormSet<F>) -> Self {
        Self::from_safe_string(forms.to_string())
    }
}

fn of_field(field: &BoundField) -> Value {
    let part = |name: &str, value: Value| (name.to_owned(), value);
    Value::from_object(Markup {
        html: field.to_string(),
        parts: vec![
            part("name", field.name.as_str().into()),
            part("id", field.id.as_str().into()),
            part("label", field.label.as_ref().into()),
            part("help", field.help.as_deref().into()),
            part("value", field.value.as_str().into()),
            part("values", field.values.clone().into()),
            part("errors", field.errors.clone().into()),
            part("required", field.required.into()),
        ],
    })
}
