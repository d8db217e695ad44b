//! Operations that the states before and after them don't tell.

use super::Operation;

/// Runs SQL of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSql {
    pub(crate) forward: Vec<String>,
    pub(crate) backward: Option<Vec<String>>,
    pub(crate) state: Vec<Operation>,
    pub(crate) elidable: bool,
}

impl RunSql {
    /// One statement. More are added by [`then`](Self::then).
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            forward: vec![sql.into()],
            backward: None,
            state: Vec::new(),
            elidable: false,
        }
    }

    /// The next statement.
    #[must_use]
    pub fn then(mut self, sql: impl Into<String>) -> Self {
        self.forward.push(sql.into());
        self
    }

    /// The next statement of what takes it back.
    #[must_use]
    pub fn reverse(mut self, sql: impl Into<String>) -> Self {
        self.backward.get_or_insert_default().push(sql.into());
        self
    }

    /// Nothing has to be done to take it back.
    #[must_use]
    pub fn reverse_nothing(mut self) -> Self {
        self.backward.get_or_insert_default();
        self
    }

    /// What it is to the state: the operation that the SQL stands for.
    #[must_use]
    pub fn state(mut self, operation: impl Into<Operation>) -> Self {
        self.state.push(operation.into());
        self
    }

    /// A squashed migration may leave it out.
    #[must_use]
    pub fn elidable(mut self) -> Self {
        self.elidable = true;
        self
    }
}

/// Does one thing to the database, and another to the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeparateDatabaseAndState {
    pub(crate) database: Vec<Operation>,
    pub(crate) state: Vec<Operation>,
}

impl SeparateDatabaseAndState {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An operation for the database alone.
    #[must_use]
    pub fn database(mut self, operation: impl Into<Operation>) -> Self {
        self.database.push(operation.into());
        self
    }

    /// An operation for the state alone.
    #[must_use]
    pub fn state(mut self, operation: impl Into<Operation>) -> Self {
        self.state.push(operation.into());
        self
    }
}

/// Adds an extension to PostgreSQL, and does nothing elsewhere. Taken back, the extension stays, since others may use it.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateExtension {
    pub(crate) name: String,
}

impl CreateExtension {
    /// An extension by its name: `pg_trgm`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// On PostgreSQL, checks the rows that were there before a constraint was added as `NOT VALID`, while others go on writing.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidateConstraint {
    pub(crate) model: String,
    pub(crate) name: String,
}

impl ValidateConstraint {
    /// A constraint of a model.
    pub fn new(model: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
        }
    }
}
