//! All static files in one folder, under names that hold a hash of what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::compress::{Encoding, is_compressible};
use super::manifest::{self, Manifest};
use super::references::{references, resolve};
use super::{Inner, StaticError, path};

/// What a collection did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    files: usize,
    written: usize,
    compressed: usize,
    removed: usize,
}

impl Collected {
    /// How many static files there are.
    pub fn files(&self) -> usize {
        self.files
    }

    /// How many of them were new or have changed.
    pub fn written(&self) -> usize {
        self.written
    }

    /// How many compressed copies were made.
    pub fn compressed(&self) -> usize {
        self.compressed
    }

    /// How many files of earlier collections were removed.
    pub fn removed(&self) -> usize {
        self.removed
    }
}

/// The beginning of the SHA-256 of a content: 12 hexadecimal digits, as Django's names have.
pub(super) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// `css/site.css` with its hash.
fn with_hash(name: &str, hash: &str) -> String {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[file..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}.{hash}{}", &name[..file + dot], &name[file + dot..]),
        None => format!("{name}.{hash}"),
    }
}

pub(super) fn collect(inner: &Inner, target: &Path) -> Result<Collected, StaticError> {
    let previous = previous(target)?;
    let mut files = Files {
        contents: read_all(inner)?,
        done: BTreeMap::new(),
    };
    let names: Vec<String> = files.contents.keys().cloned().collect();
    for name in &names {
        files.hashed(name, &mut Vec::new())?;
    }
    let mut collected = Collected {
        files: names.len(),
        ..Collected::default()
    };
    let mut needed = BTreeSet::new();
    let mut paths = BTreeMap::new();
    for (name, Done { hashed, content }) in &files.done {
        paths.insert(name.clone(), hashed.clone());
        let mut is_new = false;
        // Under its plain name too: a favicon, or what another site refers to.
        for name in [hashed, name] {
            is_new |= write(target, name, content, &mut needed, &mut collected)?;
        }
        collected.written += usize::from(is_new);
    }
    let kept: Vec<String> = previous
        .iter()
        .flat_map(|manifest| manifest.paths.values().cloned())
        .filter(|name| !needed.contains(name))
        .collect();
    for name in &kept {
        needed.insert(name.clone());
        needed.extend(Encoding::ALL.map(|encoding| format!("{name}{}", encoding.ending())));
    }
    // Last: what is served changes at once, and never to something half done.
    let text = serde_json::to_vec_pretty(&Manifest::new(paths, kept))
        .map_err(|error| StaticError::new(format!("can't write the manifest: {error}")))?;
    put(&target.join(manifest::NAME), &text)?;
    needed.insert(manifest::NAME.to_owned());
    collected.removed = remove_stale(target, target, &needed)?;
    Ok(collected)
}

/// The manifest of the collection before. A folder that holds something else is not touched.
fn previous(target: &Path) -> Result<Option<Manifest>, StaticError> {
    let is_empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(StaticError::io("read", target, error)),
    };
    if is_empty {
        return Ok(None);
    }
    if !target.join(manifest::NAME).exists() {
        return Err(StaticError::new(format!(
            "{} has files, and none of them is a {}: collecting would remove them. Name an empty folder",
            target.display(),
            manifest::NAME
        )));
    }
    Manifest::read(target).map(Some)
}

/// Every file of every folder by its path; the first folder that has a path wins.
fn read_all(inner: &Inner) -> Result<BTreeMap<String, Vec<u8>>, StaticError> {
    let mut contents = BTreeMap::new();
    for folder in &inner.folders {
        let mut found = Vec::new();
        list(&folder.path, "", &mut found)?;
        for inside in found {
            let name = format!("{}{inside}", folder.prefix);
            if contents.contains_key(&name) {
                continue;
            }
            let Some(file) = path::file_below(&folder.path, &inside) else {
                return Err(StaticError::new(format!(
                    "{} can't be collected: it leads out of its folder, or its name is one that no system serves",
                    folder.path.join(&inside).display()
                )));
            };
            let content = fs::read(&file).map_err(|error| StaticError::io("read", &file, error))?;
            contents.insert(name, content);
        }
    }
    Ok(contents)
}

/// The paths below a folder, without what is hidden or an editor's copy.
fn list(folder: &Path, before: &str, found: &mut Vec<String>) -> Result<(), StaticError> {
    let failed = |error| StaticError::io("list", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = format!("{before}{name}");
        // A folder behind a link may be a circle; links to files are followed.
        if entry.file_type().map_err(failed)?.is_dir() {
            list(&entry.path(), &format!("{path}/"), found)?;
        } else if !entry.path().is_dir() {
            found.push(path);
        }
    }
    Ok(())
}

struct Files {
    contents: BTreeMap<String, Vec<u8>>,
    done: BTreeMap<String, Done>,
}

/// A file whose references have their new names.
struct Done {
    hashed: String,
    content: Vec<u8>,
}

impl Files {
    /// The name of a file with its hash: that of what it refers to comes first.
    fn hashed(&mut self, name: &str, asked_by: &mut Vec<String>) -> Result<String, StaticError> {
        if let Some(done) = self.done.get(name) {
            return Ok(done.hashed.clone());
        }
        let Some(content) = self.contents.get(name).cloned() else {
            let by = asked_by.last().map_or("", String::as_str);
            return Err(StaticError::new(format!(
                "{by} refers to `{name}`, which is not there: add the file or take the reference out"
            )));
        };
        if asked_by.iter().any(|other| other == name) {
            return Err(StaticError::new(format!(
                "{} and {name} refer to each other, so neither name can hold the hash of the other: take one reference out",
                asked_by.join(", ")
            )));
        }
        asked_by.push(name.to_owned());
        let content = match String::from_utf8(content) {
            Ok(text) => self.rewritten(name, text, asked_by)?.into_bytes(),
            Err(other) => other.into_bytes(),
        };
        asked_by.pop();
        let hashed = with_hash(name, &hash(&content));
        self.done.insert(
            name.to_owned(),
            Done {
                hashed: hashed.clone(),
                content,
            },
        );
        Ok(hashed)
    }

    fn rewritten(
        &mut self,
        name: &str,
        mut text: String,
        asked_by: &mut Vec<String>,
    ) -> Result<String, StaticError> {
        let mut found = references(name, &text);
        found.sort_by_key(|reference| reference.at.start);
        // From the end, so that the places before stay where they are.
        for reference in found.into_iter().rev() {
            let Some(target) = resolve(name, &unescaped(&reference.path)) else {
                return Err(StaticError::new(format!(
                    "{name} refers to `{}`, which leads out of the static files",
                    reference.path
                )));
            };
            let hashed = self.hashed(&target, asked_by)?;
            let new = hashed.rsplit('/').next().unwrap_or(&hashed);
            // The folders stay as they were written; the file's name alone is another.
            let file = reference.path.rfind('/').map_or(0, |slash| slash + 1);
            let at = reference.at.start + file..reference.at.end;
            text.replace_range(at, &path::encoded(new));
        }
        Ok(text)
    }
}

/// `a%20b.png` is a file with a space in its name.
fn unescaped(reference: &str) -> String {
    percent_encoding::percent_decode_str(reference)
        .decode_utf8_lossy()
        .into_owned()
}

/// Writes a file and its compressed copies, where they are not there yet; says whether it was new.
fn write(
    target: &Path,
    name: &str,
    content: &[u8],
    needed: &mut BTreeSet<String>,
    collected: &mut Collected,
) -> Result<bool, StaticError> {
    let path = target.join(name);
    needed.insert(name.to_owned());
    let is_new = fs::read(&path).ok().as_deref() != Some(content);
    if is_new {
        put(&path, content)?;
    }
    if !is_compressible(name, content) {
        return Ok(is_new);
    }
    for encoding in Encoding::ALL {
        let copy = format!("{name}{}", encoding.ending());
        let path = target.join(&copy);
        if is_new || !path.exists() {
            let small = encoding
                .compress(content)
                .map_err(|error| StaticError::io("compress", &path, error))?;
            // A twentieth less is not worth the work of unpacking.
            if small.len() * 20 > content.len() * 19 {
                let _ = fs::remove_file(&path);
                continue;
            }
            put(&path, &small)?;
            collected.compressed += 1;
        }
        needed.insert(copy);
    }
    Ok(is_new)
}

/// Writes a file so that nobody ever reads half of it.
fn put(path: &Path, content: &[u8]) -> Result<(), StaticError> {
    let failed = |error| StaticError::io("write", path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut temporary = PathBuf::from(path).into_os_string();
    temporary.push(".new~");
    fs::write(&temporary, content).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}

fn remove_stale(root: &Path, folder: &Path, needed: &BTreeSet<String>) -> Result<usize, StaticError> {
    let failed = |error| StaticError::io("clean up", folder, error);
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            removed += remove_stale(root, &path, needed)?;
            // Only an empty one goes.
            let _ = fs::remove_dir(&path);
            continue;
        }
        let inside = path.strip_prefix(root).unwrap_or(&path);
        let name: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        if !needed.contains(&name.join("/")) {
            fs::remove_file(&path).map_err(failed)?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_stands_before_the_ending() {
        assert_eq!(with_hash("css/site.css", "abc"), "css/site.abc.css");
        assert_eq!(with_hash("a.b/LICENSE", "abc"), "a.b/LICENSE.abc");
        assert_eq!(with_hash("app.min.js", "abc"), "app.min.abc.js");
        assert_eq!(hash(b"").len(), 12);
    }
}
