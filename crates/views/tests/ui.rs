//! What the compiler says to somebody who writes a first form.

#[test]
fn mistakes_name_their_fix() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
