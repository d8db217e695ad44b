//! From the query tree to SQL and the values bound to it: a core that knows SQL, and a [`Syntax`] a dialect for what differs.
//!
//! Values are never written into the text. Names are always quoted, and come from `static` metadata only.

mod expression;
mod function;
mod mariadb;
mod postgres;
mod scope;
mod sqlite;
mod syntax;
#[cfg(test)]
mod tests;
mod window;

use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) use self::syntax::{Syntax, quote};

use self::expression::Typing;
use self::scope::Scope;
use self::syntax::write_names;
use crate::meta::{ColumnMeta, ModelMeta};
use crate::query::{
    Delete, Expr, Insert, Order, PerParent, Select, SetOperator, Source, Statement, Update, own,
};
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
        Dialect::MariaDb => &mariadb::MariaDb,
    }
}

/// A statement whose parameters have no values yet.
#[derive(Debug)]
pub(crate) struct Template {
    sql: String,
    values: Vec<Bound>,
    places: Option<Box<[Option<u32>]>>,
    writes: bool,
    locks: bool,
}

/// What stands for a placeholder.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Value(Value),
    /// The value that a kept query is given, counted from 0.
    Parameter(usize),
}

impl Template {
    /// The statement with values for its parameters. `in_transaction` is whether it runs inside one, which row locks need.
    pub(crate) fn with(&self, parameters: &[Value], in_transaction: bool) -> Result<Compiled> {
        let values = self.values.iter().map(|bound| match bound {
            Bound::Value(value) => Ok(value.clone()),
            Bound::Parameter(index) => parameters.get(*index).cloned().ok_or_else(no_value),
        });
        self.check(in_transaction)?;
        Ok(Compiled {
            sql: self.sql.clone().into(),
            values: values.collect::<Result<_>>()?,
            places: self.places.clone(),
            writes: self.writes,
        })
    }

    fn check(&self, in_transaction: bool) -> Result<()> {
        match self.locks && !in_transaction {
            true => Err(Error::no_transaction("select_for_update")),
            false => Ok(()),
        }
    }
}

fn no_value() -> Error {
    Error::configuration("a parameter has a value in the kept query alone that it was made for: `.keep(..)`")
}

/// Compiles a statement. `in_transaction` is whether it runs inside one, which row locks need.
pub(crate) fn compile(dialect: Dialect, statement: Statement, in_transaction: bool) -> Result<Compiled> {
    let template = template(dialect, statement)?;
    template.check(in_transaction)?;
    let values = template.values.into_iter().map(|bound| match bound {
        Bound::Value(value) => Ok(value),
        Bound::Parameter(_) => Err(no_value()),
    });
    Ok(Compiled {
        sql: template.sql.into(),
        values: values.collect::<Result<_>>()?,
        places: template.places,
        writes: template.writes,
    })
}

/// Compiles a statement that may have parameters.
pub(crate) fn template(dialect: Dialect, statement: Statement) -> Result<Template> {
    let syntax = syntax(dialect);
    let mut compiler = Compiler {
        syntax,
        values: Vec::new(),
        scopes: Vec::new(),
        aliases: 0,
    };
    let writes = !matches!(statement, Statement::Select(_));
    let mut locks = false;
    let mut sql = String::with_capacity(256);
    let places = match statement {
        Statement::Select(select) => {
            locks = select.lock.is_some();
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
    let mut values = compiler.values;
    syntax.finish(&mut sql, &mut values)?;
    Ok(Template {
        sql,
        values,
        places,
        writes,
        locks,
    })
}

/// Whether an expression has a window, outside of its subqueries.
pub(crate) fn has_window(expr: &Expr) -> bool {
    window::is_in(expr)
}

/// The type of an expression in a query of a model, and whether it may be NULL, as far as it is known.
pub(crate) fn kind_of(model: &'static ModelMeta, expr: &Expr) -> Option<(crate::Kind, bool)> {
    let mut compiler = Compiler {
        syntax: syntax(Dialect::Sqlite),
        values: Vec::new(),
        scopes: Vec::new(),
        aliases: 0,
    };
    compiler.push_scope(model);
    let typing = compiler.typing(expr);
    typing.kind.map(|kind| (kind, typing.nullable))
}

/// What is gathered while a statement is written.
struct Compiler {
    syntax: &'static dyn Syntax,
    values: Vec<Bound>,
    /// The queries around the place that is being written, outermost first.
    scopes: Vec<Scope>,
    /// Tables named so far; each has its own alias, also across subqueries.
    aliases: usize,
}

impl Compiler {
    /// Binds a value and writes its placeholder.
    fn bind(&mut self, value: Value, sql: &mut String) {
        self.values.push(Bound::Value(value));
        self.syntax.placeholder(self.values.len(), sql);
    }

    /// Writes the placeholder of a parameter.
    fn parameter(&mut self, index: usize, sql: &mut String) {
        self.values.push(Bound::Parameter(index));
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
        if let Some(wrapped) = window::wrapped(select)? {
            return self.plain_select(&wrapped, None, sql);
        }
        self.plain_select(select, None, sql)
    }

    /// The queries that a query reads from, and what is known of the columns beside those of its model.
    fn source(&mut self, source: &Source) -> Result<(String, Vec<Typing>)> {
        let mut sql = String::new();
        let mut outputs = Vec::new();
        let combined = source.members.len() > 1;
        for (index, member) in source.members.iter().enumerate() {
            if index > 0 {
                sql.push_str(match source.operator {
                    SetOperator::Union => " UNION ",
                    SetOperator::UnionAll => " UNION ALL ",
                    SetOperator::Intersection => " INTERSECT ",
                    SetOperator::Difference => " EXCEPT ",
                });
            }
            // Not every database takes an order or a slice of one member, unless it is a query in a query.
            let nested = combined && (member.is_sliced() || !member.order.is_empty());
            if nested {
                sql.push_str("SELECT * FROM (");
            }
            let wrapped = window::wrapped(member)?;
            self.plain_select(
                wrapped.as_ref().unwrap_or(member),
                Some((source.records, &mut outputs)),
                &mut sql,
            )?;
            if nested {
                let _ = write!(sql, ") AS \"m{index}\"");
            }
        }
        Ok((sql, outputs))
    }

    /// A SELECT as it stands. As a member of a source, its columns get names: those of the model where the source has records, and numbers.
    fn plain_select(
        &mut self,
        select: &Select,
        member: Option<(bool, &mut Vec<Typing>)>,
        sql: &mut String,
    ) -> Result<Option<Box<[Option<u32>]>>> {
        // What it reads from is no part of its scope: a column of the query around it is looked for further out.
        let source = match &select.source {
            Some(source) => Some(self.source(source)?),
            None => None,
        };
        let alias = self.push_scope(select.model);
        let innermost = self.scopes.len() - 1;
        self.scopes[innermost].skips = select.offset.is_some_and(|offset| offset > 0);
        if let Some((rows, outputs)) = source {
            self.scopes[innermost].over(rows, outputs);
        }
        // Joins are found on the way, and stand before most of what needs them: the parts are written first and put together then. Placeholders are
        // numbered, so that their order in the text does not matter.
        let mut columns = String::new();
        if select.columns.is_empty() {
            columns.push('1');
        }
        match member {
            Some((records, outputs)) => self.named_columns(select, records, outputs, &mut columns)?,
            None => self.list(&select.columns, &mut columns)?,
        }
        if let Some(PerParent { column, .. }) = &select.per_parent {
            columns.push_str(" AS \"key\", ROW_NUMBER() OVER (PARTITION BY ");
            self.expr(column, &mut columns)?;
            self.order(&select.order, &mut columns)?;
            columns.push_str(") AS \"number\"");
        }
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
        if select.per_parent.is_none() {
            self.order(&select.order, &mut rest)?;
        }
        self.slice(select.limit, select.offset, &mut rest);
        if let Some(lock) = select.lock {
            if select.source.is_some() || select.distinct || !select.group_by.is_empty() {
                return Err(Error::configuration(
                    "only the rows of a model's own table can be locked: `select_for_update` goes with no set operation, window, group or `distinct`",
                ));
            }
            self.syntax.lock(alias, lock, &mut rest)?;
        }
        let places = self.places(&select.columns);
        let scope = self.pop_scope();

        if select.per_parent.is_some() {
            sql.push_str("SELECT \"key\" FROM (");
        }
        sql.push_str(if select.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        });
        sql.push_str(&columns);
        sql.push_str(" FROM ");
        scope.write_from(sql);
        sql.push_str(&rest);
        if let Some(PerParent { offset, limit, .. }) = &select.per_parent {
            sql.push_str(") AS \"numbered\" WHERE \"number\" > ");
            self.bind(position(*offset), sql);
            if let Some(limit) = limit {
                sql.push_str(" AND \"number\" <= ");
                self.bind(position(offset.saturating_add(*limit)), sql);
            }
        }
        Ok(places)
    }

    /// The columns of a member of a source, by name.
    fn named_columns(
        &mut self,
        select: &Select,
        records: bool,
        outputs: &mut Vec<Typing>,
        sql: &mut String,
    ) -> Result<()> {
        let own = if records { select.model.columns } else { &[] };
        for (index, expr) in select.columns.iter().enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            self.expr(expr, sql)?;
            sql.push_str(" AS ");
            match (own.get(index), index.checked_sub(own.len())) {
                (Some(column), _) => quote(column.column, sql),
                (None, number) => {
                    let number = number.unwrap_or_default();
                    let _ = write!(sql, "\"c{number}\"");
                    let typing = self.typing(expr);
                    match outputs.get_mut(number) {
                        Some(known) => known.nullable |= typing.nullable,
                        None => outputs.push(typing),
                    }
                }
            }
        }
        Ok(())
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
            let mut text = String::new();
            self.expr(&part.expr, &mut text)?;
            let nullable = self.typing(&part.expr).nullable;
            self.syntax.order(&text, part, nullable, sql);
        }
        Ok(())
    }

    fn slice(&mut self, limit: Option<u64>, offset: Option<u64>, sql: &mut String) {
        if let Some(limit) = limit {
            sql.push_str(" LIMIT ");
            self.bind(position(limit), sql);
        }
        if let Some(offset) = offset.filter(|&offset| offset > 0) {
            if limit.is_none() {
                self.syntax.no_limit(sql);
            }
            sql.push_str(" OFFSET ");
            self.bind(position(offset), sql);
        }
    }

    fn insert(&mut self, insert: Insert, sql: &mut String) -> Result<Option<Box<[Option<u32>]>>> {
        let Insert {
            model,
            columns,
            rows,
            conflict,
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
            sql.push_str(self.syntax.default_values());
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
        if let Some(conflict) = &conflict {
            self.syntax.on_conflict(model, conflict, sql);
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
        self.syntax.delete_from(delete.model.table, alias, sql);
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
        let windows = window::is_in(filter);
        let bound = self.values.len();
        let mut text = String::new();
        if !windows {
            self.expr(filter, &mut text)?;
        }
        let scope = self.pop_scope();
        sql.push_str(" WHERE ");
        // A subquery may read the table that is changed. (What else is called like this in the text does no harm.)
        let reads = !self.syntax.reads_what_it_changes() && text.contains("SELECT ");
        if !windows && !scope.has_joins() && !reads {
            sql.push_str(&text);
            return Ok(());
        }
        self.values.truncate(bound);
        scope.write_column(model.primary_key, sql);
        if self.syntax.reads_what_it_changes() {
            sql.push_str(" IN (");
            self.write_keys(model, filter, false, sql)?;
            sql.push(')');
        } else {
            sql.push_str(" IN (SELECT * FROM (");
            self.write_keys(model, filter, false, sql)?;
            sql.push_str(") AS \"keys\")");
        }
        Ok(())
    }

    /// `SELECT primary key FROM .. WHERE filter`.
    fn write_keys(
        &mut self,
        model: &'static ModelMeta,
        filter: &Expr,
        transparent: bool,
        sql: &mut String,
    ) -> Result<()> {
        if window::is_in(filter) {
            let mut keys = Select::from(model);
            keys.columns = vec![own(model.primary_key)];
            keys.filter = Some(filter.clone());
            return self.select(&keys, sql).map(drop);
        }
        self.push_scope(model);
        if let Some(scope) = self.scopes.last_mut() {
            scope.transparent = transparent;
        }
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

/// A number of rows, as databases count them.
fn position(rows: u64) -> Value {
    Value::BigInt(i64::try_from(rows).unwrap_or(i64::MAX))
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
