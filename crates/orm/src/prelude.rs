//! What a module with models and queries uses: `use nuages_orm::prelude::*;`.

pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, Time};
pub use rust_decimal::Decimal;
pub use uuid::Uuid;

pub use crate::{
    Aggregates, Compute, Condition, Database, DateFunctions, Expression, FieldType, Fields, ForeignKey,
    Loading, Many, Model, NumberFunctions, Op, QuerySet, Record, TextFunctions, Windows, With, model, when,
};
