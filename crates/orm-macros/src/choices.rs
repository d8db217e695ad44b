//! `#[derive(FieldType)]`: an enum as a column.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, ExprUnary, Fields, Ident, Lit, LitStr, Result, UnOp, Variant,
};

use crate::names;

pub(crate) fn derive(input: TokenStream, root: &str) -> TokenStream {
    expand(input, root).unwrap_or_else(Error::into_compile_error)
}

fn expand(input: TokenStream, root: &str) -> Result<TokenStream> {
    let root: syn::Path = syn::parse_str(root)?;
    let input: DeriveInput = syn::parse2(input)?;
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        let message =
            format!("`FieldType` is derived for enums; for `{name}`, implement it: say what it is stored as");
        return Err(Error::new(name.span(), message));
    };
    if data.variants.is_empty() || !input.generics.params.is_empty() {
        return Err(Error::new(
            name.span(),
            "it needs variants, and no type parameters",
        ));
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let message = "a variant with fields is no value of one column; store it as JSON: `Json<..>`";
            return Err(Error::new(variant.fields.span(), message));
        }
    }
    match integer(&input)? {
        Some(stored) => integers(&root, name, &stored, data.variants.iter()),
        None => texts(&root, name, data.variants.iter()),
    }
}

/// The integer that an enum with `#[repr(i16)]` and its like is stored as.
fn integer(input: &DeriveInput) -> Result<Option<Ident>> {
    let mut found = None;
    for attribute in input
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("repr"))
    {
        attribute.parse_nested_meta(|meta| {
            if let Some(ident) = meta.path.get_ident() {
                if ["i16", "i32", "i64"].iter().any(|known| ident == known) {
                    found = Some(ident.clone());
                } else if ["u8", "i8", "u16", "u32", "u64", "isize", "usize"]
                    .iter()
                    .any(|known| ident == known)
                {
                    return Err(meta.error("databases store i16, i32 and i64: `#[repr(i16)]`"));
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn texts<'v>(root: &syn::Path, name: &Ident, all: impl Iterator<Item = &'v Variant>) -> Result<TokenStream> {
    let (mut variants, mut values, mut labels): (Vec<_>, Vec<LitStr>, Vec<LitStr>) = Default::default();
    for variant in all {
        let (value, label) = words(variant)?;
        let value = value.unwrap_or_else(|| {
            let plain = names::snake_case(&variant.ident.unraw().to_string());
            LitStr::new(&plain, variant.ident.span())
        });
        if values.iter().any(|other| other.value() == value.value()) {
            let message = format!("two variants have the value `{}`", value.value());
            return Err(Error::new(value.span(), message));
        }
        variants.push(&variant.ident);
        values.push(value);
        labels.push(label);
    }
    let longest = values.iter().map(|value| value.value().chars().count()).max();
    let longest = u32::try_from(longest.unwrap_or(0).max(1)).unwrap_or(u32::MAX);
    let title = name.to_string();
    Ok(quote! {
        #[automatically_derived]
        impl #root::FieldType for #name {
            type Stored = ::std::string::String;

            const INFO: #root::FieldInfo = #root::FieldInfo::new()
                .max_length(#longest)
                .choices(&[#(#root::meta::Choice::text(#values, #labels)),*]);

            fn to_stored(&self) -> ::std::string::String {
                ::std::string::ToString::to_string(match self { #(Self::#variants => #values),* })
            }

            fn from_stored(stored: ::std::string::String) -> ::core::result::Result<Self, #root::BoxError> {
                match stored.as_str() {
                    #(#values => ::core::result::Result::Ok(Self::#variants),)*
                    other => ::core::result::Result::Err(::std::format!("{other:?} is none of the choices of {}", #title).into()),
                }
            }
        }
    })
}

fn integers<'v>(
    root: &syn::Path,
    name: &Ident,
    stored: &Ident,
    all: impl Iterator<Item = &'v Variant>,
) -> Result<TokenStream> {
    let (mut variants, mut values, mut labels): (Vec<_>, Vec<i64>, Vec<LitStr>) = Default::default();
    for variant in all {
        let (value, label) = words(variant)?;
        if let Some(value) = value {
            return Err(Error::new(
                value.span(),
                "the value is the variant's own: `Mint = 1`",
            ));
        }
        let value = match &variant.discriminant {
            Some((_, value)) => number(value)?,
            None => values.last().map_or(0, |last| last + 1),
        };
        variants.push(&variant.ident);
        values.push(value);
        labels.push(label);
    }
    let literals: Vec<_> = values
        .iter()
        .map(|value| proc_macro2::Literal::i64_unsuffixed(*value))
        .collect();
    let title = name.to_string();
    Ok(quote! {
        #[automatically_derived]
        impl #root::FieldType for #name {
            type Stored = #stored;

            const INFO: #root::FieldInfo = #root::FieldInfo::new()
                .choices(&[#(#root::meta::Choice::int(#literals, #labels)),*]);

            fn to_stored(&self) -> #stored {
                match self { #(Self::#variants => #literals),* }
            }

            fn from_stored(stored: #stored) -> ::core::result::Result<Self, #root::BoxError> {
                match stored {
                    #(#literals => ::core::result::Result::Ok(Self::#variants),)*
                    other => ::core::result::Result::Err(::std::format!("{other} is none of the choices of {}", #title).into()),
                }
            }
        }
    })
}

fn number(value: &Expr) -> Result<i64> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|number| -number),
        other => Err(Error::new(
            other.span(),
            "a choice's number is written out: `Mint = 1`",
        )),
    }
}

/// The value that the attribute says, and the label: made of the variant's name, unless the attribute says otherwise.
fn words(variant: &Variant) -> Result<(Option<LitStr>, LitStr)> {
    let plain = names::snake_case(&variant.ident.unraw().to_string()).replace('_', " ");
    let mut characters = plain.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    let mut label = LitStr::new(&format!("{first}{}", characters.as_str()), variant.ident.span());
    let mut value = None;
    for attribute in variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("choice"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("value") {
                value = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("label") {
                label = meta.value()?.parse()?;
            } else {
                return Err(meta.error("a choice has a `value` and a `label`"));
            }
            Ok(())
        })?;
    }
    Ok((value, label))
}
