//! The page that compares the bridge with asgiref names tests: they exist.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists_in_the_file_that_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/src/reference/asgiref.md")).unwrap();
    let (mut folder, mut source, mut named) = ("crates/bridge/tests", String::new(), 0);
    for line in page.lines() {
        if line.contains("in `tests/models/src`") {
            folder = "tests/models/src";
        }
        // What is between backquotes in a row's last column is a file or, after one, its tests.
        let Some(cell) = line.strip_prefix('|').and_then(|row| row.rsplit('|').nth(1)) else {
            continue;
        };
        for name in cell.split('`').skip(1).step_by(2) {
            let path = root.join(folder).join(name);
            if path.extension().is_some_and(|extension| extension == "rs") {
                source = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is named", path.display()));
            } else if !name.contains('/') {
                assert!(
                    source.contains(&format!("fn {name}()")),
                    "`{name}` is named, and there is none"
                );
                named += 1;
            }
        }
    }
    assert!(named > 40, "the page was not read as it is written");
}
