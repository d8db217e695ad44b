//! What almost every module of an application uses: `use nuages::prelude::*;`.

pub use nuages_bridge::{async_to_sync, sync_to_async};
#[cfg(feature = "phase2")]
pub use nuages_handler::{
    App, Client, Cookie, Error, Form, FormData, IntoResponse, Json, Method, Next, Op, Path, Query, Request,
    Response, Result, Route, SameSite, StatusCode, Urls, delete, get, neutral, patch, post, put, reverse,
};
#[cfg(feature = "phase3")]
pub use nuages_orm::__private::facade_model as model;
#[cfg(feature = "phase3")]
pub use nuages_orm::prelude::{
    Aggregates as _, Compute as _, Condition, Database, Date, DateFunctions as _, DateTime, Decimal,
    Expression, FieldType, ForeignKey, Loading, Many, ManyToMany, Model, NumberFunctions as _, OneToOne,
    QuerySet, Record, ReverseOneToOne, TextFunctions as _, Time, Timestamp, Uuid, Windows as _, With, when,
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
