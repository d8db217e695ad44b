//! What is known about the model at run time, and its `Model` implementation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::relations::named;
use super::{columns, relation_static, rules};
use crate::names;
use crate::parse::{Field, FieldKind, Model, Side, shown};

/// The statics, the `Model` implementation, and the methods of the model.
pub(super) fn meta(model: &Model) -> TokenStream {
    let Model {
        root,
        name,
        visibility,
        table,
        ordering,
        unique_together,
        ..
    } = model;
    let title = names::plain(name);
    let fields_struct = model.fields_struct();
    let fields = columns::value(model);
    let builder = model.builder_struct();
    let (key, key_type) = (model.key().column(), &model.key().ty);
    let missing = model.required().map(|_| quote!(#root::ColumnMissing));
    let columns = model.fields.iter().filter_map(|field| column(model, field));
    let relations = model.relations().map(relation_static);
    let ordering = ordering
        .iter()
        .map(|(column, descending)| quote!((#column, #descending)));
    let unique_together = unique_together.iter().map(|set| quote!(&[#(#set),*]));
    let more = rules::rules(model);
    let statics = model.relations().map(|field| relation(model, field));
    let objects = match &model.default_filter {
        Some(_) => format!(
            "The rows of [`{title}`] that its `default_filter` lets through, as a queryset; `{title}::unfiltered()` has all."
        ),
        None => format!("All rows of [`{title}`], as a queryset."),
    };
    let unfiltered = model.default_filter.as_ref().map(|_| {
        let doc = format!("All rows of [`{title}`], whatever its `default_filter` says, as a queryset.");
        quote! {
            #[doc = #doc]
            #visibility fn unfiltered() -> #root::QuerySet<Self> {
                #root::QuerySet::new()
            }
        }
    });
    let fields_doc =
        format!("The columns of [`{title}`], for conditions that are made outside a query's closure.");
    quote! {
        static META: #root::meta::ModelMeta = #root::meta::ModelMeta::new(#title, #table)
            .columns(&[#(#columns),*])
            .primary_key(#key)
            .relations(&[#(&#relations),*])
            .ordering(&[#(#ordering),*])
            .unique_together(&[#(#unique_together),*])
            #more;
        #(#statics)*
        #root::__private::inventory::submit! { #root::__private::Registered(|| &META) }

        #[automatically_derived]
        impl #root::Model for #name {
            type Key = #key_type;
            type Fields<P: 'static> = #fields_struct<P>;
            type Create<__M: #root::__private::CreateMode<Self>> = #builder<#(#missing,)* __M>;
            const PRIMARY_KEY: &'static str = #key;
            const OPERATIONS: &'static #root::__private::Operations = #root::__operations!(#title);

            fn meta() -> &'static #root::meta::ModelMeta {
                &META
            }

            fn building<__M: #root::__private::CreateMode<Self>>(
                creation: #root::__private::Creation<Self, __M>,
            ) -> Self::Create<__M> {
                #builder { creation, given: ::core::marker::PhantomData }
            }

            fn fields_at<P: 'static>() -> &'static #fields_struct<P> {
                #fields
            }
        }

        #[allow(dead_code)]
        impl #name {
            #[doc = #objects]
            #visibility fn objects() -> #root::QuerySet<Self> {
                #root::QuerySet::managed()
            }

            #unfiltered

            #[doc = #fields_doc]
            #visibility fn fields() -> &'static #fields_struct<#root::Root<Self>> {
                <Self as #root::Model>::fields_at()
            }
        }
    }
}

/// The column of a field.
fn column(model: &Model, field: &Field) -> Option<TokenStream> {
    let root = &model.root;
    let column = field.column()?;
    let name = names::plain(&field.name);
    let ty = &field.ty;
    let options = &field.options;
    let mut out = match &field.kind {
        FieldKind::Many { .. } | FieldKind::ReverseOne { .. } | FieldKind::ManyToMany { .. } => return None,
        FieldKind::Key => {
            let source = if field.is_automatic() {
                quote!(.automatic())
            } else if field.is_made() {
                quote!(.default(#root::__private::new_uuid))
            } else {
                quote!()
            };
            quote!(#root::meta::ColumnMeta::new(#name, #column, <#ty as #root::ColumnType>::KIND) #source)
        }
        FieldKind::Column => quote!(#root::meta::ColumnMeta::of::<#ty>(#name, #column)),
        FieldKind::ForeignKey { target, optional, .. } => {
            let relation = relation_static(field);
            quote! {
                #root::meta::ColumnMeta::new(#name, #column, <<#target as #root::Model>::Key as #root::ColumnType>::KIND)
                    .nullable(#optional)
                    .references(&#relation)
            }
        }
    };
    if options.unique.is_some() {
        out.extend(quote!(.unique()));
    }
    // Django indexes foreign keys too, since they are joined; a unique one has its index already.
    if options.db_index.is_some() || (field.is_relation() && options.unique.is_none()) {
        out.extend(quote!(.index()));
    }
    if let Some((length, _)) = options.max_length {
        out.extend(quote!(.max_length(#length)));
    }
    if let Some((format, _)) = options.format {
        let format = Ident::new(format, Span::call_site());
        out.extend(quote!(.format(#root::meta::Format::#format)));
    }
    if let Some((value, _)) = &options.db_default {
        out.extend(quote!(.db_default(|| #root::__private::database_default::<#ty>(#value))));
    }
    let this = &model.name;
    for (how, closure) in [("stored", &options.generated), ("computed", &options.computed)] {
        if let Some((closure, _)) = closure {
            let how = Ident::new(how, Span::call_site());
            out.extend(quote!(.generated(#root::meta::Generated::#how(|| #root::__private::computed::<#this, #ty, _>(#closure)))));
        }
    }
    if let Some((when, _)) = options.auto_now {
        let when = Ident::new(when, Span::call_site());
        out.extend(quote!(.auto_now(#root::meta::AutoNow::#when)));
    }
    if let Some((choices, _)) = &options.choices {
        let choices = choices.iter().map(|choice| {
            let (value, label) = (&choice.value, &choice.label);
            let group = choice.group.as_ref().map(|group| quote!(.group(#group)));
            match value {
                syn::Lit::Int(_) => quote!(#root::meta::Choice::int(#value, #label) #group),
                _ => quote!(#root::meta::Choice::text(#value, #label) #group),
            }
        });
        out.extend(quote!(.choices(&[#(#choices),*])));
    }
    if options.blank.is_some() {
        out.extend(quote!(.blank()));
    }
    if matches!(options.editable, Some((false, _))) {
        out.extend(quote!(.not_editable()));
    }
    if let Some((comment, _)) = &options.db_comment {
        out.extend(quote!(.comment(#comment)));
    }
    if let Some((collation, _)) = &options.db_collation {
        out.extend(quote!(.collation(#collation)));
    }
    if !options.unique_within.is_empty() {
        let within = options.unique_within.iter().map(|(what, date)| {
            let (what, date) = (Ident::new(what, Span::call_site()), model.column_named(date));
            quote!((#root::meta::Within::#what, #date))
        });
        out.extend(quote!(.unique_within(&[#(#within),*])));
    }
    if let Some((validators, _)) = &options.validators {
        out.extend(quote! {
            .validators(|value| #root::__private::validated::<#ty>(value, &[#(&#validators),*]))
        });
    }
    if let Some((messages, _)) = &options.error_messages {
        let messages = messages.iter().map(|(code, text)| quote!((#code, #text)));
        out.extend(quote!(.error_messages(&[#(#messages),*])));
    }
    if let (Some((all, _)), Some((after, _))) = (options.max_digits, options.decimal_places) {
        out.extend(quote!(.digits(#all, #after)));
    }
    if let Some((value, _)) = &options.default {
        let value = match &field.kind {
            FieldKind::ForeignKey { target, optional, .. } => key_value(model, target, *optional, value),
            _ => quote!(|| #root::__private::default_value::<#ty>(#value)),
        };
        out.extend(quote!(.default(#value)));
    }
    if let Some((condition, _)) = &options.check {
        out.extend(quote!(.check(#condition)));
    }
    Some(out)
}

/// The value of a foreign key, as a `fn`.
fn key_value(model: &Model, target: &syn::Type, optional: bool, value: &syn::Expr) -> TokenStream {
    let root = &model.root;
    let function = if optional {
        quote!(optional_key_value)
    } else {
        quote!(key_value)
    };
    quote!(|| #root::__private::#function::<#target>(#value))
}

/// The static of a relation.
fn relation(model: &Model, field: &Field) -> TokenStream {
    let root = &model.root;
    let this = &model.name;
    let name = names::plain(&field.name);
    let ident = relation_static(field);
    let value = match &field.kind {
        FieldKind::ForeignKey {
            target,
            optional,
            on_delete,
            ..
        } => {
            let column = field.column();
            let nullable = optional.then(|| quote!(.nullable()));
            let set = field.options.set.as_ref().map(|value| {
                let value = key_value(model, target, *optional, value);
                quote!(.set(#value))
            });
            quote! {
                #root::meta::RelationMeta::foreign_key(
                    #name,
                    <#this as #root::Model>::meta,
                    <#target as #root::Model>::meta,
                    #column,
                    <#target as #root::Model>::PRIMARY_KEY,
                    #root::meta::OnDelete::#on_delete,
                ) #nullable #set
            }
        }
        FieldKind::Many { target, .. } | FieldKind::ReverseOne { target, .. } => {
            let constructor = match field.kind {
                FieldKind::Many { .. } => quote!(reverse),
                _ => quote!(reverse_one),
            };
            let marker = model.marker(field);
            quote! {
                #root::meta::RelationMeta::#constructor(
                    #name,
                    <#this as #root::Model>::meta,
                    <#target as #root::Model>::meta,
                    <#this as #root::Model>::PRIMARY_KEY,
                    <#marker as #root::Reverse>::COLUMN,
                )
            }
        }
        FieldKind::ManyToMany { target, side, .. } => {
            let through = through(model, field, target, side);
            let reversed = matches!(**side, Side::Reverse(_)).then(|| quote!(.reversed()));
            quote! {
                #root::meta::RelationMeta::many_to_many(
                    #name,
                    <#this as #root::Model>::meta,
                    <#target as #root::Model>::meta,
                    <#this as #root::Model>::PRIMARY_KEY,
                    <#target as #root::Model>::PRIMARY_KEY,
                    #through,
                ) #reversed
            }
        }
        FieldKind::Key | FieldKind::Column => return quote!(),
    };
    quote! { static #ident: #root::meta::RelationMeta = #value; }
}

/// The `fn` that gives the table between two models, seen from this one.
fn through(model: &Model, field: &Field, target: &syn::Type, side: &Side) -> TokenStream {
    let (root, this) = (&model.root, &model.name);
    let name = names::plain(&field.name);
    match side {
        Side::Making { symmetrical } => {
            let (from, to) = (names::plain(this), shown(target));
            let (mut source, mut end) = (names::snake_case(&from), names::snake_case(&to));
            // To itself, as Django names them.
            if source == end {
                (source, end) = (format!("from_{source}"), format!("to_{end}"));
            }
            let (source_column, end_column) = (format!("{source}_id"), format!("{end}_id"));
            let (title, table) = (format!("{from}_{name}"), format!("{}_{name}", model.table));
            quote! {
                #root::__through!(
                    automatic #title #table, symmetrical #symmetrical,
                    #name, #this: #source #source_column, #target: #end #end_column
                )
            }
        }
        Side::Through {
            model: through,
            source,
            target: end,
            symmetrical,
        } => {
            let (source_name, end_name) = (names::plain(source), names::plain(end));
            let (source, end) = (named(model, through, source), named(model, through, end));
            quote! {
                #root::__through!(
                    own #through, symmetrical #symmetrical,
                    #name, #this: #source_name <#source as #root::Forward>::COLUMN,
                    #target: #end_name <#end as #root::Forward>::COLUMN
                )
            }
        }
        Side::Reverse(_) => {
            let marker = model.marker(field);
            quote! {
                || match <<#marker as #root::ManySides>::Making as #root::Relation>::meta().through() {
                    ::core::option::Option::Some(through) => through.reversed,
                    ::core::option::Option::None => ::core::unreachable!(),
                }
            }
        }
    }
}
