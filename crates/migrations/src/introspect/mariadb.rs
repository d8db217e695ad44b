//! MariaDB, by its information schema.

use nuages_orm::{Database, raw};

use super::{parse, table_of};
use crate::Result;
use crate::schema::{Check, Column, ForeignKey, Index, Table, Unique};
use crate::text::{quoted, tokens};

pub(super) async fn tables(database: &Database) -> Result<Vec<Table>> {
    let rows: Vec<(String, String, String)> = raw(
        "SELECT CAST(table_name AS CHAR), CAST(table_type AS CHAR), CAST(table_comment AS CHAR) FROM information_schema.tables \
         WHERE table_schema = DATABASE() ORDER BY 1",
    )
    .using(database)
    .fetch()
    .await?;
    let mut tables: Vec<Table> = rows
        .into_iter()
        .map(|(name, kind, comment)| {
            let read_only = kind.contains("VIEW");
            Table {
                name,
                comment: Some(comment).filter(|comment| !comment.is_empty() && !read_only),
                read_only,
                ..Table::default()
            }
        })
        .collect();
    columns(database, &mut tables).await?;
    checks(database, &mut tables).await?;
    indexes(database, &mut tables).await?;
    foreign_keys(database, &mut tables).await?;
    Ok(tables)
}

type ColumnRow = (
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
);

async fn columns(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<ColumnRow> = raw(
        "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), CAST(is_nullable AS CHAR), \
         CAST(column_default AS CHAR), CAST(extra AS CHAR), CAST(column_comment AS CHAR), CAST(generation_expression AS CHAR) \
         FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, sql_type, nullable, default, extra, comment, generated) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        table.columns.push(Column {
            name,
            sql_type,
            null: nullable == "YES",
            automatic: extra.contains("auto_increment"),
            default: default.filter(|default| default != "NULL"),
            generated: generated
                .filter(|sql| !sql.is_empty())
                .map(|sql| (sql, extra.contains("STORED"))),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
            collation: None,
        });
    }
    Ok(())
}

async fn checks(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<(String, String, String, String)> = raw(
        "SELECT CAST(table_name AS CHAR), CAST(constraint_name AS CHAR), CAST(level AS CHAR), CAST(check_clause AS CHAR) \
         FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() ORDER BY table_name, constraint_name",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, level, clause) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        let sql = parse::normalized(&tokens(&clause));
        if level == "Column" && sql == format!("json_valid({name})") {
            // This is what a column of JSON is.
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
                "json".clone_into(&mut column.sql_type);
            }
            continue;
        }
        table.checks.push(Check { name, sql });
    }
    Ok(())
}

async fn indexes(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<(String, String, i64, String, Option<String>)> = raw(
        "SELECT CAST(table_name AS CHAR), CAST(index_name AS CHAR), CAST(non_unique AS SIGNED), CAST(column_name AS CHAR), CAST(collation AS CHAR) \
         FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, non_unique, column, order) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        if name == "PRIMARY" {
            table.primary_key.push(column);
        } else if non_unique == 0 {
            match table.uniques.iter_mut().find(|unique| unique.name == name) {
                Some(unique) => unique.columns.push(column),
                None => table.uniques.push(Unique {
                    name,
                    columns: vec![column],
                    ..Unique::default()
                }),
            }
        } else {
            let descending = if order.as_deref() == Some("D") {
                " DESC"
            } else {
                ""
            };
            let part = format!("{}{descending}", quoted(&column));
            match table.indexes.iter_mut().find(|index| index.name == name) {
                Some(index) => {
                    index.parts.push(part);
                    index.columns.push(column);
                }
                None => table.indexes.push(Index {
                    name,
                    parts: vec![part],
                    columns: vec![column],
                    ..Index::default()
                }),
            }
        }
    }
    Ok(())
}

async fn foreign_keys(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<(String, String, String, String, String, String)> = raw(
        "SELECT CAST(k.table_name AS CHAR), CAST(k.constraint_name AS CHAR), CAST(k.column_name AS CHAR), CAST(k.referenced_table_name AS CHAR), \
         CAST(k.referenced_column_name AS CHAR), CAST(r.delete_rule AS CHAR) FROM information_schema.key_column_usage k \
         JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
         AND r.table_name = k.table_name \
         WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL ORDER BY k.table_name, k.constraint_name, k.ordinal_position",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, column, target, to_column, on_delete) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        match table.foreign_keys.iter_mut().find(|key| key.name == name) {
            Some(key) => {
                key.columns.push(column);
                key.to_columns.push(to_column);
            }
            None => table.foreign_keys.push(ForeignKey {
                name,
                columns: vec![column],
                table: target,
                to_columns: vec![to_column],
                on_delete,
            }),
        }
    }
    Ok(())
}
