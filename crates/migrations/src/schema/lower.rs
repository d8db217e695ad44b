//! From models to tables.

use nuages_orm::meta::{ColumnMeta, OnDelete};
use nuages_orm::{Dialect, Kind, constraint_name};

use super::{Check, Column, ForeignKey, Index, Schema, Table, Unique};
use crate::Result;
use crate::state::{self, Field, Model, State};
use crate::text::quoted;

/// The tables of a state's models on a database.
pub(crate) fn lower(state: &State, dialect: Dialect) -> Result<Schema> {
    let mut schema = Schema::default();
    for (_, model) in state.models().filter(|(_, model)| model.managed) {
        let table = lower_model(state, model, dialect)?;
        schema.tables.insert(table.name.clone(), table);
    }
    Ok(schema)
}

fn lower_model(state: &State, model: &Model, dialect: Dialect) -> Result<Table> {
    let mut table = Table {
        name: model.table.clone(),
        // SQLite keeps no comments.
        comment: model.comment.clone().filter(|_| dialect != Dialect::Sqlite),
        ..Table::default()
    };
    let named = |columns: &[&str], suffix: &str| constraint_name(&model.table, columns, suffix);
    for (name, field) in &model.fields {
        let column = field.column_name(name);
        table.columns.push(lower_column(state, field, &column, dialect)?);
        if field.primary_key {
            table.primary_key.push(column.clone());
        }
        let is_key = field.primary_key && model.primary_key().len() == 1;
        if field.unique && !is_key {
            table.uniques.push(Unique {
                name: named(&[&column], "uniq"),
                columns: vec![column.clone()],
                ..Unique::default()
            });
        } else if field.index && !is_key {
            table.indexes.push(plain_index(named(&[&column], "idx"), &column));
        }
        if let Some(reference) = field.references.as_ref().filter(|reference| reference.constraint) {
            let (to_name, to_field, to_model) = state.target(reference)?;
            table.foreign_keys.push(ForeignKey {
                name: named(&[&column], "fk"),
                columns: vec![column.clone()],
                table: to_model.table.clone(),
                to_columns: vec![to_field.column_name(to_name)],
                on_delete: on_delete(reference.on_delete).to_owned(),
            });
        }
        lower_checks(state, field, &column, dialect, &named, &mut table.checks)?;
    }
    for fields in &model.unique_together {
        let columns: Vec<String> = fields.iter().map(|name| model.column_of(name)).collect();
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        table.uniques.push(Unique {
            name: named(&names, "uniq"),
            columns,
            ..Unique::default()
        });
    }
    for index in &model.indexes {
        table.indexes.push(lower_index(model, index, dialect));
    }
    for constraint in &model.constraints {
        lower_constraint(model, constraint, dialect, &mut table);
    }
    if dialect == Dialect::MariaDb {
        index_foreign_keys(&mut table);
    }
    Ok(table)
}

fn lower_column(state: &State, field: &Field, column: &str, dialect: Dialect) -> Result<Column> {
    let resolved = state.resolved(field)?;
    let mut meta = ColumnMeta::new("", "", resolved.kind).nullable(field.null);
    // A foreign key has the type of what it points to, without being counted up.
    if field.automatic {
        meta = meta.automatic();
    }
    if let Some(length) = resolved.max_length {
        meta = meta.max_length(length);
    }
    if let Some((all, after)) = resolved.digits {
        meta = meta.digits(all, after);
    }
    Ok(Column {
        name: column.to_owned(),
        sql_type: meta.sql_type(dialect),
        null: field.null,
        automatic: field.automatic,
        default: field.db_default.clone(),
        generated: field.generated.clone().map(|sql| (sql, field.stored)),
        comment: field.comment.clone().filter(|_| dialect != Dialect::Sqlite),
        collation: field.collation.clone(),
    })
}

fn lower_checks(
    state: &State,
    field: &Field,
    column: &str,
    dialect: Dialect,
    named: &dyn Fn(&[&str], &str) -> String,
    checks: &mut Vec<Check>,
) -> Result<()> {
    if let Some(sql) = &field.check {
        checks.push(Check {
            name: named(&[column], "check"),
            sql: sql.clone(),
        });
    }
    // SQLite knows neither lengths nor JSON.
    if dialect != Dialect::Sqlite {
        return Ok(());
    }
    let resolved = state.resolved(field)?;
    if field.references.is_none()
        && let (Kind::Text, Some(length)) = (resolved.kind, resolved.max_length)
    {
        checks.push(Check {
            name: named(&[column], "max_length"),
            sql: format!("length({}) <= {length}", quoted(column)),
        });
    }
    if resolved.kind == Kind::Json {
        checks.push(Check {
            name: named(&[column], "json"),
            sql: format!("json_valid({})", quoted(column)),
        });
    }
    Ok(())
}

fn plain_index(name: String, column: &str) -> Index {
    Index {
        name,
        parts: vec![quoted(column)],
        columns: vec![column.to_owned()],
        ..Index::default()
    }
}

fn lower_index(model: &Model, index: &state::Index, dialect: Dialect) -> Index {
    let mut lowered = Index {
        name: index.name.clone(),
        method: index.method.clone().filter(|_| dialect == Dialect::Postgres),
        condition: index.condition.clone().filter(|_| dialect != Dialect::MariaDb),
        ..Index::default()
    };
    for (at, field) in index.fields.iter().enumerate() {
        let (name, descending) = match field.strip_prefix('-') {
            Some(name) => (name, true),
            None => (field.as_str(), false),
        };
        let column = model.column_of(name);
        let mut part = quoted(&column);
        if let (Dialect::Postgres, Some(class)) = (dialect, index.operator_classes.get(at)) {
            part.push(' ');
            part.push_str(class);
        }
        if descending {
            part.push_str(" DESC");
        }
        lowered.parts.push(part);
        lowered.columns.push(column);
    }
    if dialect != Dialect::MariaDb {
        let expressions = index.expressions.iter().map(|sql| format!("({sql})"));
        lowered.parts.extend(expressions);
    }
    if dialect == Dialect::Postgres {
        lowered.include = index.include.iter().map(|name| model.column_of(name)).collect();
    }
    lowered
}

fn lower_constraint(model: &Model, constraint: &state::Constraint, dialect: Dialect, table: &mut Table) {
    let name = constraint.name.clone();
    if let Some(sql) = &constraint.check {
        table.checks.push(Check {
            name,
            sql: sql.clone(),
        });
        return;
    }
    let columns: Vec<String> = constraint
        .fields
        .iter()
        .map(|name| model.column_of(name))
        .collect();
    let postgres = dialect == Dialect::Postgres;
    match &constraint.condition {
        Some(condition) if dialect != Dialect::MariaDb => table.indexes.push(Index {
            name,
            parts: columns.iter().map(|column| quoted(column)).collect(),
            columns,
            unique: true,
            condition: Some(condition.clone()),
            ..Index::default()
        }),
        // It can't be had there, and a rule for all rows would refuse good ones.
        Some(_) => {}
        None => table.uniques.push(Unique {
            name,
            columns,
            deferrable: constraint.deferrable && postgres,
            nulls_not_distinct: !constraint.nulls_distinct && postgres,
        }),
    }
}

/// MariaDB makes an index for each foreign key that has none, and names it after that.
fn index_foreign_keys(table: &mut Table) {
    for key in &table.foreign_keys {
        let covers = |columns: &[String]| columns.starts_with(&key.columns);
        let covered = covers(&table.primary_key)
            || table.uniques.iter().any(|unique| covers(&unique.columns))
            || table.indexes.iter().any(|index| covers(&index.columns));
        if !covered {
            table.indexes.push(Index {
                name: key.name.clone(),
                parts: key.columns.iter().map(|column| quoted(column)).collect(),
                columns: key.columns.clone(),
                ..Index::default()
            });
        }
    }
}

/// What the database does when the row that a foreign key points to goes.
pub(crate) fn on_delete(on_delete: OnDelete) -> &'static str {
    match on_delete {
        OnDelete::Cascade => "CASCADE",
        OnDelete::Protect => "RESTRICT",
        OnDelete::SetNull => "SET NULL",
        _ => "NO ACTION",
    }
}
