//! SQLite: some of it is told by pragmas, the rest stands in the statements that made the tables.

use nuages_orm::{Database, raw};

use super::parse;
use crate::Result;
use crate::schema::{Column, Table};

type ColumnRow = (String, String, i64, Option<String>, i64, i64);

pub(super) async fn tables(database: &Database) -> Result<Vec<Table>> {
    let rows: Vec<(String, String, String)> = raw(
        "SELECT name, type, COALESCE(sql, '') FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .using(database)
    .fetch()
    .await?;
    let mut tables = Vec::new();
    for (name, kind, sql) in rows {
        let mut table = Table {
            name,
            read_only: kind == "view",
            ..Table::default()
        };
        columns(database, &mut table).await?;
        if !table.read_only {
            parse::constraints(&sql, &mut table);
            indexes(database, &mut table).await?;
        }
        tables.push(table);
    }
    complete(&mut tables);
    Ok(tables)
}

async fn columns(database: &Database, table: &mut Table) -> Result<()> {
    let rows: Vec<ColumnRow> = raw(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo($1) ORDER BY cid",
    )
    .bind(table.name.as_str())
    .using(database)
    .fetch()
    .await?;
    let mut key: Vec<(i64, String)> = Vec::new();
    for (name, sql_type, not_null, default, place, hidden) in rows {
        if hidden == 1 {
            continue;
        }
        if place > 0 {
            key.push((place, name.clone()));
        }
        table.columns.push(Column {
            name,
            sql_type: sql_type.replace(" GENERATED ALWAYS", ""),
            null: not_null == 0,
            default,
            ..Column::default()
        });
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, name)| name).collect();
    Ok(())
}

async fn indexes(database: &Database, table: &mut Table) -> Result<()> {
    let rows: Vec<(String,)> =
        raw("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name")
            .bind(table.name.as_str())
            .using(database)
            .fetch()
            .await?;
    table.indexes = rows.iter().map(|(sql,)| parse::index(sql)).collect();
    Ok(())
}

/// A foreign key that names no columns points to the primary key.
fn complete(tables: &mut [Table]) {
    let keys: Vec<(String, Vec<String>)> = tables
        .iter()
        .map(|table| (table.name.clone(), table.primary_key.clone()))
        .collect();
    for key in tables.iter_mut().flat_map(|table| &mut table.foreign_keys) {
        if key.to_columns.is_empty()
            && let Some((_, primary)) = keys.iter().find(|(name, _)| *name == key.table)
        {
            key.to_columns.clone_from(primary);
        }
    }
}
