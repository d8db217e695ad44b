//! The attributes `#[main]` and `#[test]`, for `fn` and `async fn` alike.
//!
//! Users of the facade write `#[nuages::main]` and `#[nuages::test]`; who adopts the bridge alone names this crate beside it:
//!
//! ```
//! #[nuages_macros::main]
//! async fn main() {
//!     assert_eq!(nuages_bridge::sync_to_async(|| 42).await.unwrap(), 42);
//! }
//! ```
//!
//! The generated code calls [`nuages_bridge::entry`](https://docs.rs/nuages-bridge). This crate depends on nothing of ours.

mod entry;

use proc_macro::TokenStream;
use quote::quote;

/// Starts a program: an `async fn main` on a tokio runtime, a `fn main` as it is; either in a context of its own.
#[proc_macro_attribute]
pub fn main(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::main(attribute.into(), item.into(), &quote!(::nuages_bridge::entry)).into()
}

/// Makes a test of a `fn` or an `async fn`, in a context of its own.
///
/// A sync test runs on its own thread, and what it waits for can send sync code back to that thread. An async test runs on a runtime of that thread alone.
#[proc_macro_attribute]
pub fn test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::test(attribute.into(), item.into(), &quote!(::nuages_bridge::entry)).into()
}

/// [`macro@main`] as the facade exports it.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn facade_main(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::main(attribute.into(), item.into(), &quote!(::nuages::bridge::entry)).into()
}

/// [`macro@test`] as the facade exports it.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn facade_test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::test(attribute.into(), item.into(), &quote!(::nuages::bridge::entry)).into()
}

/// The program in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
