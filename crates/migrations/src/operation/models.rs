//! The operations on models: plain descriptions, each with a constructor that reads well in a migration's file.

use super::Fill;
use crate::state::{Constraint, Field, Index, Model};
use crate::{Kind, Value};

/// Makes a table, with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateModel {
    pub(crate) model: Model,
}

impl CreateModel {
    /// Makes the table of a model.
    #[must_use]
    pub fn new(model: Model) -> Self {
        Self { model }
    }
}

/// Drops a table, with its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteModel {
    pub(crate) model: String,
}

impl DeleteModel {
    /// Drops the table of a model.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into() }
    }
}

/// Gives a model another name, and its table, where that follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameModel {
    pub(crate) old: String,
    pub(crate) new: String,
}

impl RenameModel {
    /// From an old name to a new one, both without the app.
    pub fn new(old: impl Into<String>, new: impl Into<String>) -> Self {
        Self {
            old: old.into(),
            new: new.into(),
        }
    }
}

/// Gives a table another name.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterModelTable {
    pub(crate) model: String,
    pub(crate) table: String,
}

impl AlterModelTable {
    /// The table of a model, and its new name.
    pub fn new(model: impl Into<String>, table: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            table: table.into(),
        }
    }
}

/// Changes the comment of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterModelComment {
    pub(crate) model: String,
    pub(crate) comment: Option<String>,
}

impl AlterModelComment {
    /// The new comment of a model's table.
    pub fn new(model: impl Into<String>, comment: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            comment: Some(comment.into()),
        }
    }

    /// No comment any more.
    pub fn none(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            comment: None,
        }
    }
}

/// Adds a column.
#[derive(Clone, Debug, PartialEq)]
pub struct AddField {
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) field: Field,
    pub(crate) fill: Fill,
}

impl AddField {
    /// A new field of a model.
    pub fn new(model: impl Into<String>, name: impl Into<String>, field: Field) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
            field,
            fill: None,
        }
    }

    /// The value that the rows get which are there already.
    #[must_use]
    pub fn fill(mut self, value: impl Into<Value>) -> Self {
        self.fill = Some(value.into());
        self
    }

    /// The same, for a value that is written as a text: a date, a decimal, a UUID, bytes in hexadecimal digits.
    ///
    /// # Panics
    ///
    /// The text is no value of that type.
    #[must_use]
    #[track_caller]
    pub fn fill_as(mut self, kind: Kind, text: &str) -> Self {
        match crate::value::parse(kind, text) {
            Some(value) => self.fill = Some(value),
            None => panic!("`{text}` is no {kind:?}"),
        }
        self
    }
}

/// Drops a column, with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveField {
    pub(crate) model: String,
    pub(crate) name: String,
}

impl RemoveField {
    /// A field of a model that goes.
    pub fn new(model: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
        }
    }
}

/// Changes a column.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterField {
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) field: Field,
    pub(crate) fill: Fill,
}

impl AlterField {
    /// What a field of a model is from now on.
    pub fn new(model: impl Into<String>, name: impl Into<String>, field: Field) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
            field,
            fill: None,
        }
    }

    /// The value that takes the place of NULL, where that is not allowed any more.
    #[must_use]
    pub fn fill(mut self, value: impl Into<Value>) -> Self {
        self.fill = Some(value.into());
        self
    }

    /// The same, for a value that is written as a text: a date, a decimal, a UUID, bytes in hexadecimal digits.
    ///
    /// # Panics
    ///
    /// The text is no value of that type.
    #[must_use]
    #[track_caller]
    pub fn fill_as(mut self, kind: Kind, text: &str) -> Self {
        match crate::value::parse(kind, text) {
            Some(value) => self.fill = Some(value),
            None => panic!("`{text}` is no {kind:?}"),
        }
        self
    }
}

/// Gives a field another name.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameField {
    pub(crate) model: String,
    pub(crate) old: String,
    pub(crate) new: String,
}

impl RenameField {
    /// A field of a model, from an old name to a new one.
    pub fn new(model: impl Into<String>, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            old: old.into(),
            new: new.into(),
        }
    }
}

/// Changes the sets of fields that are unique together.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterUniqueTogether {
    pub(crate) model: String,
    pub(crate) sets: Vec<Vec<String>>,
}

impl AlterUniqueTogether {
    /// No sets of a model, until some are [named](Self::set).
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            sets: Vec::new(),
        }
    }

    /// With one more set of fields.
    #[must_use]
    pub fn set<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.sets.push(fields.into_iter().map(Into::into).collect());
        self
    }
}

/// Makes an index.
#[derive(Clone, Debug, PartialEq)]
pub struct AddIndex {
    pub(crate) model: String,
    pub(crate) index: Index,
    pub(crate) concurrently: bool,
}

impl AddIndex {
    /// A new index of a model.
    pub fn new(model: impl Into<String>, index: Index) -> Self {
        Self {
            model: model.into(),
            index,
            concurrently: false,
        }
    }

    /// On PostgreSQL, while others go on writing. The migration has to be [not atomic](crate::Migration::not_atomic).
    #[must_use]
    pub fn concurrently(mut self) -> Self {
        self.concurrently = true;
        self
    }
}

/// Drops an index.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveIndex {
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) concurrently: bool,
}

impl RemoveIndex {
    /// An index of a model that goes.
    pub fn new(model: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
            concurrently: false,
        }
    }

    /// On PostgreSQL, without waiting for others under a lock. The migration has to be [not atomic](crate::Migration::not_atomic).
    #[must_use]
    pub fn concurrently(mut self) -> Self {
        self.concurrently = true;
        self
    }
}

/// Gives an index another name.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameIndex {
    pub(crate) model: String,
    pub(crate) old: String,
    pub(crate) new: String,
}

impl RenameIndex {
    /// An index of a model, from an old name to a new one.
    pub fn new(model: impl Into<String>, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            old: old.into(),
            new: new.into(),
        }
    }
}

/// Adds a constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct AddConstraint {
    pub(crate) model: String,
    pub(crate) constraint: Constraint,
    pub(crate) not_valid: bool,
}

impl AddConstraint {
    /// A new constraint of a model.
    pub fn new(model: impl Into<String>, constraint: Constraint) -> Self {
        Self {
            model: model.into(),
            constraint,
            not_valid: false,
        }
    }

    /// On PostgreSQL, for new rows only, until a [`ValidateConstraint`](super::ValidateConstraint) has looked at the others.
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }
}

/// Drops a constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveConstraint {
    pub(crate) model: String,
    pub(crate) name: String,
}

impl RemoveConstraint {
    /// A constraint of a model that goes.
    pub fn new(model: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            name: name.into(),
        }
    }
}

/// Changes a constraint of a name that stays.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterConstraint {
    pub(crate) model: String,
    pub(crate) constraint: Constraint,
}

impl AlterConstraint {
    /// What a constraint of a model is from now on.
    pub fn new(model: impl Into<String>, constraint: Constraint) -> Self {
        Self {
            model: model.into(),
            constraint,
        }
    }
}
