//! The names of the collected files, as Django's `staticfiles.json` has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StaticError;

/// The file's name in the folder of collected files.
pub(super) const NAME: &str = "staticfiles.json";

const VERSION: &str = "1.1";

/// Each path with the name that holds its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: String,
    /// Of all names: another one, another collection.
    pub(super) hash: String,
    pub(super) paths: BTreeMap<String, String>,
    /// The names of the collection before, which open pages still ask for.
    #[serde(default)]
    pub(super) previous: Vec<String>,
}

impl Manifest {
    pub(super) fn new(paths: BTreeMap<String, String>, previous: Vec<String>) -> Self {
        let names: Vec<&str> = paths.values().map(String::as_str).collect();
        Self {
            version: VERSION.to_owned(),
            hash: super::collect::hash(names.join("\n").as_bytes()),
            paths,
            previous,
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Self, StaticError> {
        let path = folder.join(NAME);
        let text = fs::read(&path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                StaticError::new(format!(
                    "{} has no {NAME}: collect the static files with `StaticFiles::collect` first",
                    folder.display()
                ))
            } else {
                StaticError::io("read", &path, error)
            }
        })?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            StaticError::new(format!(
                "{} can't be read, collect the static files again: {error}",
                path.display()
            ))
        })?;
        if manifest.version != VERSION {
            return Err(StaticError::new(format!(
                "{} has version {}, and {VERSION} is expected: collect the static files again",
                path.display(),
                manifest.version
            )));
        }
        Ok(manifest)
    }

    pub(super) fn hashed(&self, path: &str) -> Option<&str> {
        self.paths.get(path).map(String::as_str)
    }

    /// Whether a name holds the hash of its content, so that it never changes.
    pub(super) fn is_immutable(&self, name: &str) -> bool {
        let plain = plain_name(name);
        let is_current = plain.is_some_and(|plain| self.hashed(&plain) == Some(name));
        is_current || self.previous.iter().any(|previous| previous == name)
    }
}

/// `css/site.css` of `css/site.0123456789ab.css`.
fn plain_name(name: &str) -> Option<String> {
    let (folder, file) = name
        .rsplit_once('/')
        .map_or(("", name), |(folder, file)| (folder, file));
    let mut parts: Vec<&str> = file.split('.').collect();
    // The hash stands before the last ending; without an ending it is the last part.
    let at = if parts.len() > 2 {
        parts.len() - 2
    } else {
        parts.len() - 1
    };
    parts.remove(at);
    let file = parts.join(".");
    Some(if folder.is_empty() {
        file
    } else {
        format!("{folder}/{file}")
    })
}
