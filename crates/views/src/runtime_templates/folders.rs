//! The files of the folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::TemplateError;

/// No project has templates in deeper folders; a link that leads back to a folder above it has no end.
const DEPTH: usize = 32;

/// Each template's file, with what tells whether it has changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stamps(BTreeMap<String, Stamp>);

#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamps {
    pub(super) fn of(folders: &[PathBuf]) -> Result<Self, TemplateError> {
        let mut stamps = Self::default();
        for folder in folders {
            stamps.add(folder, "", DEPTH)?;
        }
        Ok(stamps)
    }

    fn add(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), TemplateError> {
        let entries = fs::read_dir(folder).map_err(|error| TemplateError::io("read", folder, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| TemplateError::io("read", folder, error))?
                .path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            // Hidden files are those of editors and of version control.
            if name.starts_with('.') {
                continue;
            }
            // One that an editor has just replaced may be gone.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            let name = format!("{prefix}{name}");
            if metadata.is_dir() && depth > 0 {
                self.add(&path, &format!("{name}/"), depth - 1)?;
            } else if metadata.is_file() {
                let stamp = Stamp {
                    path,
                    size: metadata.len(),
                    modified: metadata.modified().ok(),
                };
                self.0.entry(name).or_insert(stamp);
            }
        }
        Ok(())
    }
}

/// The templates as they were read.
#[derive(Default)]
pub(super) struct Files {
    stamps: Stamps,
    sources: Arc<BTreeMap<String, String>>,
}

impl Files {
    pub(super) fn read(folders: &[PathBuf]) -> Result<Self, TemplateError> {
        // The stamps first: what changes while it is read is read again the next time.
        let stamps = Stamps::of(folders)?;
        let mut sources = BTreeMap::new();
        for (name, stamp) in &stamps.0 {
            let text = fs::read_to_string(&stamp.path)
                .map_err(|error| TemplateError::io("read", &stamp.path, error))?;
            sources.insert(name.clone(), text);
        }
        Ok(Self {
            stamps,
            sources: Arc::new(sources),
        })
    }

    pub(super) fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    pub(super) fn sources(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.sources)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.stamps.0.keys().map(String::as_str)
    }

    /// Where a template is, for people.
    pub(super) fn place(&self, name: &str) -> String {
        match self.stamps.0.get(name) {
            Some(stamp) => stamp.path.display().to_string(),
            None => name.to_owned(),
        }
    }
}
