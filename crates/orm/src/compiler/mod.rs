//! From the query tree to SQL and the values bound to it: a core that knows SQL, and a [`Syntax`] a dialect for what differs.
//!
//! Values are never written into the text. Names are always quoted, and come from `static` metadata only.

mod expression;
mod postgres;
mod scope;
mod sqlite;
mod syntax;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) use self::syntax::{Syntax, quote};

use self::scope::Scope;
use crate::meta::{ColumnMeta, ModelMeta};
use crate::query::{Delete, Expr, Insert, Order, Select, Statement, Update};
use crate::{Dialect, Error, Result, Value};

/// A statement as a driver gets it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    /// How many digits after the point each returned column has, where a database that keeps no such thing has to be told.
    pub(crate) places: Option<Box<[Option<u32>]>>,
    /// Whether it may write, so that it has to wait for its turn where a database has one writer.
    pub(crate) writes: bool,
}

/// The syntax of a dialect.
pub(crate) fn syntax(dialect: Dialect) -> &'static dyn Syntax {
    match dialect {
        Dialect::Sqlite => &sqlite::Sqlite,
        Dialect::Postgres => &postgres::Postgres,
    }
}

/// Compiles a statement. `in_transaction` is whether it runs inside one, which row locks need.
pub(crate) fn compile(dialect: Dialect, statement: Statement, in_transaction: bool) -> Result<Compiled> {
    let syntax = syntax(dialect);
    let mut compiler = Compiler {
        syntax,
        values: Vec::new(),
        scopes: Vec::new(),
        aliases: 0,
    };
    let writes = !matches!(statement, Statement::Select(_));
    let mut sql = String::with_capacity(256);
    let places = match statement {
        Statement::Select(select) => {
            if select.for_update && !in_transaction {
                return Err(Error::no_transaction("select_for_update"));
            }
            compiler.select(&select, &mut sql)?
        }
        Statement::Insert(insert) => compiler.insert(insert, &mut sql)?,
        Statement::Update(update) => {
            compiler.update(&update, &mut sql)?;
            None
        }
        Statement::Delete(delete) => {
            compiler.delete(&delete, &mut sql)?;
            None
        }
    };
    Ok(Compiled {
        sql: sql.into(),
        values: compiler.values,
        places,
        writes,
    })
}

/// What is gathered while a statement is written.
struct Compiler {
    syntax: &'static dyn Syntax,
    values: Vec<Value>,
    /// The queries around the place that is being written, outermost first.
    scopes: Vec<Scope>,
    /// Tables named so far; each has its own alias, also across subqueries.
    aliases: usize,
}

impl Compiler {
    /// Binds a value and writes its placeholder.
    fn bind(&mut self, value: Value, sql: &mut String) {
        self.values.push(value);
        self.syntax.placeholder(self.values.len(), sql);
    }

    fn push_scope(&mut self, model: &'static ModelMeta) -> usize {
        let alias = self.aliases;
        self.aliases += 1;
        self.scopes.push(Scope::new(model, alias));
        alias
    }

    fn pop_scope(&mut self) -> Scope {
        match self.scopes.pop() {
            Some(scope) => scope,
            None => unreachable!("each scope is popped by the code that pushed it"),
        }
    }

    fn list(&mut self, exprs: &[Expr], sql: &mut String) -> Result<()> {
        for (index, expr) in exprs.iter().enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            self.expr(expr, sql)?;
        }
        Ok(())
    }

    fn select(&mut self, select: &Select, sql: &mut String) -> Result<Option<Box<[Option<u32>]>>> {
        let alias = self.push_scope(select.model);
        // Joins are found on the way, and stand before most of what needs them: the parts are written first and put together then. Placeholders are
        // numbered, so that their order in the text does not matter.
        let mut columns = String::new();
        if select.columns.is_empty() {
            columns.push('1');
        }
        self.list(&select.columns, &mut columns)?;
        let mut rest = String::new();
        if let Some(filter) = &select.filter {
            rest.push_str(" WHERE ");
            self.expr(filter, &mut rest)?;
        }
        if !select.group_by.is_empty() {
            rest.push_str(" GROUP BY ");
            self.list(&select.group_by, &mut rest)?;
        }
        if let Some(having) = &select.having {
            rest.push_str(" HAVING ");
            self.expr(having, &mut rest)?;
        }
        self.order(&select.order, &mut rest)?;
        self.slice(select.limit, select.offset, &mut rest);
        if select.for_update {
            self.syntax.for_update(alias, &mut rest);
        }
        let places = self.places(&select.columns);
        let scope = self.pop_scope();

        sql.push_str(if select.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        });
        sql.push_str(&columns);
        sql.push_str(" FROM ");
        scope.write_from(sql);
        sql.push_str(&rest);
        Ok(places)
    }

    fn places(&self, columns: &[Expr]) -> Option<Box<[Option<u32>]>> {
        if !self.syntax.needs_places() {
            return None;
        }
        let places: Box<[_]> = columns.iter().map(|expr| self.typing(expr).places).collect();
        places.iter().any(Option::is_some).then_some(places)
    }

    fn order(&mut self, order: &[Order], sql: &mut String) -> Result<()> {
        for (index, part) in order.iter().enumerate() {
            sql.push_str(if index == 0 { " ORDER BY " } else { ", " });
            self.expr(&part.expr, sql)?;
            sql.push_str(if part.descending { " DESC" } else { " ASC" });
            if self.typing(&part.expr).nullable {
                self.syntax.nulls(part.descending, sql);
            }
        }
        Ok(())
    }

    fn slice(&mut self, limit: Option<u64>, offset: Option<u64>, sql: &mut String) {
        let clamped = |n: u64| Value::BigInt(i64::try_from(n).unwrap_or(i64::MAX));
        if let Some(limit) = limit {
            sql.push_str(" LIMIT ");
            self.bind(clamped(limit), sql);
        }
        if let Some(offset) = offset.filter(|&offset| offset > 0) {
            if limit.is_none() {
                self.syntax.no_limit(sql);
            }
            sql.push_str(" OFFSET ");
            self.bind(clamped(offset), sql);
        }
    }

    fn insert(&mut self, insert: Insert, sql: &mut String) -> Result<Option<Box<[Option<u32>]>>> {
        let Insert {
            model,
            columns,
            rows,
            returning,
        } = insert;
        sql.push_str("INSERT INTO ");
        quote(model.table, sql);
        if columns.is_empty() {
            if rows.len() > 1 {
                return Err(Error::configuration(format!(
                    "several rows of {} without any column cannot be inserted at once",
                    model.name
                )));
            }
            sql.push_str(" DEFAULT VALUES");
        } else {
            sql.push_str(" (");
            write_names(&columns, sql);
            sql.push_str(") VALUES ");
            let metas: Vec<_> = columns.iter().map(|column| find_column(model, column)).collect();
            for (index, row) in rows.into_iter().enumerate() {
                debug_assert_eq!(
                    row.len(),
                    columns.len(),
                    "each row is as long as the list of columns"
                );
                sql.push_str(if index == 0 { "(" } else { ", (" });
                for (index, value) in row.into_iter().enumerate() {
                    if index > 0 {
                        sql.push_str(", ");
                    }
                    let value = self.fit(metas[index], value)?;
                    self.bind(value, sql);
                }
                sql.push(')');
            }
        }
        if returning.is_empty() {
            return Ok(None);
        }
        sql.push_str(" RETURNING ");
        write_names(&returning, sql);
        if !self.syntax.needs_places() {
            return Ok(None);
        }
        let places: Box<[_]> = returning
            .iter()
            .map(|name| find_column(model, name).and_then(decimal_places))
            .collect();
        Ok(places.iter().any(Option::is_some).then_some(places))
    }

    /// The value as the column keeps it.
    fn fit(&self, column: Option<&ColumnMeta>, value: Value) -> Result<Value> {
        match column {
            Some(column) => self.syntax.fit(column, value),
            None => Ok(value),
        }
    }

    fn update(&mut self, update: &Update, sql: &mut String) -> Result<()> {
        let model = update.model;
        let alias = self.push_scope(model);
        sql.push_str("UPDATE ");
        quote(model.table, sql);
        let _ = write!(sql, " AS \"t{alias}\" SET ");
        for (index, (name, expr)) in update.set.iter().enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            quote(name, sql);
            sql.push_str(" = ");
            let column = find_column(model, name);
            match (expr, column) {
                (Expr::Value(value), Some(column)) => {
                    let value = self.syntax.fit(column, value.clone())?;
                    self.bind(value, sql);
                }
                (expr, Some(column)) => {
                    let mut text = String::new();
                    self.expr(expr, &mut text)?;
                    self.syntax.assign(column, &text, sql);
                }
                (expr, None) => self.expr(expr, sql)?,
            }
        }
        if self.scopes.last().is_some_and(Scope::has_joins) {
            return Err(Error::configuration(format!(
                "an update of {} sets a column from a related model; only the model's own columns can be used",
                model.name
            )));
        }
        self.write_filter(model, update.filter.as_ref(), sql)
    }

    fn delete(&mut self, delete: &Delete, sql: &mut String) -> Result<()> {
        let alias = self.push_scope(delete.model);
        sql.push_str("DELETE FROM ");
        quote(delete.model.table, sql);
        let _ = write!(sql, " AS \"t{alias}\"");
        self.write_filter(delete.model, delete.filter.as_ref(), sql)
    }

    /// The WHERE of an UPDATE or DELETE. These cannot join: where the filter leads over relations, the rows are picked by a subquery.
    fn write_filter(
        &mut self,
        model: &'static ModelMeta,
        filter: Option<&Expr>,
        sql: &mut String,
    ) -> Result<()> {
        let Some(filter) = filter else {
            self.pop_scope();
            return Ok(());
        };
        let bound = self.values.len();
        let mut text = String::new();
        self.expr(filter, &mut text)?;
        let scope = self.pop_scope();
        sql.push_str(" WHERE ");
        if !scope.has_joins() {
            sql.push_str(&text);
            return Ok(());
        }
        self.values.truncate(bound);
        self.push_scope(model);
        scope.write_column(model.primary_key, sql);
        sql.push_str(" IN (");
        self.write_keys(model, filter, sql)?;
        sql.push(')');
        Ok(())
    }

    /// `SELECT primary key FROM .. WHERE filter`, in the scope just pushed.
    fn write_keys(&mut self, model: &ModelMeta, filter: &Expr, sql: &mut String) -> Result<()> {
        let mut text = String::new();
        self.expr(filter, &mut text)?;
        let scope = self.pop_scope();
        sql.push_str("SELECT ");
        scope.write_column(model.primary_key, sql);
        sql.push_str(" FROM ");
        scope.write_from(sql);
        sql.push_str(" WHERE ");
        sql.push_str(&text);
        Ok(())
    }
}

fn write_names(names: &[&str], sql: &mut String) {
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            sql.push_str(", ");
        }
        quote(name, sql);
    }
}

fn find_column(model: &'static ModelMeta, name: &str) -> Option<&'static ColumnMeta> {
    model.columns.iter().find(|column| column.column == name)
}

fn decimal_places(column: &ColumnMeta) -> Option<u32> {
    match column.kind {
        crate::Kind::Decimal => column.digits.map(|(_, places)| places),
        _ => None,
    }
}
