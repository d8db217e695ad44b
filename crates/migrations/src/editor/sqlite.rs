//! SQLite: what ALTER TABLE can't do is done by making the table anew, as <https://sqlite.org/lang_altertable.html#otheralter> has it.

use nuages_orm::Dialect;

use super::Step;
use super::change::{Change, TableChange};
use super::definition::{column_definition, create_index, create_table};
use super::literal::sql_value;
use super::server::in_free_order;
use crate::Result;
use crate::operation::Hints;
use crate::schema::{Column, Table};
use crate::text::{literal, quoted, quoted_list};

/// A table made anew. The database adds what only it knows: triggers, and indexes that no model has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rebuild {
    pub(crate) table: Table,
    /// The columns that are filled, and from what.
    copied: Vec<(String, String)>,
    /// The indexes that models had before: others are somebody else's, and stay.
    pub(crate) known_indexes: Vec<String>,
}

pub(super) fn steps(change: &Change<'_>, hints: &Hints) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for table in &change.dropped {
        steps.push(Step::sql(format!("DROP TABLE {}", quoted(&table.name))));
    }
    for table in &change.altered {
        alter(table, hints, &mut steps)?;
    }
    for table in &change.created {
        let sql = create_table(Dialect::Sqlite, &table.name, table, &|_| true);
        steps.push(Step::Sql(sql));
        let indexes = table.indexes.iter();
        steps.extend(indexes.map(|index| Step::Sql(create_index(&table.name, index, false))));
    }
    Ok(steps)
}

fn alter(table: &TableChange, hints: &Hints, steps: &mut Vec<Step>) -> Result<()> {
    let name = &table.new.name;
    if table.is_renamed() {
        steps.push(Step::sql(format!(
            "ALTER TABLE {} RENAME TO {}",
            quoted(&table.old_name),
            quoted(name)
        )));
    }
    for (old, new) in in_free_order(&table.renamed_columns)? {
        steps.push(Step::sql(format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            quoted(name),
            quoted(old),
            quoted(new)
        )));
    }
    if let Some(added) = plainly_added(table) {
        for column in added {
            steps.push(Step::sql(format!(
                "ALTER TABLE {} ADD COLUMN {}",
                quoted(name),
                column_definition(Dialect::Sqlite, column, false)
            )));
        }
    } else if !table.is_structure_kept() {
        steps.push(Step::Rebuild(Box::new(rebuild(table, hints))));
        return Ok(());
    }
    let renamed = table.indexes.renamed.iter();
    let dropped = table.indexes.dropped.iter().map(|index| &index.name);
    for index in dropped.chain(renamed.clone().map(|(old, _)| old)) {
        steps.push(Step::sql(format!("DROP INDEX {}", quoted(index))));
    }
    for index in table.indexes.added.iter().chain(renamed.map(|(_, index)| index)) {
        steps.push(Step::Sql(create_index(name, index, false)));
    }
    Ok(())
}

/// The added columns, if they are all that changed and may be NULL: the rows need not be touched.
fn plainly_added(table: &TableChange) -> Option<Vec<&Column>> {
    let added: Vec<&Column> = table.added_columns().collect();
    let plain = !added.is_empty()
        && added
            .iter()
            .all(|column| column.null && column.default.is_none() && column.generated.is_none())
        && table.old.primary_key == table.new.primary_key
        && table.dropped_columns().next().is_none()
        && table.altered_columns().next().is_none()
        && table.uniques.is_empty()
        && table.checks.is_empty()
        && table.foreign_keys.is_empty();
    plain.then_some(added)
}

fn rebuild(table: &TableChange, hints: &Hints) -> Rebuild {
    let mut copied = Vec::new();
    for column in table
        .new
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
    {
        let place = (table.new.name.clone(), column.name.clone());
        let fill = hints
            .fills
            .get(&place)
            .map(|value| sql_value(value, Dialect::Sqlite));
        let name = quoted(&column.name);
        let source = match (table.old.column(&column.name), fill) {
            (Some(old), Some(fill)) if old.null && !column.null => format!("COALESCE({name}, {fill})"),
            (Some(_), _) => name,
            (None, Some(fill)) => fill,
            // The default, or the next number, or NULL and a refusal.
            (None, None) if column.default.is_some() || column.automatic || column.null => continue,
            (None, None) => "NULL".to_owned(),
        };
        copied.push((column.name.clone(), source));
    }
    Rebuild {
        table: table.new.clone(),
        copied,
        known_indexes: table
            .old
            .indexes
            .iter()
            .map(|index| index.name.clone())
            .chain(table.indexes.renamed.iter().map(|(old, _)| old.clone()))
            .collect(),
    }
}

impl Rebuild {
    pub(crate) fn statements(&self) -> Vec<String> {
        self.statements_with(&[])
    }

    /// The statements, with those that bring back what the database knew besides.
    pub(crate) fn statements_with(&self, restored: &[String]) -> Vec<String> {
        let name = &self.table.name;
        let new = format!("new__{name}");
        let (columns, sources): (Vec<_>, Vec<_>) = self.copied.iter().cloned().unzip();
        let mut statements = vec![
            // Others that name the table keep naming it while it is away.
            "PRAGMA legacy_alter_table = ON".to_owned(),
            create_table(Dialect::Sqlite, &new, &self.table, &|_| true),
        ];
        if columns.is_empty() {
            statements.push(format!(
                "INSERT INTO {} (rowid) SELECT rowid FROM {}",
                quoted(&new),
                quoted(name)
            ));
        } else {
            statements.push(format!(
                "INSERT INTO {} ({}) SELECT {} FROM {}",
                quoted(&new),
                quoted_list(&columns),
                sources.join(", "),
                quoted(name)
            ));
        }
        let counted = |column: &Column| column.automatic && self.table.primary_key == [column.name.clone()];
        if self.table.columns.iter().any(counted) {
            // Keys of rows that are gone are not given again.
            let (old, new) = (literal(name), literal(&new));
            statements.push(format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {new})"
            ));
            statements.push(format!(
                "UPDATE sqlite_sequence SET seq = max(seq, COALESCE((SELECT seq FROM sqlite_sequence WHERE name = {old}), 0)) WHERE name = {new}"
            ));
        }
        statements.push(format!("DROP TABLE {}", quoted(name)));
        statements.push(format!("ALTER TABLE {} RENAME TO {}", quoted(&new), quoted(name)));
        statements.push("PRAGMA legacy_alter_table = OFF".to_owned());
        statements.extend(
            self.table
                .indexes
                .iter()
                .map(|index| create_index(name, index, false)),
        );
        statements.extend_from_slice(restored);
        statements
    }
}
