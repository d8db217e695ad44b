//! Random queries by names, and what they give.

use nuages_orm::dynamic::{self, Argument, DynamicQuery, DynamicRow, Q, Summary, q};
use nuages_orm::meta::{ColumnMeta, ModelMeta};
use nuages_orm::{Database, Kind, Value};

use crate::data::{Data, Random, value};
use crate::models;
use crate::naive::{self, Annotated, Annotation};

/// A query, as it is built and as it is evaluated.
#[derive(Clone, Debug)]
struct Tree {
    conditions: Vec<(bool, Q)>,
    annotations: Vec<Annotation>,
    /// Another query of the same model, and how it is put to this one.
    other: Option<(&'static str, Box<Tree>)>,
    /// After that.
    late: Option<Q>,
    order: Vec<String>,
    slice: Option<(u64, u64)>,
}

pub(crate) fn check(_: &Database, data: &Data, random: &mut Random) {
    let model = *random.pick(&models::all());
    let tree = tree(model, random, true);
    let what = random.below(6);
    let query = build(model, &tree);
    let rows = evaluate(data, model, &tree);
    eprintln!("{what} {tree:#?}");
    match what {
        0 => {
            assert_eq!(
                query.clone().count().wait().unwrap(),
                u64::try_from(rows.len()).unwrap()
            );
            assert_eq!(query.exists().wait().unwrap(), !rows.is_empty());
        }
        1 => aggregated(data, model, query, rows, random),
        2 if tree.slice.is_none() => grouped(data, model, query, rows, random),
        3 => {
            let names: Vec<String> = (0..1 + random.below(3))
                .map(|_| to_one(model, random).0)
                .collect();
            let query = query.values(names.iter().map(String::as_str)).unwrap();
            let expected = rows.iter().map(|row| {
                names
                    .iter()
                    .map(|name| naive::value(data, model, row, name))
                    .collect()
            });
            compare(&query.all().wait().unwrap(), expected.collect());
        }
        _ => {
            let expected = rows.into_iter().map(|row| {
                let own = model.columns.iter().map(|column| row.row[column.column].clone());
                own.chain(row.annotations.iter().map(|(_, value)| value.clone()))
                    .collect()
            });
            let expected: Vec<Vec<Value>> = expected.collect();
            let first = query.clone().first().wait().unwrap();
            compare(
                &first.into_iter().collect::<Vec<_>>(),
                expected.first().cloned().into_iter().collect(),
            );
            compare(&query.all().wait().unwrap(), expected);
        }
    }
}

/// The rows have these values, in this order.
fn compare(rows: &[DynamicRow], expected: Vec<Vec<Value>>) {
    let same = rows.len() == expected.len()
        && rows.iter().zip(&expected).all(|(row, expected)| {
            row.values()
                .iter()
                .zip(expected)
                .all(|(value, expected)| naive::same(value, expected))
        });
    let rows: Vec<_> = rows.iter().map(DynamicRow::values).collect();
    assert!(same, "given {rows:#?}\nexpected {expected:#?}");
}

const AGGREGATES: &[&str] = &["count", "count_distinct", "sum", "avg", "min", "max"];

fn summary(function: &str, field: &str, filter: Option<Q>) -> Summary {
    let summary = match function {
        "count" => dynamic::count(field),
        "count_distinct" => dynamic::count_distinct(field),
        "sum" => dynamic::sum(field),
        "avg" => dynamic::avg(field),
        "min" => dynamic::min(field),
        _ => dynamic::max(field),
    };
    match filter {
        Some(filter) => summary.filter(filter),
        None => summary,
    }
}

fn fits(function: &str, kind: Kind) -> bool {
    match function {
        "sum" | "avg" => matches!(
            kind,
            Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Float | Kind::Decimal
        ),
        // PostgreSQL has no smallest boolean.
        "min" | "max" => kind != Kind::Bool,
        _ => true,
    }
}

/// A few aggregates over fields that each row has one of.
fn summaries(model: &'static ModelMeta, random: &mut Random) -> Vec<(String, &'static str, String)> {
    let mut summaries = Vec::new();
    while summaries.len() < 3 {
        let (field, column) = to_one(model, random);
        let function = *random.pick(AGGREGATES);
        if fits(function, column.kind) {
            summaries.push((format!("s{}", summaries.len()), function, field));
        }
    }
    summaries
}

fn aggregated(
    data: &Data,
    model: &'static ModelMeta,
    query: DynamicQuery,
    rows: Vec<Annotated>,
    random: &mut Random,
) {
    let summaries = summaries(model, random);
    let asked = summaries
        .iter()
        .map(|(name, function, field)| (name.as_str(), summary(function, field, None)));
    let row = query.aggregate(asked.collect::<Vec<_>>()).wait().unwrap();
    let expected = summaries.iter().map(|(_, function, field)| {
        naive::aggregate(
            function,
            rows.iter()
                .map(|row| naive::value(data, model, row, field))
                .collect(),
        )
    });
    eprintln!("{summaries:?}");
    compare(&[row], vec![expected.collect()]);
}

fn grouped(
    data: &Data,
    model: &'static ModelMeta,
    query: DynamicQuery,
    rows: Vec<Annotated>,
    random: &mut Random,
) {
    let (by, _) = to_one(model, random);
    let summaries = summaries(model, random);
    eprintln!("by {by}: {summaries:?}");
    let asked = summaries
        .iter()
        .map(|(name, function, field)| (name.as_str(), summary(function, field, None)));
    let query = query.group_by([by.as_str()], asked.collect::<Vec<_>>()).unwrap();
    let query = query.order_by([by.as_str()]).unwrap();
    let mut groups: Vec<(Value, Vec<&Annotated>)> = Vec::new();
    for row in &rows {
        let key = naive::value(data, model, row, &by);
        match groups.iter_mut().find(|(known, _)| naive::same(known, &key)) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    groups.sort_by(|left, right| naive::order_with_null(&left.0, &right.0));
    let expected = groups.into_iter().map(|(key, rows)| {
        let values = summaries.iter().map(|(_, function, field)| {
            naive::aggregate(
                function,
                rows.iter()
                    .map(|row| naive::value(data, model, row, field))
                    .collect(),
            )
        });
        std::iter::once(key).chain(values).collect()
    });
    compare(&query.all().wait().unwrap(), expected.collect());
}

fn tree(model: &'static ModelMeta, random: &mut Random, combined: bool) -> Tree {
    let mut tree = Tree {
        conditions: (0..random.below(3))
            .map(|_| (random.chance(3), condition(model, &[], 2, random)))
            .collect(),
        annotations: Vec::new(),
        other: None,
        late: None,
        order: Vec::new(),
        slice: None,
    };
    if combined && random.chance(4) {
        let how = *random.pick(&["union", "intersection", "difference"]);
        let mut other = self::tree(model, random, false);
        other.annotations.clear();
        if random.chance(2) {
            slice(model, &mut other, random);
        }
        tree.other = Some((how, Box::new(other)));
        if random.chance(2) {
            tree.late = Some(condition(model, &[], 1, random));
        }
    } else if combined {
        for number in 0..random.below(3) {
            let name = format!("a{number}");
            if let Some(annotation) = annotation(model, name, random) {
                tree.annotations.push(annotation);
            }
        }
        if !tree.annotations.is_empty() && random.chance(2) {
            tree.late = Some(condition(model, &tree.annotations, 1, random));
        }
    }
    if combined {
        slice(model, &mut tree, random);
        if random.chance(2) {
            tree.slice = None;
        }
    }
    tree
}

/// An order in which each row has its place, and some of the rows.
fn slice(model: &'static ModelMeta, tree: &mut Tree, random: &mut Random) {
    let sign = |random: &mut Random| if random.chance(2) { "-" } else { "" };
    for _ in 0..random.below(3) {
        let (field, _) = to_one(model, random);
        tree.order.push(format!("{}{field}", sign(random)));
    }
    if let Some(annotation) = tree.annotations.first() {
        tree.order
            .insert(0, format!("{}{}", sign(random), annotation.name));
    }
    tree.order.push(format!("{}pk", sign(random)));
    let start = u64::try_from(random.below(3)).unwrap();
    tree.slice = Some((start, start + u64::try_from(random.below(5)).unwrap()));
}

fn build(model: &'static ModelMeta, tree: &Tree) -> DynamicQuery {
    let mut query = DynamicQuery::new(model);
    for (opposite, condition) in &tree.conditions {
        query = match opposite {
            true => query.exclude(condition.clone()).unwrap(),
            false => query.filter(condition.clone()).unwrap(),
        };
    }
    if let Some((how, other)) = &tree.other {
        let other = build(model, other);
        query = match *how {
            "union" => query.union(other),
            "intersection" => query.intersection(other),
            _ => query.difference(other),
        };
    }
    for annotation in &tree.annotations {
        let summary = summary(annotation.function, &annotation.field, annotation.filter.clone());
        query = query.annotate(annotation.name.clone(), summary).unwrap();
    }
    if let Some(condition) = &tree.late {
        query = query.filter(condition.clone()).unwrap();
    }
    if !tree.order.is_empty() {
        query = query.order_by(tree.order.iter().map(String::as_str)).unwrap();
    } else {
        query = query.order_by(["pk"]).unwrap();
    }
    match tree.slice {
        Some((start, end)) => query.slice(start..end),
        None => query,
    }
}

fn evaluate(data: &Data, model: &'static ModelMeta, tree: &Tree) -> Vec<Annotated> {
    let every = data.of(model).iter().map(|row| Annotated {
        row: row.clone(),
        annotations: Vec::new(),
    });
    let mut rows: Vec<Annotated> = every
        .filter(|row| {
            tree.conditions
                .iter()
                .all(|(opposite, condition)| match opposite {
                    true => !naive::holds(data, model, row, condition, false),
                    false => naive::holds(data, model, row, condition, true),
                })
        })
        .collect();
    if let Some((how, other)) = &tree.other {
        let other = evaluate(data, model, other);
        let is_in =
            |rows: &[Annotated], row: &Annotated| rows.iter().any(|known| known.row["id"] == row.row["id"]);
        match *how {
            "union" => {
                let more: Vec<_> = other.into_iter().filter(|row| !is_in(&rows, row)).collect();
                rows.extend(more);
            }
            "intersection" => rows.retain(|row| is_in(&other, row)),
            _ => rows.retain(|row| !is_in(&other, row)),
        }
    }
    for row in &mut rows {
        for annotation in &tree.annotations {
            let value = naive::annotated(data, model, &row.row, annotation);
            row.annotations.push((annotation.name.clone(), value));
        }
    }
    if let Some(condition) = &tree.late {
        rows.retain(|row| naive::holds(data, model, row, condition, true));
    }
    rows.sort_by(|left, right| {
        let by_pk = ["pk".to_owned()];
        let order = if tree.order.is_empty() {
            &by_pk[..]
        } else {
            &tree.order
        };
        let parts = order.iter().map(|part| {
            let (name, reverse) = part
                .strip_prefix('-')
                .map_or((part.as_str(), false), |name| (name, true));
            let (left, right) = (
                naive::value(data, model, left, name),
                naive::value(data, model, right, name),
            );
            let ordering = naive::order_with_null(&left, &right);
            if reverse { ordering.reverse() } else { ordering }
        });
        parts.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    match tree.slice {
        Some((start, end)) => {
            let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(end).unwrap());
            rows.into_iter().skip(start).take(end - start).collect()
        }
        None => rows,
    }
}

/// A field at the end of relations to one row.
fn to_one(model: &'static ModelMeta, random: &mut Random) -> (String, &'static ColumnMeta) {
    path(model, random, 2, false)
}

fn path(
    mut model: &'static ModelMeta,
    random: &mut Random,
    longest: usize,
    many: bool,
) -> (String, &'static ColumnMeta) {
    let mut names: Vec<&str> = Vec::new();
    for _ in 0..random.below(longest + 1) {
        let relations: Vec<_> = model
            .relations
            .iter()
            .filter(|relation| many || !relation.many)
            .collect();
        if relations.is_empty() {
            break;
        }
        let relation = random.pick(&relations);
        names.push(relation.name);
        model = (relation.to)();
    }
    let column = random.pick(model.columns);
    names.push(column.column);
    (names.join("__"), column)
}

/// A condition: lookups, and lists of them.
fn condition(model: &'static ModelMeta, annotations: &[Annotation], depth: usize, random: &mut Random) -> Q {
    match random.below(if depth == 0 { 1 } else { 5 }) {
        1 => Q::And(
            (0..2 + random.below(2))
                .map(|_| condition(model, annotations, depth - 1, random))
                .collect(),
        ),
        2 => Q::Or(
            (0..2)
                .map(|_| condition(model, annotations, depth - 1, random))
                .collect(),
        ),
        3 => !condition(model, annotations, depth - 1, random),
        4 => same_relation(model, random).unwrap_or_else(|| lookup(model, random)),
        _ if !annotations.is_empty() && random.chance(2) => {
            let annotation = random.pick(annotations);
            let wanted = i64::try_from(random.below(4)).unwrap();
            let lookup = *random.pick(&["exact", "gt", "lte", "isnull"]);
            let argument = if lookup == "isnull" {
                random.chance(2).into()
            } else {
                Argument::from(wanted)
            };
            match annotation.function {
                "min" | "max" => q(format!("{}__isnull", annotation.name), random.chance(2)),
                _ => q(format!("{}__{lookup}", annotation.name), argument),
            }
        }
        _ => lookup(model, random),
    }
}

/// Two conditions on one to-many relation.
fn same_relation(model: &'static ModelMeta, random: &mut Random) -> Option<Q> {
    let many: Vec<_> = model.relations.iter().filter(|relation| relation.many).collect();
    if many.is_empty() {
        return None;
    }
    let relation = random.pick(&many);
    let below = |condition| match condition {
        Q::Lookup(name, argument) => Q::Lookup(format!("{}__{name}", relation.name), argument),
        other => other,
    };
    let to = (relation.to)();
    Some(Q::And((0..2).map(|_| below(lookup(to, random))).collect()))
}

fn lookup(model: &'static ModelMeta, random: &mut Random) -> Q {
    let many: Vec<_> = model.relations.iter().filter(|relation| relation.many).collect();
    if !many.is_empty() && random.chance(8) {
        return q(format!("{}__isnull", random.pick(&many).name), random.chance(2));
    }
    let (field, column) = path(model, random, 3, true);
    let of_text: &[&str] = &[
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "iexact",
    ];
    let of_all: &[&str] = &["exact", "in", "gt", "gte", "lt", "lte", "range", "isnull"];
    let lookup = match column.kind {
        Kind::Text => match random.below(4) {
            0 => "exact",
            1 => "isnull",
            _ => random.pick(of_text),
        },
        Kind::Bool => "exact",
        _ => random.pick(of_all),
    };
    let argument = match lookup {
        "isnull" => random.chance(2).into(),
        "in" => Argument::many((0..random.below(4)).map(|_| value(column, random))),
        "range" => Argument::many((0..2).map(|_| value(column, random))),
        _ => value(column, random).into(),
    };
    q(format!("{field}__{lookup}"), argument)
}

/// An aggregate over what a to-many relation leads to.
fn annotation(model: &'static ModelMeta, name: String, random: &mut Random) -> Option<Annotation> {
    let many: Vec<_> = model.relations.iter().filter(|relation| relation.many).collect();
    if many.is_empty() {
        return None;
    }
    let relation = random.pick(&many);
    let to = (relation.to)();
    let (field, column) = path(to, random, 2, true);
    let mut function = *random.pick(AGGREGATES);
    if !fits(function, column.kind) {
        function = "count";
    }
    Some(Annotation {
        name,
        function,
        field: if function == "count" && random.chance(2) {
            relation.name.to_owned()
        } else {
            format!("{}__{field}", relation.name)
        },
        filter: random.chance(3).then(|| condition(to, &[], 1, random)),
    })
}
