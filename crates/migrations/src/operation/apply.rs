//! What an operation does to the state, and what that does not say.

use std::collections::{BTreeMap, BTreeSet};

use super::Operation;
use crate::state::{State, full};
use crate::{Error, Result, Value};

/// What the states before and after an operation don't tell about the tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    /// Tables that have another name: the old one by the new one.
    pub(crate) tables: BTreeMap<String, String>,
    /// Columns that have another name: the old one by the new table and column.
    pub(crate) columns: BTreeMap<(String, String), String>,
    /// What takes the place of what is missing, by the new table and column.
    pub(crate) fills: BTreeMap<(String, String), Value>,
    /// Indexes that are made or dropped while others write.
    pub(crate) concurrent: BTreeSet<String>,
    /// Constraints that old rows are not checked for.
    pub(crate) not_valid: BTreeSet<String>,
}

impl Hints {
    /// What they are on the way back. The states have changed places already.
    pub(crate) fn backward(self) -> Self {
        let columns = self.columns.into_iter().map(|((table, new), old)| {
            let table = self.tables.get(&table).cloned().unwrap_or(table);
            ((table, old), new)
        });
        Self {
            columns: columns.collect(),
            tables: self.tables.into_iter().map(|(new, old)| (old, new)).collect(),
            fills: BTreeMap::new(),
            concurrent: self.concurrent,
            not_valid: BTreeSet::new(),
        }
    }
}

impl Operation {
    /// Changes the state.
    ///
    /// # Errors
    ///
    /// It does not fit the state: a model or a field is not there, or is there already.
    pub fn change(&self, app: &str, state: &mut State) -> Result<()> {
        self.apply(app, state).map(|_| ())
    }

    pub(crate) fn apply(&self, app: &str, state: &mut State) -> Result<Hints> {
        let mut hints = Hints::default();
        match self {
            Self::CreateModel(create) => state.add(app, create.model.clone())?,
            Self::DeleteModel(delete) => {
                state.remove(&full(app, &delete.model))?;
            }
            Self::RenameModel(rename) => {
                let old = state.known(&full(app, &rename.old))?.table.clone();
                state.rename(app, &rename.old, &rename.new)?;
                let new = state.known(&full(app, &rename.new))?.table.clone();
                if old != new {
                    hints.tables.insert(new, old);
                }
            }
            Self::AlterModelTable(alter) => {
                let model = state.known_mut(&full(app, &alter.model))?;
                let old = std::mem::replace(&mut model.table, alter.table.clone());
                if old != alter.table {
                    hints.tables.insert(alter.table.clone(), old);
                }
            }
            Self::AlterModelComment(alter) => {
                state
                    .known_mut(&full(app, &alter.model))?
                    .comment
                    .clone_from(&alter.comment);
            }
            Self::AddField(add) => {
                let model = state.known_mut(&full(app, &add.model))?;
                if model.get(&add.name).is_some() {
                    return Err(Error::state(format!(
                        "{} has a field {} already",
                        add.model, add.name
                    )));
                }
                let mut field = add.field.clone();
                field.qualify(app);
                if let Some(value) = &add.fill {
                    let column = field.column_name(&add.name);
                    hints.fills.insert((model.table.clone(), column), value.clone());
                }
                model.fields.push((add.name.clone(), field));
            }
            Self::RemoveField(remove) => {
                let model = state.known_mut(&full(app, &remove.model))?;
                model.known(&remove.name)?;
                model.fields.retain(|(name, _)| *name != remove.name);
            }
            Self::AlterField(alter) => {
                let model = state.known_mut(&full(app, &alter.model))?;
                let table = model.table.clone();
                let entry = model.known_mut(&alter.name)?;
                let old = entry.1.column_name(&alter.name);
                entry.1 = alter.field.clone();
                entry.1.qualify(app);
                let new = entry.1.column_name(&alter.name);
                if let Some(value) = &alter.fill {
                    hints.fills.insert((table.clone(), new.clone()), value.clone());
                }
                if old != new {
                    hints.columns.insert((table, new), old);
                }
            }
            Self::RenameField(rename) => {
                let model = state.known_mut(&full(app, &rename.model))?;
                let old = model.column_of(&rename.old);
                model.rename_field(&rename.old, &rename.new)?;
                let new = model.column_of(&rename.new);
                if old != new {
                    hints.columns.insert((model.table.clone(), new), old);
                }
                let full_name = full(app, &rename.model);
                for (_, model) in state.models_mut() {
                    for (_, field) in &mut model.fields {
                        if let Some(reference) = &mut field.references
                            && reference.model == full_name
                            && reference.field.as_ref() == Some(&rename.old)
                        {
                            reference.field = Some(rename.new.clone());
                        }
                    }
                }
            }
            Self::AlterUniqueTogether(alter) => {
                state
                    .known_mut(&full(app, &alter.model))?
                    .unique_together
                    .clone_from(&alter.sets);
            }
            Self::SeparateDatabaseAndState(separate) => {
                for operation in &separate.state {
                    operation.apply(app, state)?;
                }
            }
            Self::RunSql(sql) => {
                for operation in &sql.state {
                    operation.apply(app, state)?;
                }
            }
            Self::RunRust(_) | Self::CreateExtension(_) | Self::ValidateConstraint(_) => {}
            Self::AddIndex(_)
            | Self::RemoveIndex(_)
            | Self::RenameIndex(_)
            | Self::AddConstraint(_)
            | Self::RemoveConstraint(_)
            | Self::AlterConstraint(_) => self.apply_named(app, state, &mut hints)?,
        }
        Ok(hints)
    }

    /// Indexes and constraints with names of their own.
    fn apply_named(&self, app: &str, state: &mut State, hints: &mut Hints) -> Result<()> {
        let missing = |model: &str, what: &str, name: &str| {
            Error::state(format!(
                "{model} has no {what} {name} at this point of the history"
            ))
        };
        match self {
            Self::AddIndex(add) => {
                let model = state.known_mut(&full(app, &add.model))?;
                if model.indexes.iter().any(|index| index.name == add.index.name) {
                    return Err(Error::state(format!(
                        "there is an index {} already",
                        add.index.name
                    )));
                }
                model.indexes.push(add.index.clone());
                if add.concurrently {
                    hints.concurrent.insert(add.index.name.clone());
                }
            }
            Self::RemoveIndex(remove) => {
                let model = state.known_mut(&full(app, &remove.model))?;
                let at = model.indexes.iter().position(|index| index.name == remove.name);
                let at = at.ok_or_else(|| missing(&remove.model, "index", &remove.name))?;
                model.indexes.remove(at);
                if remove.concurrently {
                    hints.concurrent.insert(remove.name.clone());
                }
            }
            Self::RenameIndex(rename) => {
                let model = state.known_mut(&full(app, &rename.model))?;
                let index = model.indexes.iter_mut().find(|index| index.name == rename.old);
                let index = index.ok_or_else(|| missing(&rename.model, "index", &rename.old))?;
                index.name.clone_from(&rename.new);
            }
            Self::AddConstraint(add) => {
                let model = state.known_mut(&full(app, &add.model))?;
                if model
                    .constraints
                    .iter()
                    .any(|present| present.name == add.constraint.name)
                {
                    return Err(Error::state(format!(
                        "there is a constraint {} already",
                        add.constraint.name
                    )));
                }
                model.constraints.push(add.constraint.clone());
                if add.not_valid {
                    hints.not_valid.insert(add.constraint.name.clone());
                }
            }
            Self::RemoveConstraint(remove) => {
                let model = state.known_mut(&full(app, &remove.model))?;
                let at = model
                    .constraints
                    .iter()
                    .position(|present| present.name == remove.name);
                let at = at.ok_or_else(|| missing(&remove.model, "constraint", &remove.name))?;
                model.constraints.remove(at);
            }
            Self::AlterConstraint(alter) => {
                let model = state.known_mut(&full(app, &alter.model))?;
                let name = &alter.constraint.name;
                let present = model.constraints.iter_mut().find(|present| present.name == *name);
                *present.ok_or_else(|| missing(&alter.model, "constraint", name))? = alter.constraint.clone();
            }
            _ => unreachable!("the caller has sorted them out"),
        }
        Ok(())
    }
}
