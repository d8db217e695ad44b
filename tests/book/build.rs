//! Makes a module of each page of the book, so that rustdoc compiles and runs the code in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../..");
    println!("cargo::rerun-if-changed=build.rs");
    let mut pages = Vec::new();
    // In a package made by `cargo package` the book is not there; that archive has no pages then.
    if root.join("docs/src").is_dir() {
        for source in ["README.md", "docs/architecture.md", "docs/src"] {
            println!("cargo::rerun-if-changed={}", root.join(source).display());
            collect(&root, Path::new(source), &mut pages)?;
        }
    }
    let mut modules = String::new();
    for page in &pages {
        let path = root.join(page).canonicalize()?;
        modules += &format!(
            "#[doc = include_str!({path:?})]\npub mod {} {{}}\n",
            identifier(page)
        );
    }
    let list: String = pages.iter().map(|page| format!("{page:?}, ")).collect();
    modules += &format!(
        "/// The pages whose code is run, from the root of the repository.\npub const PAGES: &[&str] = &[{list}];\n"
    );
    fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("pages.rs"), modules)?;
    Ok(())
}

/// Adds a Markdown file, or all of them in a folder, in the order of their names.
fn collect(root: &Path, source: &Path, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    let path = root.join(source);
    if !path.is_dir() {
        if source.extension().is_some_and(|extension| extension == "md") {
            pages.push(source.to_owned());
        }
        return Ok(());
    }
    let mut names = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    names
        .iter()
        .try_for_each(|name| collect(root, &source.join(name), pages))
}

/// `docs/src/how-to/test.md` is shown by a failing doctest as `docs_src_how_to_test`.
fn identifier(page: &Path) -> String {
    let name = page.with_extension("").to_string_lossy().to_lowercase();
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}
