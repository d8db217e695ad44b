//! The pages that say what is promised name tests: they exist.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_page_of_asgiref_names_exists() {
    assert!(names_of("asgiref.md", "crates/bridge/tests") > 40);
}

#[test]
fn every_test_that_the_page_of_django_names_exists() {
    assert!(names_of("django.md", "crates/handler/tests") > 40);
}

#[test]
fn every_test_that_the_page_of_the_protocol_names_exists() {
    assert!(names_of("asgi.md", "crates/protocol/tests") > 80);
}

#[test]
fn every_test_that_the_page_of_transactions_names_exists() {
    assert!(names_of("transactions.md", "crates/orm/tests") > 30);
}

/// How many tests a page names; each is in the file that is named with it.
fn names_of(page: &str, mut folder: &'static str) -> usize {
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
