//! The files of migrations: readable Rust, which the program compiles in.

mod code;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use crate::detect::Made;
use crate::migration::App;
use crate::project::Project;
use crate::{Error, Result};

pub(crate) use source::string;

impl Project {
    /// The text of a migration's file.
    ///
    /// # Errors
    ///
    /// It runs Rust that is in no file of its app.
    pub fn source(&self, made: &Made) -> Result<String> {
        source::migration(self.known_app(&made.app)?, &made.migration)
    }

    /// Writes migrations into the folders of their apps, and names them in the `mod.rs` there. Gives the files.
    ///
    /// `rustfmt` is run over them, where it is there.
    ///
    /// # Errors
    ///
    /// An app has no folder; a file can't be written.
    ///
    /// # Blocking
    ///
    /// It writes files.
    pub fn write(&self, made: &[Made]) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut apps: Vec<&App> = Vec::new();
        for one in made {
            let app = self.known_app(&one.app)?;
            let folder = folder(app)?;
            fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
            let file = folder.join(format!("{}.rs", module(one.migration.name())));
            write_file(&file, &self.source(one)?)?;
            files.push(file);
            if !apps.iter().any(|other| other.name() == app.name()) {
                apps.push(app);
            }
        }
        for app in apps {
            let folder = folder(app)?;
            let mut names: Vec<&str> = app.migrations.iter().map(|migration| migration.name()).collect();
            let own = made.iter().filter(|one| one.app == app.name());
            names.extend(own.map(|one| one.migration.name()));
            names.sort_unstable();
            names.dedup();
            let file = folder.join("mod.rs");
            write_file(&file, &source::module(app, &names, &in_crate(folder)))?;
            files.push(file);
        }
        Ok(files)
    }
}

fn folder(app: &App) -> Result<&Path> {
    app.path().ok_or_else(|| {
        Error::state(format!(
            "the app {} has no folder for its migrations: `.folder(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/migrations\"))`",
            app.name()
        ))
    })
}

/// The module of a migration: names start with a number, and modules don't.
pub(crate) fn module(migration: &str) -> String {
    let name: String = migration
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("m{name}")
}

fn write_file(file: &Path, text: &str) -> Result<()> {
    // Whole or not at all: half a file would not compile.
    let beside = file.with_extension("rs.new");
    fs::write(&beside, text).map_err(|error| Error::file(&beside, error))?;
    fs::rename(&beside, file).map_err(|error| Error::file(file, error))?;
    // A program may run where there is no rustfmt; the text is readable without it.
    let _ = std::process::Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "skip_children=true"])
        .arg(file)
        .stderr(std::process::Stdio::null())
        .status();
    Ok(())
}

/// A folder, from where its crate's `Cargo.toml` is.
fn in_crate(folder: &Path) -> String {
    let root = folder
        .ancestors()
        .skip(1)
        .find(|ancestor| ancestor.join("Cargo.toml").is_file());
    let inner = root
        .and_then(|root| folder.strip_prefix(root).ok())
        .unwrap_or(folder);
    inner.display().to_string()
}
