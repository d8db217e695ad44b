//! The pages of the book: all are listed, their links lead somewhere, and none of their code is left out of the tests.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test fail as the test itself does"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn read(page: impl AsRef<Path>) -> String {
    let path = root().join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Markdown file below a folder, from the root of the repository.
fn markdown_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        if root().join(&path).is_dir() {
            pages.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.insert(path);
        }
    }
    pages
}

/// A page without its code: blocks between fences, and `inline code`.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    prose
}

/// The targets of a page's links to other files, without what follows `#`.
fn links(text: &str) -> Vec<String> {
    let targets = prose(text);
    let targets = targets
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let local = targets
        .map(|(target, _)| target)
        .filter(|target| !target.contains("://"));
    local
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty())
        .collect()
}

/// The path that a link of a page means, with `..` resolved.
fn resolve(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(Path::new("")).to_owned();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

#[test]
fn every_page_is_listed_in_the_summary_once() {
    let summary = Path::new("docs/src/SUMMARY.md");
    let listed: Vec<_> = links(&read(summary))
        .iter()
        .map(|link| resolve(summary, link))
        .collect();
    let unique: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), unique.len(), "a page is listed twice: {listed:#?}");
    let mut pages = markdown_below(Path::new("docs/src"));
    pages.remove(summary);
    assert_eq!(
        unique, pages,
        "left: the pages that SUMMARY.md lists, right: those that exist"
    );
}

#[test]
fn the_code_of_every_page_is_run() {
    let run: BTreeSet<_> = pages_of_the_book::PAGES.iter().map(PathBuf::from).collect();
    let mut pages = markdown_below(Path::new("docs/src"));
    pages.extend(["README.md".into(), "docs/architecture.md".into()]);
    assert_eq!(
        run, pages,
        "left: the pages that are made into modules, right: those that exist"
    );
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    let dead: Vec<_> = pages_of_the_book::PAGES
        .iter()
        .flat_map(|page| links(&read(page)).into_iter().map(move |link| (page, link)))
        .filter(|(page, link)| !root().join(resolve(Path::new(page), link)).exists())
        .collect();
    assert!(dead.is_empty(), "dead links: {dead:#?}");
}

#[test]
fn every_code_block_names_its_language_and_no_rust_is_ignored() {
    let mut wrong = Vec::new();
    for page in pages_of_the_book::PAGES {
        let text = read(page);
        let fences = text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.trim_start().starts_with("```"));
        // Every second fence closes a block.
        for (number, fence) in fences.step_by(2) {
            let language = fence.trim_start().trim_start_matches('`');
            // What rustdoc would not run, or would take for Rust.
            if language.is_empty() || language.contains("ignore") {
                wrong.push(format!("{page}:{}: {fence}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn links_are_found_in_prose_only() {
    let text = "see [a](a.md#b), [web](https://x.example/) and `[no](code.md)`\n```text\n[no](fenced.md)\n```\n[c](../c.md)";
    assert_eq!(links(text), ["a.md", "../c.md"]);
    assert_eq!(
        resolve(Path::new("docs/src/how-to/x.md"), "../c.md"),
        Path::new("docs/src/c.md")
    );
}
