//! The constraints, indexes and comments that a model declares beside its columns.

use std::fmt::Write as _;

use super::{Rule, Writer, name};
use crate::compiler::{definition, quote, quoted};
use crate::driver::Violation;
use crate::meta::{ConstraintMeta, ConstraintRule, Deferrable, IndexKind, IndexMeta, ModelMeta};
use crate::query::{Expr, Order};
use crate::{Dialect, Error, Result};

/// The name of a constraint.
pub(crate) fn rule_name(model: &ModelMeta, constraint: &ConstraintMeta) -> String {
    match (constraint.name, constraint.rule) {
        (Some(name), _) => name.to_owned(),
        (None, ConstraintRule::Unique(columns)) => name(model, columns, "uniq"),
        (None, ConstraintRule::UniqueExpressions(_)) => name(model, &["expressions"], "uniq"),
        (None, ConstraintRule::Check(_)) => name(model, &["row"], "check"),
        (None, ConstraintRule::Exclude(..)) => name(model, &["row"], "excl"),
    }
}

/// A constraint as the rule that an error names.
pub(super) fn rule(model: &ModelMeta, constraint: &ConstraintMeta) -> Rule {
    let (violation, columns) = match constraint.rule {
        ConstraintRule::Unique(columns) => (Violation::Unique, columns),
        ConstraintRule::UniqueExpressions(_) => (Violation::Unique, &[][..]),
        ConstraintRule::Check(_) => (Violation::Check, &[][..]),
        ConstraintRule::Exclude(..) => (Violation::Other, &[][..]),
    };
    Rule {
        violation,
        name: rule_name(model, constraint),
        columns: columns.to_vec(),
    }
}

/// Whether a unique rule is more than a constraint of columns: then it is a unique index.
fn is_index(constraint: &ConstraintMeta) -> bool {
    match constraint.rule {
        ConstraintRule::Unique(_) => constraint.condition.is_some() || !constraint.opclasses.is_empty(),
        ConstraintRule::UniqueExpressions(_) => true,
        ConstraintRule::Check(_) | ConstraintRule::Exclude(..) => false,
    }
}

impl Writer {
    /// The constraints inside CREATE TABLE.
    pub(super) fn constraints(&self, model: &'static ModelMeta, sql: &mut String) -> Result<()> {
        for constraint in model
            .constraints
            .iter()
            .filter(|constraint| !is_index(constraint))
        {
            sql.push_str(", CONSTRAINT ");
            quote(&rule_name(model, constraint), sql);
            match constraint.rule {
                ConstraintRule::Unique(columns) => {
                    self.unique(model, constraint, columns, sql)?;
                }
                ConstraintRule::Check(condition) => {
                    let _ = write!(sql, " CHECK ({})", definition(self.dialect, model, &condition())?);
                }
                ConstraintRule::Exclude(expressions, operators) => {
                    self.only_postgres(model, constraint, "an exclusion constraint")?;
                    let _ = write!(sql, " EXCLUDE USING {} (", using(constraint.kind));
                    for (index, (part, operator)) in expressions().iter().zip(operators).enumerate() {
                        sql.push_str(if index > 0 { ", " } else { "" });
                        let _ = write!(sql, "{} WITH {operator}", self.part(model, &part.expr)?);
                    }
                    sql.push(')');
                    if let Some(condition) = constraint.condition {
                        let _ = write!(sql, " WHERE ({})", definition(self.dialect, model, &condition())?);
                    }
                    write_deferrable(constraint, sql);
                }
                ConstraintRule::UniqueExpressions(_) => {}
            }
        }
        Ok(())
    }

    fn unique(
        &self,
        model: &ModelMeta,
        constraint: &ConstraintMeta,
        columns: &[&str],
        sql: &mut String,
    ) -> Result<()> {
        sql.push_str(" UNIQUE ");
        if !constraint.nulls_distinct {
            self.only_postgres(model, constraint, "a unique constraint for which NULLs are equal")?;
            sql.push_str("NULLS NOT DISTINCT ");
        }
        sql.push('(');
        write_columns(columns, sql);
        sql.push(')');
        if self.dialect == Dialect::Postgres {
            write_include(constraint.include, sql);
        }
        if constraint.deferrable.is_some() {
            self.only_postgres(
                model,
                constraint,
                "a unique constraint that waits for the transaction's end",
            )?;
            write_deferrable(constraint, sql);
        }
        Ok(())
    }

    /// What another database would silently not keep is an error.
    fn only_postgres(&self, model: &ModelMeta, constraint: &ConstraintMeta, what: &str) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            return Ok(());
        }
        Err(Error::configuration(format!(
            "{} has {what}, {}: only PostgreSQL knows these, not {}",
            model.name,
            rule_name(model, constraint),
            self.dialect
        )))
    }

    /// The indexes, unique ones too.
    pub(super) fn indexes(&self, model: &'static ModelMeta, statements: &mut Vec<String>) -> Result<()> {
        for constraint in model.constraints.iter().filter(|constraint| is_index(constraint)) {
            if self.dialect == Dialect::MariaDb {
                return Err(Error::configuration(format!(
                    "{} has a unique constraint with a condition or expressions, {}: MariaDB knows no such; make it one of columns",
                    model.name,
                    rule_name(model, constraint),
                )));
            }
            if constraint.deferrable.is_some() {
                return Err(Error::configuration(format!(
                    "the unique constraint {} has a condition or expressions, and so can't be deferrable",
                    rule_name(model, constraint),
                )));
            }
            let (columns, expressions): (Vec<_>, _) = match constraint.rule {
                ConstraintRule::Unique(columns) => {
                    (columns.iter().map(|column| (*column, false)).collect(), None)
                }
                ConstraintRule::UniqueExpressions(expressions) => (Vec::new(), Some(expressions)),
                ConstraintRule::Check(_) | ConstraintRule::Exclude(..) => continue,
            };
            let index = Index {
                name: rule_name(model, constraint),
                unique: true,
                kind: IndexKind::BTree,
                columns: &columns,
                expressions,
                opclasses: constraint.opclasses,
                include: constraint.include,
                nulls_distinct: constraint.nulls_distinct,
                condition: constraint.condition,
            };
            if !constraint.nulls_distinct {
                self.only_postgres(model, constraint, "a unique constraint for which NULLs are equal")?;
            }
            statements.push(self.index(model, &index)?);
        }
        for index in model.indexes {
            let other_kind = index.kind != IndexKind::BTree && self.dialect != Dialect::Postgres;
            // What only makes queries fast is left out where there is no such thing.
            if other_kind || index.expressions.is_some() && self.dialect == Dialect::MariaDb {
                continue;
            }
            let condition = index.condition.filter(|_| self.dialect != Dialect::MariaDb);
            let index = Index {
                name: index_name(model, index),
                unique: false,
                kind: index.kind,
                columns: index.columns,
                expressions: index.expressions,
                opclasses: index.opclasses,
                include: index.include,
                nulls_distinct: true,
                condition,
            };
            statements.push(self.index(model, &index)?);
        }
        Ok(())
    }

    fn index(&self, model: &'static ModelMeta, index: &Index<'_>) -> Result<String> {
        let postgres = self.dialect == Dialect::Postgres;
        let mut sql = String::from(if index.unique {
            "CREATE UNIQUE INDEX IF NOT EXISTS "
        } else {
            "CREATE INDEX IF NOT EXISTS "
        });
        quote(&index.name, &mut sql);
        sql.push_str(" ON ");
        quote(model.table, &mut sql);
        if postgres && index.kind != IndexKind::BTree {
            let _ = write!(sql, " USING {}", using(index.kind));
        }
        let mut parts = Vec::new();
        for (column, descending) in index.columns {
            let mut part = String::new();
            quote(column, &mut part);
            parts.push((part, *descending));
        }
        for Order { expr, descending, .. } in index
            .expressions
            .map(|expressions| expressions())
            .unwrap_or_default()
        {
            parts.push((self.part(model, &expr)?, descending));
        }
        sql.push_str(" (");
        for (at, (part, descending)) in parts.iter().enumerate() {
            sql.push_str(if at > 0 { ", " } else { "" });
            sql.push_str(part);
            if let Some(opclass) = index.opclasses.get(at).filter(|_| postgres) {
                let _ = write!(sql, " {opclass}");
            }
            sql.push_str(if *descending { " DESC" } else { "" });
        }
        sql.push(')');
        if postgres {
            write_include(index.include, &mut sql);
        }
        if !index.nulls_distinct {
            sql.push_str(" NULLS NOT DISTINCT");
        }
        if let Some(condition) = index.condition {
            let _ = write!(sql, " WHERE {}", definition(self.dialect, model, &condition())?);
        }
        Ok(sql)
    }

    /// A column, or an expression in parentheses.
    fn part(&self, model: &'static ModelMeta, expr: &Expr) -> Result<String> {
        let sql = definition(self.dialect, model, expr)?;
        Ok(match expr {
            Expr::Column { .. } => sql,
            _ => format!("({sql})"),
        })
    }

    /// COMMENT ON, where that is a statement.
    pub(super) fn comments(&self, model: &ModelMeta, statements: &mut Vec<String>) {
        if self.dialect != Dialect::Postgres {
            return;
        }
        let mut table = String::new();
        quote(model.table, &mut table);
        if let Some(comment) = model.comment {
            statements.push(format!("COMMENT ON TABLE {table} IS {}", quoted(comment)));
        }
        for column in model.columns {
            if let Some(comment) = column.comment {
                let mut name = table.clone();
                name.push('.');
                quote(column.column, &mut name);
                statements.push(format!("COMMENT ON COLUMN {name} IS {}", quoted(comment)));
            }
        }
    }
}

/// An index to write.
struct Index<'a> {
    name: String,
    unique: bool,
    kind: IndexKind,
    columns: &'a [(&'static str, bool)],
    expressions: Option<fn() -> Vec<Order>>,
    opclasses: &'a [&'static str],
    include: &'a [&'static str],
    nulls_distinct: bool,
    condition: Option<fn() -> Expr>,
}

fn index_name(model: &ModelMeta, index: &IndexMeta) -> String {
    match index.name {
        Some(name) => name.to_owned(),
        None if index.columns.is_empty() => name(model, &["expressions"], "idx"),
        None => {
            let columns: Vec<_> = index.columns.iter().map(|(column, _)| *column).collect();
            name(model, &columns, "idx")
        }
    }
}

fn using(kind: IndexKind) -> &'static str {
    match kind {
        IndexKind::BTree => "btree",
        IndexKind::Brin => "brin",
        IndexKind::Gin => "gin",
        IndexKind::Gist => "gist",
        IndexKind::Hash => "hash",
        IndexKind::SpGist => "spgist",
        IndexKind::Bloom => "bloom",
    }
}

fn write_columns(columns: &[&str], sql: &mut String) {
    for (index, column) in columns.iter().enumerate() {
        sql.push_str(if index > 0 { ", " } else { "" });
        quote(column, sql);
    }
}

fn write_include(columns: &[&str], sql: &mut String) {
    if !columns.is_empty() {
        sql.push_str(" INCLUDE (");
        write_columns(columns, sql);
        sql.push(')');
    }
}

fn write_deferrable(constraint: &ConstraintMeta, sql: &mut String) {
    sql.push_str(match constraint.deferrable {
        Some(Deferrable::Deferred) => " DEFERRABLE INITIALLY DEFERRED",
        Some(Deferrable::Immediate) => " DEFERRABLE INITIALLY IMMEDIATE",
        None => "",
    });
}
