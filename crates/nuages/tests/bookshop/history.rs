//! The shop's migrations say what its models say.

use nuages::migrations::Answers;

use crate::data;

#[test]
fn no_migration_is_missing() {
    let missing = data::project().changes(&mut Answers::new().no_renames()).unwrap();
    assert!(
        missing.is_empty(),
        "run `cargo run --example bookshop -- makemigrations`: {missing:#?}"
    );
}
