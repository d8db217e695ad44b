//! From one schema to the next, in the SQL of each database.

mod change;
mod definition;
mod literal;
mod server;
mod sqlite;

use nuages_orm::Dialect;

use crate::Result;
use crate::operation::Hints;
use crate::schema::{Schema, Table};

pub(crate) use sqlite::Rebuild;

/// A piece of what an operation does to a database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// A statement.
    Sql(String),
    /// SQLite: a table made anew, with its rows.
    Rebuild(Box<Rebuild>),
}

impl Step {
    fn sql(text: impl Into<String>) -> Self {
        Self::Sql(text.into())
    }

    /// The statements, as far as they can be told without looking into the database.
    pub(crate) fn statements(&self) -> Vec<String> {
        match self {
            Self::Sql(sql) => vec![sql.clone()],
            Self::Rebuild(rebuild) => rebuild.statements(),
        }
    }
}

/// What leads from one schema to another.
pub(crate) fn steps(dialect: Dialect, before: &Schema, after: &Schema, hints: &Hints) -> Result<Vec<Step>> {
    let change = change::between(before, after, hints);
    match dialect {
        Dialect::Sqlite => sqlite::steps(&change, hints),
        _ => server::steps(dialect, &change, hints),
    }
}

/// The tables such that each comes after those that it points to, where they are not in a circle.
fn by_dependency<'a>(tables: &[&'a Table]) -> Vec<&'a Table> {
    fn visit<'a>(table: &'a Table, tables: &[&'a Table], seen: &mut Vec<&'a str>, out: &mut Vec<&'a Table>) {
        if seen.contains(&table.name.as_str()) {
            return;
        }
        seen.push(&table.name);
        for key in &table.foreign_keys {
            if let Some(target) = tables.iter().find(|other| other.name == key.table) {
                visit(target, tables, seen, out);
            }
        }
        out.push(table);
    }
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    for table in tables {
        visit(table, tables, &mut seen, &mut out);
    }
    out
}
