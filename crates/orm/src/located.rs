//! A column and the way to it, without types: the concrete core under the typed columns, so that little code is made for each of them.

use crate::condition::Test;
use crate::meta::RelationMeta;
use crate::path::Path;
use crate::query::{Expr, Operator, Place, Select};
use crate::value::Value;

/// A column at the end of a path.
pub(crate) struct Located {
    hops: Vec<&'static RelationMeta>,
    column: &'static str,
    nullable: bool,
}

impl Located {
    pub(crate) fn of<P: Path>(column: &'static str, nullable: bool) -> Self {
        let mut hops = Vec::new();
        P::hops(&mut hops);
        let nullable = nullable || hops.iter().any(|hop| hop.nullable);
        Self {
            hops,
            column,
            nullable,
        }
    }

    /// A column at the end of relations that are only known at run time.
    pub(crate) fn at(relations: Vec<&'static RelationMeta>, column: &'static str, nullable: bool) -> Self {
        let mut hops = Vec::with_capacity(relations.len());
        relations
            .iter()
            .for_each(|relation| relation.push_hops(&mut hops));
        let nullable = nullable || hops.iter().any(|hop| hop.nullable);
        Self {
            hops,
            column,
            nullable,
        }
    }

    pub(crate) fn nullable(&self) -> bool {
        self.nullable
    }

    /// The column as an expression of the query. Its path must lead to one row.
    pub(crate) fn expr(self) -> Expr {
        column(self.hops, self.column)
    }

    /// A condition on the column. Past a to-many relation, it asks whether there is such a row: a join would give one row for each.
    pub(crate) fn test(mut self, condition: impl FnOnce(Expr) -> Expr) -> Test {
        let Some(many) = self.hops.iter().position(|hop| hop.many) else {
            let nullable = self.nullable;
            return Test {
                expr: condition(self.expr()),
                nullable,
            };
        };
        let rest = self.hops.split_off(many + 1);
        let Some(relation) = self.hops.pop() else {
            unreachable!("the position is in the list")
        };
        let condition = condition(column(rest, self.column));
        Test {
            expr: Expr::HasRow {
                path: self.hops.into(),
                relation,
                condition: Box::new(condition),
            },
            nullable: false,
        }
    }

    pub(crate) fn compare(self, operator: Operator, value: Value) -> Test {
        self.test(|expr| binary(expr, operator, Expr::Value(value)))
    }

    pub(crate) fn one_of(self, values: Vec<Value>) -> Test {
        self.test(|expr| Expr::In(Box::new(expr), values))
    }
}

/// A column of the query. The key at the end of a foreign key is the foreign key's own column: no join is needed for it.
fn column(mut hops: Vec<&'static RelationMeta>, column: &'static str) -> Expr {
    let mut name = column;
    while let Some(last) = hops.last() {
        if last.many || last.reverse || last.to_column != name {
            break;
        }
        name = last.from_column;
        hops.pop();
    }
    Expr::Column {
        path: hops.into(),
        column: name,
    }
}

/// The rows that a to-many relation leads to from the row of the query around, at the end of the path `outer` of that one.
pub(crate) fn related(
    outer: Vec<&'static RelationMeta>,
    relation: &'static RelationMeta,
    filter: Option<Expr>,
) -> Select {
    let link = binary(
        relation.owner(),
        Operator::Eq,
        Expr::Outer {
            path: outer.into(),
            column: relation.from_column,
        },
    );
    let mut select = Select::from((relation.to)());
    select.filter = Some(match filter {
        Some(filter) => Expr::And(vec![link, filter]),
        None => link,
    });
    select
}

pub(crate) fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), operator, Box::new(right))
}

pub(crate) fn is_null(expr: Expr) -> Expr {
    Expr::IsNull(Box::new(expr), true)
}

pub(crate) fn matches(expr: Expr, place: Place, pattern: String, case_sensitive: bool) -> Expr {
    Expr::Match {
        expr: Box::new(expr),
        place,
        pattern,
        case_sensitive,
    }
}
