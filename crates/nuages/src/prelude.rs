//! What almost every module of an application uses: `use nuages::prelude::*;`.
//!
//! # Examples
//!
//! Its derives and attributes need no other crate of ours among a program's dependencies:
//!
#![cfg_attr(feature = "phase3", doc = "```")]
#![cfg_attr(not(feature = "phase3"), doc = "```ignore")]
//! use nuages::prelude::*;
//!
//! #[derive(Clone, Copy, Debug, PartialEq, FieldType)]
//! pub enum Binding {
//!     Paper,
//!     Cloth,
//! }
//!
//! #[model]
//! pub struct Book {
//!     pub id: i64,
//!     #[field(max_length = 200)]
//!     pub title: String,
//!     pub binding: Binding,
//! }
//! # fn main() {}
//! ```

pub use nuages_bridge::{async_to_sync, sync_to_async};
#[cfg(feature = "phase2")]
pub use nuages_handler::{
    App, Client, Cookie, Error, Form, FormData, IntoResponse, Json, Method, Next, Op, Path, Query, Request,
    Response, Result, Route, SameSite, StatusCode, Urls, delete, get, neutral, patch, post, put, reverse,
};
#[cfg(feature = "phase3")]
pub use nuages_orm::__private::{
    FacadeFieldType as FieldType, FieldTypeTrait as FieldType, facade_model as model,
};
#[cfg(feature = "phase3")]
pub use nuages_orm::prelude::{
    Aggregates as _, Compute as _, Condition, Database, Date, DateFunctions as _, DateTime, Decimal,
    Expression, ForeignKey, Loading, Many, ManyToMany, Model, NumberFunctions as _, OneToOne, QuerySet,
    Record, ReverseOneToOne, TextFunctions as _, Time, Timestamp, Uuid, Windows as _, With, when,
};
#[cfg(feature = "phase3")]
pub use nuages_orm::views::{atomic, get_object_or_404};
#[cfg(feature = "phase3")]
pub use nuages_orm::{create_tables, on_commit};
#[cfg(feature = "phase2")]
pub use nuages_views::{
    BoundForm, Decorate as _, FacadeChoices as Choices, FacadeForm as Form, OutOfRange, Page, Paginator,
    StaticFiles, TemplateHelpers as _, facade_methods as methods, form_view, json, redirect, redirect_to,
    redirect_to_route, render, set_template_value, template_view,
};

#[cfg(feature = "phase2")]
pub use crate::Serve;
#[cfg(feature = "phase1")]
pub use crate::Settings;
