//! Aggregates by names.

use super::lookup::Q;
use super::resolve::{Scope, resolve};
use crate::located::related;
use crate::meta::{ModelMeta, RelationMeta};
use crate::query::{Aggregate, Expr, same_row};
use crate::value::Kind;
use crate::{Error, Result};

/// An aggregate by names: `sum("books__stock")`.
#[derive(Clone, Debug)]
#[must_use = "an aggregate is an argument of `annotate`, `aggregate` or `group_by`"]
pub struct Summary {
    function: Aggregate,
    distinct: bool,
    field: String,
    filter: Option<Q>,
}

fn summary(function: Aggregate, distinct: bool, field: impl Into<String>) -> Summary {
    Summary {
        function,
        distinct,
        field: field.into(),
        filter: None,
    }
}

/// How many there are: of a field, how many have a value; of a relation, how many rows.
pub fn count(field: impl Into<String>) -> Summary {
    summary(Aggregate::Count, false, field)
}

/// How many different values there are.
pub fn count_distinct(field: impl Into<String>) -> Summary {
    summary(Aggregate::Count, true, field)
}

/// The sum; NULL of none.
pub fn sum(field: impl Into<String>) -> Summary {
    summary(Aggregate::Sum, false, field)
}

/// The mean; NULL of none.
pub fn avg(field: impl Into<String>) -> Summary {
    summary(Aggregate::Avg, false, field)
}

/// The smallest value; NULL of none.
pub fn min(field: impl Into<String>) -> Summary {
    summary(Aggregate::Min, false, field)
}

/// The largest value; NULL of none.
pub fn max(field: impl Into<String>) -> Summary {
    summary(Aggregate::Max, false, field)
}

impl Summary {
    /// Only of the rows for which a condition holds: those that the field is of. Its names start at the model that the to-many relation leads to, or, where
    /// there is none, at the query's.
    pub fn filter(mut self, condition: impl Into<Q>) -> Self {
        let condition = condition.into();
        self.filter = Some(match self.filter.take() {
            Some(before) => before & condition,
            None => condition,
        });
        self
    }

    /// Over all rows of a query, or of a group.
    pub(super) fn over_rows(self, scope: &Scope<'_>) -> Result<(Expr, Kind)> {
        let (expr, kind) = resolve(scope, &self.field)?.value(&self.field)?;
        let filter = match self.filter.clone() {
            Some(filter) => Some(Box::new(same_row(filter.test(scope)?.expr))),
            None => None,
        };
        self.of(expr, kind, filter)
    }

    /// Over what each row of a query leads to, by a query of its own, so that several in one query are all right.
    pub(super) fn over_related(self, model: &'static ModelMeta) -> Result<(Expr, Kind)> {
        let scope = Scope {
            model,
            annotations: &[],
        };
        let resolved = resolve(&scope, &self.field)?;
        let kind = resolved.kind;
        let (mut hops, column) = resolved.path(&self.field)?;
        let Some(many) = hops.iter().position(|hop| hop.many) else {
            return Err(Error::configuration(format!(
                "`{}` is one value in each row; what is aggregated for each row lies behind a relation to many ({}), and what is over all rows goes into `aggregate`",
                self.field,
                to_many(model)
            )));
        };
        let mut rest = Vec::new();
        for hop in hops.split_off(many + 1) {
            hop.push_hops(&mut rest);
        }
        let Some(relation) = hops.pop() else {
            unreachable!("the position is in the list")
        };
        let column = relocated(column, &rest);
        let to = Scope {
            model: (relation.to)(),
            annotations: &[],
        };
        let filter = match self.filter.clone() {
            Some(filter) => Some(same_row(filter.test(&to)?.expr)),
            None => None,
        };
        let mut select = related(hops, relation, filter);
        let (aggregate, kind) = self.of(column, kind, None)?;
        select.columns = vec![aggregate];
        Ok((Expr::Subquery(Box::new(select)), kind))
    }

    fn of(self, expr: Expr, kind: Kind, filter: Option<Box<Expr>>) -> Result<(Expr, Kind)> {
        let integers = matches!(kind, Kind::SmallInt | Kind::Int | Kind::BigInt);
        let numbers = integers || matches!(kind, Kind::Float | Kind::Decimal);
        let kind = match self.function {
            Aggregate::Count => Kind::BigInt,
            Aggregate::Sum | Aggregate::Avg if !numbers => {
                return Err(Error::configuration(format!(
                    "`{}` is no number; it has: count, count_distinct, min, max",
                    self.field
                )));
            }
            Aggregate::Sum if integers => Kind::BigInt,
            Aggregate::Avg if integers => Kind::Float,
            _ => kind,
        };
        let aggregate = Expr::Aggregate {
            function: self.function,
            expr: Some(Box::new(expr)),
            distinct: self.distinct,
            filter,
        };
        Ok((aggregate, kind))
    }
}

/// The column at the end of a path.
fn relocated(expr: Expr, path: &[&'static RelationMeta]) -> Expr {
    match expr {
        Expr::Column { column, .. } => Expr::Column {
            path: path.into(),
            column,
        },
        Expr::Function(function, args) => Expr::Function(
            function,
            args.into_iter().map(|arg| relocated(arg, path)).collect(),
        ),
        other => other,
    }
}

fn to_many(model: &ModelMeta) -> String {
    let many = model.relations.iter().filter(|relation| relation.many);
    let names: Vec<_> = many.map(|relation| relation.name).collect();
    match names.as_slice() {
        [] => format!("{} has none", model.name),
        names => names.join(", "),
    }
}
