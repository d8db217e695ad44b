//! The `#[model]` attribute of `nuages-orm`.
//!
//! This crate has no API of its own: use `nuages_orm::model`, or `nuages::model` of the facade. It is thin: `parse` reads the struct and its
//! attributes into `parse::Model`, `generate` writes the code of each concern. What the code does is in `nuages-orm`; what is made here is only
//! what differs between models, since all of it is compiled anew for each.

mod choices;
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

/// Makes an enum of plain variants a type of columns. It is stored as text, a variant's name in snake case or `#[choice(value = "..")]`; with
/// `#[repr(i16)]` (or i32, i64) as the variant's number. `#[choice(label = "..")]` is what people read.
#[proc_macro_derive(FieldType, attributes(choice))]
pub fn field_type(input: TokenStream) -> TokenStream {
    choices::derive(input.into(), "::nuages_orm").into()
}

// The same, for the facade.
#[doc(hidden)]
#[proc_macro_derive(FacadeFieldType, attributes(choice))]
pub fn facade_field_type(input: TokenStream) -> TokenStream {
    choices::derive(input.into(), "::nuages::orm").into()
}

fn expand(options: TokenStream, item: TokenStream, root: &str) -> TokenStream {
    match parse::model(options.into(), item.into(), root) {
        Ok(model) => generate::model(&model).into(),
        Err(failure) => failure.into_tokens().into(),
    }
}
