//! The relations: a type for each, what it leads to, and the message for those who read what was not loaded.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Visibility;

use super::relation_static;
use crate::names;
use crate::parse::{Field, FieldKind, Model, Side};

/// The module with a type for each relation. It names no type of the user's, so it also works inside a function.
pub(super) fn module(model: &Model) -> TokenStream {
    if model.relations().next().is_none() {
        return quote!();
    }
    let Model {
        visibility,
        module,
        name,
        ..
    } = model;
    let inner = inside(visibility);
    let doc = format!(
        "The relations of [`{name}`](super::{name}) as types, to name loading states with: `With<{name}, {module}::..>`."
    );
    let markers = model.relations().map(|field| {
        let name = &field.name;
        let doc = format!("The relation `{}`.", names::plain(name));
        quote! {
            #[doc = #doc]
            #[derive(Debug)]
            #inner enum #name {}
        }
    });
    let conditions = model.to_one().map(|field| condition(model, field, &inner));
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code, rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]
        #visibility mod #module {
            #(#markers)*
            #(#conditions)*
        }
    }
}

/// The condition under which what a foreign key leads to could be read without being loaded: it never holds, and its message says what to do.
fn condition(model: &Model, field: &Field, inner: &Visibility) -> TokenStream {
    let name = condition_name(field);
    let marker = &field.name;
    let relation = names::plain(&field.name);
    let this = &model.name;
    let variable = model.module.to_string().chars().next().unwrap_or('x');
    let message = format!("`{relation}` was not loaded with this `{this}`");
    let fix = format!("load it in the query: `.select_related(|{variable}| {variable}.{relation})`");
    let module = &model.module;
    let later = if matches!(field.kind, FieldKind::ReverseOne { .. }) {
        format!("or by a query of its own: `{module}.{relation}.fetch()`")
    } else if matches!(field.kind, FieldKind::ForeignKey { optional: true, .. }) {
        format!(
            "or, of a `{this}` that has one, by a query of its own: `.fetch()`; its key alone is at hand: `.key()`"
        )
    } else {
        format!(
            "or by a query of its own: `{module}.{relation}.fetch()`; its key alone is at hand: `{module}.{relation}.key()`"
        )
    };
    quote! {
        #[doc(hidden)]
        #[diagnostic::on_unimplemented(
            message = #message,
            label = "this is still in the database",
            note = #fix,
            note = #later
        )]
        #inner trait #name {}

        // Without any, the compiler would advise to write one.
        #[diagnostic::do_not_recommend]
        impl #name for #marker {}
    }
}

fn condition_name(field: &Field) -> proc_macro2::Ident {
    format_ident!("{}_loaded_by_select_related", names::plain(&field.name))
}

/// A visibility as it is written one module further in.
fn inside(visibility: &Visibility) -> Visibility {
    use syn::parse_quote;
    match visibility {
        Visibility::Inherited => parse_quote!(pub(super)),
        Visibility::Restricted(restricted) => {
            let path = &restricted.path;
            match path
                .segments
                .first()
                .map(|segment| segment.ident.to_string())
                .as_deref()
            {
                Some("self") => parse_quote!(pub(super)),
                Some("super") => parse_quote!(pub(in super::#path)),
                _ => visibility.clone(),
            }
        }
        Visibility::Public(_) => visibility.clone(),
    }
}

/// What each relation is, and how it is followed.
pub(super) fn implementations(model: &Model) -> TokenStream {
    let count = model.relations().count();
    model
        .relations()
        .map(|field| implementation(model, field, count))
        .collect()
}

fn implementation(model: &Model, field: &Field, count: usize) -> TokenStream {
    let Model {
        root,
        name: this,
        module,
        ..
    } = model;
    let marker = model.marker(field);
    let meta = relation_static(field);
    let Some((target, place)) = field.relation() else {
        return quote!();
    };
    let kind = match &field.kind {
        FieldKind::ForeignKey { optional: false, .. } => quote!(One),
        FieldKind::ForeignKey { .. } | FieldKind::ReverseOne { .. } => quote!(OneOrNone),
        _ => quote!(Any),
    };
    let relation = quote! {
        #[automatically_derived]
        impl #root::Relation for #marker {
            type From = #this;
            type To = #target;
            type Kind = #root::#kind;

            fn meta() -> &'static #root::meta::RelationMeta {
                &#meta
            }
        }
    };
    let states: Vec<_> = (0..count).map(|at| format_ident!("__S{at}")).collect();
    let changed = states
        .iter()
        .enumerate()
        .map(|(at, state)| if at == place { quote!(__T) } else { quote!(#state) });
    let state = &states[place];
    let relate = quote! {
        #relation

        #[automatically_derived]
        impl<#(#states: #root::State),*> #root::Relate<#marker> for #this<(#(#states,)*)> {
            type State = #state;
            type In<__T: #root::State> = #this<(#(#changed,)*)>;
        }
    };
    let special = match &field.kind {
        FieldKind::ForeignKey { .. } => {
            let (column, hash) = (field.column(), names::hash(&field.name));
            quote! {
                #[automatically_derived]
                impl #root::Forward for #marker {
                    const COLUMN: &'static str = #column;
                }

                #[automatically_derived]
                impl #root::__private::RelationNamed<#hash> for #this {
                    type Relation = #marker;
                }
            }
        }
        FieldKind::Many { field: forward, .. } => reverse(model, field, target, forward),
        FieldKind::ReverseOne { field: forward, .. } => {
            let reverse = reverse(model, field, target, forward);
            quote! {
                #reverse

                #[automatically_derived]
                impl #root::ReverseOne for #marker {}
            }
        }
        FieldKind::ManyToMany { side, .. } => sides(model, field, target, side),
        FieldKind::Key | FieldKind::Column => quote!(),
    };
    let readable = matches!(
        field.kind,
        FieldKind::ForeignKey { .. } | FieldKind::ReverseOne { .. }
    )
    .then(|| {
        let condition = condition_name(field);
        quote! {
            #[automatically_derived]
            impl<__C: #module::#condition> #root::__private::LoadedBy<__C> for #marker {}
        }
    });
    quote!(#relate #special #readable)
}

/// The relation of this name of another model, as a type.
pub(super) fn named(model: &Model, target: &syn::Type, field: &proc_macro2::Ident) -> TokenStream {
    let (root, hash, span) = (&model.root, names::hash(field), field.span());
    quote::quote_spanned!(span=> <#target as #root::__private::RelationNamed<#hash>>::Relation)
}

/// The other side of a foreign key, which has to be there, and to lead here.
fn reverse(model: &Model, field: &Field, target: &syn::Type, forward: &proc_macro2::Ident) -> TokenStream {
    let root = &model.root;
    let marker = model.marker(field);
    let named = named(model, target, forward);
    quote! {
        #[automatically_derived]
        impl #root::Reverse for #marker {
            type Forward = #named;
        }
    }
}

/// A side of a many to many relation.
fn sides(model: &Model, field: &Field, target: &syn::Type, side: &Side) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let marker = model.marker(field);
    let hash = names::hash(&field.name);
    let making = match side {
        Side::Reverse(forward) => named(model, target, forward),
        _ => quote!(Self),
    };
    let through = match side {
        Side::Making { .. } => quote!(#root::__private::Automatic),
        Side::Through {
            model: through,
            source,
            target,
            ..
        } => {
            let (source, target) = (named(model, through, source), named(model, through, target));
            quote!(#root::__private::Own<#through, #source, #target>)
        }
        Side::Reverse(_) => quote!(<Self::Making as #root::ManySides>::Through),
    };
    let by_name = (!matches!(side, Side::Reverse(_))).then(|| {
        quote! {
            #[automatically_derived]
            impl #root::__private::RelationNamed<#hash> for #this {
                type Relation = #marker;
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #root::ManySides for #marker {
            type Making = #making;
            type Through = #through;
        }

        #by_name
    }
}
