//! Names to columns, over relations.

use super::lookup::{is_lookup, lookups};
use crate::condition::Test;
use crate::located::Located;
use crate::meta::{ModelMeta, RelationMeta};
use crate::query::{Expr, Function, Part};
use crate::value::Kind;
use crate::{Error, Result};

/// Where names are looked for: a model, and what a query has given names to.
pub(super) struct Scope<'a> {
    pub(super) model: &'static ModelMeta,
    pub(super) annotations: &'a [Annotation],
}

/// Something computed, with a name.
#[derive(Clone, Debug)]
pub(super) struct Annotation {
    pub(super) name: String,
    pub(super) expr: Expr,
    pub(super) kind: Kind,
}

/// What a name stands for.
pub(super) struct Resolved {
    what: What,
    transforms: Vec<Function>,
    pub(super) kind: Kind,
    /// What is asked of it, if the name says so.
    pub(super) lookup: Option<&'static str>,
    /// Whether the name ends at a relation that leads to many rows, the only one on its way.
    pub(super) ends_at_many: bool,
}

enum What {
    Column {
        hops: Vec<&'static RelationMeta>,
        column: &'static str,
        nullable: bool,
    },
    Annotation(Expr),
}

impl Resolved {
    /// A condition on it; past a to-many relation, on some row.
    pub(super) fn test(self, condition: impl FnOnce(Expr) -> Expr) -> Test {
        let transforms = self.transforms;
        let condition = |expr| condition(transformed(expr, &transforms));
        match self.what {
            What::Column {
                hops,
                column,
                nullable,
            } => Located::at(hops, column, nullable).test(condition),
            What::Annotation(expr) => Test {
                expr: condition(expr),
                nullable: true,
            },
        }
    }

    /// Its value in each row.
    pub(super) fn value(self, name: &str) -> Result<(Expr, Kind)> {
        if let Some(lookup) = self.lookup {
            return Err(Error::configuration(format!(
                "`{lookup}` (in `{name}`) is a comparison; here a field is wanted"
            )));
        }
        let expr = match self.what {
            What::Column { hops, column, .. } => {
                if let Some(many) = hops.iter().find(|hop| hop.many) {
                    return Err(Error::configuration(format!(
                        "`{}` (in `{name}`) leads to many rows; annotate with `count(\"{name}\")` or another aggregate",
                        many.name
                    )));
                }
                Located::at(hops, column, true).expr()
            }
            What::Annotation(expr) => expr,
        };
        Ok((transformed(expr, &self.transforms), self.kind))
    }

    /// The way to it, and its name at the end of that: for aggregates over what it leads to.
    pub(super) fn path(self, name: &str) -> Result<(Vec<&'static RelationMeta>, Expr)> {
        match self.what {
            What::Column { hops, column, .. } if self.lookup.is_none() => {
                let own = crate::query::own(column);
                Ok((hops, transformed(own, &self.transforms)))
            }
            _ => Err(Error::configuration(format!(
                "`{name}` is no field that can be aggregated"
            ))),
        }
    }
}

fn transformed(expr: Expr, transforms: &[Function]) -> Expr {
    transforms
        .iter()
        .fold(expr, |expr, transform| Expr::Function(*transform, vec![expr]))
}

/// Finds what a name stands for.
pub(super) fn resolve(scope: &Scope<'_>, name: &str) -> Result<Resolved> {
    let parts: Vec<&str> = name.split("__").collect();
    if let Some(annotation) = scope
        .annotations
        .iter()
        .find(|annotation| annotation.name == parts[0])
    {
        let what = What::Annotation(annotation.expr.clone());
        return finish(what, annotation.kind, false, &parts[1..], name);
    }
    let mut model = scope.model;
    let mut hops: Vec<&'static RelationMeta> = Vec::new();
    let mut rest = parts.as_slice();
    while let [part, after @ ..] = rest {
        if let Some(relation) = model.relations.iter().find(|relation| relation.name == *part) {
            hops.push(relation);
            model = (relation.to)();
            rest = after;
            continue;
        }
        let wanted = match *part {
            "pk" => model.primary_key,
            part => part,
        };
        let found = model
            .columns
            .iter()
            .find(|column| column.field == wanted || column.column == wanted);
        if let Some(column) = found {
            let what = What::Column {
                hops,
                column: column.column,
                nullable: column.nullable,
            };
            return finish(what, column.kind, false, after, name);
        }
        if !hops.is_empty() && is_lookup(part) {
            break;
        }
        return Err(Error::configuration(format!(
            "{} has no field `{part}` (in `{name}`); there are: {}",
            model.name,
            choices(model)
        )));
    }
    let Some(last) = hops.last().copied() else {
        unreachable!("a name has a part, which is a relation or has been found")
    };
    // What it leads to is its key, of whichever kind the relation is.
    let column = model.primary_key;
    let kind = model.column(column).map_or(Kind::BigInt, |column| column.kind);
    let ends_at_many = last.many && hops.iter().filter(|hop| hop.many).count() == 1;
    let what = What::Column {
        hops,
        column,
        nullable: false,
    };
    finish(what, kind, ends_at_many, rest, name)
}

/// What stands behind the field: transforms, and then one lookup.
fn finish(what: What, kind: Kind, ends_at_many: bool, rest: &[&str], name: &str) -> Result<Resolved> {
    let mut resolved = Resolved {
        what,
        transforms: Vec::new(),
        kind,
        lookup: None,
        ends_at_many,
    };
    for (index, part) in rest.iter().enumerate() {
        if index + 1 == rest.len() && is_lookup(part) {
            resolved.lookup = Some(known(part));
            break;
        }
        let Some((transform, kind)) = transform(part, resolved.kind) else {
            let transforms = transforms(resolved.kind);
            let separator = if transforms.is_empty() { "" } else { ", " };
            return Err(Error::configuration(format!(
                "`{part}` (in `{name}`) is nothing that can be asked of this field; there are: {}{separator}{}",
                lookups(),
                transforms.join(", ")
            )));
        };
        resolved.transforms.push(transform);
        resolved.kind = kind;
    }
    Ok(resolved)
}

fn known(lookup: &str) -> &'static str {
    super::lookup::LOOKUPS
        .iter()
        .copied()
        .find(|known| *known == lookup)
        .unwrap_or("exact")
}

const OF_DATES: &[&str] = &[
    "year",
    "iso_year",
    "quarter",
    "month",
    "week",
    "day",
    "week_day",
    "iso_week_day",
];
const OF_TIMES: &[&str] = &["hour", "minute", "second"];
const OF_BOTH: &[&str] = &["date", "time"];
const OF_TEXT: &[&str] = &["lower", "upper", "length", "trim"];

/// What can be computed of a value before it is compared.
fn transforms(kind: Kind) -> Vec<&'static str> {
    let lists: &[&[&str]] = match kind {
        Kind::Date => &[OF_DATES],
        Kind::Time => &[OF_TIMES],
        Kind::DateTime | Kind::Timestamp => &[OF_DATES, OF_TIMES, OF_BOTH],
        Kind::Text => &[OF_TEXT],
        _ => &[],
    };
    lists.concat()
}

fn transform(name: &str, kind: Kind) -> Option<(Function, Kind)> {
    if !transforms(kind).contains(&name) {
        return None;
    }
    let part = |part| (Function::Extract(part), Kind::Int);
    Some(match name {
        "year" => part(Part::Year),
        "iso_year" => part(Part::IsoYear),
        "quarter" => part(Part::Quarter),
        "month" => part(Part::Month),
        "week" => part(Part::Week),
        "day" => part(Part::Day),
        "week_day" => part(Part::WeekDay),
        "iso_week_day" => part(Part::IsoWeekDay),
        "hour" => part(Part::Hour),
        "minute" => part(Part::Minute),
        "second" => part(Part::Second),
        "date" => (Function::Date, Kind::Date),
        "time" => (Function::Time, Kind::Time),
        "lower" => (Function::Lower, Kind::Text),
        "upper" => (Function::Upper, Kind::Text),
        "length" => (Function::Length, Kind::BigInt),
        "trim" => (Function::Trim, Kind::Text),
        _ => return None,
    })
}

/// The names that a model has.
fn choices(model: &ModelMeta) -> String {
    let mut names: Vec<&str> = Vec::new();
    let columns = model
        .columns
        .iter()
        .flat_map(|column| [column.field, column.column]);
    for name in columns.chain(model.relations.iter().map(|relation| relation.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
