//! Migrations: models change, data stays.
//!
//! A [`Migration`] is a file of Rust with [`Operation`]s, made by comparing the models with what the earlier files say, and compiled into the program: one
//! binary migrates itself. A [`Project`] is all [`App`]s of a program. What an operation is in SQL follows from the [`State`] before and after it, so that every
//! operation goes both ways on every database.
//!
//! # What is left out on purpose
//!
//! A model's ordering and the defaults of its fields are no part of the state: nothing in the database depends on them.

mod detect;
mod editor;
mod error;
mod executor;
mod files;
mod inspect;
mod introspect;
mod lint;
mod meta;
mod migration;
mod operation;
mod project;
pub mod schema;
mod state;
mod text;
mod value;

pub use detect::{Answers, Made, Question, operations_between};
pub use error::{Error, Result};
pub use executor::{Event, Migrate, Planned, Progress, Status};
pub use inspect::{Inspected, inspect};
pub use introspect::introspect;
pub use lint::Warning;
pub use migration::{App, Migration};
pub use nuages_orm::meta::OnDelete;
pub use nuages_orm::{Kind, Value};
pub use operation::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelComment, AlterModelTable,
    AlterUniqueTogether, CreateExtension, CreateModel, DeleteModel, Operation, RemoveConstraint, RemoveField,
    RemoveIndex, RenameField, RenameIndex, RenameModel, RunRust, RunRustFn, RunSql, SeparateDatabaseAndState,
    ValidateConstraint,
};
pub use project::Project;
pub use state::{Constraint, Field, Index, Model, Reference, State};

/// What every call returns that touches a database: `.await` it, or `.wait()` for it.
pub type Op<'a, T> = nuages_bridge::Op<'a, T, Error>;

/// The program in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
