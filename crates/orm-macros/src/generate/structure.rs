//! The struct itself, and what every Rust value has: Clone, Debug, PartialEq.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, PathArguments, Type, parse_quote};

use crate::names;
use crate::parse::{Model, is};

/// The struct, with the parameter of its loading states.
pub(super) fn structure(model: &Model) -> TokenStream {
    let Model {
        root,
        attributes,
        visibility,
        name,
        states,
        ..
    } = model;
    let markers: Vec<_> = model.relations().map(|field| model.marker(field)).collect();
    let parameter = if markers.is_empty() {
        quote!()
    } else {
        quote!(<#states: #root::Loading = (#(#root::NotLoaded<#markers>,)*)>)
    };
    let fields = model.fields.iter().map(|field| {
        let (attributes, visibility, name) = (&field.attributes, &field.visibility, &field.name);
        let ty = match field.relation() {
            None => field.ty.clone(),
            Some((_, place)) => {
                let state = model.state(place);
                let marker = model.marker(field);
                let marker: Option<Type> = field.is_virtual().then(|| parse_quote!(#marker));
                with_state(
                    field.ty.clone(),
                    &parse_quote!(#state),
                    marker.as_ref(),
                    &model.name,
                )
            }
        };
        quote! { #(#attributes)* #visibility #name: #ty }
    });
    quote! {
        #(#attributes)*
        // A model may have columns that the program never reads.
        #[allow(dead_code)]
        #visibility struct #name #parameter { #(#fields,)* }
    }
}

/// `ForeignKey<Author>` as `ForeignKey<Author, S::First>`, what has no column with its relation too, in the user's own words otherwise, so that imports count as used.
fn with_state(mut ty: Type, state: &Type, marker: Option<&Type>, model: &syn::Ident) -> Type {
    fn add(ty: &mut Type, state: &Type, marker: Option<&Type>, model: &syn::Ident) {
        let Type::Path(path) = ty else { return };
        let Some(last) = path.path.segments.last_mut() else {
            return;
        };
        let optional = last.ident == "Option";
        let PathArguments::AngleBracketed(arguments) = &mut last.arguments else {
            return;
        };
        if optional {
            for argument in &mut arguments.args {
                if let GenericArgument::Type(inner) = argument {
                    add(inner, state, marker, model);
                }
            }
            return;
        }
        for argument in &mut arguments.args {
            if let GenericArgument::Type(target) = argument
                && is(target, "Self")
            {
                *target = parse_quote!(#model);
            }
        }
        arguments.args.push(GenericArgument::Type(state.clone()));
        arguments.args.extend(marker.cloned().map(GenericArgument::Type));
    }
    add(&mut ty, state, marker, model);
    ty
}

/// Clone, Debug and PartialEq, for all states: derived ones would ask for bounds that always hold.
pub(super) fn implementations(model: &Model) -> TokenStream {
    let (parameter, record) = (model.parameter(), model.record());
    let title = names::plain(&model.name);
    let names: Vec<_> = model.fields.iter().map(|field| &field.name).collect();
    let plain: Vec<_> = names.iter().map(|name| names::plain(name)).collect();
    quote! {
        #[automatically_derived]
        impl #parameter ::core::clone::Clone for #record {
            fn clone(&self) -> Self {
                Self { #(#names: ::core::clone::Clone::clone(&self.#names),)* }
            }
        }

        #[automatically_derived]
        impl #parameter ::core::fmt::Debug for #record {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#title)#(.field(#plain, &self.#names))*.finish()
            }
        }

        #[automatically_derived]
        impl #parameter ::core::cmp::PartialEq for #record {
            fn eq(&self, other: &Self) -> bool {
                #(self.#names == other.#names)&&*
            }
        }
    }
}
