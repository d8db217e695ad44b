//! The mistakes that the compiler explains, word by word. `TRYBUILD=overwrite cargo test -p nuages-orm --test compile_errors` writes the texts anew:
//! read each of them as a newcomer would.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
