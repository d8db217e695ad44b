//! Models as Rust.

use std::fmt::Write as _;

use nuages_orm::Kind;

use crate::files::string;
use crate::meta::is_usual_table;
use crate::state::{Field, Model};

pub(super) fn source(models: &[(Model, Vec<String>)]) -> String {
    let mut source = String::from(
        "//! Models of the tables of a database, as `inspectdb` found them. Look at each: a name, a type, and what happens on deletion are guesses.\n\n\
         use nuages::prelude::*;\n",
    );
    for (model, notes) in models {
        source.push('\n');
        write_model(model, notes, &mut source);
    }
    source
}

fn write_model(model: &Model, notes: &[String], out: &mut String) {
    if let Some(comment) = &model.comment {
        let _ = writeln!(out, "/// {}", comment.replace('\n', " "));
    }
    for note in missing(model).iter().chain(notes) {
        let _ = writeln!(out, "// The model does not say: {note}");
    }
    let mut text = String::new();
    let mut options = Vec::new();
    if !is_usual_table(model) {
        options.push(format!("table = {}", string(&model.table)));
    }
    if !model.unique_together.is_empty() {
        let sets: Vec<String> = model
            .unique_together
            .iter()
            .map(|set| {
                format!(
                    "[{}]",
                    set.iter().map(|name| ident(name)).collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        options.push(format!("unique_together = [{}]", sets.join(", ")));
    }
    let options = if options.is_empty() {
        String::new()
    } else {
        format!("({})", options.join(", "))
    };
    let _ = writeln!(text, "#[model{options}]\npub struct {} {{", model.name);
    for (name, field) in &model.fields {
        write_field(name, field, &mut text);
    }
    text.push_str("}\n");
    // A model has one key, which the database counts up; anything else is left as a note.
    let is_usual = model.get("id").is_some_and(|field| field.primary_key) && model.primary_key().len() == 1;
    for line in text.lines() {
        let _ = writeln!(out, "{}{line}", if is_usual { "" } else { "// " });
    }
}

/// What the table has, and a model can't say.
fn missing(model: &Model) -> Vec<String> {
    let mut notes = Vec::new();
    if model.primary_key().len() > 1 {
        notes.push(format!("the primary key is ({})", model.primary_key().join(", ")));
    }
    for index in &model.indexes {
        notes.push(format!(
            "the index {} of ({})",
            index.name,
            index.fields.join(", ")
        ));
    }
    for constraint in &model.constraints {
        notes.push(match &constraint.check {
            Some(sql) => format!("the constraint {}: CHECK ({sql})", constraint.name),
            None => format!(
                "the constraint {}: unique ({})",
                constraint.name,
                constraint.fields.join(", ")
            ),
        });
    }
    if !model.managed {
        notes.push("it is a view, or a part of another table".to_owned());
    }
    for (name, field) in &model.fields {
        if let Some(column) = &field.column {
            notes.push(format!("the column of {name} is {column}"));
        }
        if let Some(sql) = &field.db_default {
            notes.push(format!("{name} is {sql} by default"));
        }
        if let Some(sql) = &field.generated {
            notes.push(format!("{name} is generated as {sql}"));
        }
    }
    notes
}

fn write_field(name: &str, field: &Field, out: &mut String) {
    if let Some(comment) = &field.comment {
        let _ = writeln!(out, "    /// {}", comment.replace('\n', " "));
    }
    let mut options = Vec::new();
    if let Some(length) = field.max_length {
        options.push(format!("max_length = {length}"));
    }
    if let Some((all, after)) = field.digits {
        options.push(format!("max_digits = {all}, decimal_places = {after}"));
    }
    if field.unique {
        options.push("unique".to_owned());
    } else if field.index && field.references.is_none() {
        options.push("db_index".to_owned());
    }
    if let Some(check) = &field.check {
        options.push(format!("check = {}", string(check)));
    }
    if !options.is_empty() {
        let _ = writeln!(out, "    #[field({})]", options.join(", "));
    }
    let ty = match &field.references {
        Some(reference) => {
            let _ = writeln!(out, "    #[relation(on_delete = {:?})]", reference.on_delete);
            let target = reference.model.rsplit('.').next().unwrap_or(&reference.model);
            format!("ForeignKey<{target}>")
        }
        None => rust_type(field.kind).to_owned(),
    };
    let ty = if field.null { format!("Option<{ty}>") } else { ty };
    let _ = writeln!(out, "    pub {}: {ty},", ident(name));
}

fn rust_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::SmallInt => "i16",
        Kind::Int => "i32",
        Kind::BigInt => "i64",
        Kind::Float => "f64",
        Kind::Decimal => "Decimal",
        Kind::Bytes => "Vec<u8>",
        Kind::Date => "Date",
        Kind::Time => "Time",
        Kind::DateTime => "DateTime",
        Kind::Timestamp => "Timestamp",
        Kind::Uuid => "Uuid",
        Kind::Json => "serde_json::Value",
        _ => "String",
    }
}

/// A name, raw where it is a keyword.
fn ident(name: &str) -> String {
    const KEYWORDS: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
        "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
        "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static",
        "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where",
        "yield",
    ];
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}
