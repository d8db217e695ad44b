//! The pages that compare us row by row name tests: they exist.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Looks for every test that a page names in the file that it names, and says how many it names.
fn named(page: &str, mut folder: &'static str) -> u32 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/src/reference").join(page)).unwrap();
    let (mut source, mut named) = (String::new(), 0);
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
                    source.contains(&format!("fn {name}(")),
                    "`{name}` is named, and there is none"
                );
                named += 1;
            }
        }
    }
    named
}

#[test]
fn the_tests_that_the_bridges_page_names_exist() {
    assert!(named("asgiref.md", "crates/bridge/tests") > 40);
}

#[test]
fn the_tests_that_the_protocols_page_names_exist() {
    assert!(named("asgi.md", "crates/protocol/tests") > 80);
}
