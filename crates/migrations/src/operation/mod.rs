//! What a migration does. An operation changes the [`State`]; what that is in SQL follows from the states before and after it.

mod apply;
mod code;
mod models;
mod special;

use crate::Value;

pub(crate) use apply::Hints;
pub use code::{RunRust, RunRustFn};
pub use models::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelComment, AlterModelTable,
    AlterUniqueTogether, CreateModel, DeleteModel, RemoveConstraint, RemoveField, RemoveIndex, RenameField,
    RenameIndex, RenameModel,
};
pub use special::{CreateExtension, RunSql, SeparateDatabaseAndState, ValidateConstraint};

/// One step of a migration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Makes a table.
    CreateModel(CreateModel),
    /// Drops a table.
    DeleteModel(DeleteModel),
    /// Gives a model another name.
    RenameModel(RenameModel),
    /// Gives a table another name.
    AlterModelTable(AlterModelTable),
    /// Changes the comment of a table.
    AlterModelComment(AlterModelComment),
    /// Adds a column.
    AddField(AddField),
    /// Drops a column.
    RemoveField(RemoveField),
    /// Changes a column.
    AlterField(AlterField),
    /// Gives a field another name.
    RenameField(RenameField),
    /// Changes the sets of fields that are unique together.
    AlterUniqueTogether(AlterUniqueTogether),
    /// Makes an index.
    AddIndex(AddIndex),
    /// Drops an index.
    RemoveIndex(RemoveIndex),
    /// Gives an index another name.
    RenameIndex(RenameIndex),
    /// Adds a constraint.
    AddConstraint(AddConstraint),
    /// Drops a constraint.
    RemoveConstraint(RemoveConstraint),
    /// Changes a constraint.
    AlterConstraint(AlterConstraint),
    /// Checks the rows that were there before a constraint was added.
    ValidateConstraint(ValidateConstraint),
    /// Adds an extension to PostgreSQL.
    CreateExtension(CreateExtension),
    /// Runs SQL.
    RunSql(RunSql),
    /// Runs Rust.
    RunRust(RunRust),
    /// Does one thing to the database, and another to the state.
    SeparateDatabaseAndState(SeparateDatabaseAndState),
}

macro_rules! from {
    ($($name:ident)*) => {$(
        impl From<$name> for Operation {
            fn from(operation: $name) -> Self {
                Self::$name(operation)
            }
        }
    )*};
}

from! {
    CreateModel DeleteModel RenameModel AlterModelTable AlterModelComment AddField RemoveField AlterField RenameField AlterUniqueTogether
    AddIndex RemoveIndex RenameIndex AddConstraint RemoveConstraint AlterConstraint ValidateConstraint CreateExtension RunSql RunRust
    SeparateDatabaseAndState
}

impl Operation {
    /// What it does, in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::CreateModel(o) => format!("Create model {}", o.model.name),
            Self::DeleteModel(o) => format!("Delete model {}", o.model),
            Self::RenameModel(o) => format!("Rename model {} to {}", o.old, o.new),
            Self::AlterModelTable(o) => format!("Rename table of {} to {}", o.model, o.table),
            Self::AlterModelComment(o) => format!("Alter comment of {}", o.model),
            Self::AddField(o) => format!("Add field {} to {}", o.name, o.model),
            Self::RemoveField(o) => format!("Remove field {} from {}", o.name, o.model),
            Self::AlterField(o) => format!("Alter field {} on {}", o.name, o.model),
            Self::RenameField(o) => format!("Rename field {} on {} to {}", o.old, o.model, o.new),
            Self::AlterUniqueTogether(o) => format!("Alter unique_together of {}", o.model),
            Self::AddIndex(o) => format!("Create index {} on {}", o.index.name, o.model),
            Self::RemoveIndex(o) => format!("Remove index {} from {}", o.name, o.model),
            Self::RenameIndex(o) => format!("Rename index {} on {} to {}", o.old, o.model, o.new),
            Self::AddConstraint(o) => format!("Create constraint {} on {}", o.constraint.name, o.model),
            Self::RemoveConstraint(o) => format!("Remove constraint {} from {}", o.name, o.model),
            Self::AlterConstraint(o) => format!("Alter constraint {} on {}", o.constraint.name, o.model),
            Self::ValidateConstraint(o) => format!("Validate constraint {} on {}", o.name, o.model),
            Self::CreateExtension(o) => format!("Create extension {}", o.name),
            Self::RunSql(_) => "Run SQL".to_owned(),
            Self::RunRust(o) => o.describe(),
            Self::SeparateDatabaseAndState(_) => "Change database and state separately".to_owned(),
        }
    }

    /// A few words for the name of a migration's file.
    pub(crate) fn name_fragment(&self) -> Option<String> {
        use crate::text::snake_case as snake;
        let lower = |name: &str| snake(name).replace('.', "_");
        Some(match self {
            Self::CreateModel(o) => lower(&o.model.name),
            Self::DeleteModel(o) => format!("delete_{}", lower(&o.model)),
            Self::RenameModel(o) => format!("rename_{}_{}", lower(&o.old), lower(&o.new)),
            Self::AlterModelTable(o) => format!("alter_{}_table", lower(&o.model)),
            Self::AlterModelComment(o) => format!("alter_{}_comment", lower(&o.model)),
            Self::AddField(o) => format!("{}_{}", lower(&o.model), o.name),
            Self::RemoveField(o) => format!("remove_{}_{}", lower(&o.model), o.name),
            Self::AlterField(o) => format!("alter_{}_{}", lower(&o.model), o.name),
            Self::RenameField(o) => format!("rename_{}_{}_{}", o.old, lower(&o.model), o.new),
            Self::AlterUniqueTogether(o) => format!("alter_{}_unique_together", lower(&o.model)),
            Self::AddIndex(o) => o.index.name.clone(),
            Self::RemoveIndex(o) => format!("remove_{}", o.name),
            Self::RenameIndex(o) => format!("rename_{}_{}", o.old, o.new),
            Self::AddConstraint(o) => o.constraint.name.clone(),
            Self::RemoveConstraint(o) => format!("remove_{}", o.name),
            Self::AlterConstraint(o) => format!("alter_{}", o.constraint.name),
            _ => return None,
        })
    }

    /// Whether it is left out of a squashed migration.
    pub(crate) fn is_elidable(&self) -> bool {
        match self {
            Self::RunSql(sql) => sql.elidable,
            Self::RunRust(code) => code.elidable,
            _ => false,
        }
    }

    /// Whether all that it does follows from the states before and after it.
    pub(crate) fn is_schema_change(&self) -> bool {
        !matches!(
            self,
            Self::RunSql(_)
                | Self::RunRust(_)
                | Self::SeparateDatabaseAndState(_)
                | Self::CreateExtension(_)
                | Self::ValidateConstraint(_)
        )
    }
}

/// The value of the rows that are there already, in a column that they lack.
pub(crate) type Fill = Option<Value>;
