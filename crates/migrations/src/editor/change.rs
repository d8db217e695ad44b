//! What differs between two schemas.

use std::collections::BTreeMap;

use crate::operation::Hints;
use crate::schema::{Check, Column, ForeignKey, Index, Schema, Table, Unique};
use crate::text::rename_identifier;

/// All differences.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) created: Vec<&'a Table>,
    pub(super) dropped: Vec<&'a Table>,
    pub(super) altered: Vec<TableChange>,
}

/// The differences of one table. The names in `old` are those after tables and columns have been renamed.
#[derive(Debug)]
pub(super) struct TableChange {
    pub(super) old_name: String,
    pub(super) old: Table,
    pub(super) new: Table,
    /// Old and new names.
    pub(super) renamed_columns: Vec<(String, String)>,
    pub(super) uniques: Named<Unique>,
    pub(super) checks: Named<Check>,
    pub(super) foreign_keys: Named<ForeignKey>,
    pub(super) indexes: Named<Index>,
}

/// What is gone, what is new, and what has only another name.
#[derive(Debug)]
pub(super) struct Named<T> {
    pub(super) dropped: Vec<T>,
    pub(super) added: Vec<T>,
    pub(super) renamed: Vec<(String, T)>,
    pub(super) kept: Vec<T>,
}

impl<T> Named<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.dropped.is_empty() && self.added.is_empty() && self.renamed.is_empty()
    }
}

impl TableChange {
    pub(super) fn is_renamed(&self) -> bool {
        self.old_name != self.new.name
    }

    pub(super) fn dropped_columns(&self) -> impl Iterator<Item = &Column> {
        self.old
            .columns
            .iter()
            .filter(|column| self.new.column(&column.name).is_none())
    }

    pub(super) fn added_columns(&self) -> impl Iterator<Item = &Column> {
        self.new
            .columns
            .iter()
            .filter(|column| self.old.column(&column.name).is_none())
    }

    pub(super) fn altered_columns(&self) -> impl Iterator<Item = (&Column, &Column)> {
        self.new.columns.iter().filter_map(|new| {
            let old = self.old.column(&new.name)?;
            (old != new).then_some((old, new))
        })
    }

    /// Whether anything differs but names of the table and its columns.
    pub(super) fn is_empty(&self) -> bool {
        self.old.comment == self.new.comment && self.is_structure_kept() && self.indexes.is_empty()
    }

    /// Whether it is the same but for indexes and the comment.
    pub(super) fn is_structure_kept(&self) -> bool {
        self.old.primary_key == self.new.primary_key
            && self.dropped_columns().next().is_none()
            && self.added_columns().next().is_none()
            && self.altered_columns().next().is_none()
            && self.uniques.is_empty()
            && self.checks.is_empty()
            && self.foreign_keys.is_empty()
    }
}

pub(super) fn between<'a>(before: &'a Schema, after: &'a Schema, hints: &Hints) -> Change<'a> {
    let new_names: BTreeMap<&str, &str> = hints
        .tables
        .iter()
        .map(|(new, old)| (old.as_str(), new.as_str()))
        .collect();
    let new_name = |old: &str| new_names.get(old).map_or(old, |new| *new).to_owned();
    let mut change = Change {
        created: Vec::new(),
        dropped: Vec::new(),
        altered: Vec::new(),
    };
    for (old_name, table) in &before.tables {
        let name = new_name(old_name);
        let Some(new) = after.tables.get(&name) else {
            change.dropped.push(table);
            continue;
        };
        let old = renamed(table, hints, &new_name);
        let renamed_columns = table
            .columns
            .iter()
            .zip(&old.columns)
            .filter(|(before, after)| before.name != after.name)
            .map(|(before, after)| (before.name.clone(), after.name.clone()));
        let altered = TableChange {
            old_name: old_name.clone(),
            renamed_columns: renamed_columns.collect(),
            uniques: compare(
                &old.uniques,
                &new.uniques,
                |unique| &mut unique.name,
                Clone::clone,
            ),
            checks: compare(&old.checks, &new.checks, |check| &mut check.name, Clone::clone),
            foreign_keys: compare(
                &old.foreign_keys,
                &new.foreign_keys,
                |key| &mut key.name,
                Clone::clone,
            ),
            indexes: compare(&old.indexes, &new.indexes, |index| &mut index.name, Clone::clone),
            old,
            new: new.clone(),
        };
        if altered.is_renamed() || !altered.renamed_columns.is_empty() || !altered.is_empty() {
            change.altered.push(altered);
        }
    }
    let old_names: Vec<String> = before.tables.keys().map(|old| new_name(old)).collect();
    let created = after
        .tables
        .values()
        .filter(|table| !old_names.contains(&table.name));
    change.created = super::by_dependency(&created.collect::<Vec<_>>());
    change
}

/// A table under the new names of tables and columns.
fn renamed(table: &Table, hints: &Hints, new_name: &dyn Fn(&str) -> String) -> Table {
    let mut table = table.clone();
    table.name = new_name(&table.name);
    let columns = |table: &str| -> Vec<(String, String)> {
        hints
            .columns
            .iter()
            .filter(|((of, _), _)| of == table)
            .map(|((_, new), old)| (old.clone(), new.clone()))
            .collect()
    };
    fn rename(names: &mut [String], columns: &[(String, String)]) {
        for name in names {
            if let Some((_, new)) = columns.iter().find(|(old, _)| old == name) {
                name.clone_from(new);
            }
        }
    }
    for key in &mut table.foreign_keys {
        key.table = new_name(&key.table);
        rename(&mut key.to_columns, &columns(&key.table));
    }
    let own = columns(&table.name);
    if own.is_empty() {
        return table;
    }
    let in_sql = |sql: &mut String| {
        for (old, new) in &own {
            *sql = rename_identifier(sql, old, new);
        }
    };
    rename(&mut table.primary_key, &own);
    for column in &mut table.columns {
        rename(std::slice::from_mut(&mut column.name), &own);
        if let Some((sql, _)) = &mut column.generated {
            in_sql(sql);
        }
    }
    for unique in &mut table.uniques {
        rename(&mut unique.columns, &own);
    }
    for check in &mut table.checks {
        in_sql(&mut check.sql);
    }
    for key in &mut table.foreign_keys {
        rename(&mut key.columns, &own);
    }
    for index in &mut table.indexes {
        rename(&mut index.columns, &own);
        rename(&mut index.include, &own);
        index
            .parts
            .iter_mut()
            .chain(&mut index.condition)
            .for_each(in_sql);
    }
    table
}

/// Pairs what is the same. Of what has another name, the first that fits counts.
fn compare<T: PartialEq>(
    old: &[T],
    new: &[T],
    name: fn(&mut T) -> &mut String,
    copy: fn(&T) -> T,
) -> Named<T> {
    let mut result = Named {
        dropped: Vec::new(),
        added: Vec::new(),
        renamed: Vec::new(),
        kept: Vec::new(),
    };
    let mut left: Vec<T> = Vec::new();
    for item in old {
        if new.contains(item) {
            result.kept.push(copy(item));
        } else {
            left.push(copy(item));
        }
    }
    for item in new.iter().filter(|item| !old.contains(item)) {
        let mut added = copy(item);
        let own_name = name(&mut added).clone();
        let same = left.iter().position(|candidate| {
            let mut candidate = copy(candidate);
            name(&mut candidate).clone_from(&own_name);
            candidate == *item
        });
        match same {
            Some(at) => {
                let mut old = left.remove(at);
                result.renamed.push((std::mem::take(name(&mut old)), added));
            }
            None => result.added.push(added),
        }
    }
    result.dropped = left;
    result
}
