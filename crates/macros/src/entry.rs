//! The two attributes on `proc_macro2`, so that they can be tested.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn};

pub(crate) fn main(attribute: TokenStream, item: TokenStream, entry: &TokenStream) -> TokenStream {
    expand(attribute, item, entry, Kind::Main).unwrap_or_else(Error::into_compile_error)
}

pub(crate) fn test(attribute: TokenStream, item: TokenStream, entry: &TokenStream) -> TokenStream {
    expand(attribute, item, entry, Kind::Test).unwrap_or_else(Error::into_compile_error)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Main,
    Test,
}

fn expand(
    attribute: TokenStream,
    item: TokenStream,
    entry: &TokenStream,
    kind: Kind,
) -> syn::Result<TokenStream> {
    let name = if kind == Kind::Main { "main" } else { "test" };
    if !attribute.is_empty() {
        return Err(Error::new(
            attribute.span(),
            format!("`#[{name}]` takes no arguments"),
        ));
    }
    let function: ItemFn = syn::parse2(item)?;
    if kind == Kind::Main && function.sig.ident != "main" {
        return Err(Error::new(
            function.sig.ident.span(),
            "`#[main]` belongs on the function `main`",
        ));
    }
    if let Some(input) = function.sig.inputs.first() {
        return Err(Error::new(
            input.span(),
            format!("a `#[{name}]` function takes no arguments"),
        ));
    }
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = &function;
    let (ident, output) = (&sig.ident, &sig.output);
    let test = (kind == Kind::Test).then(|| quote!(#[::core::prelude::v1::test]));
    // The body stays a function of its own, so that its `?` and its return type are explained as what the user wrote.
    let (asyncness, call) = match (&sig.asyncness, kind) {
        (Some(asyncness), Kind::Main) => (
            Some(asyncness),
            quote_spanned!(block.span()=> #entry::main(#ident())),
        ),
        (Some(asyncness), Kind::Test) => (
            Some(asyncness),
            quote_spanned!(block.span()=> #entry::test(#ident())),
        ),
        (None, _) => (None, quote_spanned!(block.span()=> #entry::sync(#ident))),
    };
    Ok(quote! {
        #test
        #(#attrs)*
        #vis fn #ident() #output {
            #asyncness fn #ident() #output #block
            #call
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: Kind, attribute: TokenStream, item: TokenStream) -> String {
        expand(attribute, item, &quote!(entry), kind)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn both_kinds_of_functions_are_taken() {
        let expanded = test(
            quote!(),
            quote!(
                async fn works() -> Result<(), E> {
                    body()
                }
            ),
            &quote!(entry),
        )
        .to_string();
        assert!(expanded.contains("entry :: test (works ())"), "{expanded}");
        assert!(expanded.contains("prelude :: v1 :: test"), "{expanded}");
        let expanded = main(
            quote!(),
            quote!(
                fn main() {
                    body()
                }
            ),
            &quote!(entry),
        )
        .to_string();
        assert!(expanded.contains("entry :: sync (main)"), "{expanded}");
        assert!(!expanded.contains("async"), "{expanded}");
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            error(
                Kind::Main,
                quote!(),
                quote!(
                    fn start() {}
                )
            )
            .contains("belongs on the function `main`")
        );
        assert!(
            error(
                Kind::Test,
                quote!(),
                quote!(
                    fn t(a: u8) {}
                )
            )
            .contains("takes no arguments")
        );
        assert!(
            error(
                Kind::Test,
                quote!(threads = 2),
                quote!(
                    fn t() {}
                )
            )
            .contains("takes no arguments")
        );
    }
}
