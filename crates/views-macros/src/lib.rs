//! The derive macros of nuages-views. Its documentation says what they do; this crate is used through it.

mod attributes;
mod form;

use proc_macro::TokenStream;
use quote::quote;

/// Makes an HTML form of a struct: see `nuages_views::forms`.
#[proc_macro_derive(Form, attributes(form))]
pub fn form(input: TokenStream) -> TokenStream {
    form::derive(input.into(), &quote!(::nuages_views)).into()
}

/// [`macro@Form`] as the facade exports it.
#[doc(hidden)]
#[proc_macro_derive(FacadeForm, attributes(form))]
pub fn facade_form(input: TokenStream) -> TokenStream {
    form::derive(input.into(), &quote!(::nuages::views)).into()
}
