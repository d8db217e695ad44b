//! The book in `docs/`, the architecture and the README as modules, so that `cargo test --doc -p book` compiles and
//! runs the code in them.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
