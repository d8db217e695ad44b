//! What a module with models and queries uses: `use nuages_orm::prelude::*;`.

pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, Time};
pub use rust_decimal::Decimal;
pub use uuid::Uuid;

pub use crate::{
    Aggregates, Compute, Condition, Database, DateFunctions, Expression, FieldType, Fields, ForeignKey,
    Loading, Many, ManyToMany, Model, NumberFunctions, OneToOne, Op, QuerySet, Record, ReverseOneToOne,
    TextFunctions, Windows, With, model, when,
};
