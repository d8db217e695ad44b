//! Django's ORM, typed: one API for sync and async, transactions that span both.

#[cfg(test)]
extern crate self as nuages_orm;

mod compiler;
mod database;
mod dialect;
pub mod driver;
mod error;
mod field_type;
pub mod meta;
pub mod query;
mod pool;
mod raw;
mod row;
mod schema;
mod text;
#[cfg(test)]
mod testing;
pub mod transaction;
#[cfg(test)]
mod trees;
mod value;
#[cfg(feature = "views")]
pub mod views;

pub use database::{Database, DatabaseOptions};
pub use dialect::Dialect;
pub use error::{BoxError, Error, Result};
pub use field_type::{ColumnType, FieldType, Primitive};
pub use raw::{FromRow, Raw, raw, raw_trusted};
pub use row::Row;
pub use schema::create_tables;
pub use transaction::{atomic, on_commit};
pub use value::{Kind, Value};

/// What every call of the ORM that touches a database returns: `.await` it, or `.wait()` for it.
pub type Op<'a, T> = nuages_bridge::Op<'a, T, Error>;

// The typed layer, above the query tree.
mod column;
mod condition;
mod create;
mod deserialize;
mod expression;
mod foreign_key;
mod key;
mod loading;
mod located;
mod lookups;
mod many;
mod model;
mod order;
mod path;
pub mod prelude;
mod queryset;
mod related_many;
mod relation;
mod selection;
mod update;

pub use column::Column;
pub use condition::{Condition, IntoCondition};
pub use expression::{Expression, Grouped, Number, Operand};
pub use foreign_key::ForeignKey;
pub use key::{IntoKey, IntoOptionalKey};
pub use loading::{Loaded, Loading, NotLoaded, Relate, State, With};
pub use many::Many;
pub use model::{Fields, Key, Model, Record};
pub use nuages_orm_macros::model;
pub use order::{IntoOrder, Order};
pub use path::{Hop, NotLoadedCallSelectRelated, Path, Root, ToOnePath};
pub use queryset::{Annotated, Groups, QuerySet, Values};
pub use related_many::{RelatedMany, RelatedRows};
pub use relation::{Any, One, OneOrNone, Related, Relation, RelationKind, ToOne, ValuesOnly};
pub use selection::{Concat, Selection};
pub use update::{Assign, Assignment, Assignments, Fits, Points};

/// What the code that `#[model]` makes is written against. Not for people.
#[doc(hidden)]
pub mod __private {
    pub use crate::create::{Creation, Given, Missing, default_value};
    pub use crate::deserialize::{Parts, Source, deserialize, required};
    pub use crate::loading::SerializeState;
    pub use crate::model::{Operations, Reader, Selected};
    pub use crate::path::LoadedBy;
    pub use crate::queryset::{delete, save};
    pub use crate::related_many::reverse_of;
    pub use nuages_orm_macros::facade_model;
    pub use serde;
}
