//! The code of a model, a module for each concern.

mod columns;
mod create;
mod meta;
mod record;
mod relations;
mod rules;
mod serde;
mod structure;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::names;
use crate::parse::{Field, FieldKind, Model};

/// Everything that `#[model]` makes.
pub(crate) fn model(model: &Model) -> TokenStream {
    let structure = structure::structure(model);
    let relations = relations::module(model);
    let columns = columns::columns(model);
    let builder = create::builder(model);
    let hidden = [
        structure::implementations(model),
        meta::meta(model),
        record::record(model),
        relations::implementations(model),
        create::implementations(model),
        serde::serialize(model),
        serde::deserialize(model),
    ];
    quote! {
        #structure
        #relations
        #columns
        #builder
        // What needs no name lies where it takes none.
        const _: () = { #(#hidden)* };
    }
}

impl Model {
    /// The type parameter, declared: `<S: Loading>`; nothing, if there are no relations.
    fn parameter(&self) -> TokenStream {
        let (root, states) = (&self.root, &self.states);
        if self.relations().next().is_none() {
            quote!()
        } else {
            quote!(<#states: #root::Loading>)
        }
    }

    /// The record in any state: `Book<S>`.
    fn record(&self) -> TokenStream {
        let (name, states) = (&self.name, &self.states);
        if self.relations().next().is_none() {
            quote!(#name)
        } else {
            quote!(#name<#states>)
        }
    }

    fn relations(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_relation())
    }

    fn foreign_keys(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(|field| matches!(field.kind, FieldKind::ForeignKey { .. }))
    }

    /// The primary key's field.
    fn key(&self) -> &Field {
        match self
            .fields
            .iter()
            .find(|field| matches!(field.kind, FieldKind::Key))
        {
            Some(key) => key,
            None => unreachable!("a model without a key was refused"),
        }
    }

    /// The relations that lead to one row, and are read with the record.
    fn to_one(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| {
            matches!(
                field.kind,
                FieldKind::ForeignKey { .. } | FieldKind::ReverseOne { .. }
            )
        })
    }

    /// The fields that `create()` needs.
    fn required(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_required())
    }

    /// The type of a relation: `book::author`.
    fn marker(&self, field: &Field) -> TokenStream {
        let (module, name) = (&self.module, &field.name);
        quote!(#module::#name)
    }

    /// The state of a relation: `S::First`.
    fn state(&self, place: usize) -> TokenStream {
        const PLACES: [&str; 12] = [
            "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
            "Eleventh", "Twelfth",
        ];
        let states = &self.states;
        let place = Ident::new(PLACES[place], Span::call_site());
        quote!(#states::#place)
    }

    fn fields_struct(&self) -> Ident {
        format_ident!("{}Fields", names::plain(&self.name), span = self.name.span())
    }

    fn builder_struct(&self) -> Ident {
        format_ident!("{}Create", names::plain(&self.name), span = self.name.span())
    }
}

/// The static that describes a relation.
fn relation_static(field: &Field) -> Ident {
    format_ident!("RELATION_{}", names::plain(&field.name).to_uppercase())
}
