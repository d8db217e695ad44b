//! Tables as a database has them: what a [`State`](crate::State) comes down to, and what introspection reads back.

mod lower;

use std::collections::BTreeMap;

pub(crate) use lower::lower;

/// The tables of a database, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Schema {
    /// The tables, by their names.
    pub tables: BTreeMap<String, Table>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// The constraints UNIQUE.
    pub uniques: Vec<Unique>,
    /// The constraints CHECK.
    pub checks: Vec<Check>,
    /// The foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// The indexes that are no constraint's.
    pub indexes: Vec<Index>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is a view, or a part of another table.
    pub read_only: bool,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in the words of the database.
    pub sql_type: String,
    /// Whether it may be NULL.
    pub null: bool,
    /// Whether the database counts it up.
    pub automatic: bool,
    /// Its default, in SQL.
    pub default: Option<String>,
    /// What it is computed from, in SQL, and whether the result is stored.
    pub generated: Option<(String, bool)>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its collation, where that is not the table's.
    pub collation: Option<String>,
}

/// A constraint UNIQUE.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Unique {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether it is checked at the end of the transaction.
    pub deferrable: bool,
    /// Whether two NULLs are the same.
    pub nulls_not_distinct: bool,
}

/// A constraint CHECK.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The condition.
    pub sql: String,
}

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it points to.
    pub table: String,
    /// The columns that it points to.
    pub to_columns: Vec<String>,
    /// What happens when the row that it points to is deleted: `CASCADE`, `RESTRICT`, `SET NULL`, `SET DEFAULT` or `NO ACTION`.
    pub on_delete: String,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Columns and expressions, as they stand between its parentheses.
    pub parts: Vec<String>,
    /// The columns among them.
    pub columns: Vec<String>,
    /// Whether it is unique, as an index with a condition can be.
    pub unique: bool,
    /// Its kind, where that is not a B-tree.
    pub method: Option<String>,
    /// The rows that it is of, in SQL.
    pub condition: Option<String>,
    /// What it has besides.
    pub include: Vec<String>,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Schema {
    /// The schema with everything in an order that does not depend on how it came about: to compare two of them.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for table in self.tables.values_mut() {
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            table.uniques.sort_by(|a, b| a.name.cmp(&b.name));
            table.checks.sort_by(|a, b| a.name.cmp(&b.name));
            table.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
            table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self
    }
}
