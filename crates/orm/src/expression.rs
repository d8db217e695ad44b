//! Expressions: what is computed of columns, and what columns are compared with.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Sub};

use rust_decimal::Decimal;

use crate::column::Column;
use crate::condition::Test;
use crate::field_type::{ColumnType, FieldType};
use crate::located::binary;
use crate::path::ToOnePath;
use crate::query::{Expr, Operator};

/// Something computed in a query of `S` (a model, or [`Grouped`] of one), of the type `C`.
///
/// It is made of columns: `b.stock - 1`, `a.books.count()`. An annotation is one.
pub struct Expression<S, C> {
    pub(crate) expr: Expr,
    /// Whether it may be NULL though `C` may not: what is computed with a NULL is one.
    pub(crate) nullable: bool,
    of: PhantomData<fn() -> (S, C)>,
}

/// The scope of the groups of a query of `M`: what is computed here spans a whole group, and so is no condition on a single row.
#[derive(Debug)]
pub struct Grouped<M>(PhantomData<fn() -> M>);

impl<S, C> Expression<S, C> {
    pub(crate) fn new(expr: Expr) -> Self {
        Self::computed(expr, false)
    }

    pub(crate) fn computed(expr: Expr, nullable: bool) -> Self {
        Self {
            expr,
            nullable,
            of: PhantomData,
        }
    }
}

impl<S, C: ColumnType> Expression<S, C> {
    pub(crate) fn test(&self, condition: impl FnOnce(Expr) -> Expr) -> Test {
        Test {
            expr: condition(self.expr.clone()),
            nullable: C::NULLABLE || self.nullable,
        }
    }
}

impl<S, C> Clone for Expression<S, C> {
    fn clone(&self) -> Self {
        Self::computed(self.expr.clone(), self.nullable)
    }
}

impl<S, C> fmt::Debug for Expression<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.expr).finish()
    }
}

/// What a column of a query of `S` can be compared with or computed with, where its type is `T`: a value, or a column or expression of the same
/// query.
#[diagnostic::on_unimplemented(
    message = "a column of type `{T}` can't be compared with `{Self}`",
    label = "neither a `{T}` nor a column or expression of that type in a query of `{S}`",
    note = "text columns take `&str`, number columns a number of their own type; `.is_null()` asks for NULL"
)]
pub trait Operand<S, T: FieldType> {
    /// The expression.
    #[doc(hidden)]
    fn into_operand(self) -> Expr;

    /// Whether it may be NULL.
    #[doc(hidden)]
    fn nullable(&self) -> bool {
        false
    }
}

#[diagnostic::do_not_recommend]
impl<S, T: FieldType> Operand<S, T> for T {
    fn into_operand(self) -> Expr {
        Expr::Value(self.to_value())
    }
}

#[diagnostic::do_not_recommend]
impl<S, T: FieldType> Operand<S, T> for &T {
    fn into_operand(self) -> Expr {
        Expr::Value(self.to_value())
    }
}

#[diagnostic::do_not_recommend]
impl<S> Operand<S, String> for &str {
    fn into_operand(self) -> Expr {
        Expr::Value(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<S> Operand<S, Vec<u8>> for &[u8] {
    fn into_operand(self) -> Expr {
        Expr::Value(self.to_vec().into())
    }
}

#[diagnostic::do_not_recommend]
impl<P: ToOnePath, C: ColumnType> Operand<P::Scope, C::Base> for Column<P, C> {
    fn into_operand(self) -> Expr {
        self.located().expr()
    }

    fn nullable(&self) -> bool {
        self.located().nullable()
    }
}

#[diagnostic::do_not_recommend]
impl<S, C: ColumnType> Operand<S, C::Base> for Expression<S, C> {
    fn into_operand(self) -> Expr {
        self.expr
    }

    fn nullable(&self) -> bool {
        C::NULLABLE || self.nullable
    }
}

#[diagnostic::do_not_recommend]
impl<S, C: ColumnType> Operand<S, C::Base> for &Expression<S, C> {
    fn into_operand(self) -> Expr {
        self.expr.clone()
    }

    fn nullable(&self) -> bool {
        C::NULLABLE || self.nullable
    }
}

/// Types that a database computes with: integers, f32, f64 and Decimal.
#[diagnostic::on_unimplemented(message = "a database can't compute with `{Self}`")]
pub trait Number: FieldType {}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {}
    )*};
}

numbers!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 Decimal);

macro_rules! arithmetic {
    ($($trait:ident::$method:ident),*) => {$(
        impl<P: ToOnePath, C: ColumnType<Base: Number>, V: Operand<P::Scope, C::Base>> $trait<V> for Column<P, C> {
            type Output = Expression<P::Root, P::Out<C>>;

            fn $method(self, other: V) -> Self::Output {
                let (nullable, other) = (other.nullable(), other.into_operand());
                let located = self.located();
                let nullable = nullable || located.nullable();
                Expression::computed(binary(located.expr(), Operator::$trait, other), nullable)
            }
        }

        impl<S, C: ColumnType<Base: Number>, V: Operand<S, C::Base>> $trait<V> for Expression<S, C> {
            type Output = Self;

            fn $method(self, other: V) -> Self {
                let nullable = self.nullable || other.nullable();
                Self::computed(binary(self.expr, Operator::$trait, other.into_operand()), nullable)
            }
        }
    )*};
}

arithmetic!(Add::add, Sub::sub, Mul::mul, Div::div);
