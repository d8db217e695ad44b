//! What has to be done so that the history says what the models say.

mod fold;
mod models;
mod order;
mod question;

use nuages_orm::Value;

pub(crate) use fold::optimize;
pub use question::{Answers, Question};

use crate::Result;
use crate::meta;
use crate::migration::{App, Migration};
use crate::operation::Operation;
use crate::project::Project;
use crate::state::State;

/// A migration that was made, and is not written yet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Made {
    /// Its app.
    pub app: String,
    /// The migration.
    pub migration: Migration,
}

/// An operation on the way into a migration.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) app: String,
    pub(super) operation: Operation,
}

/// Who knows the defaults that the program computes.
pub(super) type DefaultOf<'a> = &'a dyn Fn(&str, &str) -> Option<meta::Default>;

impl Project {
    /// The migrations that lead from the history to the models. None, where there is nothing to do.
    ///
    /// # Errors
    ///
    /// [`is_question`](crate::Error::is_question) where only a person knows, and the answers don't say it; [`is_conflict`](crate::Error::is_conflict) where the
    /// history has two ends.
    pub fn changes(&self, answers: &mut Answers) -> Result<Vec<Made>> {
        self.check_conflicts()?;
        let (history, models) = (self.history()?, self.models()?);
        let default_of = |full_name: &str, field: &str| {
            let (app, model) = full_name.split_once('.')?;
            let app = self.apps.iter().find(|candidate| candidate.name() == app)?;
            let meta = app.models.iter().find(|meta| meta.name == model)?;
            meta::default_of(meta, field)
        };
        let drafts = models::changes(&history, &models, &default_of, answers)?;
        let mut made: Vec<Made> = Vec::new();
        for chunk in order::into_migrations(drafts, &history)? {
            let app = self.known_app(&chunk.app)?;
            let earlier: Vec<&Made> = made.iter().filter(|other| other.app == chunk.app).collect();
            let number = Self::next_number(app, earlier.len());
            let operations = optimize(&chunk.app, chunk.operations);
            let first = app.migrations.is_empty() && earlier.is_empty();
            let fragment = answers
                .name
                .clone()
                .unwrap_or_else(|| name_of(&operations, first));
            let mut migration = Migration::new(format!("{number:04}_{fragment}"));
            match earlier.last() {
                Some(earlier) => migration = migration.after(earlier.migration.name()),
                None => {
                    for leaf in self.leaves(app)? {
                        migration = migration.after(leaf.name());
                    }
                }
            }
            for other in chunk.after {
                let last = made
                    .iter()
                    .rev()
                    .find(|made| made.app == other)
                    .map(|made| made.migration.name());
                let last = match last {
                    Some(name) => Some(name.to_owned()),
                    None => self
                        .leaves(self.known_app(&other)?)?
                        .first()
                        .map(|leaf| leaf.name().to_owned()),
                };
                if let Some(last) = last {
                    migration = migration.after_app(other, last);
                }
            }
            for operation in operations {
                migration = migration.operation(operation);
            }
            made.push(Made {
                app: chunk.app,
                migration,
            });
        }
        Ok(made)
    }

    /// One migration a conflict, which comes after all ends of the history of its app.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) where both sides change the same field or model: that can only be mended by hand.
    pub fn merges(&self) -> Result<Vec<Made>> {
        let mut merges = Vec::new();
        for app in &self.apps {
            let leaves = self.leaves(app)?;
            if leaves.len() < 2 {
                continue;
            }
            order::check_independent(app, &leaves)?;
            let number = Self::next_number(app, 0);
            let mut migration = Migration::new(format!("{number:04}_merge"));
            for leaf in &leaves {
                migration = migration.after(leaf.name());
            }
            merges.push(Made {
                app: app.name().to_owned(),
                migration,
            });
        }
        // What it results in has to be the same in either order, so that it has to work at least.
        let mut merged = self.clone();
        for made in &merges {
            for app in &mut merged.apps {
                if app.name() == made.app {
                    app.migrations.push(made.migration.clone());
                }
            }
        }
        merged.history()?;
        Ok(merges)
    }

    /// One migration that does what the first ones of an app do, up to the one that is named.
    ///
    /// The old ones stay until every database has either all of them or none; then they can be deleted, and with them
    /// [`replaces`](Migration::replaces).
    ///
    /// # Errors
    ///
    /// There is no such migration.
    pub fn squash(&self, app: &str, until: &str) -> Result<Made> {
        let nodes = self.nodes(&std::collections::BTreeSet::new())?;
        let own: Vec<_> = nodes.iter().filter(|node| node.app == app).collect();
        self.known_app(app)?;
        let end = own
            .iter()
            .position(|node| node.migration.name().starts_with(until))
            .ok_or_else(|| crate::Error::graph(format!("{app} has no migration {until}")))?;
        let parts = &own[..=end];
        let mut operations = Vec::new();
        let mut replaces = Vec::new();
        let mut after: Vec<(String, String)> = Vec::new();
        let mut atomic = true;
        for node in parts {
            let migration = node.migration;
            atomic &= migration.atomic;
            operations.extend(migration.operations.iter().filter(|o| !o.is_elidable()).cloned());
            // One that stands for others already does so still.
            if migration.replaces.is_empty() {
                replaces.push(migration.name().to_owned());
            } else {
                replaces.extend(migration.replaces.iter().cloned());
            }
            for (of, name) in &migration.after {
                if let Some(of) = of.as_ref().filter(|of| *of != app)
                    && !after.contains(&(of.clone(), name.clone()))
                {
                    after.push((of.clone(), name.clone()));
                }
            }
        }
        let last = parts[end].migration;
        let suffix = last
            .name()
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
        let first = parts[0].migration.number().max(1);
        let mut migration = Migration::new(format!("{first:04}_squashed_{:04}_{suffix}", last.number()));
        for (of, name) in after {
            migration = migration.after_app(of, name);
        }
        migration = migration.replaces(replaces);
        if !atomic {
            migration = migration.not_atomic();
        }
        for operation in optimize(app, operations) {
            migration = migration.operation(operation);
        }
        Ok(Made {
            app: app.to_owned(),
            migration,
        })
    }

    /// A migration of an app without operations, to be filled by hand.
    ///
    /// # Errors
    ///
    /// There is no such app; [`is_conflict`](crate::Error::is_conflict) where its history has two ends.
    pub fn empty(&self, app: &str, name: &str) -> Result<Made> {
        self.check_conflicts()?;
        let known = self.known_app(app)?;
        let mut migration = Migration::new(format!("{:04}_{name}", Self::next_number(known, 0)));
        for leaf in self.leaves(known)? {
            migration = migration.after(leaf.name());
        }
        Ok(Made {
            app: app.to_owned(),
            migration,
        })
    }

    fn next_number(app: &App, more: usize) -> u32 {
        let last = app.migrations.iter().map(Migration::number).max().unwrap_or(0);
        last + 1 + u32::try_from(more).unwrap_or(0)
    }
}

/// The operations that lead from one state to another, in an order in which they work.
///
/// # Errors
///
/// [`is_question`](crate::Error::is_question) where only a person knows, and the answers don't say it.
pub fn operations_between(
    before: &State,
    after: &State,
    answers: &mut Answers,
) -> Result<Vec<(String, Operation)>> {
    let drafts = models::changes(before, after, &|_, _| None, answers)?;
    let mut operations = Vec::new();
    for chunk in order::into_migrations(drafts, before)? {
        let app = chunk.app;
        let own = optimize(&app, chunk.operations);
        operations.extend(own.into_iter().map(|operation| (app.clone(), operation)));
    }
    Ok(operations)
}

/// The longest name of a migration, without its number.
const LONGEST_NAME: usize = 52;

/// A name that says what is done, as far as it fits.
fn name_of(operations: &[Operation], first: bool) -> String {
    if first {
        return "initial".to_owned();
    }
    let fragments: Vec<String> = operations.iter().filter_map(Operation::name_fragment).collect();
    let mut name = String::new();
    for fragment in &fragments {
        if name.is_empty() {
            name.clone_from(fragment);
        } else if name.len() + 1 + fragment.len() <= LONGEST_NAME {
            name.push('_');
            name.push_str(fragment);
        } else {
            name.push_str("_and_more");
            break;
        }
    }
    if name.is_empty() {
        "custom".to_owned()
    } else {
        name
    }
}

/// A value that a column of this type can be filled with.
pub(super) fn is_null(value: &Value) -> bool {
    value.is_null()
}
