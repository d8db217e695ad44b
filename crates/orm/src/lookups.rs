//! Lookups: the comparisons that columns and expressions have, by Django's names.

use crate::column::Column;
use crate::condition::{Condition, Test};
use crate::expression::{Expression, Operand};
use crate::field_type::{ColumnType, FieldType};
use crate::located::{binary, is_null, matches};
use crate::order::Order;
use crate::path::{Path, ToOnePath};
use crate::query::{Expr, Operator, Place};
use crate::relation::ValuesOnly;

fn compare(operator: Operator, value: Expr) -> impl FnOnce(Expr) -> Expr {
    move |expr| binary(expr, operator, value)
}

/// A comparison with something that may be NULL may be unknown.
fn with_nullable(mut test: Test, nullable: bool) -> Test {
    test.nullable |= nullable;
    test
}

fn values<T: FieldType, V: Operand<ValuesOnly, T>>(values: impl IntoIterator<Item = V>) -> Vec<crate::Value> {
    let values = values.into_iter().map(|value| match value.into_operand() {
        Expr::Value(value) => value,
        other => unreachable!("in the scope of values there is only a value, not {other:?}"),
    });
    values.collect()
}

macro_rules! lookups {
    ($self:ident: $this:ty, $operand:ty, $scope:ty, $base:ty, $test:expr) => {
        /// `=`
        pub fn eq($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Eq, value.into_operand())), nullable).into()
        }

        /// `<>`
        pub fn ne($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Ne, value.into_operand())), nullable).into()
        }

        /// `>`
        pub fn gt($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Gt, value.into_operand())), nullable).into()
        }

        /// `>=`
        pub fn ge($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Ge, value.into_operand())), nullable).into()
        }

        /// `<`
        pub fn lt($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Lt, value.into_operand())), nullable).into()
        }

        /// `<=`
        pub fn le($self: $this, value: impl Operand<$operand, $base>) -> Condition<$scope> {
            let nullable = value.nullable();
            with_nullable($test(compare(Operator::Le, value.into_operand())), nullable).into()
        }

        /// At least the first and at most the last of two values.
        pub fn between(
            $self: $this,
            first: impl Operand<$operand, $base>,
            last: impl Operand<$operand, $base>,
        ) -> Condition<$scope> {
            let nullable = first.nullable() || last.nullable();
            let (first, last) = (first.into_operand(), last.into_operand());
            let test = $test(|expr: Expr| {
                Expr::And(vec![binary(expr.clone(), Operator::Ge, first), binary(expr, Operator::Le, last)])
            });
            with_nullable(test, nullable).into()
        }

        /// One of these values.
        pub fn in_<V: Operand<ValuesOnly, $base>>(
            $self: $this,
            among: impl IntoIterator<Item = V>,
        ) -> Condition<$scope> {
            let values = values(among);
            $test(|expr| Expr::In(Box::new(expr), values)).into()
        }

        /// NULL. `!` is its opposite.
        pub fn is_null($self: $this) -> Condition<$scope> {
            let mut test = $test(is_null);
            test.nullable = false;
            test.into()
        }
    };
}

macro_rules! text_lookups {
    ($self:ident: $this:ty, $scope:ty, $test:expr; $($(#[$doc:meta])* $name:ident($place:ident, $case_sensitive:expr);)*) => {$(
        $(#[$doc])*
        pub fn $name($self: $this, text: impl Into<String>) -> Condition<$scope> {
            let text = text.into();
            $test(|expr| matches(expr, Place::$place, text, $case_sensitive)).into()
        }
    )*};
}

macro_rules! all_text_lookups {
    ($self:ident: $this:ty, $scope:ty, $test:expr) => {
        text_lookups! { $self: $this, $scope, $test;
            /// The same text, whatever the case.
            iexact(Whole, false);
            /// The text is somewhere in it.
            contains(Anywhere, true);
            /// The text is somewhere in it, whatever the case.
            icontains(Anywhere, false);
            /// It starts with the text.
            startswith(Start, true);
            /// It starts with the text, whatever the case.
            istartswith(Start, false);
            /// It ends with the text.
            endswith(End, true);
            /// It ends with the text, whatever the case.
            iendswith(End, false);
        }
    };
}

impl<P: Path, C: ColumnType> Column<P, C> {
    lookups!(self: Self, P::Scope, P::Root, C::Base, |condition| self.located().test(condition));
}

impl<P: Path, C: ColumnType<Base: FieldType<Stored = String>>> Column<P, C> {
    all_text_lookups!(self: Self, P::Root, |condition| self.located().test(condition));
}

impl<S, C: ColumnType> Expression<S, C> {
    lookups!(self: &Self, S, S, C::Base, |condition| self.test(condition));

    /// Smallest first.
    pub fn asc(&self) -> Order<S> {
        Order::new(self.expr.clone(), false)
    }

    /// Largest first.
    pub fn desc(&self) -> Order<S> {
        Order::new(self.expr.clone(), true)
    }
}

impl<S, C: ColumnType<Base: FieldType<Stored = String>>> Expression<S, C> {
    all_text_lookups!(self: &Self, S, |condition| self.test(condition));
}

impl<P: ToOnePath, C: ColumnType> Column<P, C> {
    /// Smallest first.
    pub fn asc(self) -> Order<P::Root> {
        Order::new(self.located().expr(), false)
    }

    /// Largest first.
    pub fn desc(self) -> Order<P::Root> {
        Order::new(self.located().expr(), true)
    }
}
