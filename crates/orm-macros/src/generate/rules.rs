//! Indexes, constraints and what else a model says of its table.

use proc_macro2::TokenStream;
use quote::quote;

use crate::parse::{Model, Name, Rule};

/// The calls that add them to the model's metadata.
pub(super) fn rules(model: &Model) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let mut out = TokenStream::new();
    if !model.indexes.is_empty() {
        let indexes = model.indexes.iter().map(|rule| index(model, rule));
        out.extend(quote!(.indexes(&[#(#indexes),*])));
    }
    if !model.constraints.is_empty() {
        let constraints = model.constraints.iter().map(|rule| constraint(model, rule));
        out.extend(quote!(.constraints(&[#(#constraints),*])));
    }
    if !model.get_latest_by.is_empty() {
        let columns = model
            .get_latest_by
            .iter()
            .map(|(column, descending)| quote!((#column, #descending)));
        out.extend(quote!(.get_latest_by(&[#(#columns),*])));
    }
    if let Some(filter) = &model.default_filter {
        out.extend(quote!(.default_filter(|| #root::__private::condition::<#this, _>(#filter))));
    }
    if let Some(comment) = &model.comment {
        out.extend(quote!(.comment(#comment)));
    }
    if model.unmanaged {
        out.extend(quote!(.unmanaged()));
    }
    out
}

fn index(model: &Model, rule: &Rule) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let columns = rule.fields.iter().map(|(field, descending)| {
        let column = model.column_named(field);
        quote!((#column, #descending))
    });
    let expressions = rule
        .expressions
        .as_ref()
        .map(|closure| quote!(.expressions(|| #root::__private::parts::<#this, _>(#closure))));
    let common = common(model, rule);
    quote!(#root::meta::IndexMeta::new(&[#(#columns),*]) #expressions #common)
}

fn constraint(model: &Model, rule: &Rule) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let columns = names(model, rule.fields.iter().map(|(field, _)| field));
    let operators = &rule.operators;
    let word = rule.word.to_string();
    let asked = match (word.as_str(), &rule.expressions) {
        ("check", closure) => quote!(Check(|| #root::__private::condition::<#this, _>(#closure))),
        ("exclude", closure) => {
            quote!(Exclude(|| #root::__private::parts::<#this, _>(#closure), &[#(#operators),*]))
        }
        (_, Some(closure)) => quote!(UniqueExpressions(|| #root::__private::parts::<#this, _>(#closure))),
        (_, None) => quote!(Unique(&[#(#columns),*])),
    };
    let mut out = quote!(#root::meta::ConstraintMeta::new(#root::meta::ConstraintRule::#asked));
    out.extend(common(model, rule));
    if let Some(message) = &rule.message {
        out.extend(quote!(.message(#message)));
    }
    if let Some(deferrable) = &rule.deferrable {
        out.extend(quote!(.deferrable(#root::meta::Deferrable::#deferrable)));
    }
    if let Some(distinct) = rule.nulls_distinct {
        out.extend(quote!(.nulls_distinct(#distinct)));
    }
    out
}

/// What indexes and constraints have in common.
fn common(model: &Model, rule: &Rule) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let mut out = TokenStream::new();
    if let Some(name) = &rule.name {
        out.extend(quote!(.name(#name)));
    }
    if let Some(condition) = &rule.condition {
        out.extend(quote!(.condition(|| #root::__private::condition::<#this, _>(#condition))));
    }
    if !rule.include.is_empty() {
        let include = names(model, rule.include.iter());
        out.extend(quote!(.include(&[#(#include),*])));
    }
    if !rule.opclasses.is_empty() {
        let opclasses = &rule.opclasses;
        out.extend(quote!(.opclasses(&[#(#opclasses),*])));
    }
    if let Some(kind) = &rule.using {
        out.extend(quote!(.kind(#root::meta::IndexKind::#kind)));
    }
    out
}

fn names<'n>(model: &Model, names: impl Iterator<Item = &'n Name>) -> Vec<String> {
    names.map(|name| model.column_named(name)).collect()
}
