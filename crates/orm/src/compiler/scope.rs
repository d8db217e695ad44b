//! The tables of one query: its model, and what its paths join.

use std::fmt::Write as _;

use super::expression::Typing;
use super::quote;
use crate::meta::{ModelMeta, RelationMeta};
use crate::{Error, Result};

/// The tables of one SELECT.
pub(super) struct Scope {
    pub(super) model: &'static ModelMeta,
    alias: usize,
    joins: Vec<Join>,
    /// The rows in place of the model's table, as SQL, and what is known of their further columns.
    source: Option<(String, Vec<Typing>)>,
    /// Whether rows are skipped.
    pub(super) skips: bool,
    /// Made by the compiler and not by the user: `Outer` columns look past it.
    pub(super) transparent: bool,
}

/// A table reached over relations. One path is one join, however often it is used.
struct Join {
    path: Vec<&'static RelationMeta>,
    from: usize,
    alias: usize,
    outer: bool,
}

impl Scope {
    pub(super) fn new(model: &'static ModelMeta, alias: usize) -> Self {
        Self {
            model,
            alias,
            joins: Vec::new(),
            source: None,
            skips: false,
            transparent: false,
        }
    }

    /// With the rows of queries in place of the table's.
    pub(super) fn over(&mut self, sql: String, outputs: Vec<Typing>) {
        self.source = Some((sql, outputs));
    }

    /// What is known of a further column of the source.
    pub(super) fn output(&self, index: usize) -> Option<Typing> {
        self.source.as_ref()?.1.get(index).copied()
    }

    pub(super) fn has_joins(&self) -> bool {
        !self.joins.is_empty()
    }

    /// The table at the end of a path, joined if it is not yet.
    pub(super) fn table(&mut self, path: &[&'static RelationMeta], aliases: &mut usize) -> Result<usize> {
        let (mut from, mut model) = (self.alias, self.model);
        for length in 1..=path.len() {
            let (path, relation) = (&path[..length], path[length - 1]);
            if (relation.from)() != model {
                return Err(Error::configuration(format!(
                    "the relation {} belongs to {} and cannot be followed from {}",
                    relation.name,
                    (relation.from)().name,
                    model.name
                )));
            }
            model = (relation.to)();
            from = match self.joins.iter().find(|join| join.path == path) {
                Some(join) => join.alias,
                None => {
                    let alias = *aliases;
                    *aliases += 1;
                    self.joins.push(Join {
                        path: path.to_vec(),
                        from,
                        alias,
                        outer: is_outer(path),
                    });
                    alias
                }
            };
        }
        Ok(from)
    }

    /// `"book" AS "t0" LEFT JOIN ..`
    pub(super) fn write_from(&self, sql: &mut String) {
        match &self.source {
            Some((rows, _)) => {
                let _ = write!(sql, "({rows})");
            }
            None => quote(self.model.table, sql),
        }
        let _ = write!(sql, " AS \"t{}\"", self.alias);
        for Join {
            path,
            from,
            alias,
            outer,
        } in &self.joins
        {
            let Some(relation) = path.last() else { continue };
            sql.push_str(if *outer { " LEFT JOIN " } else { " INNER JOIN " });
            quote((relation.to)().table, sql);
            let _ = write!(sql, " AS \"t{alias}\" ON \"t{from}\".");
            quote(relation.from_column, sql);
            let _ = write!(sql, " = \"t{alias}\".");
            quote(relation.to_column, sql);
        }
    }

    /// A column of the model itself.
    pub(super) fn write_column(&self, column: &str, sql: &mut String) {
        let _ = write!(sql, "\"t{}\".", self.alias);
        quote(column, sql);
    }
}

/// Whether there may be no row at the end of a path. An inner join would then lose the row at its start.
pub(super) fn is_outer(path: &[&'static RelationMeta]) -> bool {
    path.iter().any(|relation| relation.nullable || relation.many)
}

/// Takes off the hops that a column does not need: the key of a related row is in the row that points to it.
pub(super) fn trim<'p>(
    mut path: &'p [&'static RelationMeta],
    mut column: &'static str,
) -> (&'p [&'static RelationMeta], &'static str) {
    while let [before @ .., last] = path
        && !last.many
        && !last.reverse
        && last.to_column == column
    {
        column = last.from_column;
        path = before;
    }
    (path, column)
}
