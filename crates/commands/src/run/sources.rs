//! What of a project, when it changes, makes another program.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

/// A number for the state of a project's files: another one after any of them was written, added, removed or renamed.
///
/// Looked at by name, size and time of writing, as Django's `StatReloader` does: that works on every file system, mounted ones
/// too, which notifications do not reach. `target`, what begins with a dot, databases and logs are left out, since
/// running the program writes them.
pub(super) fn state(project: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    folder(project, true, &mut hasher);
    hasher.finish()
}

fn folder(path: &Path, top: bool, hasher: &mut DefaultHasher) {
    let Ok(entries) = fs::read_dir(path) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') || (top && matches!(&*text, "target" | "node_modules" | "media")) {
            continue;
        }
        let path = entry.path();
        // A link is followed: what it leads to is part of the project.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_dir() {
            folder(&path, false, hasher);
        } else if counts(&path) {
            path.hash(hasher);
            metadata.len().hash(hasher);
            metadata.modified().ok().hash(hasher);
        }
    }
}

/// By its ending: what a build or a start of the program reads.
fn counts(path: &Path) -> bool {
    const ENDINGS: [&str; 14] = [
        "rs", "toml", "lock", "html", "txt", "sql", "json", "jsonl", "css", "js", "svg", "xml", "md", "env",
    ];
    path.extension()
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_count_and_what_running_writes_does_not() {
        let project = tempfile::tempdir().unwrap();
        let at = |name: &str| project.path().join(name);
        fs::create_dir_all(at("src")).unwrap();
        fs::create_dir_all(at("target/debug")).unwrap();
        fs::write(at("src/main.rs"), "fn main() {}").unwrap();
        let first = state(project.path());

        for ignored in ["target/debug/made.rs", ".hidden.rs", "db.sqlite3", "run.log"] {
            fs::write(at(ignored), "x").unwrap();
            assert_eq!(state(project.path()), first, "{ignored}");
        }
        fs::write(at("src/main.rs"), "fn main() { }").unwrap();
        let second = state(project.path());
        assert_ne!(first, second);
        fs::rename(at("src/main.rs"), at("src/lib.rs")).unwrap();
        assert_ne!(state(project.path()), second);
    }
}
