//! Expressions, and what is known of their type.

use std::fmt::Write as _;

use super::scope::{is_outer, trim};
use super::syntax::{Match, compares, sign};
use super::{Compiler, decimal_places, find_column, quote};
use crate::located::related;
use crate::meta::RelationMeta;
use crate::query::{Aggregate, Expr, Operator, Select};
use crate::{Error, Kind, Result, Value};

/// What the compiler knows of an expression's value.
#[derive(Clone, Copy)]
pub(super) struct Typing {
    pub(super) kind: Option<Kind>,
    /// For decimals: the digits after the point.
    pub(super) places: Option<u32>,
    pub(super) nullable: bool,
}

impl Typing {
    pub(super) const UNKNOWN: Self = Self {
        kind: None,
        places: None,
        nullable: true,
    };

    pub(super) fn certain(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            places: None,
            nullable: false,
        }
    }
}

impl Compiler {
    pub(super) fn expr(&mut self, expr: &Expr, sql: &mut String) -> Result<()> {
        match expr {
            Expr::Column { path, column } => {
                let scope = self.scopes.len() - 1;
                self.column(scope, path, column, sql)
            }
            Expr::Outer { path, column } => {
                let scope = self.outer()?;
                self.column(scope, path, column, sql)
            }
            Expr::Value(value) => {
                self.bind(value.clone(), sql);
                Ok(())
            }
            Expr::Binary(left, operator, right) => self.binary(left, *operator, right, sql),
            Expr::Not(inner) => self.not(inner, sql),
            Expr::And(parts) => self.junction(parts, " AND ", "TRUE", sql),
            Expr::Or(parts) => self.junction(parts, " OR ", "FALSE", sql),
            Expr::IsNull(inner, yes) => {
                sql.push('(');
                self.expr(inner, sql)?;
                sql.push_str(if *yes { " IS NULL)" } else { " IS NOT NULL)" });
                Ok(())
            }
            Expr::In(inner, values) => self.is_in(inner, values, sql),
            Expr::Match {
                expr,
                place,
                pattern,
                case_sensitive,
            } => {
                let kind = self.typing(expr).kind;
                let mut text = String::new();
                self.expr(expr, &mut text)?;
                let found = Match {
                    expr: &text,
                    kind,
                    place: *place,
                    pattern,
                    case_sensitive: *case_sensitive,
                };
                sql.push('(');
                self.syntax
                    .matches(&found, sql, &mut |value, sql| self.bind(value, sql));
                sql.push(')');
                Ok(())
            }
            Expr::Aggregate {
                function,
                expr,
                distinct,
                filter,
            } => self.aggregate(*function, expr.as_deref(), *distinct, filter.as_deref(), sql),
            Expr::Function(function, args) => self.function(*function, args, sql),
            Expr::Case { whens, otherwise } => self.case(whens, otherwise.as_deref(), sql),
            Expr::Cast(inner, kind) => {
                let mut text = String::new();
                self.expr(inner, &mut text)?;
                self.syntax.cast(&text, *kind, sql);
                Ok(())
            }
            Expr::InSelect(inner, select) => {
                sql.push('(');
                self.expr(inner, sql)?;
                sql.push_str(" IN (");
                // MariaDB knows no LIMIT there.
                let sliced = select.limit.is_some() || select.offset.is_some();
                sql.push_str(if sliced { "SELECT * FROM (" } else { "" });
                self.select(select, sql)?;
                sql.push_str(if sliced { ") AS \"slice\"))" } else { "))" });
                Ok(())
            }
            Expr::Subquery(select) => {
                sql.push('(');
                self.select(select, sql)?;
                sql.push(')');
                Ok(())
            }
            Expr::Exists(select) => self.exists(select, sql),
            Expr::HasRow {
                path,
                relation,
                condition,
            } => {
                let rows = related(path.to_vec(), relation, Some((**condition).clone()));
                self.exists(&rows, sql)
            }
            Expr::Output(index) => {
                let scope = &self.scopes[self.scopes.len() - 1];
                if scope.output(*index).is_none() {
                    return Err(Error::configuration(
                        "a column of a combined query is used in another query than that",
                    ));
                }
                scope.write_column(&format!("c{index}"), sql);
                Ok(())
            }
            Expr::Window(window) => self.window(window, sql),
            Expr::Parameter(index, _) => {
                self.parameter(*index, sql);
                Ok(())
            }
        }
    }

    fn exists(&mut self, select: &Select, sql: &mut String) -> Result<()> {
        let skips = self.scopes.last().is_some_and(|scope| scope.skips);
        sql.push_str("EXISTS (");
        self.select(select, sql)?;
        if skips && !select.is_sliced() {
            sql.push_str(self.syntax.exists_beside_offset());
        }
        sql.push(')');
        Ok(())
    }

    pub(super) fn aggregate(
        &mut self,
        function: Aggregate,
        expr: Option<&Expr>,
        distinct: bool,
        filter: Option<&Expr>,
        sql: &mut String,
    ) -> Result<()> {
        let kind = expr.and_then(|expr| self.typing(expr).kind);
        let mut text = String::new();
        // A condition is written as CASE: every database knows it, and what it leaves out is NULL, which no aggregate sees.
        if let Some(filter) = filter {
            text.push_str("CASE WHEN ");
            self.expr(filter, &mut text)?;
            text.push_str(" THEN ");
        }
        match (expr, filter) {
            (Some(expr), _) => self.expr(expr, &mut text)?,
            (None, Some(_)) => text.push('1'),
            (None, None) => text.push('*'),
        }
        if filter.is_some() {
            text.push_str(" END");
        }
        self.syntax.aggregate(function, kind, distinct, &text, sql);
        Ok(())
    }

    /// The query around the present one, past those that the compiler made itself.
    fn outer(&self) -> Result<usize> {
        let mut users = (0..self.scopes.len())
            .rev()
            .filter(|&index| !self.scopes[index].transparent);
        users.next();
        users.next().ok_or_else(|| {
            Error::configuration("a column of the query around it is used in a query that is no subquery")
        })
    }

    fn column(
        &mut self,
        scope: usize,
        path: &[&'static RelationMeta],
        column: &'static str,
        sql: &mut String,
    ) -> Result<()> {
        let (path, column) = trim(path, column);
        let alias = self.scopes[scope].table(path, &mut self.aliases)?;
        let _ = write!(sql, "\"t{alias}\".");
        quote(column, sql);
        Ok(())
    }

    fn binary(&mut self, left: &Expr, operator: Operator, right: &Expr, sql: &mut String) -> Result<()> {
        if compares(operator) {
            let null = matches!(right, Expr::Value(value) if value.is_null());
            sql.push('(');
            self.expr(left, sql)?;
            match operator {
                Operator::Eq if null => sql.push_str(" IS NULL"),
                Operator::Ne if null => sql.push_str(" IS NOT NULL"),
                _ => {
                    let _ = write!(sql, " {} ", sign(operator));
                    self.expr(right, sql)?;
                }
            }
            sql.push(')');
            return Ok(());
        }
        let kind = self.arithmetic_kind(left, right);
        let (mut left_sql, mut right_sql) = (String::new(), String::new());
        self.expr(left, &mut left_sql)?;
        self.expr(right, &mut right_sql)?;
        self.syntax.arithmetic(operator, kind, &left_sql, &right_sql, sql);
        Ok(())
    }

    /// NOT with two values: what is unknown because of a NULL does not match, so its opposite does. (SQL's own NOT would drop such rows from both.)
    ///
    /// Past a to-many relation, "no row that" is meant and not "some row that not": the rows that match are picked by a subquery, and left out.
    fn not(&mut self, inner: &Expr, sql: &mut String) -> Result<()> {
        let scope = self.scopes.len() - 1;
        if leads_to_many(inner) {
            let model = self.scopes[scope].model;
            sql.push_str("NOT (");
            self.scopes[scope].write_column(model.primary_key, sql);
            sql.push_str(" IN (");
            self.write_keys(model, inner, true, sql)?;
            sql.push_str("))");
            return Ok(());
        }
        let nullable = self.typing(inner).nullable;
        sql.push_str(if nullable { "(" } else { "NOT " });
        self.expr(inner, sql)?;
        if nullable {
            sql.push_str(" IS NOT TRUE)");
        }
        Ok(())
    }

    fn junction(&mut self, parts: &[Expr], word: &str, none: &str, sql: &mut String) -> Result<()> {
        match parts {
            [] => sql.push_str(none),
            [one] => self.expr(one, sql)?,
            parts => {
                sql.push('(');
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        sql.push_str(word);
                    }
                    self.expr(part, sql)?;
                }
                sql.push(')');
            }
        }
        Ok(())
    }

    fn is_in(&mut self, inner: &Expr, values: &[Value], sql: &mut String) -> Result<()> {
        let mut values = values.iter().filter(|value| !value.is_null()).peekable();
        if values.peek().is_none() {
            sql.push_str("FALSE");
            return Ok(());
        }
        sql.push('(');
        self.expr(inner, sql)?;
        sql.push_str(" IN (");
        for (index, value) in values.enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            self.bind(value.clone(), sql);
        }
        sql.push_str("))");
        Ok(())
    }

    fn arithmetic_kind(&self, left: &Expr, right: &Expr) -> Option<Kind> {
        let (left, right) = (self.typing(left).kind, self.typing(right).kind);
        let either = |kind| left == Some(kind) || right == Some(kind);
        if either(Kind::Float) {
            Some(Kind::Float)
        } else if either(Kind::Decimal) {
            Some(Kind::Decimal)
        } else {
            left.or(right)
        }
    }

    /// What is known of an expression in the innermost query.
    pub(super) fn typing(&self, expr: &Expr) -> Typing {
        match expr {
            Expr::Column { path, column } => self.column_typing(self.scopes.len() - 1, path, column),
            Expr::Outer { path, column } => match self.outer() {
                Ok(scope) => self.column_typing(scope, path, column),
                Err(_) => Typing::UNKNOWN,
            },
            Expr::Value(value) => Typing {
                kind: Some(value.kind()),
                places: None,
                nullable: value.is_null(),
            },
            Expr::Binary(left, operator, right) => {
                let nullable = self.typing(left).nullable || self.typing(right).nullable;
                if compares(*operator) {
                    let null = matches!(&**right, Expr::Value(value) if value.is_null());
                    return Typing {
                        nullable: nullable && !null,
                        ..Typing::certain(Kind::Bool)
                    };
                }
                // A division by zero is NULL in SQLite.
                let nullable = nullable || *operator == Operator::Div;
                Typing {
                    kind: self.arithmetic_kind(left, right),
                    places: None,
                    nullable,
                }
            }
            Expr::Not(_) | Expr::IsNull(..) | Expr::Exists(_) | Expr::HasRow { .. } => {
                Typing::certain(Kind::Bool)
            }
            Expr::Output(index) => {
                let known = self.scopes.last().and_then(|scope| scope.output(*index));
                known.unwrap_or(Typing::UNKNOWN)
            }
            Expr::Window(window) => self.window_typing(window),
            Expr::Parameter(_, kind) => Typing::certain(*kind),
            Expr::Function(function, args) => self.function_typing(*function, args),
            Expr::Case { whens, otherwise } => self.case_typing(whens, otherwise.as_deref()),
            Expr::Cast(inner, kind) => Typing {
                kind: Some(*kind),
                places: None,
                nullable: self.typing(inner).nullable,
            },
            Expr::And(parts) | Expr::Or(parts) => Typing {
                nullable: parts.iter().any(|part| self.typing(part).nullable),
                ..Typing::certain(Kind::Bool)
            },
            Expr::In(inner, _) | Expr::InSelect(inner, _) | Expr::Match { expr: inner, .. } => Typing {
                nullable: self.typing(inner).nullable,
                ..Typing::certain(Kind::Bool)
            },
            Expr::Aggregate { function, expr, .. } => self.aggregate_typing(*function, expr.as_deref()),
            Expr::Subquery(select) => subquery_typing(select),
        }
    }

    fn column_typing(&self, scope: usize, path: &[&'static RelationMeta], column: &'static str) -> Typing {
        let (path, column) = trim(path, column);
        let model = match path.last() {
            Some(relation) => (relation.to)(),
            None => self.scopes[scope].model,
        };
        match find_column(model, column) {
            Some(meta) => Typing {
                kind: Some(meta.kind),
                places: decimal_places(meta),
                nullable: meta.nullable || is_outer(path),
            },
            None => Typing::UNKNOWN,
        }
    }

    pub(super) fn aggregate_typing(&self, function: Aggregate, expr: Option<&Expr>) -> Typing {
        let inner = expr.map(|expr| self.typing(expr));
        match function {
            Aggregate::Count => Typing::certain(Kind::BigInt),
            Aggregate::Avg => Typing {
                kind: inner.and_then(|inner| inner.kind),
                places: None,
                nullable: true,
            },
            Aggregate::Variance | Aggregate::SampleVariance => Typing {
                kind: Some(Kind::Float),
                places: None,
                nullable: true,
            },
            Aggregate::Sum | Aggregate::Min | Aggregate::Max => Typing {
                kind: inner.and_then(|inner| inner.kind),
                places: inner.and_then(|inner| inner.places),
                nullable: true,
            },
        }
    }
}

/// The type of a subquery's one value: that of a column or aggregate of its own model; of others nothing is known.
fn subquery_typing(select: &Select) -> Typing {
    let unknown = Typing::UNKNOWN;
    let own = |expr: &Expr| match expr {
        Expr::Column { path, column } if path.is_empty() => find_column(select.model, column),
        _ => None,
    };
    match select.columns.as_slice() {
        [
            Expr::Aggregate {
                function: Aggregate::Count,
                ..
            },
        ] if select.group_by.is_empty() => Typing::certain(Kind::BigInt),
        [
            Expr::Aggregate {
                function,
                expr: Some(expr),
                ..
            },
        ] => match own(expr) {
            Some(meta) if *function != Aggregate::Avg => Typing {
                kind: Some(meta.kind),
                places: decimal_places(meta),
                nullable: true,
            },
            Some(meta) => Typing {
                kind: Some(meta.kind),
                ..unknown
            },
            None => unknown,
        },
        [column] => match own(column) {
            Some(meta) => Typing {
                kind: Some(meta.kind),
                places: decimal_places(meta),
                nullable: true,
            },
            None => unknown,
        },
        _ => unknown,
    }
}

/// Whether a column of the expression, outside its subqueries, lies behind a to-many relation.
fn leads_to_many(expr: &Expr) -> bool {
    match expr {
        Expr::Column { path, column } => trim(path, column).0.iter().any(|relation| relation.many),
        Expr::Binary(left, _, right) => leads_to_many(left) || leads_to_many(right),
        Expr::Not(inner)
        | Expr::IsNull(inner, _)
        | Expr::In(inner, _)
        | Expr::InSelect(inner, _)
        | Expr::Cast(inner, _)
        | Expr::Match { expr: inner, .. }
        | Expr::Aggregate {
            expr: Some(inner), ..
        } => leads_to_many(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Function(_, parts) => parts.iter().any(leads_to_many),
        Expr::Case { whens, otherwise } => {
            let whens = whens.iter();
            whens
                .flat_map(|(condition, value)| [condition, value])
                .chain(otherwise.as_deref())
                .any(leads_to_many)
        }
        Expr::Window(window) => {
            let order = window.order.iter().map(|part| &part.expr);
            let mut parts = window.args.iter().chain(&window.partition).chain(order);
            parts.any(leads_to_many)
        }
        Expr::Outer { .. }
        | Expr::Value(_)
        | Expr::HasRow { .. }
        | Expr::Parameter(..)
        | Expr::Output(_)
        | Expr::Aggregate { expr: None, .. }
        | Expr::Subquery(_)
        | Expr::Exists(_) => false,
    }
}
