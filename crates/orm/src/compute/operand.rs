//! What is an expression.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Compute;
use crate::expression::Expression;
use crate::field_type::ColumnType;
use crate::query::Expr;

/// A value as an expression, for a type of your own too: `value(Tempo::Presto)`.
#[must_use]
pub fn value<S, T: ColumnType>(value: T) -> Expression<S, T> {
    Expression::new(Expr::Value(value.to_value()))
}

/// What is an expression in a query of `S`: a column, an expression, or a value of a type that databases store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no expression in a query of `{S}`",
    label = "neither a column or expression of the query, nor a value",
    note = "a value of a type of your own is written `value(..)`"
)]
pub trait IntoExpression<S> {
    /// Its type.
    type Type: ColumnType;

    /// The expression.
    fn into_expression(self) -> Expression<S, Self::Type>;
}

#[diagnostic::do_not_recommend]
impl<E: Compute> IntoExpression<E::Scope> for E {
    type Type = E::Type;

    fn into_expression(self) -> Expression<E::Scope, E::Type> {
        self.expression()
    }
}

macro_rules! values {
    ($($type:ty)*) => {$(
        impl<S> IntoExpression<S> for $type {
            type Type = $type;

            fn into_expression(self) -> Expression<S, $type> {
                value(self)
            }
        }
    )*};
}

values!(bool i16 i32 i64 f64 String Vec<u8> Decimal Date Time DateTime Timestamp Uuid serde_json::Value);

impl<S> IntoExpression<S> for &str {
    type Type = String;

    fn into_expression(self) -> Expression<S, String> {
        value(self.to_owned())
    }
}
