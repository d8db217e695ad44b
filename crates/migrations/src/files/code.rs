//! Operations as Rust.

use std::fmt::Write as _;

use nuages_orm::Value;

use super::source::string;
use crate::meta::is_usual_table;
use crate::migration::App;
use crate::operation::Operation;
use crate::state::{Constraint, Field, Index, Model};
use crate::{Error, Result, value};

pub(super) fn operation(app: &App, operation: &Operation) -> Result<String> {
    let two = |name: &str, a: &str, b: &str| format!("{name}::new({}, {})", string(a), string(b));
    let three = |name: &str, a: &str, b: &str, c: &str| {
        format!("{name}::new({}, {}, {})", string(a), string(b), string(c))
    };
    Ok(match operation {
        Operation::CreateModel(o) => format!("CreateModel::new({})", model(app, &o.model)),
        Operation::DeleteModel(o) => format!("DeleteModel::new({})", string(&o.model)),
        Operation::RenameModel(o) => two("RenameModel", &o.old, &o.new),
        Operation::AlterModelTable(o) => two("AlterModelTable", &o.model, &o.table),
        Operation::AlterModelComment(o) => match &o.comment {
            Some(comment) => two("AlterModelComment", &o.model, comment),
            None => format!("AlterModelComment::none({})", string(&o.model)),
        },
        Operation::AddField(o) => {
            let (model, name, field) = (string(&o.model), string(&o.name), field(app, &o.field));
            format!("AddField::new({model}, {name}, {field}){}", fill(&o.fill)?)
        }
        Operation::AlterField(o) => {
            let (model, name, field) = (string(&o.model), string(&o.name), field(app, &o.field));
            format!("AlterField::new({model}, {name}, {field}){}", fill(&o.fill)?)
        }
        Operation::RemoveField(o) => two("RemoveField", &o.model, &o.name),
        Operation::RenameField(o) => three("RenameField", &o.model, &o.old, &o.new),
        Operation::AlterUniqueTogether(o) => {
            let mut code = format!("AlterUniqueTogether::new({})", string(&o.model));
            for set in &o.sets {
                let _ = write!(code, ".set({})", strings(set));
            }
            code
        }
        Operation::AddIndex(o) => {
            let concurrently = if o.concurrently { ".concurrently()" } else { "" };
            format!(
                "AddIndex::new({}, {}){concurrently}",
                string(&o.model),
                index(&o.index)
            )
        }
        Operation::RemoveIndex(o) => {
            let concurrently = if o.concurrently { ".concurrently()" } else { "" };
            format!("{}{concurrently}", two("RemoveIndex", &o.model, &o.name))
        }
        Operation::RenameIndex(o) => three("RenameIndex", &o.model, &o.old, &o.new),
        Operation::AddConstraint(o) => {
            let not_valid = if o.not_valid { ".not_valid()" } else { "" };
            format!(
                "AddConstraint::new({}, {}){not_valid}",
                string(&o.model),
                constraint(&o.constraint)
            )
        }
        Operation::RemoveConstraint(o) => two("RemoveConstraint", &o.model, &o.name),
        Operation::AlterConstraint(o) => {
            format!(
                "AlterConstraint::new({}, {})",
                string(&o.model),
                constraint(&o.constraint)
            )
        }
        Operation::ValidateConstraint(o) => two("ValidateConstraint", &o.model, &o.name),
        Operation::CreateExtension(o) => format!("CreateExtension::new({})", string(&o.name)),
        Operation::RunSql(o) => {
            let mut code = String::new();
            for (at, sql) in o.forward.iter().enumerate() {
                let call = if at == 0 { "RunSql::new" } else { ".then" };
                let _ = write!(code, "{call}({})", string(sql));
            }
            match &o.backward {
                Some(backward) if backward.is_empty() => code.push_str(".reverse_nothing()"),
                Some(backward) => {
                    for sql in backward {
                        let _ = write!(code, ".reverse({})", string(sql));
                    }
                }
                None => {}
            }
            for state in &o.state {
                let _ = write!(code, ".state({})", self::operation(app, state)?);
            }
            if o.elidable {
                code.push_str(".elidable()");
            }
            code
        }
        Operation::RunRust(_) => elsewhere(app, operation)?,
        Operation::SeparateDatabaseAndState(o) => {
            let mut code = "SeparateDatabaseAndState::new()".to_owned();
            for inner in &o.database {
                let _ = write!(code, ".database({})", self::operation(app, inner)?);
            }
            for inner in &o.state {
                let _ = write!(code, ".state({})", self::operation(app, inner)?);
            }
            code
        }
    })
}

/// Code can't be written out, but it can be had from the file in which it is.
fn elsewhere(app: &App, operation: &Operation) -> Result<String> {
    for migration in &app.migrations {
        if let Some(at) = migration.operations.iter().position(|own| own == operation) {
            let module = super::module(migration.name());
            return Ok(format!("super::{module}::migration().operations()[{at}].clone()"));
        }
    }
    Err(Error::state(format!(
        "`{}` is in no file of {}, so that it can't be written into another one",
        operation.describe(),
        app.name()
    )))
}

fn model(app: &App, model: &Model) -> String {
    let mut code = format!("Model::new({})", string(&model.name));
    if !model.table.is_empty() && !is_usual_table(model) {
        let _ = write!(code, "\n    .table({})", string(&model.table));
    }
    for (name, own) in &model.fields {
        let _ = write!(code, "\n    .field({}, {})", string(name), field(app, own));
    }
    for set in &model.unique_together {
        let _ = write!(code, "\n    .unique_together({})", strings(set));
    }
    for own in &model.indexes {
        let _ = write!(code, "\n    .index({})", index(own));
    }
    for own in &model.constraints {
        let _ = write!(code, "\n    .constraint({})", constraint(own));
    }
    if let Some(comment) = &model.comment {
        let _ = write!(code, "\n    .comment({})", string(comment));
    }
    if !model.managed {
        code.push_str("\n    .unmanaged()");
    }
    code
}

fn field(app: &App, field: &Field) -> String {
    let is_key = field.primary_key && field.automatic && field.kind == nuages_orm::Kind::BigInt;
    let mut code = match &field.references {
        Some(reference) => {
            let own = format!("{}.", app.name());
            let model = reference.model.strip_prefix(&own).unwrap_or(&reference.model);
            format!(
                "Field::foreign_key({}, OnDelete::{:?})",
                string(model),
                reference.on_delete
            )
        }
        None if is_key => "Field::key()".to_owned(),
        None => format!("Field::new(Kind::{:?})", field.kind),
    };
    if let Some(reference) = &field.references {
        if let Some(to) = &reference.field {
            let _ = write!(code, ".to_field({})", string(to));
        }
        if !reference.constraint {
            code.push_str(".unconstrained()");
        }
        if !field.index {
            code.push_str(".no_index()");
        }
    }
    let flags = [
        (field.null, ".null()"),
        (field.primary_key && !is_key, ".primary_key()"),
        (field.automatic && !is_key, ".automatic()"),
        (field.unique, ".unique()"),
        (field.index && field.references.is_none(), ".index()"),
    ];
    for (is_set, call) in flags {
        if is_set {
            code.push_str(call);
        }
    }
    if let Some(length) = field.max_length {
        let _ = write!(code, ".max_length({length})");
    }
    if let Some((all, after)) = field.digits {
        let _ = write!(code, ".digits({all}, {after})");
    }
    if let Some((sql, stored)) = field.generated.as_ref().map(|sql| (sql, field.stored)) {
        let _ = write!(code, ".generated({}, {stored})", string(sql));
    }
    let texts = [
        ("check", &field.check),
        ("column", &field.column),
        ("db_default", &field.db_default),
        ("comment", &field.comment),
        ("collation", &field.collation),
    ];
    for (call, text) in texts {
        if let Some(text) = text {
            let _ = write!(code, ".{call}({})", string(text));
        }
    }
    code
}

fn index(index: &Index) -> String {
    let mut code = format!("Index::new({}, {})", string(&index.name), names(&index.fields));
    for sql in &index.expressions {
        let _ = write!(code, ".expression({})", string(sql));
    }
    if let Some(sql) = &index.condition {
        let _ = write!(code, ".condition({})", string(sql));
    }
    if !index.include.is_empty() {
        let _ = write!(code, ".include({})", strings(&index.include));
    }
    if let Some(method) = &index.method {
        let _ = write!(code, ".method({})", string(method));
    }
    if !index.operator_classes.is_empty() {
        let _ = write!(code, ".operator_classes({})", strings(&index.operator_classes));
    }
    code
}

fn constraint(constraint: &Constraint) -> String {
    if let Some(check) = &constraint.check {
        return format!(
            "Constraint::check({}, {})",
            string(&constraint.name),
            string(check)
        );
    }
    let mut code = format!(
        "Constraint::unique({}, {})",
        string(&constraint.name),
        names(&constraint.fields)
    );
    if let Some(sql) = &constraint.condition {
        let _ = write!(code, ".condition({})", string(sql));
    }
    if constraint.deferrable {
        code.push_str(".deferrable()");
    }
    if !constraint.nulls_distinct {
        code.push_str(".nulls_not_distinct()");
    }
    code
}

fn strings(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| string(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// As [`strings`]; an empty list says of what.
fn names(texts: &[String]) -> String {
    if texts.is_empty() {
        "[\"\"; 0]".to_owned()
    } else {
        strings(texts)
    }
}

fn fill(value: &Option<Value>) -> Result<String> {
    let Some(value) = value else {
        return Ok(String::new());
    };
    Ok(match value {
        Value::Bool(value) => format!(".fill({value})"),
        Value::SmallInt(value) => format!(".fill({value}_i16)"),
        Value::Int(value) => format!(".fill({value}_i32)"),
        Value::BigInt(value) => format!(".fill({value}_i64)"),
        Value::Text(text) => format!(".fill({})", string(text)),
        other => {
            let text = value::show(other)
                .ok_or_else(|| Error::state(format!("{other:?} can't be written into a file: add the field as one that may be NULL, and fill it by a `RunRust`")))?;
            format!(".fill_as(Kind::{:?}, {})", other.kind(), string(&text))
        }
    })
}
