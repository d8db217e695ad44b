//! Tables from models, until migrations make them.

mod rules;

pub(crate) use self::rules::rule_name;

use std::fmt::Write as _;

use crate::compiler::{Syntax, definition, quote, quoted, syntax};
use crate::database::Database;
use crate::driver::{Call, Violation};
use crate::meta::{ColumnMeta, ModelMeta, OnDelete, RelationMeta};
use crate::pool::Holder;
use crate::router::check_relations;
use crate::transaction::run_all;
use crate::{Dialect, Kind, Op, Result};

/// Creates the tables, constraints and indexes of models, where they are not there yet; of many to many relations too.
///
/// All or nothing, in one transaction. The order of the models does not matter: what others point to is created first. A table that is there is left as it is,
/// also where its model has changed. A model whose table is somebody else's (`managed = false`) is left out.
///
/// A `default` is not part of the schema: it is computed in the program. A `db_default` is. Text is checked for its length on SQLite too.
///
/// # Errors
///
/// The database's; a configuration error where a model asks for what the database does not have, as for an exclusion constraint.
#[track_caller]
pub fn create_tables(database: &Database, models: &[&'static ModelMeta]) -> Op<'static, ()> {
    let statements = statements(database.dialect(), models);
    let database = database.clone();
    let holder = Holder::new("create_tables");
    let checked = check_relations(models);
    Op::leaf("create_tables", async move {
        checked?;
        let calls = statements?.into_iter().map(Call::batch).collect();
        run_all(database, holder, calls).await
    })
}

fn statements(dialect: Dialect, models: &[&'static ModelMeta]) -> Result<Vec<String>> {
    let writer = Writer {
        dialect,
        syntax: syntax(dialect),
    };
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        // Two programs that start at once would both find a table missing, and one of them would fail.
        statements.push("SELECT pg_advisory_xact_lock(hashtext('nuages create_tables'))".to_owned());
    }
    let ordered: Vec<_> = by_dependency(models)
        .into_iter()
        .filter(|model| model.managed)
        .collect();
    let mut later = Vec::new();
    for (index, model) in ordered.iter().enumerate() {
        let missing = &ordered[index + 1..];
        statements.push(writer.table(model, missing, &mut later)?);
    }
    statements.extend(later);
    for model in &ordered {
        write_indexes(model, &mut statements);
        writer.indexes(model, &mut statements)?;
        writer.comments(model, &mut statements);
    }
    Ok(statements)
}

/// The models such that each comes after those that it points to. In a circle, one of them has to come too early.
fn by_dependency(models: &[&'static ModelMeta]) -> Vec<&'static ModelMeta> {
    fn visit(
        model: &'static ModelMeta,
        models: &[&'static ModelMeta],
        seen: &mut Vec<&'static ModelMeta>,
        ordered: &mut Vec<&'static ModelMeta>,
    ) {
        if seen.contains(&model) {
            return;
        }
        seen.push(model);
        for relation in model.columns.iter().filter_map(|column| column.references) {
            let target = (relation.to)();
            if models.contains(&target) {
                visit(target, models, seen, ordered);
            }
        }
        ordered.push(model);
    }
    let (mut seen, mut ordered) = (Vec::new(), Vec::new());
    for model in models {
        visit(model, models, &mut seen, &mut ordered);
    }
    // What stands between two of them points to both.
    for through in models.iter().flat_map(|model| model.through_models()) {
        if !ordered.contains(&through) {
            ordered.push(through);
        }
    }
    ordered
}

struct Writer {
    dialect: Dialect,
    syntax: &'static dyn Syntax,
}

impl Writer {
    /// CREATE TABLE. Foreign keys to tables that are still `missing` are added `later`, where the database needs that.
    fn table(
        &self,
        model: &'static ModelMeta,
        missing: &[&'static ModelMeta],
        later: &mut Vec<String>,
    ) -> Result<String> {
        let mut sql = String::from("CREATE TABLE IF NOT EXISTS ");
        quote(model.table, &mut sql);
        sql.push_str(" (");
        for (index, column) in model.columns.iter().enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            self.column(model, column, &mut sql)?;
            if let Some(relation) = column.references {
                if self.dialect != Dialect::Sqlite && missing.contains(&(relation.to)()) {
                    later.push(self.add_foreign_key(model, column, relation));
                } else if self.dialect != Dialect::MariaDb {
                    sql.push(' ');
                    write_foreign_key(model, column, relation, &mut sql);
                }
            }
        }
        for column in model.columns {
            // MySQL takes a foreign key at the column, and forgets it.
            if let (Dialect::MariaDb, Some(relation)) = (self.dialect, column.references)
                && !missing.contains(&(relation.to)())
            {
                sql.push_str(", ");
                write_table_foreign_key(model, column, relation, &mut sql);
            }
            if column.unique && column.column != model.primary_key {
                write_unique(model, &[column.column], &mut sql);
            }
            self.checks(model, column, &mut sql);
        }
        for columns in model.unique_together {
            write_unique(model, columns, &mut sql);
        }
        self.constraints(model, &mut sql)?;
        sql.push(')');
        sql.push_str(self.syntax.table_options());
        if let (Dialect::MariaDb, Some(comment)) = (self.dialect, model.comment) {
            let _ = write!(sql, " COMMENT {}", quoted(comment));
        }
        Ok(sql)
    }

    /// A foreign key for a table that is there already.
    fn add_foreign_key(&self, model: &ModelMeta, column: &ColumnMeta, relation: &RelationMeta) -> String {
        let mut alter = String::from("ALTER TABLE ");
        quote(model.table, &mut alter);
        alter.push_str(" ADD ");
        write_table_foreign_key(model, column, relation, &mut alter);
        match self.dialect {
            Dialect::MariaDb => alter.replacen(" FOREIGN KEY (", " FOREIGN KEY IF NOT EXISTS (", 1),
            _ => {
                format!("DO $nuages$ BEGIN {alter}; EXCEPTION WHEN duplicate_object THEN NULL; END $nuages$")
            }
        }
    }

    fn column(&self, model: &'static ModelMeta, column: &ColumnMeta, sql: &mut String) -> Result<()> {
        quote(column.column, sql);
        sql.push(' ');
        let typed = ColumnMeta {
            // A foreign key has the type of the key that it points to, without being counted up.
            automatic: column.automatic,
            ..column.typed_as().clone()
        };
        sql.push_str(&self.syntax.column_type(&typed));
        if let Some(collation) = column.collation {
            sql.push_str(" COLLATE ");
            quote(collation, sql);
        }
        if let Some(generated) = column.generated {
            let expr = definition(self.dialect, model, &(generated.expr)())?;
            sql.push_str(" GENERATED ALWAYS AS (");
            self.syntax.assign(column, &expr, sql);
            sql.push_str(if generated.stored { ") STORED" } else { ") VIRTUAL" });
        }
        // MariaDB leaves that to the expression.
        let left_out = self.dialect == Dialect::MariaDb && column.generated.is_some();
        if !column.nullable && !left_out {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = column.db_default {
            let _ = write!(sql, " DEFAULT ({})", definition(self.dialect, model, &default())?);
        }
        if let (Dialect::MariaDb, Some(comment)) = (self.dialect, column.comment) {
            let _ = write!(sql, " COMMENT {}", quoted(comment));
        }
        if column.column == model.primary_key {
            sql.push_str(if column.automatic {
                self.syntax.automatic_key()
            } else {
                " PRIMARY KEY"
            });
        }
        Ok(())
    }

    fn checks(&self, model: &ModelMeta, column: &ColumnMeta, sql: &mut String) {
        if let Some(condition) = column.check {
            write_constraint(model, &[column.column], "check", sql);
            let _ = write!(sql, " CHECK ({condition})");
        }
        if let Some((smallest, largest)) = column.range {
            write_constraint(model, &[column.column], "range", sql);
            sql.push_str(" CHECK (");
            quote(column.column, sql);
            let _ = write!(sql, " BETWEEN {smallest} AND {largest})");
        }
        // SQLite knows neither lengths nor JSON: without these, a program that is developed on it fails on another database.
        if self.dialect != Dialect::Sqlite {
            return;
        }
        if let (Kind::Text, Some(length)) = (column.kind, column.max_length) {
            write_constraint(model, &[column.column], "max_length", sql);
            sql.push_str(" CHECK (length(");
            quote(column.column, sql);
            let _ = write!(sql, ") <= {length})");
        }
        if column.kind == Kind::Json {
            write_constraint(model, &[column.column], "json", sql);
            sql.push_str(" CHECK (json_valid(");
            quote(column.column, sql);
            sql.push_str("))");
        }
    }
}

fn write_indexes(model: &ModelMeta, statements: &mut Vec<String>) {
    for column in model.columns {
        let wanted = column.index || column.references.is_some();
        if !wanted || column.unique || column.column == model.primary_key {
            continue;
        }
        let mut sql = String::from("CREATE INDEX IF NOT EXISTS ");
        quote(&name(model, &[column.column], "idx"), &mut sql);
        sql.push_str(" ON ");
        quote(model.table, &mut sql);
        sql.push_str(" (");
        quote(column.column, &mut sql);
        sql.push(')');
        statements.push(sql);
    }
}

/// The name of a rule or an index without one of its own: `table_column_suffix`, within the 63 bytes that PostgreSQL keeps of a name.
///
/// The suffixes are `uniq`, `fk`, `check`, `idx`, and on SQLite `max_length` and `json`.
#[must_use]
pub fn constraint_name(table: &str, columns: &[&str], suffix: &str) -> String {
    const LONGEST: usize = 63;
    let full = format!("{table}_{}_{suffix}", columns.join("_"));
    if full.len() <= LONGEST {
        return full;
    }
    // FNV-1a: the same name in every build.
    let hash = full.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let end = format!("_{:08x}_{suffix}", hash >> 32);
    let mut start = full;
    while start.len() + end.len() > LONGEST {
        start.pop();
    }
    start + &end
}

fn name(model: &ModelMeta, columns: &[&str], suffix: &str) -> String {
    constraint_name(model.table, columns, suffix)
}

/// A rule of a model's table, under the name that `create_tables` gives it.
pub(crate) struct Rule {
    pub(crate) violation: Violation,
    pub(crate) name: String,
    pub(crate) columns: Vec<&'static str>,
}

/// The rules of a model's table that have names.
pub(crate) fn rules(model: &ModelMeta) -> Vec<Rule> {
    let rule = |violation, suffix, columns: &[&'static str]| Rule {
        violation,
        name: name(model, columns, suffix),
        columns: columns.to_vec(),
    };
    // MariaDB's name for the key of every table.
    let mut rules = vec![Rule {
        violation: Violation::Unique,
        name: "PRIMARY".to_owned(),
        columns: vec![model.primary_key],
    }];
    for column in model.columns {
        let columns = &[column.column];
        if column.unique && column.column != model.primary_key {
            rules.push(rule(Violation::Unique, "uniq", columns));
        }
        if column.references.is_some() {
            rules.push(rule(Violation::ForeignKey, "fk", columns));
        }
        let suffixes = ["check", "range", "max_length", "json"];
        rules.extend(suffixes.map(|suffix| rule(Violation::Check, suffix, columns)));
    }
    rules.extend(
        model
            .constraints
            .iter()
            .map(|constraint| rules::rule(model, constraint)),
    );
    let together = model.unique_together.iter();
    rules.extend(together.map(|columns| rule(Violation::Unique, "uniq", columns)));
    rules
}

fn write_constraint(model: &ModelMeta, columns: &[&str], suffix: &str, sql: &mut String) {
    sql.push_str(", CONSTRAINT ");
    quote(&name(model, columns, suffix), sql);
}

fn write_unique(model: &ModelMeta, columns: &[&str], sql: &mut String) {
    write_constraint(model, columns, "uniq", sql);
    sql.push_str(" UNIQUE (");
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            sql.push_str(", ");
        }
        quote(column, sql);
    }
    sql.push(')');
}

/// The end of a column's definition.
fn write_foreign_key(model: &ModelMeta, column: &ColumnMeta, relation: &RelationMeta, sql: &mut String) {
    sql.push_str("CONSTRAINT ");
    quote(&name(model, &[column.column], "fk"), sql);
    sql.push_str(" REFERENCES ");
    write_target(relation, sql);
}

fn write_target(relation: &RelationMeta, sql: &mut String) {
    quote((relation.to)().table, sql);
    sql.push_str(" (");
    quote(relation.to_column, sql);
    sql.push_str(match relation.on_delete {
        OnDelete::Cascade | OnDelete::DbCascade => ") ON DELETE CASCADE",
        OnDelete::Protect => ") ON DELETE RESTRICT",
        OnDelete::SetNull | OnDelete::DbSetNull => ") ON DELETE SET NULL",
        // What goes with the row is gone before it, and else the rule refuses.
        OnDelete::Restrict | OnDelete::SetDefault | OnDelete::Set | OnDelete::DoNothing => ")",
    });
}

/// A foreign key as a constraint of the table.
fn write_table_foreign_key(
    model: &ModelMeta,
    column: &ColumnMeta,
    relation: &RelationMeta,
    sql: &mut String,
) {
    sql.push_str("CONSTRAINT ");
    quote(&name(model, &[column.column], "fk"), sql);
    sql.push_str(" FOREIGN KEY (");
    quote(column.column, sql);
    sql.push_str(") REFERENCES ");
    write_target(relation, sql);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::BOOK;

    #[test]
    fn names_fit_and_differ() {
        assert_eq!(
            name(&BOOK, &["title", "author_id"], "uniq"),
            "book_title_author_id_uniq"
        );
        let long = "é".repeat(40);
        let (a, b) = (name(&BOOK, &[&long, "a"], "fk"), name(&BOOK, &[&long, "b"], "fk"));
        assert!(
            a.len() <= 63 && a.ends_with("_fk") && a.starts_with("book_é"),
            "{a}"
        );
        assert_ne!(a, b);
    }
}
