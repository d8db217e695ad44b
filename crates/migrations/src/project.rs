//! All apps of a program, and the order of their migrations.

use std::collections::BTreeSet;

use crate::migration::{App, Migration};
use crate::state::State;
use crate::{Error, Result, meta};

/// The apps of a program: what is migrated together.
///
/// # Examples
///
/// ```
/// use nuages_migrations::{App, CreateModel, Field, Migration, Model, Project};
/// use nuages_orm::{Database, Kind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let first = Migration::new("0001_initial").operation(CreateModel::new(
///     Model::new("Book")
///         .field("id", Field::key())
///         .field("title", Field::new(Kind::Text).max_length(200)),
/// ));
/// let project = Project::new().app(App::new("shop").migration(first));
///
/// let db = Database::connect("sqlite::memory:").wait()?;
/// let applied = project.migrate(&db).run().wait()?;
/// assert_eq!(applied[0].to_string(), "shop 0001_initial");
/// assert!(project.migrate(&db).plan().wait()?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Project {
    pub(crate) apps: Vec<App>,
}

/// A migration with its app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) app: &'a str,
    pub(crate) migration: &'a Migration,
}

impl Node<'_> {
    pub(crate) fn id(&self) -> Id {
        (self.app.to_owned(), self.migration.name().to_owned())
    }
}

/// The names of an app and of one of its migrations.
pub(crate) type Id = (String, String);

impl Project {
    /// No apps.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more app.
    pub fn app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// The apps.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    pub(crate) fn known_app(&self, name: &str) -> Result<&App> {
        self.apps.iter().find(|app| app.name() == name).ok_or_else(|| {
            let names: Vec<_> = self.apps.iter().map(App::name).collect();
            Error::graph(format!("there is no app {name}; there are {}", names.join(", ")))
        })
    }

    /// The models as they are compiled in.
    ///
    /// # Errors
    ///
    /// A foreign key points to a model of no app.
    pub fn models(&self) -> Result<State> {
        meta::models_state(&self.apps)
    }

    /// The models as the migrations leave them.
    ///
    /// # Errors
    ///
    /// As [`ordered`](Self::order), and where an operation does not fit what is there before it.
    pub fn history(&self) -> Result<State> {
        let mut state = State::new();
        for node in self.nodes(&BTreeSet::new())? {
            apply(&node, &mut state)?;
        }
        Ok(state)
    }

    /// All migrations, each after those that it depends on: the names of app and migration.
    ///
    /// # Errors
    ///
    /// A migration depends on one that is not there, or migrations depend on each other in a circle.
    pub fn order(&self) -> Result<Vec<(String, String)>> {
        Ok(self.nodes(&BTreeSet::new())?.iter().map(Node::id).collect())
    }

    /// The migrations that count, in order. A squashed one counts unless some, but not all, of what it replaces is applied.
    pub(crate) fn nodes(&self, applied: &BTreeSet<Id>) -> Result<Vec<Node<'_>>> {
        let mut nodes = Vec::new();
        let mut replaced: Vec<(Id, Id)> = Vec::new();
        for app in &self.apps {
            for squashed in app
                .migrations
                .iter()
                .filter(|migration| !migration.replaces.is_empty())
            {
                let id = |name: &str| (app.name().to_owned(), name.to_owned());
                let done = squashed
                    .replaces
                    .iter()
                    .filter(|name| applied.contains(&id(name)))
                    .count();
                let own = applied.contains(&id(squashed.name()));
                if own || done == 0 || done == squashed.replaces.len() {
                    let pairs = squashed
                        .replaces
                        .iter()
                        .map(|name| (id(name), id(squashed.name())));
                    replaced.extend(pairs);
                } else {
                    // It waits until the rest of them is applied.
                    replaced.push((
                        id(squashed.name()),
                        id(squashed.replaces.last().map_or("", String::as_str)),
                    ));
                }
            }
        }
        for app in &self.apps {
            let mut migrations: Vec<&Migration> = app.migrations.iter().collect();
            migrations.sort_by(|a, b| a.name().cmp(b.name()));
            for pair in migrations.windows(2) {
                if pair[0].name() == pair[1].name() {
                    return Err(Error::graph(format!(
                        "{} has two migrations {}",
                        app.name(),
                        pair[0].name()
                    )));
                }
            }
            let app = app.name();
            nodes.extend(migrations.into_iter().map(|migration| Node { app, migration }));
        }
        nodes.retain(|node| !replaced.iter().any(|(gone, _)| *gone == node.id()));
        Self::sorted(nodes, &replaced)
    }

    /// What a migration depends on, among those that count.
    pub(crate) fn dependencies(node: &Node<'_>, replaced: &[(Id, Id)]) -> Vec<Id> {
        let mut dependencies = Vec::new();
        for (app, name) in &node.migration.after {
            let mut id = (app.clone().unwrap_or_else(|| node.app.to_owned()), name.clone());
            // A squashed migration may be squashed again.
            for _ in 0..replaced.len() {
                let Some((_, by)) = replaced.iter().find(|(gone, _)| *gone == id) else {
                    break;
                };
                id = by.clone();
            }
            if id != node.id() {
                dependencies.push(id);
            }
        }
        dependencies
    }

    fn sorted<'a>(nodes: Vec<Node<'a>>, replaced: &[(Id, Id)]) -> Result<Vec<Node<'a>>> {
        for node in &nodes {
            for (app, name) in Self::dependencies(node, replaced) {
                if !nodes
                    .iter()
                    .any(|other| other.app == app && other.migration.name() == name)
                {
                    return Err(Error::graph(format!(
                        "{} {} comes after {app} {name}, which is not there",
                        node.app,
                        node.migration.name()
                    )));
                }
            }
        }
        let mut ordered: Vec<Node<'a>> = Vec::new();
        let mut left = nodes;
        while !left.is_empty() {
            let ready = left.iter().position(|node| {
                Self::dependencies(node, replaced)
                    .iter()
                    .all(|id| ordered.iter().any(|done| done.id() == *id))
            });
            let Some(ready) = ready else {
                let names: Vec<_> = left
                    .iter()
                    .map(|node| format!("{} {}", node.app, node.migration.name()))
                    .collect();
                return Err(Error::graph(format!(
                    "these migrations depend on each other in a circle: {}",
                    names.join(", ")
                )));
            };
            ordered.push(left.remove(ready));
        }
        Ok(ordered)
    }

    /// The migrations of an app that no other one comes after: more than one are a conflict.
    pub(crate) fn leaves(&self, app: &App) -> Result<Vec<&Migration>> {
        let nodes = self.nodes(&BTreeSet::new())?;
        let own: Vec<_> = nodes.iter().filter(|node| node.app == app.name()).collect();
        let is_before = |name: &str| {
            own.iter().any(|node| {
                node.migration
                    .after
                    .iter()
                    .any(|(of, after)| of.as_deref().is_none_or(|of| of == app.name()) && after == name)
                    // What comes after one that was replaced comes after what replaces it.
                    || own.iter().any(|squashed| {
                        squashed.migration.name() == name
                            && node.migration.name() != name
                            && node
                                .migration
                                .after
                                .iter()
                                .any(|(_, after)| squashed.migration.replaces.contains(after))
                    })
            })
        };
        Ok(own
            .iter()
            .filter(|node| !is_before(node.migration.name()))
            .map(|node| node.migration)
            .collect())
    }

    /// Says which migrations were made side by side.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](Error::is_conflict) where an app has more than one last migration.
    pub fn check_conflicts(&self) -> Result<()> {
        for app in &self.apps {
            let leaves = self.leaves(app)?;
            if leaves.len() > 1 {
                let names: Vec<_> = leaves.iter().map(|migration| migration.name()).collect();
                return Err(Error::conflict(format!(
                    "{} has more than one last migration ({}): run `makemigrations --merge`",
                    app.name(),
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// Applies a migration to a state.
pub(crate) fn apply(node: &Node<'_>, state: &mut State) -> Result<()> {
    for operation in &node.migration.operations {
        operation
            .apply(node.app, state)
            .map_err(|error| in_migration(node, operation, error))?;
    }
    Ok(())
}

pub(crate) fn in_migration(node: &Node<'_>, operation: &crate::Operation, error: Error) -> Error {
    Error::state(format!(
        "{} {}: {}: {error}",
        node.app,
        node.migration.name(),
        operation.describe()
    ))
}
