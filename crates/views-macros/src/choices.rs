//! `#[derive(Choices)]` on `proc_macro2`, so that it can be tested.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant};

use crate::words::unknown;

pub(crate) fn derive(input: TokenStream, root: &TokenStream) -> TokenStream {
    expand(input, root).unwrap_or_else(Error::into_compile_error)
}

fn expand(input: TokenStream, root: &TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Enum(data) = &input.data else {
        let message = "people choose between the variants of an enum: this is none";
        return Err(Error::new(input.ident.span(), message));
    };
    if data.variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "there is nothing to choose: give the enum variants",
        ));
    }
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "an enum to choose from can't be generic",
        ));
    }
    let (name, forms) = (&input.ident, quote!(#root::forms));
    let (mut variants, mut values, mut labels): (Vec<_>, Vec<LitStr>, Vec<LitStr>) = Default::default();
    for variant in &data.variants {
        let (value, label) = words_of(variant)?;
        if values.iter().any(|other| other.value() == value.value()) {
            let message = format!("two variants have the value `{}`", value.value());
            return Err(Error::new(value.span(), message));
        }
        variants.push(&variant.ident);
        values.push(value);
        labels.push(label);
    }
    Ok(quote! {
        impl #forms::Choices for #name {
            const CHOICES: &'static [(&'static str, &'static str)] = &[#((#values, #labels)),*];

            fn value(&self) -> &'static str {
                match self { #(Self::#variants => #values),* }
            }

            fn of(value: &str) -> ::core::option::Option<Self> {
                match value {
                    #(#values => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl #forms::FormValue for #name {
            const KIND: #forms::ValueKind = #forms::ValueKind::Choice;
            const WIDGET: #forms::Widget = #forms::Widget::Select;
            const CHOICES: &'static [(&'static str, &'static str)] = <Self as #forms::Choices>::CHOICES;

            fn from_text(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                <Self as #forms::Choices>::of(text).ok_or_else(|| ::std::format!(
                    "Select a valid choice. {text} is not one of the available choices."
                ))
            }

            fn to_text(&self) -> ::std::string::String {
                ::std::string::ToString::to_string(<Self as #forms::Choices>::value(self))
            }
        }
    })
}

/// The value and the label of a variant: made of its name, unless the attribute says otherwise.
fn words_of(variant: &Variant) -> Result<(LitStr, LitStr)> {
    if !matches!(variant.fields, Fields::Unit) {
        let message = "a choice is a variant without fields: what is chosen is one word in the form";
        return Err(Error::new(variant.span(), message));
    }
    let words = words(&variant.ident.unraw().to_string());
    let span = variant.ident.span();
    let mut value = LitStr::new(&words.join("_"), span);
    let mut label = LitStr::new(&capitalised(&words.join(" ")), span);
    for attribute in variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("choice"))
    {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "value" => value = meta.value()?.parse()?,
                "label" => label = meta.value()?.parse()?,
                other => return Err(meta.error(unknown("setting", other, &["label", "value"]))),
            }
            Ok(())
        })?;
    }
    if value.value().trim() != value.value() || value.value().is_empty() {
        return Err(Error::new(
            value.span(),
            "a choice's value is a word: neither empty nor with spaces at its ends",
        ));
    }
    Ok((value, label))
}

/// `HardCover` is `hard cover`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_lowercase().collect()),
        }
    }
    words
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_of_names() {
        assert_eq!(words("HardCover"), ["hard", "cover"]);
        assert_eq!(words("A"), ["a"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (input, part) in [
            (
                quote!(
                    struct S;
                ),
                "variants of an enum",
            ),
            (
                quote!(
                    enum E {}
                ),
                "nothing to choose",
            ),
            (
                quote!(
                    enum E {
                        A(u8),
                    }
                ),
                "without fields",
            ),
            (
                quote!(
                    enum E {
                        #[choice(value = "")]
                        A,
                    }
                ),
                "neither empty",
            ),
            (
                quote!(
                    enum E {
                        A,
                        #[choice(value = "a")]
                        B,
                    }
                ),
                "two variants have the value `a`",
            ),
            (
                quote!(
                    enum E {
                        #[choice(lable = "x")]
                        A,
                    }
                ),
                "did you mean `label`",
            ),
        ] {
            let error = expand(input, &quote!(root)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
