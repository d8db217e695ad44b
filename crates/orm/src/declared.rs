//! What a model declares of its own columns by closures: conditions, expressions and orders, without types.

use crate::condition::IntoCondition;
use crate::field_type::ColumnType;
use crate::model::{Fields, Model};
use crate::order::IntoOrder;
use crate::query::{Expr, Order};
use crate::write::Assign;

/// The condition of a check, an index or a unique rule.
pub fn condition<M: Model, C: IntoCondition<M>>(declared: impl FnOnce(&'static Fields<M>) -> C) -> Expr {
    declared(M::fields_at()).into_condition().test.expr
}

/// What an index is of.
pub fn parts<M: Model, O: IntoOrder<M>>(declared: impl FnOnce(&'static Fields<M>) -> O) -> Vec<Order> {
    let mut parts = Vec::new();
    declared(M::fields_at()).push_to(&mut parts);
    parts
}

/// What a generated column is computed of.
pub fn computed<M: Model, C: ColumnType, A: Assign<M, C>>(
    declared: impl FnOnce(&'static Fields<M>) -> A,
) -> Expr {
    declared(M::fields_at()).into_assigned()
}
