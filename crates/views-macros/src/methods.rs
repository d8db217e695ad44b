//! `#[methods]` on `proc_macro2`, so that it can be tested.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ImplItem, ImplItemFn, ItemImpl, ReceiverKind, Result, Type};

const NAMES: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

pub(crate) fn expand(attribute: TokenStream, input: TokenStream, root: &TokenStream) -> TokenStream {
    match view(&attribute, input.clone(), root) {
        Ok(view) => quote!(#input #view),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#input #error)
        }
    }
}

fn view(attribute: &TokenStream, input: TokenStream, root: &TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        return Err(Error::new(attribute.span(), "`#[methods]` takes no settings"));
    }
    let input: ItemImpl = syn::parse2(input).map_err(|error| {
        Error::new(
            error.span(),
            "`#[methods]` stands above an `impl` with `get`, `post` and so on",
        )
    })?;
    if let Some((path, _)) = &input.trait_ {
        return Err(Error::new(
            path.span(),
            "a view's methods are its own, not those of a trait: `impl MyView { .. }`",
        ));
    }
    let methods: Vec<&ImplItemFn> = input
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(function) if NAMES.iter().any(|name| function.sig.ident == name) => Some(function),
            _ => None,
        })
        .collect();
    let Some(first) = methods.first() else {
        let message = "none of these is the name of an HTTP method: write `fn get(&self, ..)`, `post`, `put`, `patch`, `delete`, `head` or `options`";
        return Err(Error::new(input.self_ty.span(), message));
    };
    let is_async = first.sig.asyncness.is_some();
    if let Some(other) = methods
        .iter()
        .find(|method| method.sig.asyncness.is_some() != is_async)
    {
        let (kind, not) = if is_async {
            ("async", "sync")
        } else {
            ("sync", "async")
        };
        let message = format!(
            "`{}` is {not} and `{}` is {kind}: the methods of one view are all sync or all async; of two kinds, `get(a).post(b)` makes one view",
            other.sig.ident, first.sig.ident
        );
        return Err(Error::new(other.sig.ident.span(), message));
    }
    let private = quote!(#root::__private);
    let ty = &input.self_ty;
    let mut calls = Vec::new();
    for method in &methods {
        calls.push(call(method, ty, &private)?);
    }
    let (generics, _, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics #private::IntoView<#root::generic::Class> for #ty #where_clause {
            #[track_caller]
            fn into_view(self) -> #private::View {
                let this = ::std::sync::Arc::new(self);
                let methods = #private::Methods::default();
                #(#calls)*
                #private::IntoView::into_view(methods)
            }
        }
    })
}

/// Adds one method to `methods`.
fn call(method: &ImplItemFn, ty: &Type, private: &TokenStream) -> Result<TokenStream> {
    let name = &method.sig.ident;
    let mut arguments = method.sig.inputs.iter();
    let takes_self = matches!(
        arguments.next(),
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None))
    );
    if !takes_self {
        let message = format!("`{name}` takes `&self` first: one view answers many requests at once");
        return Err(Error::new(method.sig.span(), message));
    }
    let types: Vec<&Type> = arguments
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(&*argument.ty),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let names: Vec<_> = (0..types.len())
        .map(|number| format_ident!("argument_{number}"))
        .collect();
    let shown = match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    let shown = format!("{}::{name}", shown.unwrap_or_default());
    let body = if method.sig.asyncness.is_some() {
        quote! {{
            let this = ::std::sync::Arc::clone(&this);
            async move { Self::#name(&this, #(#names),*).await }
        }}
    } else {
        quote!(Self::#name(&this, #(#names),*))
    };
    Ok(quote_spanned! {name.span()=>
        let methods = {
            let this = ::std::sync::Arc::clone(&this);
            let view = move |#(#names: #types),*| #body;
            methods.#name(#private::IntoView::into_view(view).named(#shown))
        };
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (input, part) in [
            (
                quote!(
                    struct V;
                ),
                "stands above an `impl`",
            ),
            (
                quote!(impl Trait for V { fn get(&self) {} }),
                "not those of a trait",
            ),
            (quote!(impl V { fn fetch(&self) {} }), "none of these is the name"),
            (
                quote!(impl V { fn get(&self) {} async fn post(&self) {} }),
                "`post` is async and `get` is sync",
            ),
            (quote!(impl V { fn get() {} }), "takes `&self` first"),
            (quote!(impl V { fn get(&mut self) {} }), "takes `&self` first"),
        ] {
            let error = view(&TokenStream::new(), input, &quote!(root))
                .unwrap_err()
                .to_string();
            assert!(error.contains(part), "{error}");
        }
        let setting = view(&quote!(a), quote!(impl V { fn get(&self) {} }), &quote!(root)).unwrap_err();
        assert!(setting.to_string().contains("no settings"));
    }

    #[test]
    fn other_functions_stay_what_they_are() {
        let text = view(
            &TokenStream::new(),
            quote!(impl V { fn get(&self, a: A) -> R {} fn help(&self) {} }),
            &quote!(root),
        );
        let text = text.unwrap().to_string();
        assert!(text.contains("methods . get") && !text.contains("help"), "{text}");
    }
}
