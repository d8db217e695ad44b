//! A migration, and the migrations and models of one app.

use std::path::{Path, PathBuf};

use nuages_orm::meta::ModelMeta;

use crate::Operation;

/// One step of the history: a file with operations.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Migration {
    name: String,
    pub(crate) after: Vec<(Option<String>, String)>,
    pub(crate) replaces: Vec<String>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) atomic: bool,
}

impl Migration {
    /// A migration without operations. Names start with a number, by which they sort: `0002_book_stock`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            after: Vec::new(),
            replaces: Vec::new(),
            operations: Vec::new(),
            atomic: true,
        }
    }

    /// It comes after another one of the same app.
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.after.push((None, name.into()));
        self
    }

    /// It comes after one of another app.
    pub fn after_app(mut self, app: impl Into<String>, name: impl Into<String>) -> Self {
        self.after.push((Some(app.into()), name.into()));
        self
    }

    /// It stands for several others, which are applied together or not at all.
    pub fn replaces<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.replaces = names.into_iter().map(Into::into).collect();
        self
    }

    /// With one more operation.
    pub fn operation(mut self, operation: impl Into<Operation>) -> Self {
        self.operations.push(operation.into());
        self
    }

    /// It does not run in one transaction: for statements that can't, and for work that is done in parts.
    ///
    /// How far it got is recorded after each operation, so that it goes on there when it failed.
    pub fn not_atomic(mut self) -> Self {
        self.atomic = false;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The number at the start of its name; 0 where there is none.
    pub(crate) fn number(&self) -> u32 {
        let digits: String = self.name.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }
}

/// The models and migrations of one app: usually a crate's.
#[derive(Clone, Debug)]
#[must_use]
pub struct App {
    name: String,
    pub(crate) models: Vec<&'static ModelMeta>,
    pub(crate) migrations: Vec<Migration>,
    pub(crate) folder: Option<PathBuf>,
    /// Where this crate is to be found from the app's files.
    pub(crate) root: String,
}

/// Where an application finds this crate.
pub(crate) const ROOT: &str = "nuages::migrations";

impl App {
    /// An app without models.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            models: Vec::new(),
            migrations: Vec::new(),
            folder: None,
            root: ROOT.to_owned(),
        }
    }

    /// The models that it has now. The tables of their many to many relations come with them.
    pub fn models(mut self, models: impl IntoIterator<Item = &'static ModelMeta>) -> Self {
        for model in models {
            self.models.push(model);
            for through in model.through_models() {
                if !self.models.contains(&through) {
                    self.models.push(through);
                }
            }
        }
        self
    }

    /// The next of its migrations.
    pub fn migration(mut self, migration: Migration) -> Self {
        self.migrations.push(migration);
        self
    }

    /// Where the files of its migrations are: `concat!(env!("CARGO_MANIFEST_DIR"), "/src/migrations")`. Without it, none are written.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// What its files `use`: `nuages::migrations`, or `nuages_migrations` where an app does without the facade.
    pub fn root(mut self, path: impl Into<String>) -> Self {
        self.root = path.into();
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the files of its migrations are.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}
