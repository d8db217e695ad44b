//! From the path of a request to a file, and never to one outside of its folder.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Folder;

/// The names of devices, which Windows sees in every folder and with every ending.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path as it stands in an address.
pub(super) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Whether a path names a file below a folder, on every system: no `..`, nothing absolute, no drive, stream or device, nothing hidden.
pub(super) fn is_safe(path: &str) -> bool {
    !path.is_empty() && path.len() <= 1024 && path.split('/').all(is_safe_name)
}

fn is_safe_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let forbidden = |c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with(['.', ' '])
        && !name.contains(forbidden)
        && !DEVICES
            .iter()
            .any(|device| stem.trim_end().eq_ignore_ascii_case(device))
}

/// The file that a path names in the first folder that has it. A link that leads out of the folder leads nowhere.
pub(super) fn find(folders: &[Folder], path: &str) -> Option<PathBuf> {
    if !is_safe(path) {
        return None;
    }
    folders.iter().find_map(|folder| {
        let inside = path.strip_prefix(&folder.prefix)?;
        file_below(&folder.path, inside)
    })
}

/// The file, if it is one, and lies below the folder when all links are followed.
pub(super) fn file_below(folder: &Path, inside: &str) -> Option<PathBuf> {
    if !is_safe(inside) {
        return None;
    }
    let root = folder.canonicalize().ok()?;
    let file = root.join(inside).canonicalize().ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_safe() {
        for good in [
            "a",
            "css/site.css",
            "a-b/c_d/e~f.min.js",
            "é/日本.png",
            "a b.txt",
            "console.js",
            "nullable.css",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "a/",
            ".env",
            "a/.git/config",
            "a\\b",
            "..\\a",
            "c:/a",
            "c:a",
            "a:stream",
            "a\0b",
            "a\nb",
            "con",
            "CON.txt",
            "css/nul",
            "aux .css",
            "com1.js",
            "a.",
            "a ",
            "a/b. ",
            "a*",
            "a?b",
            "\\\\host\\share",
        ] {
            assert!(!is_safe(bad), "{bad:?}");
        }
        assert!(!is_safe(&"a/".repeat(600)));
    }

    #[test]
    fn an_address_holds_any_name() {
        assert_eq!(encoded("css/a b%é#?.css"), "css/a%20b%25%C3%A9%23%3F.css");
    }
}
