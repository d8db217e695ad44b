//! Window functions, and queries that filter by them.

use std::fmt::Write as _;

use super::Compiler;
use super::expression::Typing;
use crate::query::{Expr, FrameBound, FrameUnit, Operator, Select, Window, WindowFunction, both};
use crate::{Error, Kind, Result, Value};

impl Compiler {
    pub(super) fn window(&mut self, window: &Window, sql: &mut String) -> Result<()> {
        let name = match window.function {
            WindowFunction::RowNumber => "ROW_NUMBER",
            WindowFunction::Rank => "RANK",
            WindowFunction::DenseRank => "DENSE_RANK",
            WindowFunction::PercentRank => "PERCENT_RANK",
            WindowFunction::CumeDist => "CUME_DIST",
            WindowFunction::Ntile(_) => "NTILE",
            WindowFunction::Lag(_) => "LAG",
            WindowFunction::Lead(_) => "LEAD",
            WindowFunction::FirstValue => "FIRST_VALUE",
            WindowFunction::LastValue => "LAST_VALUE",
            WindowFunction::NthValue(_) => "NTH_VALUE",
            WindowFunction::Aggregate => "",
        };
        sql.push_str(name);
        if window.function == WindowFunction::Aggregate {
            self.windowed_aggregates(&window.args)?;
            self.list(&window.args, sql)?;
        } else {
            sql.push('(');
            self.list(&window.args, sql)?;
            // Written, not bound: the databases want to know them before the statement runs.
            let _ = match window.function {
                WindowFunction::Ntile(number) => write!(sql, "{number}"),
                WindowFunction::Lag(number)
                | WindowFunction::Lead(number)
                | WindowFunction::NthValue(number) => write!(sql, ", {number}"),
                _ => Ok(()),
            };
            sql.push(')');
        }
        sql.push_str(" OVER (");
        if !window.partition.is_empty() {
            sql.push_str("PARTITION BY ");
            self.list(&window.partition, sql)?;
        }
        self.order(&window.order, sql)?;
        if let Some(frame) = window.frame {
            sql.push_str(match frame.unit {
                FrameUnit::Rows => " ROWS BETWEEN ",
                FrameUnit::Range => " RANGE BETWEEN ",
            });
            bound(frame.start, sql);
            sql.push_str(" AND ");
            bound(frame.end, sql);
        }
        sql.push(')');
        Ok(())
    }

    /// Only an aggregate that the database knows itself, as it stands, can be computed over a window.
    fn windowed_aggregates(&self, args: &[Expr]) -> Result<()> {
        let [
            Expr::Aggregate {
                function,
                expr,
                distinct,
                ..
            },
        ] = args
        else {
            return Err(Error::configuration(
                "what goes over a window is one aggregate; compute with it afterwards: `b.stock.sum().over(..).coalesce(0)`",
            ));
        };
        let kind = expr.as_deref().and_then(|expr| self.typing(expr).kind);
        if *distinct || !self.syntax.windows(*function, kind) {
            return Err(Error::configuration(
                "this database cannot compute that aggregate over a window; compute it in a subquery",
            ));
        }
        Ok(())
    }

    pub(super) fn window_typing(&self, window: &Window) -> Typing {
        match window.function {
            WindowFunction::RowNumber
            | WindowFunction::Rank
            | WindowFunction::DenseRank
            | WindowFunction::Ntile(_) => Typing::certain(Kind::BigInt),
            WindowFunction::PercentRank | WindowFunction::CumeDist => Typing::certain(Kind::Float),
            WindowFunction::Aggregate => match window.args.first() {
                Some(aggregate) => self.typing(aggregate),
                None => Typing::UNKNOWN,
            },
            _ => match window.args.first() {
                Some(value) => Typing {
                    nullable: true,
                    ..self.typing(value)
                },
                None => Typing::UNKNOWN,
            },
        }
    }
}

fn bound(bound: FrameBound, sql: &mut String) {
    let _ = match bound {
        FrameBound::Start => write!(sql, "UNBOUNDED PRECEDING"),
        FrameBound::Before(rows) => write!(sql, "{rows} PRECEDING"),
        FrameBound::Current => write!(sql, "CURRENT ROW"),
        FrameBound::Behind(rows) => write!(sql, "{rows} FOLLOWING"),
        FrameBound::End => write!(sql, "UNBOUNDED FOLLOWING"),
    };
}

/// The query with what SQL does not take as it stands put into a query of its own: filters by windows, which are computed after WHERE, and the first row
/// of those with the same values. `None` where there is nothing of that kind.
pub(super) fn wrapped(select: &Select) -> Result<Option<Select>> {
    let mut filter = select.filter.clone();
    if !select.distinct_on.is_empty() {
        let number = Expr::Window(Box::new(Window {
            function: WindowFunction::RowNumber,
            args: Vec::new(),
            partition: select.distinct_on.clone(),
            order: select.order.clone(),
            frame: None,
        }));
        let first = Expr::Value(Value::BigInt(1));
        filter = Some(both(
            filter,
            Expr::Binary(Box::new(number), Operator::Eq, Box::new(first)),
        ));
    }
    let Some(filter) = filter.filter(is_in) else {
        return Ok(None);
    };
    if !select.group_by.is_empty() || select.source.as_ref().is_some_and(|source| !source.records) {
        return Err(Error::configuration(
            "a query of groups cannot be filtered by a window; filter the records before",
        ));
    }
    let parts = match filter {
        Expr::And(parts) => parts,
        one => vec![one],
    };
    let (mut outside, inside): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_in);
    let mut rows = Select::from(select.model);
    rows.source.clone_from(&select.source);
    rows.filter = (!inside.is_empty()).then_some(Expr::And(inside));
    rows.own_columns();

    let mut outer = select.clone();
    outer.source = None;
    outer.distinct_on.clear();
    let mut windows = Vec::new();
    for expr in &mut outside {
        lift(expr, &mut windows);
    }
    for expr in &mut outer.columns {
        lift(expr, &mut windows);
    }
    for part in &mut outer.order {
        lift(&mut part.expr, &mut windows);
    }
    rows.columns.extend(windows);
    outer.filter = Some(Expr::And(outside));
    outer.source = Select::over(rows).source;
    Ok(Some(outer))
}

/// Puts an output in place of each window, and the window among those of the query inside.
fn lift(expr: &mut Expr, windows: &mut Vec<Expr>) {
    if matches!(expr, Expr::Window(_)) {
        let index = match windows.iter().position(|window| window == expr) {
            Some(index) => index,
            None => {
                windows.push(expr.clone());
                windows.len() - 1
            }
        };
        *expr = Expr::Output(index);
        return;
    }
    for_each_part(expr, &mut |part| lift(part, windows));
}

/// Whether there is a window in an expression, outside of its subqueries.
pub(super) fn is_in(expr: &Expr) -> bool {
    match expr {
        Expr::Window(_) => true,
        Expr::Binary(left, _, right) => is_in(left) || is_in(right),
        Expr::Not(inner)
        | Expr::IsNull(inner, _)
        | Expr::In(inner, _)
        | Expr::InSelect(inner, _)
        | Expr::Cast(inner, _)
        | Expr::Match { expr: inner, .. }
        | Expr::Aggregate {
            expr: Some(inner), ..
        } => is_in(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Function(_, parts) => parts.iter().any(is_in),
        Expr::Case { whens, otherwise } => {
            let whens = whens.iter().flat_map(|(condition, value)| [condition, value]);
            whens.chain(otherwise.as_deref()).any(is_in)
        }
        _ => false,
    }
}

/// Visits what an expression is made of, outside of its subqueries.
fn for_each_part(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match expr {
        Expr::Binary(left, _, right) => {
            visit(left);
            visit(right);
        }
        Expr::Not(inner)
        | Expr::IsNull(inner, _)
        | Expr::In(inner, _)
        | Expr::InSelect(inner, _)
        | Expr::Cast(inner, _)
        | Expr::Match { expr: inner, .. }
        | Expr::Aggregate {
            expr: Some(inner), ..
        } => visit(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Function(_, parts) => parts.iter_mut().for_each(visit),
        Expr::Case { whens, otherwise } => {
            for (condition, value) in whens {
                visit(condition);
                visit(value);
            }
            if let Some(value) = otherwise {
                visit(value);
            }
        }
        _ => {}
    }
}
