//! The struct of columns that the closures of queries get.

use proc_macro2::TokenStream;
use quote::quote;

use crate::names;
use crate::parse::{FieldKind, Model};

/// `BookFields<P>`.
pub(super) fn columns(model: &Model) -> TokenStream {
    let Model { root, visibility, .. } = model;
    let name = model.fields_struct();
    let doc = format!(
        "The columns and relations of [`{}`], as the closures of queries get them.",
        model.name
    );
    let fields = model.fields.iter().map(|field| {
        let (visibility, name, ty) = (&field.visibility, &field.name, &field.ty);
        let marker = model.marker(field);
        let (doc, ty) = match &field.kind {
            FieldKind::Key | FieldKind::Column => ("The column", quote!(#root::Column<P, #ty>)),
            FieldKind::ForeignKey { .. } | FieldKind::ReverseOne { .. } => {
                ("The relation", quote!(#root::Related<P, #marker>))
            }
            FieldKind::Many { .. } | FieldKind::ManyToMany { .. } => {
                ("The relation", quote!(#root::RelatedMany<P, #marker>))
            }
        };
        let doc = format!("{doc} `{}`.", names::plain(name));
        quote! { #[doc = #doc] #visibility #name: #ty }
    });
    quote! {
        #[doc = #doc]
        #[allow(dead_code, missing_debug_implementations)]
        #visibility struct #name<P: 'static> { #(#fields,)* }
    }
}

/// The value of the struct at any path.
pub(super) fn value(model: &Model) -> TokenStream {
    let root = &model.root;
    let name = model.fields_struct();
    let fields = model.fields.iter().map(|field| {
        let name = &field.name;
        let value = match (&field.kind, field.column()) {
            (FieldKind::Many { .. } | FieldKind::ManyToMany { .. }, _) => quote!(#root::RelatedMany::new()),
            (FieldKind::ForeignKey { .. } | FieldKind::ReverseOne { .. }, _) => quote!(#root::Related::new()),
            (_, column) => quote!(#root::Column::new(#column)),
        };
        quote!(#name: #value)
    });
    quote! { const { &#name { #(#fields,)* } } }
}
