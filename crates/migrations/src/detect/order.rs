//! From operations in an order that works to migrations.

use std::collections::BTreeSet;

use super::Draft;
use crate::migration::{App, Migration};
use crate::operation::Operation;
use crate::state::{State, full};
use crate::{Error, Result};

/// The operations of one migration, and the apps that it comes after.
pub(super) struct Chunk {
    pub(super) app: String,
    pub(super) operations: Vec<Operation>,
    pub(super) after: Vec<String>,
}

/// As few migrations as the order allows.
pub(super) fn into_migrations(drafts: Vec<Draft>, before: &State) -> Result<Vec<Chunk>> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut state = before.clone();
    for Draft { app, operation } in drafts {
        let others: BTreeSet<String> = names(&operation, &app, &state)
            .into_iter()
            .filter_map(|name| name.split_once('.').map(|(of, _)| of.to_owned()))
            .filter(|of| *of != app)
            .collect();
        operation.apply(&app, &mut state)?;
        // It joins the last migration of its app, unless it needs one that was made after that.
        let last = chunks.iter().rposition(|chunk| chunk.app == app);
        let joins = last.filter(|&at| {
            !chunks[at + 1..]
                .iter()
                .any(|chunk| others.contains(&chunk.app) || needs(chunk, &app))
        });
        let at = match joins {
            Some(at) => at,
            None => {
                chunks.push(Chunk {
                    app,
                    operations: Vec::new(),
                    after: Vec::new(),
                });
                chunks.len() - 1
            }
        };
        let chunk = &mut chunks[at];
        chunk.operations.push(operation);
        for other in others {
            if !chunk.after.contains(&other) {
                chunk.after.push(other);
            }
        }
    }
    Ok(chunks)
}

/// Whether a later migration rests on an app: then what it rests on must not change any more.
fn needs(chunk: &Chunk, app: &str) -> bool {
    chunk.after.iter().any(|other| other == app)
}

/// The models that an operation is about: its own, and those that its fields point to.
pub(super) fn names(operation: &Operation, app: &str, state: &State) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |name: &str| names.push(full(app, name));
    match operation {
        Operation::CreateModel(o) => {
            add(&o.model.name);
            o.model
                .fields()
                .filter_map(|(_, field)| field.target())
                .for_each(add);
        }
        Operation::DeleteModel(o) => {
            add(&o.model);
            if let Some(model) = state.model(&full(app, &o.model)) {
                model
                    .fields()
                    .filter_map(|(_, field)| field.target())
                    .for_each(add);
            }
        }
        Operation::RenameModel(o) => {
            add(&o.old);
            add(&o.new);
        }
        Operation::AddField(o) => {
            add(&o.model);
            o.field.target().into_iter().for_each(add);
        }
        Operation::AlterField(o) => {
            add(&o.model);
            o.field.target().into_iter().for_each(add);
        }
        Operation::AlterModelTable(o) => add(&o.model),
        Operation::AlterModelComment(o) => add(&o.model),
        Operation::RemoveField(o) => add(&o.model),
        Operation::RenameField(o) => add(&o.model),
        Operation::AlterUniqueTogether(o) => add(&o.model),
        Operation::AddIndex(o) => add(&o.model),
        Operation::RemoveIndex(o) => add(&o.model),
        Operation::RenameIndex(o) => add(&o.model),
        Operation::AddConstraint(o) => add(&o.model),
        Operation::RemoveConstraint(o) => add(&o.model),
        Operation::AlterConstraint(o) => add(&o.model),
        Operation::ValidateConstraint(o) => add(&o.model),
        Operation::RunSql(_)
        | Operation::RunRust(_)
        | Operation::CreateExtension(_)
        | Operation::SeparateDatabaseAndState(_) => {}
    }
    names
}

/// What an operation changes: a model, or a part of one.
fn touched(operation: &Operation, app: &str) -> Vec<String> {
    let part = |model: &str, part: &str| vec![format!("{}.{part}", full(app, model))];
    match operation {
        Operation::AddField(o) => part(&o.model, &o.name),
        Operation::AlterField(o) => part(&o.model, &o.name),
        Operation::RemoveField(o) => part(&o.model, &o.name),
        Operation::RenameField(o) => [part(&o.model, &o.old), part(&o.model, &o.new)].concat(),
        Operation::AddIndex(o) => part(&o.model, &o.index.name),
        Operation::RemoveIndex(o) => part(&o.model, &o.name),
        Operation::RenameIndex(o) => part(&o.model, &o.old),
        Operation::AddConstraint(o) => part(&o.model, &o.constraint.name),
        Operation::RemoveConstraint(o) => part(&o.model, &o.name),
        Operation::AlterConstraint(o) => part(&o.model, &o.constraint.name),
        Operation::AlterUniqueTogether(o) => part(&o.model, "unique_together"),
        Operation::AlterModelComment(o) => part(&o.model, "comment"),
        Operation::CreateModel(o) => vec![full(app, &o.model.name)],
        Operation::DeleteModel(o) => vec![full(app, &o.model)],
        Operation::RenameModel(o) => vec![full(app, &o.old), full(app, &o.new)],
        Operation::AlterModelTable(o) => vec![full(app, &o.model)],
        _ => Vec::new(),
    }
}

/// Refuses a merge of migrations that change the same.
pub(super) fn check_independent(app: &App, leaves: &[&Migration]) -> Result<()> {
    let ancestors = |leaf: &Migration| {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![leaf.name().to_owned()];
        while let Some(name) = open.pop() {
            if found.insert(name.clone())
                && let Some(migration) = app.migrations.iter().find(|migration| migration.name() == name)
            {
                let own = migration.after.iter();
                let own = own.filter(|(of, _)| of.as_deref().is_none_or(|of| of == app.name()));
                open.extend(own.map(|(_, name)| name.clone()));
            }
        }
        found
    };
    let lines: Vec<BTreeSet<String>> = leaves.iter().map(|leaf| ancestors(leaf)).collect();
    let shared = |name: &String| lines.iter().all(|line| line.contains(name));
    let mut changed: Vec<(usize, String)> = Vec::new();
    for (side, line) in lines.iter().enumerate() {
        for migration in app.migrations.iter().filter(|migration| {
            let name = migration.name().to_owned();
            line.contains(&name) && !shared(&name)
        }) {
            let operations = migration.operations.iter();
            changed.extend(
                operations
                    .flat_map(|o| touched(o, app.name()))
                    .map(|what| (side, what)),
            );
        }
    }
    for (side, what) in &changed {
        let clash = changed.iter().find(|(other, theirs)| {
            other != side
                && (theirs == what
                    || theirs.starts_with(&format!("{what}."))
                    || what.starts_with(&format!("{theirs}.")))
        });
        if let Some((other, _)) = clash {
            return Err(Error::conflict(format!(
                "{} and {} both change {what}: put one after the other by hand, with `.after(..)`",
                leaves[*side].name(),
                leaves[*other].name()
            )));
        }
    }
    Ok(())
}
