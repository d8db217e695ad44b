//! PostgreSQL, by its catalogue.

use nuages_orm::{Database, raw};

use super::{list, parse, table_of};
use crate::Result;
use crate::schema::{Check, Column, ForeignKey, Table, Unique};

pub(super) async fn tables(database: &Database) -> Result<Vec<Table>> {
    let rows: Vec<(String, String, Option<String>, bool)> = raw(
        "SELECT c.relname::text, c.relkind::text, obj_description(c.oid, 'pg_class'), c.relispartition FROM pg_class c \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1",
    )
    .using(database)
    .fetch()
    .await?;
    let mut tables: Vec<Table> = rows
        .into_iter()
        .map(|(name, kind, comment, partition)| Table {
            name,
            comment,
            read_only: partition || matches!(kind.as_str(), "v" | "m" | "f"),
            ..Table::default()
        })
        .collect();
    columns(database, &mut tables).await?;
    collations(database, &mut tables).await?;
    constraints(database, &mut tables).await?;
    indexes(database, &mut tables).await?;
    Ok(tables)
}

type ColumnRow = (
    String,
    String,
    String,
    bool,
    String,
    Option<String>,
    String,
    Option<String>,
);

async fn columns(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<ColumnRow> = raw(
        "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, \
         pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, col_description(c.oid, a.attnum) \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped \
         ORDER BY c.relname, a.attnum",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, sql_type, not_null, identity, expression, generated, comment) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        // The older way to count up.
        let serial = expression.as_ref().is_some_and(|sql| sql.starts_with("nextval("));
        let is_generated = !generated.is_empty();
        table.columns.push(Column {
            name,
            sql_type,
            null: !not_null,
            automatic: !identity.is_empty() || serial,
            default: expression.clone().filter(|_| !serial && !is_generated),
            generated: expression
                .filter(|_| is_generated)
                .map(|sql| (sql, generated == "s")),
            comment,
            collation: None,
        });
    }
    Ok(())
}

async fn collations(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<(String, String, String)> = raw(
        "SELECT c.relname::text, a.attname::text, l.collname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         JOIN pg_type t ON t.oid = a.atttypid JOIN pg_collation l ON l.oid = a.attcollation \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND a.attcollation <> t.typcollation",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, column, collation) in rows {
        let column = table_of(tables, &table)
            .and_then(|table| table.columns.iter_mut().find(|found| found.name == column));
        if let Some(column) = column {
            column.collation = Some(collation);
        }
    }
    Ok(())
}

type ConstraintRow = (String, String, String, String, String, String, String, String);

async fn constraints(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<ConstraintRow> = raw(
        "SELECT c.relname::text, k.conname::text, k.contype::text, \
         array_to_string(ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY o), chr(31)), \
         COALESCE((SELECT t.relname::text FROM pg_class t WHERE t.oid = k.confrelid), ''), \
         array_to_string(ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY o), chr(31)), \
         k.confdeltype::text, pg_get_constraintdef(k.oid, true) \
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname, k.conname",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, name, kind, columns, target, to_columns, on_delete, definition) in rows {
        let Some(table) = table_of(tables, &table) else {
            continue;
        };
        let columns = list(&columns);
        match kind.as_str() {
            "p" => table.primary_key = columns,
            "u" => table.uniques.push(Unique {
                name,
                columns,
                deferrable: definition.contains("DEFERRABLE"),
                nulls_not_distinct: definition.contains("NULLS NOT DISTINCT"),
            }),
            "c" => {
                let inner = definition.strip_prefix("CHECK (").unwrap_or(&definition);
                let inner = inner
                    .trim_end_matches(" NOT VALID")
                    .trim_end_matches(" NO INHERIT");
                table.checks.push(Check {
                    name,
                    sql: inner.strip_suffix(')').unwrap_or(inner).to_owned(),
                });
            }
            "f" => table.foreign_keys.push(ForeignKey {
                name,
                columns,
                table: target,
                to_columns: list(&to_columns),
                on_delete: match on_delete.as_str() {
                    "c" => "CASCADE",
                    "r" => "RESTRICT",
                    "n" => "SET NULL",
                    "d" => "SET DEFAULT",
                    _ => "NO ACTION",
                }
                .to_owned(),
            }),
            _ => {}
        }
    }
    Ok(())
}

async fn indexes(database: &Database, tables: &mut [Table]) -> Result<()> {
    let rows: Vec<(String, String)> = raw(
        "SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         JOIN pg_class x ON x.oid = i.indexrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
         AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) \
         ORDER BY c.relname, x.relname",
    )
    .using(database)
    .fetch()
    .await?;
    for (table, definition) in rows {
        if let Some(table) = table_of(tables, &table) {
            table.indexes.push(parse::index(&definition));
        }
    }
    Ok(())
}
