//! Orders: what `order_by` takes.

use std::fmt;
use std::marker::PhantomData;

use crate::column::Column;
use crate::expression::{Expression, Grouped};
use crate::field_type::ColumnType;
use crate::path::ToOnePath;
use crate::query::{self, Expr};
use crate::tuples::pushed_in_tuples;

/// One part of an order of a query of `S`: `b.published.desc()`.
pub struct Order<S> {
    pub(crate) order: query::Order,
    scope: PhantomData<fn() -> S>,
}

impl<S> Order<S> {
    pub(crate) fn new(expr: Expr, descending: bool) -> Self {
        Self {
            order: query::Order::by(expr, descending),
            scope: PhantomData,
        }
    }
}

impl<S> Order<S> {
    /// NULLs before all values.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.order.nulls = Some(query::Nulls::First);
        self
    }

    /// NULLs behind all values.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.order.nulls = Some(query::Nulls::Last);
        self
    }
}

impl<S> Clone for Order<S> {
    fn clone(&self) -> Self {
        Self {
            order: self.order.clone(),
            scope: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Order<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.order.fmt(f)
    }
}

/// What can be the order of a query of `S`: [`Order`]s, columns and expressions (smallest first), and tuples of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no order of a query of `{S}`",
    label = "not an order of `{S}`",
    note = "an order is a column of the queried model, `.desc()` of it, or a tuple: `.order_by(|b| (b.published.desc(), b.title))`"
)]
pub trait IntoOrder<S> {
    /// Appends the parts.
    #[doc(hidden)]
    fn push_to(self, order: &mut Vec<query::Order>);
}

#[diagnostic::do_not_recommend]
impl<S> IntoOrder<S> for Order<S> {
    fn push_to(self, order: &mut Vec<query::Order>) {
        order.push(self.order);
    }
}

impl<P: ToOnePath, C: ColumnType> IntoOrder<P::Root> for Column<P, C> {
    fn push_to(self, order: &mut Vec<query::Order>) {
        order.push(self.asc().order);
    }
}

#[diagnostic::do_not_recommend]
impl<S, C: ColumnType> IntoOrder<S> for Expression<S, C> {
    fn push_to(self, order: &mut Vec<query::Order>) {
        order.push(self.asc().order);
    }
}

#[diagnostic::do_not_recommend]
impl<S, C: ColumnType> IntoOrder<S> for &Expression<S, C> {
    fn push_to(self, order: &mut Vec<query::Order>) {
        order.push(self.asc().order);
    }
}

// Groups are ordered by what they are grouped by, too.
#[diagnostic::do_not_recommend]
impl<M> IntoOrder<Grouped<M>> for Order<M> {
    fn push_to(self, order: &mut Vec<query::Order>) {
        order.push(self.order);
    }
}

pushed_in_tuples!(IntoOrder, query::Order, $);
