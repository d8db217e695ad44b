//! Fewer operations that do the same.

use super::order::names;
use crate::operation::{AddField, Operation, RenameField};
use crate::state::State;

/// Folds operations into earlier ones, until nothing more can be.
pub(crate) fn optimize(app: &str, mut operations: Vec<Operation>) -> Vec<Operation> {
    while let Some(folded) = fold_once(app, &operations) {
        operations = folded;
    }
    operations
}

fn fold_once(app: &str, operations: &[Operation]) -> Option<Vec<Operation>> {
    for first in 0..operations.len() {
        for second in first + 1..operations.len() {
            let between = &operations[first + 1..second];
            let Some(folded) = fold(app, &operations[first], &operations[second]) else {
                continue;
            };
            if between
                .iter()
                .any(|other| is_in_the_way(app, other, &operations[first], &operations[second]))
            {
                continue;
            }
            let mut result = operations[..first].to_vec();
            result.extend(folded);
            result.extend_from_slice(between);
            result.extend_from_slice(&operations[second + 1..]);
            return Some(result);
        }
    }
    None
}

/// Whether an operation between two others keeps the second from being done at the time of the first.
fn is_in_the_way(app: &str, between: &Operation, first: &Operation, second: &Operation) -> bool {
    if !between.is_schema_change() {
        return true;
    }
    let none = State::new();
    let theirs = names(between, app, &none);
    let own = names(first, app, &none);
    let wanted = names(second, app, &none);
    // Only the model itself counts of the first: what it points to was there before.
    own.first().is_some_and(|model| theirs.contains(model))
        || theirs.first().is_some_and(|model| wanted.contains(model))
}

/// What two operations come down to together; `None` where they stay as they are.
fn fold(app: &str, first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    if !first.is_schema_change() || !second.is_schema_change() {
        return None;
    }
    let none = State::new();
    let model = names(first, app, &none).first().cloned()?;
    if names(second, app, &none).first() != Some(&model) {
        return None;
    }
    match (first, second) {
        (Operation::CreateModel(_), Operation::DeleteModel(_)) => Some(Vec::new()),
        (Operation::CreateModel(create), _) => {
            let mut state = State::new();
            state.add(app, create.model.clone()).ok()?;
            second.apply(app, &mut state).ok()?;
            let (name, _) = state.models().next()?;
            let name = name.to_owned();
            let mut create = create.clone();
            create.model = state.remove(&name).ok()?;
            Some(vec![create.into()])
        }
        (Operation::AddField(add), Operation::RemoveField(remove)) if add.name == remove.name => {
            Some(Vec::new())
        }
        (Operation::AddField(add), Operation::AlterField(alter)) if add.name == alter.name => {
            let mut folded = AddField::new(&add.model, &add.name, alter.field.clone());
            folded.fill = alter.fill.clone().or_else(|| add.fill.clone());
            Some(vec![folded.into()])
        }
        (Operation::AddField(add), Operation::RenameField(rename)) if add.name == rename.old => {
            let mut add = add.clone();
            add.name.clone_from(&rename.new);
            // A condition on the field itself is under the old name.
            let is_plain = add.field.check.is_none();
            is_plain.then(|| vec![add.into()])
        }
        (Operation::AlterField(alter), Operation::AlterField(again))
            if alter.name == again.name && alter.fill.is_none() =>
        {
            Some(vec![again.clone().into()])
        }
        (Operation::AlterField(alter), Operation::RemoveField(remove)) if alter.name == remove.name => {
            Some(vec![remove.clone().into()])
        }
        (Operation::RenameField(rename), Operation::RenameField(again)) if rename.new == again.old => {
            if rename.old == again.new {
                return Some(Vec::new());
            }
            Some(vec![
                RenameField::new(&rename.model, &rename.old, &again.new).into(),
            ])
        }
        (Operation::AddIndex(add), Operation::RemoveIndex(remove)) if add.index.name == remove.name => {
            Some(Vec::new())
        }
        (Operation::AddConstraint(add), Operation::RemoveConstraint(remove))
            if add.constraint.name == remove.name =>
        {
            Some(Vec::new())
        }
        (Operation::AlterUniqueTogether(_), Operation::AlterUniqueTogether(again)) => {
            Some(vec![again.clone().into()])
        }
        _ => None,
    }
}
