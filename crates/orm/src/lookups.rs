//! Lookups: the comparisons that columns and expressions have, by Django's names.
//!
//! They are written out for both, not made by a macro, since the compiler shows the method that was called wrongly.

use crate::column::Column;
use crate::condition::{Condition, Test};
use crate::expression::{Expression, Operand};
use crate::field_type::{ColumnType, FieldType};
use crate::located::{Located, binary, is_null, matches};
use crate::order::Order;
use crate::path::{Path, ToOnePath};
use crate::query::{Expr, Operator, Place};
use crate::relation::ValuesOnly;

/// What is compared.
trait Tested {
    fn test(self, condition: impl FnOnce(Expr) -> Expr) -> Test;
}

impl Tested for Located {
    fn test(self, condition: impl FnOnce(Expr) -> Expr) -> Test {
        Self::test(self, condition)
    }
}

impl<S, C: ColumnType> Tested for &Expression<S, C> {
    fn test(self, condition: impl FnOnce(Expr) -> Expr) -> Test {
        Expression::test(self, condition)
    }
}

fn compare<S, O, T: FieldType>(
    tested: impl Tested,
    operator: Operator,
    value: impl Operand<O, T>,
) -> Condition<S> {
    let (nullable, value) = (value.nullable(), value.into_operand());
    let mut test = tested.test(|expr| binary(expr, operator, value));
    // A comparison with something that may be NULL may be unknown.
    test.nullable |= nullable;
    test.into()
}

fn between<S, O, T: FieldType>(
    tested: impl Tested,
    first: impl Operand<O, T>,
    last: impl Operand<O, T>,
) -> Condition<S> {
    let nullable = first.nullable() || last.nullable();
    let (first, last) = (first.into_operand(), last.into_operand());
    let mut test = tested.test(|expr| {
        let above = binary(expr.clone(), Operator::Ge, first);
        Expr::And(vec![above, binary(expr, Operator::Le, last)])
    });
    test.nullable |= nullable;
    test.into()
}

fn one_of<S, T: FieldType, V: Operand<ValuesOnly, T>>(
    tested: impl Tested,
    values: impl IntoIterator<Item = V>,
) -> Condition<S> {
    let (mut known, mut parameters) = (Vec::new(), Vec::new());
    for value in values {
        match value.into_operand() {
            Expr::Value(value) => known.push(value),
            other => parameters.push(other),
        }
    }
    let one_of = |expr: Expr| {
        let equal = |other| binary(expr.clone(), Operator::Eq, other);
        let mut any: Vec<_> = parameters.into_iter().map(equal).collect();
        if any.is_empty() {
            return Expr::In(Box::new(expr), known);
        }
        any.push(Expr::In(Box::new(expr), known));
        Expr::Or(any)
    };
    tested.test(one_of).into()
}

fn null<S>(tested: impl Tested) -> Condition<S> {
    let mut test = tested.test(is_null);
    test.nullable = false;
    test.into()
}

fn search<S>(tested: impl Tested, place: Place, text: String, case_sensitive: bool) -> Condition<S> {
    tested
        .test(|expr| matches(expr, place, text, case_sensitive))
        .into()
}

impl<P: Path, C: ColumnType> Column<P, C> {
    /// `=`
    pub fn eq(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Eq, value)
    }

    /// `<>`
    pub fn ne(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Ne, value)
    }

    /// `>`
    pub fn gt(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Gt, value)
    }

    /// `>=`
    pub fn ge(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Ge, value)
    }

    /// `<`
    pub fn lt(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Lt, value)
    }

    /// `<=`
    pub fn le(self, value: impl Operand<P::Scope, C::Base>) -> Condition<P::Root> {
        compare(self.located(), Operator::Le, value)
    }

    /// At least the first and at most the last of two values.
    pub fn between(
        self,
        first: impl Operand<P::Scope, C::Base>,
        last: impl Operand<P::Scope, C::Base>,
    ) -> Condition<P::Root> {
        between(self.located(), first, last)
    }

    /// One of these values; of none, it is never true.
    pub fn in_<V: Operand<ValuesOnly, C::Base>>(
        self,
        values: impl IntoIterator<Item = V>,
    ) -> Condition<P::Root> {
        one_of(self.located(), values)
    }

    /// NULL. `!` is its opposite.
    pub fn is_null(self) -> Condition<P::Root> {
        null(self.located())
    }
}

impl<P: Path, C: ColumnType<Base: FieldType<Stored = String>>> Column<P, C> {
    /// The same text, whatever the case.
    pub fn iexact(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::Whole, text.into(), false)
    }

    /// The text is somewhere in it.
    pub fn contains(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::Anywhere, text.into(), true)
    }

    /// The text is somewhere in it, whatever the case.
    pub fn icontains(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::Anywhere, text.into(), false)
    }

    /// It starts with the text.
    pub fn startswith(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::Start, text.into(), true)
    }

    /// It starts with the text, whatever the case.
    pub fn istartswith(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::Start, text.into(), false)
    }

    /// It ends with the text.
    pub fn endswith(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::End, text.into(), true)
    }

    /// It ends with the text, whatever the case.
    pub fn iendswith(self, text: impl Into<String>) -> Condition<P::Root> {
        search(self.located(), Place::End, text.into(), false)
    }
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

impl<S, C: ColumnType> Expression<S, C> {
    /// `=`
    pub fn eq(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Eq, value)
    }

    /// `<>`
    pub fn ne(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Ne, value)
    }

    /// `>`
    pub fn gt(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Gt, value)
    }

    /// `>=`
    pub fn ge(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Ge, value)
    }

    /// `<`
    pub fn lt(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Lt, value)
    }

    /// `<=`
    pub fn le(&self, value: impl Operand<S, C::Base>) -> Condition<S> {
        compare(self, Operator::Le, value)
    }

    /// At least the first and at most the last of two values.
    pub fn between(&self, first: impl Operand<S, C::Base>, last: impl Operand<S, C::Base>) -> Condition<S> {
        between(self, first, last)
    }

    /// One of these values; of none, it is never true.
    pub fn in_<V: Operand<ValuesOnly, C::Base>>(&self, values: impl IntoIterator<Item = V>) -> Condition<S> {
        one_of(self, values)
    }

    /// NULL. `!` is its opposite.
    pub fn is_null(&self) -> Condition<S> {
        null(self)
    }

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
    /// The same text, whatever the case.
    pub fn iexact(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::Whole, text.into(), false)
    }

    /// The text is somewhere in it.
    pub fn contains(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::Anywhere, text.into(), true)
    }

    /// The text is somewhere in it, whatever the case.
    pub fn icontains(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::Anywhere, text.into(), false)
    }

    /// It starts with the text.
    pub fn startswith(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::Start, text.into(), true)
    }

    /// It starts with the text, whatever the case.
    pub fn istartswith(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::Start, text.into(), false)
    }

    /// It ends with the text.
    pub fn endswith(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::End, text.into(), true)
    }

    /// It ends with the text, whatever the case.
    pub fn iendswith(&self, text: impl Into<String>) -> Condition<S> {
        search(self, Place::End, text.into(), false)
    }
}
