//! Functions of numbers.

use super::{Base, Compute, With, computed, count, of, pair, same};
use crate::expression::{Expression, Number, Operand};
use crate::query::{Expr, Function};

/// What a database computes of numbers.
pub trait NumberFunctions: Compute {
    /// The number without its sign.
    fn abs(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Abs, [])
    }

    /// The next whole number up.
    fn ceil(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Ceil, [])
    }

    /// The next whole number down.
    fn floor(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Floor, [])
    }

    /// The number with so many digits after the point, half of one away from zero.
    fn round(self, places: u32) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Round, [count(places)])
    }

    /// -1, 0 or 1.
    fn sign(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: Number,
    {
        of(self, Function::Sign, [])
    }

    /// The rest of a division of integers, with the sign of this number.
    fn modulo(self, other: impl Operand<Self::Scope, Base<Self>>) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Integer,
    {
        pair(self, Function::Mod, other)
    }

    /// The number to the power of another one.
    fn power(self, exponent: f64) -> Expression<Self::Scope, With<Self, f64>>
    where
        Base<Self>: Number,
    {
        of(self, Function::Power, [Expr::Value(exponent.into())])
    }

    /// The square root. Of a negative number it is NULL, or an error on PostgreSQL.
    fn sqrt(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Sqrt)
    }

    /// `e` to the power of the number.
    fn exp(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Exp)
    }

    /// The natural logarithm. Of what is not positive it is NULL, or an error on PostgreSQL.
    fn ln(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Ln)
    }

    /// The sine of an angle in radians.
    fn sin(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Sin)
    }

    /// The cosine of an angle in radians.
    fn cos(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Cos)
    }

    /// The tangent of an angle in radians.
    fn tan(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Tan)
    }

    /// The angle, in radians, of a sine. Out of -1 to 1 it is NULL, or an error on PostgreSQL.
    fn asin(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ASin)
    }

    /// The angle, in radians, of a cosine. Out of -1 to 1 it is NULL, or an error on PostgreSQL.
    fn acos(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ACos)
    }

    /// The angle, in radians, of a tangent.
    fn atan(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ATan)
    }

    /// An angle in radians, in degrees.
    fn degrees(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Degrees)
    }

    /// An angle in degrees, in radians.
    fn radians(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Radians)
    }
}

impl<E: Compute> NumberFunctions for E {}

/// Integers.
#[diagnostic::on_unimplemented(message = "`{Self}` is no integer")]
pub trait Integer: Number {}

impl Integer for i16 {}
impl Integer for i32 {}
impl Integer for i64 {}

/// A number from 0 to 1, another one for each row: `.order_by(|_| random())` shuffles.
#[must_use]
pub fn random<S>() -> Expression<S, f64> {
    Expression::new(Expr::Function(Function::Random, Vec::new()))
}

fn float<E: Compute>(of: E, function: Function) -> Expression<E::Scope, Option<f64>> {
    computed(of, function, [])
}
