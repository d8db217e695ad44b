//! `#[derive(Form)]` on `proc_macro2`, so that it can be tested.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::{FieldAttributes, FormAttributes, inside_option};
use crate::choices::capitalised;

pub(crate) fn derive(input: TokenStream, root: &TokenStream) -> TokenStream {
    expand(input, root).unwrap_or_else(Error::into_compile_error)
}

fn expand(input: TokenStream, root: &TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "a form is a struct, with a field for each of its fields; for an enum that people choose from there is `#[derive(Choices)]`",
        ));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new(
            input.ident.span(),
            "a form's fields need names: the HTML needs them too",
        ));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new(input.generics.span(), "a form can't be generic"));
    }
    let (form, vis) = (&input.ident, &input.vis);
    let fields = format_ident!("{form}Fields");
    let forms = quote!(#root::forms);
    let attributes = FormAttributes::parse(&input.attrs)?;
    let clean = attributes.clean.as_ref().map(|clean| {
        quote_spanned! {clean.span()=>
            fn check(&self, errors: &mut #forms::FormErrors) {
                let clean: fn(&Self, &mut #forms::FormErrors) = #clean;
                clean(self, errors);
            }
        }
    });
    let clean_async = attributes.clean_async.as_ref().map(|clean| {
        quote_spanned! {clean.span()=>
            fn check_io<'a>(
                &'a self,
                errors: &'a mut #forms::FormErrors,
            ) -> ::core::option::Option<#forms::Checking<'a>> {
                ::core::option::Option::Some(#forms::IntoChecking::into_checking(#clean(self, errors)))
            }
        }
    });
    let plain = attributes
        .clean_async
        .is_none()
        .then(|| quote!(impl #forms::PlainForm for #form {}));
    let deny_unknown = attributes.deny_unknown.then(|| {
        quote!(
            const DENY_UNKNOWN: bool = true;
        )
    });

    let idents: Vec<_> = named
        .named
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .collect();
    let types: Vec<_> = named.named.iter().map(|field| &field.ty).collect();
    let (mut specs, mut checks, mut validations) = (Vec::new(), Vec::new(), Vec::new());
    for (field, ident) in named.named.iter().zip(&idents) {
        let attributes = FieldAttributes::parse(&field.attrs, &field.ty, root)?;
        let name = ident.unraw().to_string();
        let label = attributes
            .label
            .map_or_else(|| label(&name), |label| label.value());
        let (ty, calls) = (&field.ty, &attributes.calls);
        // The type's own span, so that a type that no form can hold is what the compiler points at.
        specs.push(quote_spanned!(ty.span()=> #forms::BoundField::new::<#ty>(#name, #label) #(#calls)*));
        checks.extend(attributes.checks);
        for validator in &attributes.validators {
            // What was left open has nothing to be looked at.
            let (inner, look) = match inside_option(ty) {
                Some(inner) => (
                    inner,
                    quote!(value.as_ref().map_or(::core::result::Result::Ok(()), look)),
                ),
                None => (ty, quote!(look(value))),
            };
            validations.push(quote_spanned! {validator.span()=>
                let #ident = fields.#ident.validate(#ident, |value| {
                    let look = |value: &#inner| #validator(value);
                    #look
                });
            });
        }
    }
    let docs = idents
        .iter()
        .map(|ident| format!("The field `{}`.", ident.unraw()));
    let fields_doc = format!("The fields of a [`{form}`] as a page shows them.");

    Ok(quote! {
        #[doc = #fields_doc]
        #[derive(Clone, Debug)]
        #vis struct #fields {
            #(#[doc = #docs] pub #idents: #forms::BoundField,)*
        }

        impl #forms::FieldSet for #fields {
            fn all(&self) -> ::std::vec::Vec<&#forms::BoundField> {
                ::std::vec![#(&self.#idents),*]
            }

            fn all_mut(&mut self) -> ::std::vec::Vec<&mut #forms::BoundField> {
                ::std::vec![#(&mut self.#idents),*]
            }
        }

        impl #forms::HtmlForm for #form {
            type Fields = #fields;
            #deny_unknown

            fn fields() -> #fields {
                #fields { #(#idents: #specs),* }
            }

            fn from_data(fields: &mut #fields, data: &#forms::FormData) -> ::std::option::Option<Self> {
                // All of them before the first `?`, so that each field has its message.
                #(let #idents = fields.#idents.clean::<#types>(data);)*
                #(#validations)*
                ::std::option::Option::Some(Self { #(#idents: #idents?),* })
            }

            fn write_to(&self, fields: &mut #fields) {
                #(fields.#idents.set(&self.#idents);)*
            }

            #clean

            #clean_async
        }

        #plain

        #(#checks)*

        impl #form {
            /// The form as it was sent, to be validated.
            #[allow(dead_code, reason = "not every form is used in each way")]
            #vis fn bind(data: &#forms::FormData) -> #forms::BoundForm<Self> {
                #forms::BoundForm::bind(data)
            }

            /// The form before anything was typed.
            #[allow(dead_code, reason = "not every form is used in each way")]
            #vis fn unbound() -> #forms::BoundForm<Self> {
                #forms::BoundForm::unbound()
            }

            /// A form with a prefix, or with other values at its beginning.
            #[allow(dead_code, reason = "not every form is used in each way")]
            #vis fn setup() -> #forms::FormSetup<Self> {
                #forms::BoundForm::setup()
            }

            /// The form with these values in it, to be changed.
            #[allow(dead_code, reason = "not every form is used in each way")]
            #vis fn filled(&self) -> #forms::BoundForm<Self> {
                #forms::BoundForm::filled(self)
            }
        }
    })
}

/// `first_name` is labelled `First name`.
fn label(name: &str) -> String {
    capitalised(&name.trim_matches('_').replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(input: TokenStream) -> Result<String> {
        Ok(expand(input, &quote!(root))?.to_string())
    }

    #[test]
    fn a_field_becomes_a_builder() {
        let text = expanded(quote! {
            struct Contact {
                #[form(label = "Your name", max_length = 80, help = "As on your passport")]
                first_name: String,
                #[form(min = -1, max = 2.5, widget = "range", choices = LIST)]
                r#type: f64,
            }
        });
        let text = text.unwrap();
        let name = quote! {
            root::forms::BoundField::new::<String>("first_name", "Your name").max_length(80).help("As on your passport")
        };
        assert!(text.contains(&name.to_string()), "{text}");
        let number = quote! {
            root::forms::BoundField::new::<f64>("type", "Type").min("-1").max("2.5").choices({
                const PAIRS: &[(&str, &str)] = &LIST;
                PAIRS
            }).widget(root::forms::Widget::Range)
        };
        assert!(text.contains(&number.to_string()), "{text}");
    }

    #[test]
    fn labels_are_made_of_names() {
        assert_eq!(label("first_name"), "First name");
        assert_eq!(label("_état"), "État");
        assert_eq!(label(""), "");
    }

    #[test]
    fn mistakes_are_named() {
        for (input, part) in [
            (
                quote!(
                    enum E {
                        A,
                    }
                ),
                "a form is a struct",
            ),
            (
                quote!(
                    struct T(String);
                ),
                "need names",
            ),
            (
                quote!(
                    struct G<T> {
                        a: T,
                    }
                ),
                "can't be generic",
            ),
            (
                quote!(
                    struct A {
                        #[form(size = 3)]
                        a: String,
                    }
                ),
                "unknown setting `size`, it can be `label`, `help`",
            ),
            (
                quote!(
                    struct A {
                        #[form(widget = "wheel")]
                        a: String,
                    }
                ),
                "unknown widget `wheel`, it can be `text`, `textarea`",
            ),
            (
                quote!(
                    struct A {
                        #[form(optional, required)]
                        a: i32,
                    }
                ),
                "a field is `required` or `optional`, not both",
            ),
            (
                quote!(
                    struct A {
                        #[form(autocomplete = "e-mail")]
                        a: String,
                    }
                ),
                "did you mean `email`?",
            ),
            (
                quote!(
                    struct A {
                        #[form(label = 3)]
                        a: String,
                    }
                ),
                "a text in quotes",
            ),
            (
                quote!(
                    #[form(label = "A")]
                    struct A {
                        a: String,
                    }
                ),
                "is a setting of a field",
            ),
            (
                quote!(
                    #[form(check = f)]
                    struct A {
                        a: i32,
                    }
                ),
                "unknown setting of a form `check`, it can be `clean`",
            ),
        ] {
            let error = expanded(input).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
