//! The differences of two states, as operations in an order that works: renames first, what is deleted last.

use std::collections::BTreeSet;

use super::question::{Answers, Question};
use super::{DefaultOf, Draft, is_null};
use crate::meta::Default;
use crate::operation::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelComment, AlterModelTable,
    AlterUniqueTogether, CreateModel, DeleteModel, Operation, RemoveConstraint, RemoveField, RemoveIndex,
    RenameField, RenameIndex, RenameModel,
};
use crate::state::{Field, Model, State};
use crate::text::rename_identifier;
use crate::{Result, Value};

struct Detector<'a> {
    /// The old state, as the operations so far leave it.
    before: State,
    after: &'a State,
    default_of: DefaultOf<'a>,
    answers: &'a mut Answers,
    drafts: Vec<Draft>,
    /// Fields of new models that point to what comes later, and what needs them.
    later: Vec<Draft>,
}

pub(super) fn changes(
    before: &State,
    after: &State,
    default_of: DefaultOf<'_>,
    answers: &mut Answers,
) -> Result<Vec<Draft>> {
    let mut detector = Detector {
        before: before.clone(),
        after,
        default_of,
        answers,
        drafts: Vec::new(),
        later: Vec::new(),
    };
    detector.rename_models()?;
    detector.rename_fields()?;
    detector.drop_rules()?;
    detector.create_models()?;
    detector.tables()?;
    detector.fields()?;
    detector.add_rules()?;
    detector.delete_models()?;
    Ok(detector.drafts)
}

fn app_of(full_name: &str) -> &str {
    full_name.split_once('.').map_or("", |(app, _)| app)
}

impl Detector<'_> {
    fn push(&mut self, full_name: &str, operation: impl Into<Operation>) -> Result<()> {
        let (app, operation) = (app_of(full_name).to_owned(), operation.into());
        operation.apply(&app, &mut self.before)?;
        self.drafts.push(Draft { app, operation });
        Ok(())
    }

    /// The models that are in both states: their full names.
    fn common(&self) -> Vec<String> {
        let names = self.after.models().map(|(name, _)| name.to_owned());
        names.filter(|name| self.before.model(name).is_some()).collect()
    }

    /// A model's two versions.
    fn pair(&self, full_name: &str) -> Result<(Model, Model)> {
        Ok((
            self.before.known(full_name)?.clone(),
            self.after.known(full_name)?.clone(),
        ))
    }

    fn rename_models(&mut self) -> Result<()> {
        let new: Vec<String> = self
            .after
            .models()
            .map(|(name, _)| name.to_owned())
            .filter(|name| self.before.model(name).is_none())
            .collect();
        for new_name in new {
            let gone: Vec<String> = self
                .before
                .models()
                .map(|(name, _)| name.to_owned())
                .filter(|name| self.after.model(name).is_none() && app_of(name) == app_of(&new_name))
                .collect();
            for old_name in gone {
                let (old, new) = (self.before.known(&old_name)?, self.after.known(&new_name)?);
                if !is_same_model(old, &old_name, new, &new_name) {
                    continue;
                }
                let question = Question::RenamedModel(old_name.clone(), new_name.clone());
                if self.answers.is_renamed(&question) {
                    let (old, new) = (old.name.clone(), new.name.clone());
                    self.push(&new_name, RenameModel::new(old, new))?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn rename_fields(&mut self) -> Result<()> {
        for full_name in self.common() {
            let (old, new) = self.pair(&full_name)?;
            let mut taken = BTreeSet::new();
            for (new_name, new_field) in new.fields().filter(|(name, _)| old.get(name).is_none()) {
                let gone = old.fields().filter(|(name, _)| new.get(name).is_none());
                for (old_name, old_field) in gone {
                    if taken.contains(old_name)
                        || !is_same_field((old_name, old_field), (new_name, new_field))
                    {
                        continue;
                    }
                    let question =
                        Question::RenamedField(full_name.clone(), old_name.to_owned(), new_name.to_owned());
                    if self.answers.is_renamed(&question) {
                        taken.insert(old_name);
                        if old_field.column != new_field.column {
                            // The column keeps its name.
                            let mut kept = old_field.clone();
                            kept.column.clone_from(&new_field.column);
                            self.push(&full_name, AlterField::new(&old.name, old_name, kept))?;
                        }
                        self.push(&full_name, RenameField::new(&old.name, old_name, new_name))?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// What rests on fields goes before these change.
    fn drop_rules(&mut self) -> Result<()> {
        for full_name in self.common() {
            let (old, new) = self.pair(&full_name)?;
            for index in &old.indexes {
                if new.indexes.contains(index) {
                    continue;
                }
                let renamed = new.indexes.iter().find(|candidate| {
                    let mut same = (*candidate).clone();
                    same.name.clone_from(&index.name);
                    same == *index && !old.indexes.iter().any(|present| present.name == candidate.name)
                });
                match renamed {
                    Some(to) => self.push(&full_name, RenameIndex::new(&old.name, &index.name, &to.name))?,
                    None => self.push(&full_name, RemoveIndex::new(&old.name, &index.name))?,
                }
            }
            // A rule that changes together with fields goes before them, and comes back after them.
            let same_fields = old.fields().all(|(name, field)| new.get(name) == Some(field));
            for constraint in &old.constraints {
                let kept = new.constraints.iter().find(|other| other.name == constraint.name);
                if kept.is_none_or(|kept| kept != constraint && !same_fields) {
                    self.push(&full_name, RemoveConstraint::new(&old.name, &constraint.name))?;
                }
            }
            let kept: Vec<_> = old
                .unique_together
                .iter()
                .filter(|set| new.unique_together.contains(set))
                .cloned()
                .collect();
            if kept.len() < old.unique_together.len() {
                self.unique_together(&full_name, &old.name, kept)?;
            }
        }
        Ok(())
    }

    fn unique_together(&mut self, full_name: &str, model: &str, sets: Vec<Vec<String>>) -> Result<()> {
        let mut operation = AlterUniqueTogether::new(model);
        operation.sets = sets;
        self.push(full_name, operation)
    }

    /// New models such that each comes after those that it points to. In a circle, the field that closes it is added afterwards.
    fn create_models(&mut self) -> Result<()> {
        let new: Vec<String> = self
            .after
            .models()
            .map(|(name, _)| name.to_owned())
            .filter(|name| self.before.model(name).is_none())
            .collect();
        let mut ordered = Vec::new();
        let mut seen = BTreeSet::new();
        for name in &new {
            visit(self.after, name, &new, &mut seen, &mut ordered);
        }
        for full_name in ordered {
            self.create_model(&full_name)?;
        }
        for Draft { app, operation } in std::mem::take(&mut self.later) {
            operation.apply(&app, &mut self.before)?;
            self.drafts.push(Draft { app, operation });
        }
        Ok(())
    }

    fn create_model(&mut self, full_name: &str) -> Result<()> {
        let whole = self.after.known(full_name)?.clone();
        let is_early = |field: &Field| {
            field.target().is_some_and(|target| {
                target != full_name
                    && self.before.model(target).is_none()
                    && self.after.model(target).is_some()
            })
        };
        let early: Vec<(String, Field)> = whole
            .fields
            .iter()
            .filter(|(_, field)| is_early(field) && !field.primary_key)
            .cloned()
            .collect();
        let mut model = whole.clone();
        let rests = |names: &[String]| {
            names.iter().any(|name| {
                early
                    .iter()
                    .any(|(field, _)| field == name.trim_start_matches('-'))
            })
        };
        let app = app_of(full_name).to_owned();
        let mut later: Vec<Operation> = Vec::new();
        for (name, field) in &early {
            model.fields.retain(|(own, _)| own != name);
            later.push(AddField::new(&whole.name, name, field.clone()).into());
        }
        if model.unique_together.iter().any(|set| rests(set)) {
            let mut operation = AlterUniqueTogether::new(&whole.name);
            operation.sets = std::mem::take(&mut model.unique_together);
            later.push(operation.into());
        }
        let (kept, split) = model.indexes.into_iter().partition(|index| !rests(&index.fields));
        model.indexes = kept;
        let split: Vec<crate::Index> = split;
        later.extend(
            split
                .into_iter()
                .map(|index| AddIndex::new(&whole.name, index).into()),
        );
        let (kept, split) = model.constraints.into_iter().partition(|constraint| {
            !rests(&constraint.fields) && constraint.check.is_none() || early.is_empty()
        });
        model.constraints = kept;
        let split: Vec<crate::Constraint> = split;
        later.extend(
            split
                .into_iter()
                .map(|constraint| AddConstraint::new(&whole.name, constraint).into()),
        );
        let later = later.into_iter().map(|operation| Draft {
            app: app.clone(),
            operation,
        });
        self.later.extend(later);
        self.push(full_name, CreateModel::new(model))
    }

    fn tables(&mut self) -> Result<()> {
        for full_name in self.common() {
            let (old, new) = self.pair(&full_name)?;
            if old.table != new.table {
                self.push(&full_name, AlterModelTable::new(&new.name, &new.table))?;
            }
            if old.comment != new.comment {
                let alter = AlterModelComment {
                    model: new.name.clone(),
                    comment: new.comment.clone(),
                };
                self.push(&full_name, alter)?;
            }
        }
        Ok(())
    }

    fn fields(&mut self) -> Result<()> {
        for full_name in self.common() {
            let (old, new) = self.pair(&full_name)?;
            for (name, field) in new.fields() {
                match old.get(name) {
                    Some(before) if before == field => {}
                    Some(before) => {
                        let mut alter = AlterField::new(&new.name, name, field.clone());
                        if before.null && !field.null && field.generated.is_none() {
                            alter.fill = Some(self.fill(&full_name, name, field)?);
                        }
                        self.push(&full_name, alter)?;
                    }
                    None => {
                        let mut add = AddField::new(&new.name, name, field.clone());
                        let computed =
                            field.automatic || field.generated.is_some() || field.db_default.is_some();
                        if !field.null && !computed {
                            add.fill = Some(self.fill(&full_name, name, field)?);
                        }
                        self.push(&full_name, add)?;
                    }
                }
            }
            for (name, _) in old.fields().filter(|(name, _)| new.get(name).is_none()) {
                self.push(&full_name, RemoveField::new(&new.name, name))?;
            }
        }
        Ok(())
    }

    /// What the rows get that are there already: the field's default, or what a person says.
    fn fill(&mut self, full_name: &str, name: &str, field: &Field) -> Result<Value> {
        match (self.default_of)(full_name, name) {
            Some(Default::Constant(value) | Default::Computed(value)) if !is_null(&value) => Ok(value),
            _ => {
                let kind = self.after.resolved(field)?.kind;
                self.answers.value(full_name, name, kind)
            }
        }
    }

    fn add_rules(&mut self) -> Result<()> {
        for full_name in self.common() {
            let (old, new) = self.pair(&full_name)?;
            for index in &new.indexes {
                if !old.indexes.contains(index) {
                    self.push(&full_name, AddIndex::new(&new.name, index.clone()))?;
                }
            }
            for constraint in &new.constraints {
                match old.constraints.iter().find(|other| other.name == constraint.name) {
                    Some(same) if same == constraint => {}
                    Some(_) => self.push(&full_name, AlterConstraint::new(&new.name, constraint.clone()))?,
                    None => self.push(&full_name, AddConstraint::new(&new.name, constraint.clone()))?,
                }
            }
            let missing = new
                .unique_together
                .iter()
                .any(|set| !old.unique_together.contains(set));
            if missing {
                self.unique_together(&full_name, &new.name, new.unique_together.clone())?;
            }
        }
        Ok(())
    }

    /// A model goes after those that point to it; in a circle, the fields go first.
    fn delete_models(&mut self) -> Result<()> {
        let mut gone: Vec<String> = self
            .before
            .models()
            .map(|(name, _)| name.to_owned())
            .filter(|name| self.after.model(name).is_none())
            .collect();
        while !gone.is_empty() {
            let is_free = |name: &String| {
                !gone.iter().any(|other| {
                    other != name
                        && self.before.model(other).is_some_and(|model| {
                            model.fields().any(|(_, field)| field.target() == Some(name))
                        })
                })
            };
            match gone.iter().position(is_free) {
                Some(at) => {
                    let full_name = gone.remove(at);
                    let name = self.before.known(&full_name)?.name.clone();
                    self.push(&full_name, DeleteModel::new(name))?;
                }
                None => {
                    let full_name = gone[0].clone();
                    let model = self.before.known(&full_name)?.clone();
                    self.release(&full_name, &model, &gone)?;
                }
            }
        }
        Ok(())
    }

    /// Takes the foreign keys of a model that is in a circle of models that go.
    fn release(&mut self, full_name: &str, model: &Model, gone: &[String]) -> Result<()> {
        let is_in_circle = |field: &Field| {
            field
                .target()
                .is_some_and(|target| target != full_name && gone.iter().any(|other| other == target))
        };
        let names: Vec<String> = model
            .fields()
            .filter(|(_, field)| is_in_circle(field))
            .map(|(name, _)| name.to_owned())
            .collect();
        if model
            .unique_together
            .iter()
            .flatten()
            .any(|name| names.contains(name))
        {
            self.unique_together(full_name, &model.name, Vec::new())?;
        }
        for index in &model.indexes {
            self.push(full_name, RemoveIndex::new(&model.name, &index.name))?;
        }
        for constraint in &model.constraints {
            self.push(full_name, RemoveConstraint::new(&model.name, &constraint.name))?;
        }
        for name in names {
            self.push(full_name, RemoveField::new(&model.name, name))?;
        }
        Ok(())
    }
}

fn visit(state: &State, name: &str, new: &[String], seen: &mut BTreeSet<String>, ordered: &mut Vec<String>) {
    if !seen.insert(name.to_owned()) {
        return;
    }
    if let Some(model) = state.model(name) {
        for target in model.fields().filter_map(|(_, field)| field.target()) {
            if new.iter().any(|other| other == target) {
                visit(state, target, new, seen, ordered);
            }
        }
    }
    ordered.push(name.to_owned());
}

/// Whether a model could be another one under a new name: the same fields.
fn is_same_model(old: &Model, old_name: &str, new: &Model, new_name: &str) -> bool {
    let own = |field: &Field| {
        let mut field = field.clone();
        if let Some(reference) = &mut field.references
            && reference.model == old_name
        {
            new_name.clone_into(&mut reference.model);
        }
        field
    };
    old.fields.len() == new.fields.len()
        && old
            .fields
            .iter()
            .all(|(name, field)| new.get(name).is_some_and(|new| *new == own(field)))
}

/// Whether a field could be another one under a new name, with a column of the new or of the old name.
fn is_same_field((old_name, old): (&str, &Field), (new_name, new): (&str, &Field)) -> bool {
    let (old_column, new_column) = (old.column_name(old_name), new.column_name(new_name));
    let mut renamed = old.clone();
    for sql in renamed.check.iter_mut().chain(&mut renamed.generated) {
        *sql = rename_identifier(sql, &old_column, &new_column);
    }
    renamed.column.clone_from(&new.column);
    renamed == *new && (old.column == new.column || old_column == new_column)
}
