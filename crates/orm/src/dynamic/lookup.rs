//! Conditions by names.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use super::argument::{Argument, as_text, coerce};
use super::resolve::{Resolved, Scope, resolve};
use crate::condition::Test;
use crate::located::{binary, is_null, matches};
use crate::query::{Expr, Operator, Place};
use crate::value::{Kind, Value};
use crate::{Error, Result};

/// A condition by names: `q("title__icontains", "swing") & !q("stock", 0)`. A pair is one too, and a list of pairs, which all have to hold.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Q {
    /// A field, what it is asked, and with what it is compared.
    Lookup(String, Argument),
    /// All of them.
    And(Vec<Q>),
    /// One of them.
    Or(Vec<Q>),
    /// The opposite: what is unknown because of a NULL is on this side.
    Not(Box<Q>),
}

/// A condition: the name of a field, `__` and a lookup (`exact` where none is said), and what it is compared with.
pub fn q(lookup: impl Into<String>, argument: impl Into<Argument>) -> Q {
    Q::Lookup(lookup.into(), argument.into())
}

impl<N: Into<String>, A: Into<Argument>> From<(N, A)> for Q {
    fn from((lookup, argument): (N, A)) -> Self {
        q(lookup, argument)
    }
}

impl<C: Into<Q>> From<Vec<C>> for Q {
    fn from(all: Vec<C>) -> Self {
        Self::And(all.into_iter().map(Into::into).collect())
    }
}

impl<C: Into<Q>, const N: usize> From<[C; N]> for Q {
    fn from(all: [C; N]) -> Self {
        Self::And(all.into_iter().map(Into::into).collect())
    }
}

impl BitAnd for Q {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self::And(vec![self, other])
    }
}

impl BitOr for Q {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self::Or(vec![self, other])
    }
}

impl BitXor for Q {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        (self.clone() & !other.clone()) | (!self & other)
    }
}

impl Not for Q {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// The lookups, by Django's names.
pub(super) const LOOKUPS: &[&str] = &[
    "exact",
    "iexact",
    "in",
    "gt",
    "gte",
    "lt",
    "lte",
    "range",
    "isnull",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
];

pub(super) fn is_lookup(name: &str) -> bool {
    LOOKUPS.contains(&name)
}

pub(super) fn lookups() -> String {
    LOOKUPS.join(", ")
}

impl Q {
    /// The condition in a query.
    pub(super) fn test(self, scope: &Scope<'_>) -> Result<Test> {
        let constant = |expr| Test {
            expr,
            nullable: false,
        };
        Ok(match self {
            Self::Lookup(name, argument) => lookup(scope, &name, argument)?,
            Self::And(parts) => {
                let mut all = constant(Expr::And(Vec::new()));
                for part in parts {
                    all = all.and(part.test(scope)?);
                }
                all
            }
            Self::Or(parts) => {
                let mut any = constant(Expr::Or(Vec::new()));
                for part in parts {
                    any = any.or(part.test(scope)?);
                }
                any
            }
            Self::Not(inner) => inner.test(scope)?.not(),
        })
    }
}

fn lookup(scope: &Scope<'_>, name: &str, argument: Argument) -> Result<Test> {
    let resolved = resolve(scope, name)?;
    let lookup = resolved.lookup.unwrap_or("exact");
    if lookup == "isnull" {
        return is_missing(resolved, name, argument);
    }
    let kind = resolved.kind;
    let null = |value: &Value| match value.is_null() {
        true => Err(Error::configuration(format!(
            "`{name}` can't be compared with NULL; ask `__isnull`"
        ))),
        false => Ok(()),
    };
    let operator = match lookup {
        "exact" => Some(Operator::Eq),
        "gt" => Some(Operator::Gt),
        "gte" => Some(Operator::Ge),
        "lt" => Some(Operator::Lt),
        "lte" => Some(Operator::Le),
        _ => None,
    };
    if let Some(operator) = operator {
        let value = coerce(argument.one(name)?, kind, name)?;
        if value.is_null() && operator == Operator::Eq {
            return is_missing(resolved, name, true.into());
        }
        null(&value)?;
        return Ok(resolved.test(|expr| binary(expr, operator, Expr::Value(value))));
    }
    match lookup {
        "in" => {
            let values = argument
                .several()
                .into_iter()
                .map(|value| coerce(value, kind, name));
            let values = values.collect::<Result<Vec<_>>>()?;
            return Ok(resolved.test(|expr| Expr::In(Box::new(expr), values)));
        }
        "range" => {
            let values = argument
                .several()
                .into_iter()
                .map(|value| coerce(value, kind, name));
            let Ok([first, last]) = <[Value; 2]>::try_from(values.collect::<Result<Vec<_>>>()?) else {
                return Err(Error::configuration(format!(
                    "`{name}` wants two values, the first and the last"
                )));
            };
            null(&first)?;
            null(&last)?;
            return Ok(resolved.test(|expr| {
                let above = binary(expr.clone(), Operator::Ge, Expr::Value(first));
                Expr::And(vec![above, binary(expr, Operator::Le, Expr::Value(last))])
            }));
        }
        _ => {}
    }
    let (place, case_sensitive) = match lookup {
        "contains" => (Place::Anywhere, true),
        "icontains" => (Place::Anywhere, false),
        "startswith" => (Place::Start, true),
        "istartswith" => (Place::Start, false),
        "endswith" => (Place::End, true),
        "iendswith" => (Place::End, false),
        _ => (Place::Whole, false),
    };
    if kind != Kind::Text {
        return Err(Error::configuration(format!(
            "`{lookup}` (in `{name}`) is asked of text; this field is compared by: exact, in, gt, gte, lt, lte, range, isnull"
        )));
    }
    let value = argument.one(name)?;
    null(&value)?;
    let text = as_text(&value);
    Ok(resolved.test(|expr| matches(expr, place, text, case_sensitive)))
}

/// Whether there is no value; of a to-many relation, whether there is no row.
fn is_missing(resolved: Resolved, name: &str, argument: Argument) -> Result<Test> {
    let Value::Bool(yes) = coerce(argument.one(name)?, Kind::Bool, name)? else {
        return Err(Error::configuration(format!("`{name}` wants true or false")));
    };
    if resolved.ends_at_many {
        let mut any = resolved.test(|_| Expr::And(Vec::new()));
        any.nullable = false;
        return Ok(if yes { any.not() } else { any });
    }
    let mut test = resolved.test(|expr| match yes {
        true => is_null(expr),
        false => Expr::IsNull(Box::new(expr), false),
    });
    test.nullable = false;
    Ok(test)
}
