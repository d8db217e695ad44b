//! Reading a row, and the methods of a record.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::relation_static;
use crate::names;
use crate::parse::{FieldKind, Model};

/// The `Record` implementation.
pub(super) fn record(model: &Model) -> TokenStream {
    let Model {
        root,
        name,
        visibility,
        ..
    } = model;
    let (parameter, record) = (model.parameter(), model.record());
    let (key, key_type) = (&model.key().name, &model.key().ty);
    let key_variable = variable(key);

    let values = model.fields.iter().filter_map(|field| {
        let name = &field.name;
        match &field.kind {
            FieldKind::Key | FieldKind::Column => Some(quote!(#root::ColumnType::to_value(&self.#name))),
            FieldKind::ForeignKey { optional: false, .. } => {
                Some(quote!(#root::ColumnType::to_value(&self.#name.key())))
            }
            FieldKind::ForeignKey { .. } => {
                Some(quote!(#root::ColumnType::to_value(&self.#name.as_ref().map(#root::ForeignKey::key))))
            }
            FieldKind::Many { .. } | FieldKind::ReverseOne { .. } | FieldKind::ManyToMany { .. } => None,
        }
    });

    let states = model.to_one().map(|field| {
        let relation = relation_static(field);
        let state = field.relation().map(|(_, place)| model.state(place));
        quote!(selection.relation::<#state>(&#relation);)
    });

    // All own columns come first, and then what the relations hold, one after the other.
    let reads = model
        .fields
        .iter()
        .filter(|field| field.column().is_some())
        .map(|field| {
            let variable = variable(&field.name);
            let ty = match &field.kind {
                FieldKind::ForeignKey {
                    target,
                    optional: true,
                    ..
                } => {
                    quote!(::core::option::Option<<#target as #root::Model>::Key>)
                }
                FieldKind::ForeignKey { target, .. } => quote!(<#target as #root::Model>::Key),
                _ => {
                    let ty = &field.ty;
                    quote!(#ty)
                }
            };
            quote!(let #variable = reader.next::<#ty>()?;)
        });
    // The key is read by the others before it is moved into its field.
    let fields = model
        .fields
        .iter()
        .filter(|field| !matches!(field.kind, FieldKind::Key))
        .map(|field| {
            let (name, variable) = (&field.name, variable(&field.name));
            let value = match &field.kind {
                FieldKind::Key | FieldKind::Column => quote!(#variable),
                FieldKind::ForeignKey { optional: true, .. } => {
                    quote!(#root::ForeignKey::decode_optional(#variable, reader)?)
                }
                FieldKind::ForeignKey { .. } => quote!(#root::ForeignKey::decode(#variable, reader)?),
                FieldKind::ReverseOne { .. } => {
                    let relation = relation_static(field);
                    quote!(#root::ReverseOneToOne::decode(#root::ColumnType::to_value(&#key_variable), &#relation, reader)?)
                }
                FieldKind::Many { .. } | FieldKind::ManyToMany { .. } => {
                    let relation = relation_static(field);
                    quote!(#root::Many::new(
                        #root::ColumnType::to_value(&#key_variable),
                        &#relation,
                        #root::State::decode(reader)?
                    ))
                }
            };
            quote!(#name: #value)
        });

    let many: Vec<_> = model
        .fields
        .iter()
        .filter(|field| field.is_virtual())
        .map(|field| &field.name)
        .collect();
    let prefetch = if many.is_empty() {
        quote!()
    } else {
        quote! {
            fn prefetch<'a>(
                records: &'a mut [Self],
                plan: &'a #root::__private::Plan,
            ) -> #root::driver::BoxFuture<'a, #root::Result<()>> {
                ::std::boxed::Box::pin(async move {
                    #(plan.load(records, |record: &mut Self| &mut record.#many).await?;)*
                    ::core::result::Result::Ok(())
                })
            }
        }
    };

    let save = "Writes all columns of the record to its row.\n\n`.save().only(|b| (b.title,))` writes some of them. To compute new values of the old ones, use `update` on a \
                queryset.\n\n# Errors\n\n`is_not_found` if the row is no longer there, `is_integrity` if a rule of the schema is broken.";
    let clean = "Checks the record as its fields and the rules of its table want it, and writes nothing. `save()` does not call it.\n\n# Errors\n\n\
                 `is_validation`, with all that is wrong in `field_errors()`.";
    let delete = "Deletes the record's row, and does with what points to it as each relation's `on_delete` says; gives how many rows of which models \
                  went: none if it was gone already.\n\n# Errors\n\n`is_protected` if the row is held by others that point to it.";
    quote! {
        #[automatically_derived]
        impl #parameter #root::Record for #record {
            type Model = #name;

            fn primary_key(&self) -> #key_type {
                ::core::clone::Clone::clone(&self.#key)
            }

            fn column_values(&self) -> ::std::vec::Vec<#root::Value> {
                ::std::vec![#(#values),*]
            }

            fn select(selection: &mut #root::__private::Selected) {
                selection.own(&META);
                #(#states)*
            }

            fn decode(reader: &mut #root::__private::Reader<'_>) -> #root::Result<Self> {
                #(#reads)*
                ::core::result::Result::Ok(Self { #(#fields,)* #key: #key_variable })
            }

            #prefetch
        }

        #[allow(dead_code)]
        impl #parameter #record {
            #[doc = #save]
            #[track_caller]
            #visibility fn save(&self) -> #root::Save<#name> {
                #root::Save::new(self)
            }

            #[doc = #clean]
            #[track_caller]
            #visibility fn full_clean(&self) -> #root::Op<'static, ()> {
                #root::__private::full_clean(self)
            }

            #[doc = #delete]
            #[track_caller]
            #visibility fn delete(&self) -> #root::Op<'static, #root::Deleted> {
                #root::__private::delete_record(self)
            }
        }
    }
}

/// A variable that no item of the user's can have the name of.
fn variable(field: &proc_macro2::Ident) -> proc_macro2::Ident {
    format_ident!("column_{}", names::plain(field))
}
