//! The `#[model]` attribute of `nuages-orm`.
//!
//! This crate has no API of its own: use `nuages_orm::model`, or `nuages::model` of the facade. It is thin: `parse` reads the struct and its
//! attributes into `parse::Model`, `generate` writes the code of each concern. What the code does is in `nuages-orm`; what is made here is only
//! what differs between models, since all of it is compiled anew for each.

mod generate;
mod names;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

#[doc = include_str!("model.md")]
#[proc_macro_attribute]
pub fn model(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, "::nuages_orm")
}

// The same, for the facade: the code that it makes finds the ORM in the crate `nuages`.
#[doc = include_str!("model.md")]
#[proc_macro_attribute]
pub fn facade_model(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, "::nuages::orm")
}

fn expand(options: TokenStream, item: TokenStream, root: &str) -> TokenStream {
    match parse::model(options.into(), item.into(), root) {
        Ok(model) => generate::model(&model).into(),
        Err(failure) => failure.into_tokens().into(),
    }
}
