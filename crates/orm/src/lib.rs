//! Django's ORM, typed: one API for sync and async, transactions that span both.
//!
//! A [`model`] is a struct. Its [`QuerySet`]s are built by closures that name its columns, checked by the compiler along relations of any length. Whatever
//! touches the database gives an [`Op`]: async code `.await`s it, sync code `.wait()`s for it. What a query loads is in the type of what it gives: reading a
//! relation that was not loaded does not compile, so no query happens behind one's back. [`atomic`] is a transaction over async and sync code alike.
//!
//! # Examples
//!
//! ```
//! use nuages_orm::prelude::*;
//! use nuages_orm::{atomic, create_tables};
//!
//! #[model]
//! struct Author {
//!     id: i64,
//!     #[field(max_length = 120)]
//!     name: String,
//!     #[relation(reverse = Book::author)]
//!     books: Many<Book>,
//! }
//!
//! #[model(ordering = [title])]
//! struct Book {
//!     id: i64,
//!     #[field(max_length = 200)]
//!     title: String,
//!     #[field(default = 0, check = "stock >= 0")]
//!     stock: i32,
//!     #[relation(on_delete = Protect)]
//!     author: ForeignKey<Author>,
//! }
//!
//! fn sell(title: &str) -> nuages_orm::Result<String> {
//!     atomic(|| {
//!         let book = Book::objects().select_related(|b| b.author).select_for_update().get(|b| b.title.eq(title)).wait()?;
//!         Book::objects().filter(|b| b.id.eq(book.id)).update(|b| b.stock.set(b.stock - 1)).wait()?;
//!         Ok(format!("{} by {}", book.title, book.author.name))
//!     })
//!     .wait()
//! }
//!
//! # fn main() -> nuages_orm::Result<()> {
//! let db = Database::connect("sqlite::memory:").wait()?;
//! db.make_default();
//! create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
//!
//! let django = Author::create().name("Django Reinhardt").wait()?;
//! Book::create().title("Nuages").author(&django).stock(1).wait()?;
//! assert_eq!(sell("Nuages")?, "Nuages by Django Reinhardt");
//! assert!(sell("Nuages").is_err_and(|error| error.is_check_violation()));
//!
//! let authors = Author::objects().annotate(|a| a.books.count()).all().wait()?; // Vec<(Author, i64)>
//! assert_eq!(authors[0].1, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `sqlite` (default): SQLite, compiled in.
//! - `postgres`: PostgreSQL.
//! - `mariadb`: MariaDB. MySQL goes by the same driver, and is not tested.
//! - `views`: what joins the ORM and views: `get_object_or_404`, the database of a request, `atomic` with the handler's error.
//!
//! # What is not here
//!
//! Tables are made by [`create_tables`], and not changed; migrations are to come. There is no lazy loading, and there won't be.

#[cfg(all(test, feature = "sqlite"))]
extern crate self as nuages_orm;

mod compiler;
mod database;
mod dialect;
pub mod driver;
pub mod dynamic;
mod error;
mod field_type;
mod lease;
pub mod meta;
mod observe;
mod placeholders;
mod pool;
pub mod query;
mod raw;
mod replicas;
mod router;
mod row;
mod schema;
#[cfg(all(test, feature = "sqlite"))]
mod statement_counts;
#[cfg(test)]
mod testing;
mod text;
pub mod transaction;
#[cfg(all(test, feature = "sqlite"))]
mod trees;
mod value;
#[cfg(feature = "views")]
pub mod views;

pub use database::{Database, DatabaseOptions};
pub use dialect::Dialect;
pub use error::{BoxError, Error, Result};
pub use field_type::{ColumnType, FieldType, Primitive};
pub use observe::{
    Statements, assert_num_queries, assert_num_queries_sync, count_queries, count_queries_sync,
};
pub use pool::PoolStatus;
pub use raw::{FromRow, Raw, raw, raw_trusted};
pub use router::{Router, set_router};
pub use row::Row;
pub use schema::{constraint_name, create_tables};
pub use transaction::{atomic, atomic_retry, on_commit, on_commit_or_fail, pinned_connection};
pub use value::{Kind, Value};

/// What every call of the ORM that touches a database returns: `.await` it, or `.wait()` for it.
pub type Op<'a, T> = nuages_bridge::Op<'a, T, Error>;

// The typed layer, above the query tree.
mod aggregate;
mod case;
mod column;
mod compute;
mod condition;
mod deserialize;
mod expression;
mod foreign_key;
mod key;
mod loading;
mod located;
mod lookups;
mod many;
mod many_to_many;
mod model;
mod only;
mod order;
mod path;
mod prefetch;
pub mod prelude;
mod queryset;
mod related_many;
mod relation;
mod reverse_one;
mod selection;
mod subquery;
mod tuples;
mod window;
mod write;

pub use aggregate::{Aggregates, Summed};
pub use case::{Case, when};
pub use column::Column;
pub use compute::{
    Compute, DateFunctions, HasDate, HasTime, Integer, IntoExpression, NumberFunctions, TextFunctions, now,
    random, value,
};
pub use condition::{Condition, IntoCondition};
pub use expression::{Expression, Grouped, Number, Operand};
pub use foreign_key::{ForeignKey, OneToOne};
pub use key::{IntoKey, IntoOptionalKey, Objects};
pub use loading::{Loaded, Loading, NotLoaded, Relate, State, With};
pub use many::Many;
pub use many_to_many::{Joining, ManyToMany, Sides, ThroughRow};
pub use model::{Fields, Key, Model, Record};
/// # Examples
///
/// ```
/// use nuages_orm::prelude::*;
/// use nuages_orm::create_tables;
///
/// #[model]
/// struct Author {
///     id: i64,
///     #[field(max_length = 120, unique)]
///     name: String,
///     #[relation(reverse = Book::author)]
///     books: Many<Book>,
/// }
///
/// #[model(ordering = [title])]
/// struct Book {
///     id: i64,
///     #[field(max_length = 200)]
///     title: String,
///     #[field(default = 1, check = "stock >= 0")]
///     stock: i32,
///     #[relation(on_delete = Cascade)]
///     author: ForeignKey<Author>,
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
///
/// let django = Author::create().name("Django Reinhardt").wait()?;
/// let mut book = Book::create().title("Nuage").author(&django).wait()?;
/// book.title = "Nuages".to_owned();
/// book.save().wait()?;
///
/// let book = Book::objects().select_related(|b| b.author).get(|b| b.title.eq("Nuages")).wait()?;
/// assert_eq!((book.author.name.as_str(), book.stock), ("Django Reinhardt", 1));
/// book.delete().wait()?;
/// # Ok(()) }) }
/// ```
pub use nuages_orm_macros::model;
pub use only::Partial;
pub use order::{IntoOrder, Order};
pub use path::{Hop, NotLoadedCallSelectRelated, Path, Root, ToOnePath};
pub use prefetch::{IntoPrefetch, Prefetch, Prefetched};
pub use query::{Explain, FrameBound, Part};
pub use queryset::{
    Annotated, Combined, Groups, Kept, Mapped, Parameter, Parameters, QuerySet, Records, RecordsIter, Rows,
    Values,
};
pub use related_many::{RelatedMany, RelatedRows};
pub use relation::{
    Any, Forward, ManySides, MayBeNull, One, OneOrNone, Related, Relation, RelationKind, Reverse, ReverseOne,
    ToOne, ValuesOnly,
};
pub use reverse_one::ReverseOneToOne;
pub use selection::{Concat, Selection};
pub use subquery::{Outer, exists, subquery};
pub use window::{Window, Windowed, Windows, cume_dist, dense_rank, ntile, percent_rank, rank, row_number};
pub use write::{
    Assign, Assignment, Assignments, BulkCreate, BulkIgnore, ColumnGiven, ColumnMissing, Columns, Creating,
    Fits, GettingOrCreating, Given, NewRow, Points, Save, UpdatingOrCreating,
};

/// What the code that `#[model]` makes is written against. Not for people.
#[doc(hidden)]
pub mod __private {
    pub use crate::deserialize::{Parts, Source, deserialize, required};
    pub use crate::loading::SerializeState;
    pub use crate::many_to_many::{Automatic, Own, Through};
    pub use crate::model::{Operations, Reader, Selected};
    pub use crate::path::LoadedBy;
    pub use crate::prefetch::{Holds, Plan, Query, RowKey};
    pub use crate::queryset::delete;
    pub use crate::relation::RelationNamed;
    pub use crate::write::{CreateMode, Creation, Give, LooksUp, default_value};
    pub use nuages_orm_macros::facade_model;
    pub use serde;
}

/// The program in the README runs.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
