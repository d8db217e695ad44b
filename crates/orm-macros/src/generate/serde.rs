//! serde: every state can be serialised, the one in which nothing is loaded deserialised.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use crate::names;
use crate::parse::{Field, FieldKind, Model, is_known_type};

/// What the outside sees: all fields but the other sides of foreign keys, which hold nothing, and what is skipped.
fn visible(model: &Model) -> impl Iterator<Item = &Field> {
    model
        .fields
        .iter()
        .filter(|field| !field.is_virtual() && !field.options.serde_skip)
}

/// A bound for each type of the user's own. Bounds without a type parameter would be checked where they stand; the lifetime keeps them for the place of
/// use, so that a model may have fields that can't be serialised, as long as nobody does.
fn bounds<'m>(model: &'m Model, bound: &'m TokenStream) -> impl Iterator<Item = TokenStream> + 'm {
    visible(model)
        .filter(|field| matches!(field.kind, FieldKind::Column) && !is_known_type(&field.ty))
        .map(move |field| {
            let ty = &field.ty;
            quote!(for<'__field> #ty: #bound)
        })
}

/// Serialize: an unloaded relation is its key, a loaded one the object.
pub(super) fn serialize(model: &Model) -> TokenStream {
    let Model { root, name, .. } = model;
    let (parameter, record) = (model.parameter(), model.record());
    let serde = quote!(#root::__private::serde);
    let title = names::plain(name);
    let count = Literal::usize_unsuffixed(visible(model).count());
    let states = model
        .foreign_keys()
        .filter(|field| !field.options.serde_skip)
        .filter_map(|field| match &field.kind {
            FieldKind::ForeignKey { target, place, .. } => {
                let state = model.state(*place);
                Some(quote!(#state: #root::__private::SerializeState<#target>))
            }
            _ => None,
        });
    let bound = quote!(#serde::Serialize);
    let bounds = bounds(model, &bound);
    let fields = visible(model).map(|field| {
        let (ident, name) = (&field.name, field.serde_name());
        quote!(#serde::ser::SerializeStruct::serialize_field(&mut state, #name, &self.#ident)?;)
    });
    quote! {
        #[automatically_derived]
        impl #parameter #serde::Serialize for #record
        where
            #(#states,)*
            #(#bounds,)*
        {
            fn serialize<__Z: #serde::Serializer>(&self, serializer: __Z) -> ::core::result::Result<__Z::Ok, __Z::Error> {
                let mut state = #serde::Serializer::serialize_struct(serializer, #title, #count)?;
                #(#fields)*
                #serde::ser::SerializeStruct::end(state)
            }
        }
    }
}

/// Deserialize, by the visitor of the library, which is the same for all models.
pub(super) fn deserialize(model: &Model) -> TokenStream {
    let Model { root, name, .. } = model;
    let serde = quote!(#root::__private::serde);
    let title = names::plain(name);
    let (key, key_type) = (&model.key().name, &model.key().ty);
    let idents: Vec<&Ident> = visible(model).map(|field| &field.name).collect();
    let names: Vec<String> = visible(model).map(Field::serde_name).collect();
    let types: Vec<TokenStream> = visible(model)
        .map(|field| match &field.kind {
            FieldKind::ForeignKey { target, optional, .. } => {
                let marker = model.marker(field);
                let key = quote!(#root::ForeignKey<#target, #root::NotLoaded<#marker>>);
                if *optional {
                    quote!(::core::option::Option<#key>)
                } else {
                    key
                }
            }
            _ => {
                let ty = &field.ty;
                quote!(#ty)
            }
        })
        .collect();
    let places: Vec<_> = (0..idents.len()).map(Literal::usize_unsuffixed).collect();
    let bound = quote!(#serde::de::DeserializeOwned);
    let bounds: Vec<_> = bounds(model, &bound).collect();
    let rest = model.fields.iter().filter_map(|field| {
        let ident = &field.name;
        match &field.kind {
            FieldKind::Many { .. } | FieldKind::ManyToMany { .. } | FieldKind::ReverseOne { .. } => {
                let relation = super::relation_static(field);
                let wrapper = match field.kind {
                    FieldKind::ReverseOne { .. } => quote!(ReverseOneToOne),
                    _ => quote!(Many),
                };
                Some(quote!(#ident: #root::#wrapper::new(#root::ColumnType::to_value(&key), &#relation, #root::NotLoaded::default())))
            }
            _ if field.options.serde_skip => Some(quote!(#ident: ::core::default::Default::default())),
            _ => None,
        }
    });
    // The key is read by the others before it is moved into its field.
    let others = idents
        .iter()
        .zip(&names)
        .filter(|(ident, _)| **ident != key)
        .map(|(ident, name)| quote!(#ident: #root::__private::required(self.#ident, #name)?));
    let value = if let Some((_, name)) = idents.iter().zip(&names).find(|(ident, _)| **ident == key) {
        quote!(#root::__private::required(self.#key, #name)?)
    } else {
        quote!(::core::default::Default::default())
    };
    quote! {
        struct Parts { #(#idents: ::core::option::Option<#types>,)* }

        #[automatically_derived]
        impl<'de> #root::__private::Parts<'de> for Parts
        where
            #(#bounds,)*
        {
            type Model = #name;
            const NAME: &'static str = #title;
            const FIELDS: &'static [&'static str] = &[#(#names),*];

            fn empty() -> Self {
                Self { #(#idents: ::core::option::Option::None,)* }
            }

            fn read<__A: #root::__private::Source<'de>>(
                &mut self,
                field: usize,
                source: &mut __A,
            ) -> ::core::result::Result<(), __A::Error> {
                match field {
                    #(#places => self.#idents = source.next()?,)*
                    _ => {}
                }
                ::core::result::Result::Ok(())
            }

            fn finish<__E: #serde::de::Error>(self) -> ::core::result::Result<#name, __E> {
                let key: #key_type = #value;
                ::core::result::Result::Ok(#name { #(#others,)* #(#rest,)* #key: key })
            }
        }

        #[automatically_derived]
        impl<'de> #serde::Deserialize<'de> for #name
        where
            #(#bounds,)*
        {
            fn deserialize<__D: #serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                #root::__private::deserialize::<__D, Parts>(deserializer)
            }
        }
    }
}
