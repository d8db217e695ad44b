//! PostgreSQL and MariaDB: what ALTER TABLE does.
//!
//! The order is that of dependence: what others rest on goes last and comes first. Rules that only have another name are renamed where the
//! database can do that, since making them anew reads the whole table.

use nuages_orm::Dialect;

use super::Step;
use super::change::{Change, TableChange};
use super::definition::{
    check_definition, column_definition, create_index, create_table, foreign_key_definition,
    unique_definition,
};
use super::literal::sql_value;
use crate::operation::Hints;
use crate::schema::{Check, Column, ForeignKey, Table};
use crate::text::{Token, literal, quoted, quoted_list, tokens};
use crate::{Error, Result};

struct Editor<'a> {
    dialect: Dialect,
    hints: &'a Hints,
    steps: Vec<Step>,
}

pub(super) fn steps(dialect: Dialect, change: &Change<'_>, hints: &Hints) -> Result<Vec<Step>> {
    let mut editor = Editor {
        dialect,
        hints,
        steps: Vec::new(),
    };
    // Foreign keys that stay, but rest on what MariaDB does not change under them.
    let mut again: Vec<(String, ForeignKey)> = Vec::new();
    editor.drop_foreign_keys(change, &mut again);
    let mut checked_again: Vec<(String, Check)> = Vec::new();
    for table in &change.altered {
        for check in retyped_checks(dialect, table) {
            editor.alter(
                &table.old_name,
                format!("DROP CONSTRAINT {}", quoted(&check.name)),
            );
            checked_again.push((table.new.name.clone(), check.clone()));
        }
    }
    for table in &change.altered {
        editor.drop_rules(table);
    }
    for table in &change.altered {
        editor.rename(table)?;
    }
    for table in &change.dropped {
        editor.push(format!("DROP TABLE {}", quoted(&table.name)));
    }
    for table in &change.altered {
        editor.columns(table);
    }
    editor.create(change);
    for table in &change.altered {
        editor.add_rules(table);
    }
    for (table, check) in &checked_again {
        editor.alter(table, format!("ADD {}", check_definition(check)));
    }
    for table in &change.altered {
        for key in &table.foreign_keys.added {
            editor.add_foreign_key(&table.new.name, key);
        }
        if dialect == Dialect::MariaDb {
            for (_, key) in &table.foreign_keys.renamed {
                editor.add_foreign_key(&table.new.name, key);
            }
        }
    }
    for (table, key) in &again {
        editor.add_foreign_key(table, key);
    }
    for table in &change.altered {
        editor.comments(table);
    }
    Ok(editor.steps)
}

impl Editor<'_> {
    fn push(&mut self, sql: String) {
        self.steps.push(Step::Sql(sql));
    }

    fn alter(&mut self, table: &str, what: impl std::fmt::Display) {
        self.push(format!("ALTER TABLE {} {what}", quoted(table)));
    }

    fn is_maria(&self) -> bool {
        self.dialect == Dialect::MariaDb
    }

    fn drop_foreign_keys(&mut self, change: &Change<'_>, again: &mut Vec<(String, ForeignKey)>) {
        let what = if self.is_maria() {
            "DROP FOREIGN KEY"
        } else {
            "DROP CONSTRAINT"
        };
        for table in &change.dropped {
            // Only those between tables that go together are in the way.
            for key in table.foreign_keys.iter().filter(|key| key.table != table.name) {
                if change.dropped.iter().any(|other| other.name == key.table) {
                    self.alter(&table.name, format!("{what} {}", quoted(&key.name)));
                }
            }
        }
        for table in &change.altered {
            for key in &table.foreign_keys.dropped {
                self.alter(&table.old_name, format!("{what} {}", quoted(&key.name)));
            }
            if self.is_maria() {
                for (old, _) in &table.foreign_keys.renamed {
                    self.alter(&table.old_name, format!("{what} {}", quoted(old)));
                }
            }
            for key in &table.foreign_keys.kept {
                if self.is_in_the_way(change, table, key) {
                    self.alter(&table.old_name, format!("{what} {}", quoted(&key.name)));
                    again.push((table.new.name.clone(), key.clone()));
                }
            }
        }
    }

    /// Whether a foreign key that stays keeps the database from a change of its columns or its indexes.
    fn is_in_the_way(&self, change: &Change<'_>, table: &TableChange, key: &ForeignKey) -> bool {
        let touched = |table: &TableChange, columns: &[String], indexes: bool| {
            let altered = table
                .altered_columns()
                .any(|(old, new)| columns.contains(&new.name) && (indexes || old.sql_type != new.sql_type));
            let overlaps = |of: &[String]| of.iter().any(|column| columns.contains(column));
            altered
                || indexes
                    && (table.indexes.dropped.iter().any(|index| overlaps(&index.columns))
                        || table
                            .uniques
                            .dropped
                            .iter()
                            .any(|unique| overlaps(&unique.columns))
                        || table.old.primary_key != table.new.primary_key)
        };
        let indexes = self.is_maria();
        touched(table, &key.columns, indexes)
            || change
                .altered
                .iter()
                .filter(|other| other.new.name == key.table)
                .any(|other| touched(other, &key.to_columns, indexes))
    }

    fn drop_rules(&mut self, table: &TableChange) {
        let name = &table.old_name;
        for check in &table.checks.dropped {
            self.alter(name, format!("DROP CONSTRAINT {}", quoted(&check.name)));
        }
        if self.is_maria() {
            for (old, _) in &table.checks.renamed {
                self.alter(name, format!("DROP CONSTRAINT {}", quoted(old)));
            }
        }
        for unique in &table.uniques.dropped {
            let what = if self.is_maria() {
                "DROP INDEX"
            } else {
                "DROP CONSTRAINT"
            };
            self.alter(name, format!("{what} {}", quoted(&unique.name)));
        }
        for index in &table.indexes.dropped {
            if self.is_maria() {
                self.alter(name, format!("DROP INDEX {}", quoted(&index.name)));
            } else {
                let concurrently = if self.hints.concurrent.contains(&index.name) {
                    "CONCURRENTLY "
                } else {
                    ""
                };
                self.push(format!("DROP INDEX {concurrently}{}", quoted(&index.name)));
            }
        }
    }

    fn rename(&mut self, table: &TableChange) -> Result<()> {
        let (old, new) = (&table.old_name, &table.new.name);
        if table.is_renamed() {
            self.alter(old, format!("RENAME TO {}", quoted(new)));
            if !self.is_maria() {
                // Its name is how the key is found when it changes.
                self.push(format!(
                    "ALTER INDEX IF EXISTS {} RENAME TO {}",
                    quoted(&format!("{old}_pkey")),
                    quoted(&format!("{new}_pkey"))
                ));
            }
        }
        for (old, new_column) in in_free_order(&table.renamed_columns)? {
            // The check that makes it JSON keeps the old name, unless the column is said anew.
            let json = table
                .old
                .column(new_column)
                .filter(|column| self.is_maria() && column.sql_type == "json");
            if let Some(column) = json {
                let definition = column_definition(self.dialect, column, false);
                self.alter(new, format!("CHANGE COLUMN {} {definition}", quoted(old)));
                continue;
            }
            self.alter(
                new,
                format!("RENAME COLUMN {} TO {}", quoted(old), quoted(new_column)),
            );
        }
        let uniques = table
            .uniques
            .renamed
            .iter()
            .map(|(old, unique)| (old, &unique.name));
        let indexes = table
            .indexes
            .renamed
            .iter()
            .map(|(old, index)| (old, &index.name));
        if self.is_maria() {
            for (old, name) in uniques.chain(indexes) {
                self.alter(new, format!("RENAME INDEX {} TO {}", quoted(old), quoted(name)));
            }
            return Ok(());
        }
        let checks = table.checks.renamed.iter().map(|(old, check)| (old, &check.name));
        let keys = table
            .foreign_keys
            .renamed
            .iter()
            .map(|(old, key)| (old, &key.name));
        for (old, name) in uniques.chain(checks).chain(keys) {
            self.alter(
                new,
                format!("RENAME CONSTRAINT {} TO {}", quoted(old), quoted(name)),
            );
        }
        for (old, name) in indexes {
            self.push(format!("ALTER INDEX {} RENAME TO {}", quoted(old), quoted(name)));
        }
        Ok(())
    }

    fn columns(&mut self, table: &TableChange) {
        let name = &table.new.name;
        if table.old.primary_key != table.new.primary_key && !table.old.primary_key.is_empty() {
            self.drop_primary_key(table);
        }
        for column in table.dropped_columns() {
            self.alter(name, format!("DROP COLUMN {}", quoted(&column.name)));
        }
        for (old, new) in table.altered_columns() {
            if old.generated != new.generated {
                self.alter(name, format!("DROP COLUMN {}", quoted(&new.name)));
                self.add_column(table, new);
            } else if self.is_maria() {
                self.modify(table, old, new);
            } else {
                self.alter_column(table, old, new);
            }
        }
        for column in table.added_columns() {
            self.add_column(table, column);
        }
        if table.old.primary_key != table.new.primary_key && !table.new.primary_key.is_empty() {
            self.alter(
                name,
                format!("ADD PRIMARY KEY ({})", quoted_list(&table.new.primary_key)),
            );
            for column in &table.new.columns {
                if self.is_maria() && column.automatic && table.new.primary_key.contains(&column.name) {
                    self.alter(
                        name,
                        format!("MODIFY COLUMN {}", column_definition(self.dialect, column, false)),
                    );
                }
            }
        }
    }

    fn drop_primary_key(&mut self, table: &TableChange) {
        let name = &table.new.name;
        if !self.is_maria() {
            let key = quoted(&format!("{name}_pkey"));
            return self.alter(name, format!("DROP CONSTRAINT {key}"));
        }
        for column in table.old.columns.iter().filter(|column| column.automatic) {
            // What is counted up has to be a key.
            let mut plain = column.clone();
            plain.automatic = false;
            self.alter(
                name,
                format!("MODIFY COLUMN {}", column_definition(self.dialect, &plain, false)),
            );
        }
        self.alter(name, "DROP PRIMARY KEY");
    }

    fn fill(&self, table: &TableChange, column: &Column) -> Option<String> {
        let value = self
            .hints
            .fills
            .get(&(table.new.name.clone(), column.name.clone()))?;
        Some(sql_value(value, self.dialect))
    }

    fn add_column(&mut self, table: &TableChange, column: &Column) {
        let name = &table.new.name;
        let keyed = column.automatic && self.is_maria() && table.new.primary_key == [column.name.clone()];
        if keyed {
            // It is added together with the key below.
            let mut plain = column.clone();
            plain.automatic = false;
            plain.null = true;
            return self.alter(
                name,
                format!("ADD COLUMN {}", column_definition(self.dialect, &plain, false)),
            );
        }
        let quoted_name = quoted(&column.name);
        match self.fill(table, column) {
            Some(value) => {
                // A default that is there for a moment fills the rows without writing them.
                let mut filled = column.clone();
                filled.default = Some(value);
                self.alter(
                    name,
                    format!("ADD COLUMN {}", column_definition(self.dialect, &filled, false)),
                );
                match &column.default {
                    Some(default) => {
                        self.alter(
                            name,
                            format!("ALTER COLUMN {quoted_name} SET DEFAULT ({default})"),
                        );
                    }
                    None => self.alter(name, format!("ALTER COLUMN {quoted_name} DROP DEFAULT")),
                }
            }
            // MariaDB would fill in a zero or an empty text without being asked.
            None if self.is_maria()
                && !column.null
                && column.default.is_none()
                && column.generated.is_none() =>
            {
                let mut nullable = column.clone();
                nullable.null = true;
                self.alter(
                    name,
                    format!("ADD COLUMN {}", column_definition(self.dialect, &nullable, false)),
                );
                self.alter(
                    name,
                    format!("MODIFY COLUMN {}", column_definition(self.dialect, column, false)),
                );
            }
            None => self.alter(
                name,
                format!("ADD COLUMN {}", column_definition(self.dialect, column, false)),
            ),
        }
    }

    fn fill_nulls(&mut self, table: &TableChange, column: &Column) {
        if let Some(value) = self.fill(table, column) {
            let (name, column) = (quoted(&table.new.name), quoted(&column.name));
            self.push(format!(
                "UPDATE {name} SET {column} = {value} WHERE {column} IS NULL"
            ));
        }
    }

    fn modify(&mut self, table: &TableChange, old: &Column, new: &Column) {
        if old.null && !new.null {
            self.fill_nulls(table, new);
        }
        self.alter(
            &table.new.name,
            format!("MODIFY COLUMN {}", column_definition(self.dialect, new, false)),
        );
    }

    fn alter_column(&mut self, table: &TableChange, old: &Column, new: &Column) {
        let name = table.new.name.as_str();
        let column = quoted(&new.name);
        if old.default.is_some() && (old.default != new.default || old.sql_type != new.sql_type) {
            self.alter(name, format!("ALTER COLUMN {column} DROP DEFAULT"));
        }
        if old.automatic && !new.automatic {
            self.alter(name, format!("ALTER COLUMN {column} DROP IDENTITY"));
        }
        if old.sql_type != new.sql_type || old.collation != new.collation {
            let collation = new
                .collation
                .as_ref()
                .map_or_else(String::new, |name| format!(" COLLATE {}", quoted(name)));
            let ty = &new.sql_type;
            self.alter(
                name,
                format!("ALTER COLUMN {column} TYPE {ty}{collation} USING {column}::{ty}"),
            );
        }
        match (old.null, new.null) {
            (true, false) => {
                self.fill_nulls(table, new);
                self.alter(name, format!("ALTER COLUMN {column} SET NOT NULL"));
            }
            (false, true) => self.alter(name, format!("ALTER COLUMN {column} DROP NOT NULL")),
            _ => {}
        }
        if !old.automatic && new.automatic {
            self.alter(
                name,
                format!("ALTER COLUMN {column} ADD GENERATED BY DEFAULT AS IDENTITY"),
            );
            let sequence = format!(
                "SELECT setval(pg_get_serial_sequence({}, {}), COALESCE((SELECT max({column}) FROM {}), 0) + 1, false)",
                literal(&quoted(name)),
                literal(&new.name),
                quoted(name)
            );
            self.push(sequence);
        }
        if let Some(default) = &new.default
            && (old.default != new.default || old.sql_type != new.sql_type)
        {
            self.alter(name, format!("ALTER COLUMN {column} SET DEFAULT {default}"));
        }
    }

    fn create(&mut self, change: &Change<'_>) {
        let mut missing: Vec<&str> = change.created.iter().map(|table| table.name.as_str()).collect();
        let mut later: Vec<(&str, &ForeignKey)> = Vec::new();
        for table in &change.created {
            missing.retain(|name| *name != table.name);
            let inline = |key: &ForeignKey| !missing.contains(&key.table.as_str());
            let sql = create_table(self.dialect, &table.name, table, &inline);
            self.push(sql);
            let keys = table.foreign_keys.iter().filter(|key| !inline(key));
            later.extend(keys.map(|key| (table.name.as_str(), key)));
            if !self.is_maria() {
                for index in &table.indexes {
                    self.push(create_index(&table.name, index, false));
                }
                self.comment(None, table);
            }
        }
        for (table, key) in later {
            self.add_foreign_key(table, key);
        }
    }

    fn add_rules(&mut self, table: &TableChange) {
        let name = &table.new.name;
        for unique in &table.uniques.added {
            self.alter(name, format!("ADD {}", unique_definition(unique)));
        }
        let renamed = table.checks.renamed.iter().map(|(_, check)| check);
        let is_maria = self.is_maria();
        let renamed = renamed.filter(|_| is_maria);
        for check in table.checks.added.iter().chain(renamed) {
            let not_valid = self.not_valid(&check.name);
            self.alter(name, format!("ADD {}{not_valid}", check_definition(check)));
        }
        for index in &table.indexes.added {
            let concurrently =
                self.dialect == Dialect::Postgres && self.hints.concurrent.contains(&index.name);
            self.push(create_index(name, index, concurrently));
        }
    }

    fn not_valid(&self, constraint: &str) -> &'static str {
        if self.dialect == Dialect::Postgres && self.hints.not_valid.contains(constraint) {
            " NOT VALID"
        } else {
            ""
        }
    }

    fn add_foreign_key(&mut self, table: &str, key: &ForeignKey) {
        let not_valid = self.not_valid(&key.name);
        self.alter(table, format!("ADD {}{not_valid}", foreign_key_definition(key)));
    }

    fn comments(&mut self, table: &TableChange) {
        if !self.is_maria() {
            self.comment(Some(&table.old), &table.new);
        } else if table.old.comment != table.new.comment {
            let comment = literal(table.new.comment.as_deref().unwrap_or_default());
            self.alter(&table.new.name, format!("COMMENT {comment}"));
        }
    }

    /// PostgreSQL's comments are statements of their own.
    fn comment(&mut self, old: Option<&Table>, new: &Table) {
        let text = |comment: &Option<String>| {
            comment
                .as_ref()
                .map_or_else(|| "NULL".to_owned(), |comment| literal(comment))
        };
        if old.and_then(|old| old.comment.as_ref()) != new.comment.as_ref() {
            self.push(format!(
                "COMMENT ON TABLE {} IS {}",
                quoted(&new.name),
                text(&new.comment)
            ));
        }
        for column in &new.columns {
            let before = old
                .and_then(|old| old.column(&column.name))
                .and_then(|column| column.comment.as_ref());
            if before != column.comment.as_ref() {
                self.push(format!(
                    "COMMENT ON COLUMN {}.{} IS {}",
                    quoted(&new.name),
                    quoted(&column.name),
                    text(&column.comment)
                ));
            }
        }
    }
}

/// The checks of columns that get another type: PostgreSQL would keep them with casts to the old one.
fn retyped_checks(dialect: Dialect, table: &TableChange) -> Vec<&Check> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let retyped: Vec<&str> = table
        .altered_columns()
        .filter(|(old, new)| old.sql_type != new.sql_type)
        .map(|(_, new)| new.name.as_str())
        .collect();
    let mentions = |check: &&Check| {
        let words = tokens(&check.sql);
        words
            .iter()
            .filter_map(Token::name)
            .any(|name| retyped.contains(&name.as_str()))
    };
    table.checks.kept.iter().filter(mentions).collect()
}

/// Renames such that no name is taken when it is given.
pub(super) fn in_free_order(renames: &[(String, String)]) -> Result<Vec<&(String, String)>> {
    let mut left: Vec<&(String, String)> = renames.iter().collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = left
            .iter()
            .position(|(_, new)| !left.iter().any(|(old, _)| old == new));
        let free = free.ok_or_else(|| {
            Error::state("columns can't change places in one step: rename one of them to another name first")
        })?;
        ordered.push(left.remove(free));
    }
    Ok(ordered)
}
