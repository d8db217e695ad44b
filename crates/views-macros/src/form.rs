//! `#[derive(Form)]` on `proc_macro2`, so that it can be tested.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::{FieldAttributes, clean_function};

pub(crate) fn derive(input: TokenStream, root: &TokenStream) -> TokenStream {
    expand(input, root).unwrap_or_else(Error::into_compile_error)
}

fn expand(input: TokenStream, root: &TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "a form is a struct, with a field for each of its fields",
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
    let clean = clean_function(&input.attrs)?.map(|clean| {
        quote_spanned! {clean.span()=>
            fn check(&self, errors: &mut #forms::FormErrors) {
                #clean(self, errors);
            }
        }
    });

    let idents: Vec<_> = named
        .named
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .collect();
    let types: Vec<_> = named.named.iter().map(|field| &field.ty).collect();
    let mut specs = Vec::new();
    for (field, ident) in named.named.iter().zip(&idents) {
        let attributes = FieldAttributes::parse(&field.attrs, root)?;
        let name = ident.unraw().to_string();
        let label = attributes
            .label
            .map_or_else(|| label(&name), |label| label.value());
        let (ty, calls) = (&field.ty, &attributes.calls);
        // The type's own span, so that a type that no form can hold is what the compiler points at.
        specs.push(quote_spanned!(ty.span()=> #forms::BoundField::new::<#ty>(#name, #label) #(#calls)*));
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

            fn fields() -> #fields {
                #fields { #(#idents: #specs),* }
            }

            fn from_data(fields: &mut #fields, data: &#forms::FormData) -> ::std::option::Option<Self> {
                // All of them before the first `?`, so that each field has its message.
                #(let #idents = fields.#idents.clean::<#types>(data);)*
                ::std::option::Option::Some(Self { #(#idents: #idents?),* })
            }

            fn write_to(&self, fields: &mut #fields) {
                #(fields.#idents.set(&self.#idents);)*
            }

            #clean
        }

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
    let words = name.trim_matches('_').replace('_', " ");
    let mut chars = words.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
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
                #[form(min = -1, max = 2.5)]
                r#type: f64,
            }
        });
        let text = text.unwrap();
        let name = quote! {
            root::forms::BoundField::new::<String>("first_name", "Your name").max_length(80).help("As on your passport")
        };
        assert!(text.contains(&name.to_string()), "{text}");
        let number = quote! {
            root::forms::BoundField::new::<f64>("type", "Type").min(root::forms::Number::Integer(-1)).max(root::forms::Number::Float(2.5))
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
                "unknown setting `size`, it can be label, help",
            ),
            (
                quote!(
                    struct A {
                        #[form(widget = "wheel")]
                        a: String,
                    }
                ),
                "unknown widget `wheel`, it can be text",
            ),
            (
                quote!(
                    struct A {
                        #[form(min = "3")]
                        a: i32,
                    }
                ),
                "a limit is a number",
            ),
            (
                quote!(
                    #[form(check = f)]
                    struct A {
                        a: i32,
                    }
                ),
                "on the struct it can be `clean = function`",
            ),
        ] {
            let error = expanded(input).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
