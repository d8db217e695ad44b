//! What a migration is in SQL, without running it.

use nuages_orm::Dialect;

use super::recorder::History;
use super::run::{Action, stages, state_before};
use crate::project::{Node, Project};
use crate::{Error, Result};

impl Project {
    /// The SQL of a migration on a database, forward or back.
    ///
    /// What SQLite needs besides is found when it runs: the triggers of a table that is made anew.
    ///
    /// # Errors
    ///
    /// There is no such migration; it can't be taken back.
    pub fn sql(&self, app: &str, name: &str, dialect: Dialect, backwards: bool) -> Result<String> {
        self.known_app(app)?;
        let nodes = self.nodes(&std::collections::BTreeSet::new())?;
        let at = nodes
            .iter()
            .position(|node| node.app == app && node.migration.name().starts_with(name))
            .ok_or_else(|| Error::graph(format!("{app} has no migration {name}")))?;
        let mut history = History::default();
        history.applied.extend(nodes[..at].iter().map(Node::id));
        let node = &nodes[at];
        let state = state_before(&nodes, node, &history)?;
        let mut stages = stages(node, state)?;
        if backwards {
            stages.reverse();
        }
        let is_atomic = node.migration.atomic && dialect != Dialect::MariaDb;
        let mut body = String::new();
        let mut rebuilds = false;
        for stage in &stages {
            let back = if backwards { " (back)" } else { "" };
            body.push_str(&format!("--\n-- {}{back}\n--\n", stage.operation.describe()));
            let actions = stage.actions(app, dialect, backwards)?;
            if actions.is_empty() {
                body.push_str("-- nothing to do in the database\n");
            }
            for action in actions {
                match action {
                    Action::Rust(_) => body.push_str("-- Rust: it has no SQL that could be shown\n"),
                    Action::Step(step) => {
                        rebuilds |= matches!(step, crate::editor::Step::Rebuild(_));
                        for statement in step.statements() {
                            body.push_str(&format!("{statement};\n"));
                        }
                    }
                }
            }
        }
        let mut sql = String::new();
        if rebuilds {
            sql.push_str("PRAGMA foreign_keys = OFF;\n");
        }
        if is_atomic {
            sql.push_str(&format!("BEGIN;\n{body}COMMIT;\n"));
        } else {
            sql.push_str(&body);
        }
        if rebuilds {
            sql.push_str("PRAGMA foreign_keys = ON;\n");
        }
        Ok(sql)
    }
}
