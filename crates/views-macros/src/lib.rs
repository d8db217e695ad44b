//! The derive macros of nuages-views. Its documentation says what they do; this crate is used through it.

mod attributes;
mod choices;
mod form;
mod methods;
mod words;

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

/// Makes an enum something that people choose from: see `nuages_views::forms::Choices`.
#[proc_macro_derive(Choices, attributes(choice))]
pub fn choices(input: TokenStream) -> TokenStream {
    choices::derive(input.into(), &quote!(::nuages_views)).into()
}

/// [`macro@Choices`] as the facade exports it.
#[doc(hidden)]
#[proc_macro_derive(FacadeChoices, attributes(choice))]
pub fn facade_choices(input: TokenStream) -> TokenStream {
    choices::derive(input.into(), &quote!(::nuages::views)).into()
}

/// Makes a view of a struct, with a method for each HTTP method: see `nuages_views::methods`.
#[proc_macro_attribute]
pub fn methods(attribute: TokenStream, input: TokenStream) -> TokenStream {
    methods::expand(attribute.into(), input.into(), &quote!(::nuages_views)).into()
}

/// [`macro@methods`] as the facade exports it.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn facade_methods(attribute: TokenStream, input: TokenStream) -> TokenStream {
    methods::expand(attribute.into(), input.into(), &quote!(::nuages::views)).into()
}
