//! The `#[model]` attribute.
use proc_macro::TokenStream;
/// x
#[proc_macro_attribute]
pub fn model(_: TokenStream, item: TokenStream) -> TokenStream { item }
/// x
#[proc_macro_attribute]
pub fn facade_model(_: TokenStream, item: TokenStream) -> TokenStream { item }
