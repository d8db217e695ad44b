//! The naive evaluation: what a query means, row by row, without SQL.

use std::cmp::Ordering;

use nuages_orm::dynamic::{Argument, Q};
use nuages_orm::meta::{ModelMeta, RelationMeta};
use nuages_orm::{Kind, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::data::{Data, Row};

/// Something that is computed for each row, by name.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub(crate) name: String,
    pub(crate) function: &'static str,
    pub(crate) field: String,
    pub(crate) filter: Option<Q>,
}

/// A row with its annotations.
#[derive(Clone, Debug)]
pub(crate) struct Annotated {
    pub(crate) row: Row,
    pub(crate) annotations: Vec<(String, Value)>,
}

/// A condition of a `filter` (`exclude` is the opposite of one whose parts each ask for themselves).
pub(crate) fn holds(
    data: &Data,
    model: &'static ModelMeta,
    row: &Annotated,
    condition: &Q,
    same_row: bool,
) -> bool {
    match condition {
        Q::And(_) => {
            let mut parts = Vec::new();
            flatten(condition, &mut parts);
            let (lookups, others): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|part| matches!(part, Q::Lookup(..)));
            let lookups: Vec<Lookup<'_>> = lookups.into_iter().map(Lookup::of).collect();
            let together = if same_row {
                all_hold(data, model, row, &lookups)
            } else {
                lookups
                    .iter()
                    .all(|lookup| all_hold(data, model, row, std::slice::from_ref(lookup)))
            };
            together
                && others
                    .into_iter()
                    .all(|other| holds(data, model, row, other, same_row))
        }
        Q::Or(parts) => parts.iter().any(|part| holds(data, model, row, part, same_row)),
        Q::Not(inner) => !holds(data, model, row, inner, false),
        lookup => all_hold(data, model, row, &[Lookup::of(lookup)]),
    }
}

fn flatten<'q>(condition: &'q Q, parts: &mut Vec<&'q Q>) {
    match condition {
        Q::And(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        other => parts.push(other),
    }
}

/// A field, the lookup and the argument.
#[derive(Clone)]
struct Lookup<'q> {
    path: Vec<&'q str>,
    lookup: &'q str,
    argument: &'q Argument,
}

const LOOKUPS: &[&str] = &[
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

impl<'q> Lookup<'q> {
    fn of(condition: &'q Q) -> Self {
        let Q::Lookup(name, argument) = condition else {
            panic!("{condition:?} is no lookup")
        };
        let mut path: Vec<&str> = name.split("__").collect();
        let lookup = match path.last() {
            Some(last) if LOOKUPS.contains(last) => path.pop().unwrap(),
            _ => "exact",
        };
        Self {
            path,
            lookup,
            argument,
        }
    }
}

fn all_hold(data: &Data, model: &'static ModelMeta, row: &Annotated, lookups: &[Lookup<'_>]) -> bool {
    let (annotated, own): (Vec<_>, Vec<_>) = lookups
        .iter()
        .cloned()
        .partition(|lookup| row.annotations.iter().any(|(name, _)| name == lookup.path[0]));
    annotated.iter().all(|lookup| {
        let (_, value) = row
            .annotations
            .iter()
            .find(|(name, _)| name == lookup.path[0])
            .unwrap();
        compare(value, lookup.lookup, lookup.argument)
    }) && hold(data, model, Some(&row.row), &own, false)
}

fn relation(model: &'static ModelMeta, name: &str) -> Option<&'static RelationMeta> {
    model
        .relations
        .iter()
        .copied()
        .find(|relation| relation.name == name)
}

fn own<'r>(model: &ModelMeta, row: Option<&'r Row>, name: &str) -> Option<&'r Value> {
    let wanted = if name == "pk" { model.primary_key } else { name };
    let column = model
        .columns
        .iter()
        .find(|column| column.field == wanted || column.column == wanted)
        .unwrap_or_else(|| panic!("{} has no {name}", model.name));
    row.map(|row| &row[column.column])
}

/// Whether all hold for one row. What leads over a relation is about one row of it; past the first to-many relation a row that is not there is one of NULLs,
/// as an outer join has it.
fn hold(
    data: &Data,
    model: &'static ModelMeta,
    row: Option<&Row>,
    lookups: &[Lookup<'_>],
    inside: bool,
) -> bool {
    let mut relations: Vec<&'static RelationMeta> = Vec::new();
    for lookup in lookups {
        let found = relation(model, lookup.path[0]);
        match found {
            Some(relation) if lookup.path.len() > 1 || relation.many => {
                if !relations.contains(&relation) {
                    relations.push(relation);
                }
            }
            _ => {
                let value = own(model, row, lookup.path[0]);
                if !compare(
                    value.unwrap_or(&Value::Null(Kind::Int)),
                    lookup.lookup,
                    lookup.argument,
                ) {
                    return false;
                }
            }
        }
    }
    relations.into_iter().all(|relation| {
        let to = (relation.to)();
        let mut deeper: Vec<Lookup<'_>> = Vec::new();
        let (mut none, mut some) = (false, false);
        for lookup in lookups {
            if lookup.path[0] != relation.name || (lookup.path.len() == 1 && !relation.many) {
                continue;
            }
            let mut lookup = lookup.clone();
            lookup.path.remove(0);
            if lookup.path.is_empty() {
                if lookup.lookup == "isnull" && !inside {
                    // Whether there is a row at all.
                    let yes = compare(&Value::Null(Kind::Int), "isnull", lookup.argument);
                    (none, some) = (none || yes, some || !yes);
                    continue;
                }
                lookup.path.push("pk");
            }
            deeper.push(lookup);
        }
        let rows = row.map_or(Vec::new(), |row| data.follow(row, relation));
        if (none && !rows.is_empty()) || (some && rows.is_empty()) {
            return false;
        }
        if deeper.is_empty() {
            return true;
        }
        if rows.is_empty() && (inside || !relation.many) {
            // Behind a relation that leads nowhere, there is no row of a further to-many relation either.
            return hold(data, to, None, &deeper, inside);
        }
        let inside = inside || relation.many;
        rows.into_iter()
            .any(|row| hold(data, to, Some(row), &deeper, inside))
    })
}

fn compare(value: &Value, lookup: &str, argument: &Argument) -> bool {
    let several = |argument: &Argument| match argument {
        Argument::Several(values) => values.clone(),
        Argument::Single(value) => vec![value.clone()],
        other => panic!("{other:?}"),
    };
    let one = several(argument);
    if lookup == "isnull" {
        return value.is_null() == (one[0] == Value::Bool(true));
    }
    if lookup == "exact" && one[0].is_null() {
        return value.is_null();
    }
    if value.is_null() {
        return false;
    }
    let ordering = |other: &Value| order(value, other);
    let text = || match (value, &one[0]) {
        (Value::Text(value), Value::Text(wanted)) => (value.clone(), wanted.clone()),
        other => panic!("{other:?}"),
    };
    let folded = || {
        let (value, wanted) = text();
        (value.to_lowercase(), wanted.to_lowercase())
    };
    match lookup {
        "exact" => ordering(&one[0]).is_eq(),
        "gt" => ordering(&one[0]).is_gt(),
        "gte" => ordering(&one[0]).is_ge(),
        "lt" => ordering(&one[0]).is_lt(),
        "lte" => ordering(&one[0]).is_le(),
        "in" => one.iter().any(|other| ordering(other).is_eq()),
        "range" => ordering(&one[0]).is_ge() && ordering(&one[1]).is_le(),
        "contains" => text().0.contains(&text().1),
        "icontains" => folded().0.contains(&folded().1),
        "startswith" => text().0.starts_with(&text().1),
        "istartswith" => folded().0.starts_with(&folded().1),
        "endswith" => text().0.ends_with(&text().1),
        "iendswith" => folded().0.ends_with(&folded().1),
        "iexact" => folded().0 == folded().1,
        other => panic!("no lookup {other}"),
    }
}

/// A number of whatever type.
fn number(value: &Value) -> Option<Decimal> {
    Some(match value {
        Value::SmallInt(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::BigInt(value) => (*value).into(),
        Value::Decimal(value) => *value,
        Value::Float(value) => Decimal::from_f64_retain(*value)?.round_dp(6),
        _ => return None,
    })
}

/// The order of values that are not NULL.
pub(crate) fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => number(left).unwrap().cmp(&number(right).unwrap()),
    }
}

/// Whether two values are the same, up to the last digits of a floating one.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left.is_null(), right.is_null()) {
        (true, true) => true,
        (false, false) => match (number(left), number(right)) {
            (Some(left), Some(right)) => (left - right).abs().to_f64().unwrap() < 1e-5,
            _ => left == right,
        },
        _ => false,
    }
}

/// The order of values, NULL last.
pub(crate) fn order_with_null(left: &Value, right: &Value) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => order(left, right),
    }
}

/// The value at the end of a path that leads to one row, or of an annotation.
pub(crate) fn value(data: &Data, model: &'static ModelMeta, row: &Annotated, name: &str) -> Value {
    if let Some((_, value)) = row.annotations.iter().find(|(known, _)| known == name) {
        return value.clone();
    }
    let path: Vec<&str> = name.split("__").collect();
    let mut values = values(data, model, Some(&row.row), &path);
    values.pop().unwrap_or(Value::Null(Kind::Int))
}

/// The values at the end of a path; one NULL where it leads nowhere.
fn values(data: &Data, model: &'static ModelMeta, row: Option<&Row>, path: &[&str]) -> Vec<Value> {
    let null = Value::Null(Kind::Int);
    match path {
        [] => vec![own(model, row, "pk").cloned().unwrap_or(null)],
        [name, rest @ ..] => match relation(model, name) {
            Some(relation) if !rest.is_empty() || relation.many => {
                let rows = row.map_or(Vec::new(), |row| data.follow(row, relation));
                if rows.is_empty() {
                    return vec![null];
                }
                let to = (relation.to)();
                rows.into_iter()
                    .flat_map(|row| values(data, to, Some(row), rest))
                    .collect()
            }
            _ => vec![own(model, row, name).cloned().unwrap_or(null)],
        },
    }
}

/// An aggregate of values, without their NULLs.
pub(crate) fn aggregate(function: &str, values: Vec<Value>) -> Value {
    let mut values: Vec<Value> = values.into_iter().filter(|value| !value.is_null()).collect();
    let count = i64::try_from(values.len()).unwrap();
    let null = Value::Null(Kind::Int);
    let total = |values: &[Value]| values.iter().map(|value| number(value).unwrap()).sum::<Decimal>();
    match function {
        "count" => count.into(),
        "count_distinct" => {
            values.sort_by(order);
            values.dedup_by(|left, right| order(left, right).is_eq());
            i64::try_from(values.len()).unwrap().into()
        }
        _ if count == 0 => null,
        "sum" => total(&values).into(),
        "avg" => (total(&values) / Decimal::from(count)).into(),
        "min" => values.into_iter().min_by(order).unwrap(),
        "max" => values.into_iter().max_by(order).unwrap(),
        other => panic!("no aggregate {other}"),
    }
}

/// The value of an annotation.
pub(crate) fn annotated(data: &Data, model: &'static ModelMeta, row: &Row, annotation: &Annotation) -> Value {
    let mut path: Vec<&str> = annotation.field.split("__").collect();
    let (mut model, mut rows) = (model, vec![row]);
    loop {
        let relation = relation(model, path.remove(0)).unwrap();
        rows = rows
            .into_iter()
            .flat_map(|row| data.follow(row, relation))
            .collect();
        model = (relation.to)();
        if relation.many {
            break;
        }
    }
    let chosen = rows.into_iter().filter(|row| match &annotation.filter {
        Some(filter) => {
            let row = Annotated {
                row: (*row).clone(),
                annotations: Vec::new(),
            };
            holds(data, model, &row, filter, true)
        }
        None => true,
    });
    aggregate(
        annotation.function,
        chosen
            .flat_map(|row| values(data, model, Some(row), &path))
            .collect(),
    )
}
