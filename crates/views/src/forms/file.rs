//! Files as fields of a form.

use nuages_handler::FormData;
use nuages_handler::uploads::UploadedFile;

use super::{BoundField, FieldType, ValueKind, Widget};

const REQUIRED: &str = "This field is required.";

macro_rules! file_fields {
    ($($kind:ty, $required:literal, $multiple:literal, |$field:ident, $files:ident| $clean:expr;)+) => {
        $(#[diagnostic::do_not_recommend]
        impl FieldType for $kind {
            const KIND: ValueKind = ValueKind::File;
            const WIDGET: Widget = Widget::File;
            const REQUIRED: bool = $required;
            const STEP: Option<&'static str> = None;
            const CHOICES: &'static [(&'static str, &'static str)] = &[];
            const MULTIPLE: bool = $multiple;

            fn clean($field: &BoundField, data: &FormData) -> Result<Self, Vec<String>> {
                let $files = sent($field, data)?;
                $clean
            }

            /// A browser can't be told which file it had.
            fn texts(&self) -> Vec<String> {
                Vec::new()
            }
        })+
    };
}

file_fields! {
    UploadedFile, true, false, |field, files| {
        let _ = field;
        files.into_iter().next_back().ok_or_else(|| vec![REQUIRED.to_owned()])
    };
    Option<UploadedFile>, false, false, |field, files| {
        match files.into_iter().next_back() {
            None if field.required => Err(vec![REQUIRED.to_owned()]),
            file => Ok(file),
        }
    };
    Vec<UploadedFile>, false, true, |field, files| {
        if files.is_empty() && field.required {
            return Err(vec![REQUIRED.to_owned()]);
        }
        Ok(files)
    };
}

/// The files of a field, if all are as they should be.
fn sent(field: &BoundField, data: &FormData) -> Result<Vec<UploadedFile>, Vec<String>> {
    let mut errors = Vec::new();
    let mut files = Vec::new();
    for file in data.files().get_list(&field.name) {
        // What a browser sends where no file was chosen.
        if file.sent_name().is_empty() && file.is_empty() {
            continue;
        }
        let name = file.name();
        if file.is_empty() {
            errors.push(format!("The submitted file {name} is empty."));
        } else if let Some(most) = field.max_size.filter(|most| file.size() > *most) {
            errors.push(format!(
                "Ensure the file {name} has at most {} (it has {}).",
                bytes(most),
                bytes(file.size())
            ));
        } else if field
            .accept
            .as_deref()
            .is_some_and(|accept| !is_accepted(file, accept))
        {
            errors.push(format!("A file such as {name} is not accepted here."));
        } else {
            files.push(file.clone());
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// As a browser decides what it offers: by the ending of the name, or by the type that the visitor claims.
fn is_accepted(file: &UploadedFile, accept: &str) -> bool {
    let name = file.name().to_lowercase();
    let kind = file.content_type().unwrap_or_default().to_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    accept
        .split(',')
        .map(|wanted| wanted.trim().to_lowercase())
        .any(|wanted| {
            if wanted.starts_with('.') {
                name.ends_with(&wanted)
            } else if let Some(group) = wanted.strip_suffix("/*") {
                kind.split('/').next() == Some(group)
            } else {
                kind == wanted
            }
        })
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
