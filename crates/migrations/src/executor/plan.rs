//! Which migrations are to be applied or taken back, in which order.

use std::collections::BTreeSet;
use std::fmt;

use nuages_orm::Database;

use super::Migrate;
use super::recorder::History;
use crate::project::{Id, Node, Project};
use crate::{Error, Result};

/// A migration that is to be applied or taken back, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// Its app.
    pub app: String,
    /// Its name.
    pub name: String,
    /// Whether it is taken back.
    pub backwards: bool,
    /// What it does, an entry an operation.
    pub operations: Vec<String>,
    /// Whether only the record of it changes.
    pub fake: bool,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let back = if self.backwards { " (back)" } else { "" };
        write!(f, "{} {}{back}", self.app, self.name)
    }
}

/// A migration, and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Its app.
    pub app: String,
    /// Its name.
    pub name: String,
    /// Whether it is applied.
    pub applied: bool,
    /// How many of its operations are, where it failed in between.
    pub partly: Option<usize>,
    /// How many migrations it stands for.
    pub squashes: usize,
}

pub(super) async fn status(project: &Project, database: &Database) -> Result<Vec<Status>> {
    let history = History::read(database).await?;
    let nodes = project.nodes(&history.applied)?;
    Ok(nodes
        .iter()
        .map(|node| Status {
            app: node.app.to_owned(),
            name: node.migration.name().to_owned(),
            applied: is_applied(node, &history),
            partly: history.partly.get(&node.id()).copied(),
            squashes: node.migration.replaces.len(),
        })
        .collect())
}

/// Whether a migration is applied: itself, or all that it stands for.
pub(super) fn is_applied(node: &Node<'_>, history: &History) -> bool {
    let id = |name: &String| (node.app.to_owned(), name.clone());
    let replaces = &node.migration.replaces;
    history.applied.contains(&node.id())
        || !replaces.is_empty() && replaces.iter().all(|name| history.applied.contains(&id(name)))
}

pub(super) fn plan(migrate: &Migrate<'_>, history: &History) -> Result<Vec<Planned>> {
    let project = migrate.project;
    project.check_conflicts()?;
    let nodes = project.nodes(&history.applied)?;
    let needed = match &migrate.app {
        None => nodes.iter().map(Node::id).collect(),
        Some(app) => {
            project.known_app(app)?;
            match &migrate.target {
                None => closure(&nodes, nodes.iter().filter(|node| node.app == app)),
                Some(target) => {
                    if let Some(back) = backwards(migrate, &nodes, app, target, history)? {
                        return Ok(back);
                    }
                    let node = find(&nodes, app, target)?;
                    closure(&nodes, std::iter::once(node))
                }
            }
        }
    };
    let pending = nodes
        .iter()
        .filter(|node| needed.contains(&node.id()) && !is_applied(node, history));
    Ok(pending.map(|node| planned(migrate, node, false)).collect())
}

fn planned(migrate: &Migrate<'_>, node: &Node<'_>, backwards: bool) -> Planned {
    let operations = node.migration.operations.iter();
    let mut operations: Vec<String> = operations.map(crate::Operation::describe).collect();
    if backwards {
        operations.reverse();
    }
    Planned {
        app: node.app.to_owned(),
        name: node.migration.name().to_owned(),
        backwards,
        operations,
        fake: migrate.fake,
    }
}

/// These migrations, and all that they depend on.
fn closure<'a>(nodes: &[Node<'a>], of: impl Iterator<Item = &'a Node<'a>>) -> BTreeSet<Id>
where
{
    let mut needed: BTreeSet<Id> = BTreeSet::new();
    let mut open: Vec<Id> = of.map(Node::id).collect();
    while let Some(id) = open.pop() {
        if needed.insert(id.clone())
            && let Some(node) = nodes.iter().find(|node| node.id() == id)
        {
            open.extend(before(nodes, node));
        }
    }
    needed
}

/// What a migration directly comes after.
fn before(nodes: &[Node<'_>], node: &Node<'_>) -> Vec<Id> {
    let by = |id: Id| {
        let squashed = nodes
            .iter()
            .find(|other| other.app == id.0 && other.migration.replaces.contains(&id.1));
        squashed.map_or(id, Node::id)
    };
    Project::dependencies(node, &[]).into_iter().map(by).collect()
}

/// The migration of an app whose name starts so.
fn find<'n, 'a>(nodes: &'n [Node<'a>], app: &str, name: &str) -> Result<&'n Node<'a>> {
    let own = || nodes.iter().filter(|node| node.app == app);
    if let Some(node) = own().find(|node| node.migration.name() == name) {
        return Ok(node);
    }
    let mut found = own().filter(|node| node.migration.name().starts_with(name));
    match (found.next(), found.next()) {
        (Some(node), None) => Ok(node),
        (None, _) => Err(Error::graph(format!("{app} has no migration {name}"))),
        (Some(_), Some(_)) => Err(Error::graph(format!(
            "{app} has several migrations {name}..: say more of the name"
        ))),
    }
}

/// The way back, if the target lies behind.
fn backwards(
    migrate: &Migrate<'_>,
    nodes: &[Node<'_>],
    app: &str,
    target: &str,
    history: &History,
) -> Result<Option<Vec<Planned>>> {
    let roots: Vec<Id> = if target == "zero" {
        nodes
            .iter()
            .filter(|node| node.app == app)
            .map(Node::id)
            .collect()
    } else {
        let node = find(nodes, app, target)?;
        if !is_applied(node, history) {
            return Ok(None);
        }
        let own = nodes
            .iter()
            .filter(|other| other.app == app && before(nodes, other).contains(&node.id()));
        own.map(Node::id).collect()
    };
    // All that rests on them.
    let mut gone: BTreeSet<Id> = roots.into_iter().collect();
    for node in nodes {
        if before(nodes, node).iter().any(|id| gone.contains(id)) {
            gone.insert(node.id());
        }
    }
    let back: Vec<&Node<'_>> = nodes
        .iter()
        .rev()
        .filter(|node| {
            gone.contains(&node.id())
                && (is_applied(node, history) || history.partly.contains_key(&node.id()))
        })
        .collect();
    if back.is_empty() && target != "zero" {
        return Ok(None);
    }
    Ok(Some(
        back.into_iter()
            .map(|node| planned(migrate, node, true))
            .collect(),
    ))
}
