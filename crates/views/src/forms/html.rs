//! Fields and forms as HTML. askama escapes what people typed.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::{BoundField, BoundForm, FormSet, HtmlForm, Widget};

#[derive(Template)]
#[template(path = "nuages/field.html")]
struct FieldTemplate<'a> {
    field: &'a BoundField,
    describedby: String,
}

/// The links to what is wrong, above a form: it takes the focus when the page is loaded, and screen readers read it out.
#[derive(Debug, Template)]
#[template(path = "nuages/errors.html")]
pub struct ErrorSummary {
    /// Each with the `id` that it leads to, if it is about one field.
    errors: Vec<(Option<String>, String)>,
}

impl HtmlSafe for ErrorSummary {}

#[derive(Template)]
#[template(path = "nuages/form.html")]
struct FormTemplate<'a> {
    summary: Option<ErrorSummary>,
    fields: Vec<&'a BoundField>,
}

#[derive(Template)]
#[template(path = "nuages/formset.html")]
struct FormSetTemplate<'a> {
    summary: ErrorSummary,
    management: [(String, usize); 2],
    forms: Vec<(String, FormTemplate<'a>, Option<&'a BoundField>)>,
}

fn show(template: &impl Template, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    template.render_into(f).map_err(|_| fmt::Error)
}

/// The whole field: label, help, messages and element.
impl fmt::Display for BoundField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let describedby = self.described_by();
        show(
            &FieldTemplate {
                field: self,
                describedby,
            },
            f,
        )
    }
}

/// It is HTML already, which askama is not to escape again.
impl HtmlSafe for BoundField {}

impl<F: HtmlForm> BoundForm<F> {
    /// The list of what is wrong, each message a link to its field; nothing where all is well. `{{ form }}` shows it too.
    pub fn error_summary(&self) -> ErrorSummary {
        let mut errors = Vec::new();
        self.collect_errors("", &mut errors);
        ErrorSummary { errors }
    }

    fn collect_errors(&self, before: &str, errors: &mut Vec<(Option<String>, String)>) {
        errors.extend(self.errors.iter().map(|error| (None, format!("{before}{error}"))));
        for field in self.fields() {
            // Nobody could go to a hidden field.
            let target = (field.widget != Widget::Hidden).then(|| field.target_id());
            let messages = field.errors.iter();
            errors
                .extend(messages.map(|error| (target.clone(), format!("{before}{}: {error}", field.label))));
        }
    }
}

/// All fields, after what is wrong. The `<form>` and its button are the page's own.
impl<F: HtmlForm> fmt::Display for BoundForm<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = FormTemplate {
            summary: Some(self.error_summary()),
            fields: self.fields(),
        };
        show(&template, f)
    }
}

/// It is HTML already, which askama is not to escape again.
impl<F: HtmlForm> HtmlSafe for BoundForm<F> {}

/// What is wrong, the hidden fields with the number of forms, and each form in a group of its own.
impl<F: HtmlForm> fmt::Display for FormSet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors: Vec<_> = self.errors().iter().map(|error| (None, error.clone())).collect();
        let mut forms = Vec::new();
        for form in self.forms() {
            let legend = self.legend_of(form.index());
            form.collect_errors(&format!("{legend}, "), &mut errors);
            let template = FormTemplate {
                summary: None,
                fields: form.fields(),
            };
            forms.push((legend, template, form.delete_field()));
        }
        let template = FormSetTemplate {
            summary: ErrorSummary { errors },
            management: self.management(),
            forms,
        };
        show(&template, f)
    }
}

/// It is HTML already, which askama is not to escape again.
impl<F: HtmlForm> HtmlSafe for FormSet<F> {}
